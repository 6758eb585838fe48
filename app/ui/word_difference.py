"""What one wording has that another has not, word by word. Pure functions, no widgets but their markup."""

from __future__ import annotations

import difflib
import enum
import html
import re

from app.ui.theme import DARK

TOKEN = re.compile(r"\w+\s*|[^\w\s]\s*")
"""A word or a sign, with the blanks behind it."""
MOST_WORDS = 600
"""Longer texts are shown without marks: comparing them would hold up the window."""


class Change(enum.Enum):
    """What became of a run of words."""

    KEPT = "kept"
    ADDED = "added"
    REMOVED = "removed"


def word_difference(before: str, after: str) -> tuple[tuple[Change, str], ...]:
    """Runs of words and signs that turn `before` into `after`; those kept and added give `after`, joined.

    Capitals count; blanks do not, and stand as `after` has them.
    """
    old, new = TOKEN.findall(before), TOKEN.findall(after)
    if max(len(old), len(new)) > MOST_WORDS:
        return ((Change.KEPT, after),)
    found: list[tuple[Change, str]] = []
    matcher = difflib.SequenceMatcher(None, _bare(old), _bare(new), autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            found.append((Change.KEPT, "".join(new[c:d])))
            continue
        if a < b:
            found.append((Change.REMOVED, "".join(old[a:b])))
        if c < d:
            found.append((Change.ADDED, "".join(new[c:d])))
    return tuple(found)


def difference_markup(before: str, after: str) -> str:
    """The difference as rich text: new words bright and underlined, dropped ones muted and struck out."""
    looks = {
        Change.KEPT: "{}",
        Change.ADDED: f'<span style="color:{DARK.accent_line}; text-decoration:underline">{{}}</span>',
        Change.REMOVED: f'<span style="color:{DARK.text_disabled}; text-decoration:line-through">{{}}</span> ',
    }
    return "".join(
        looks[change].format(html.escape(words)) for change, words in word_difference(before, after)
    )


def _bare(tokens: list[str]) -> list[str]:
    return [token.strip() for token in tokens]


def is_same_wording(one: str, other: str) -> bool:
    """Whether two texts differ in nothing but blanks."""
    return re.sub(r"\s+", " ", one).strip() == re.sub(r"\s+", " ", other).strip()
