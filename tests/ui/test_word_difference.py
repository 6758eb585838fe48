"""A revised prompt beside the prompt: what was kept, added and dropped."""

from hypothesis import given
from hypothesis import strategies as st

from app.ui.word_difference import MOST_WORDS, Change, difference_markup, is_same_wording, word_difference

TEXTS = st.lists(st.sampled_from(["a", "red", "Red", "boat,", "boat", "<b>", "&", "  \n"]), max_size=12).map(
    " ".join
)


@given(before=TEXTS, after=TEXTS)
def test_the_runs_give_back_both_wordings(before: str, after: str) -> None:
    runs = word_difference(before, after)
    assert "".join(words for change, words in runs if change is not Change.REMOVED) == after.lstrip()
    was = "".join(words for change, words in runs if change is not Change.ADDED)
    assert "".join(was.split()) == "".join(before.split())
    assert is_same_wording(before, after) == (before.split() == after.split())


def test_what_differs_is_marked_and_nothing_is_taken_for_markup() -> None:
    assert word_difference("a red boat", "a dark red boat, lit") == (
        (Change.KEPT, "a "),
        (Change.ADDED, "dark "),
        (Change.KEPT, "red boat"),
        (Change.ADDED, ", lit"),
    )
    markup = difference_markup("a <b> boat", "a & boat")
    assert "<b>" not in markup
    assert "&lt;b&gt;" in markup
    assert "line-through" in markup
    assert "underline" in markup
    assert "&amp;" in markup


def test_a_very_long_text_is_shown_without_marks() -> None:
    long = " ".join(f"word{number}" for number in range(MOST_WORDS + 1))
    assert word_difference("short", long) == ((Change.KEPT, long),)
