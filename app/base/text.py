"""The one place through which every sentence for the user goes, so that languages can be added."""

from __future__ import annotations


def tr(text: str, /, **values: object) -> str:
    """The sentence `text` in the user's language with `{name}` fields filled from `values`.

    English is the only language so far. The text itself is the key, so it must be a literal.
    """
    return text.format(**values) if values else text


def tr_count(one: str, many: str, count: int, **values: object) -> str:
    """`one` or `many`, whichever fits `count`, which both may name as {count}."""
    return tr(one if count == 1 else many, count=count, **values)
