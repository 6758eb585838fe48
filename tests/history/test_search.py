"""Search finds words in prompts and revised prompts, however the user types."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.base.states import JobState
from app.history.store import HistoryStore
from tests.history.making import add_entry, add_result


def found(store: HistoryStore, text: str) -> list[str]:
    return [entry.prompt for entry in store.search(text)]


@pytest.fixture
def filled(store: HistoryStore) -> HistoryStore:
    for prompt in ("A red boat", "Ein rotes Café am See", "snow-leopard, 35mm", 'the word "quoted" AND more'):
        entry = add_entry(store, prompt, state=JobState.DONE)
    add_result(store, entry, revised_prompt="a neon sign")
    add_result(store, entry, 1, revised_prompt="a second wording")
    return store


@pytest.mark.parametrize(
    ("text", "prompts"),
    [
        ("boat", ["A red boat"]),
        ("BO re", ["A red boat"]),
        ("boat blue", []),
        ("cafe", ["Ein rotes Café am See"]),
        ("CAFÉ se", ["Ein rotes Café am See"]),
        ("oat", []),
        ("snow-leopard", ["snow-leopard, 35mm"]),
        ("leop 35", ["snow-leopard, 35mm"]),
        ('"quoted" AND', ['the word "quoted" AND more']),
        ("NOT boat", []),
        ("neon", ['the word "quoted" AND more']),
        ("wording word neon", ['the word "quoted" AND more']),
        ("prompt:boat", []),
        ("a", ['the word "quoted" AND more', "Ein rotes Café am See", "A red boat"]),
    ],
)
def test_words_are_found(filled: HistoryStore, text: str, prompts: list[str]) -> None:
    assert found(filled, text) == prompts


def test_without_a_word_everything_is_found(filled: HistoryStore) -> None:
    assert filled.search("  \0 ") == filled.list()
    assert len(filled.search("", limit=2)) == 2


def test_the_words_go_with_their_entry(filled: HistoryStore) -> None:
    [entry] = filled.search("neon")
    filled.delete(entry.id)
    assert found(filled, "neon") == []
    # Its row number may be given to the next entry, which must not inherit the words.
    add_entry(filled, "something else")
    assert found(filled, "quoted") == []
    assert found(filled, "something") == ["something else"]


@given(text=st.text() | st.text('"*^:(){}+-ANDORNEAR \0', max_size=20))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_breaks_the_search(filled: HistoryStore, text: str) -> None:
    assert isinstance(filled.search(text), tuple)


@given(prompt=st.text(st.characters(categories=["L", "N", "P", "Zs", "So"]), max_size=40))
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_prompt_is_found_by_itself(store: HistoryStore, prompt: str) -> None:
    entry = add_entry(store, prompt)
    if any(character.isalnum() for character in prompt):
        assert entry.id in {each.id for each in store.search(prompt, limit=10_000)}
