"""Whose turn it is: one waiting line per provider that is fair between documents.

Within a document first come is first served; between documents the turn goes round, so that twenty
variants of one photograph do not hold up the first of another. Knows ids only, starts nothing.
"""

from __future__ import annotations

from collections import OrderedDict, deque


class Turns:
    """A waiting line of ids, grouped by document."""

    __slots__ = ("_lines",)

    def __init__(self) -> None:
        self._lines: OrderedDict[str, deque[str]] = OrderedDict()

    def __len__(self) -> int:
        return sum(map(len, self._lines.values()))

    def add(self, document_id: str, id: str) -> None:
        """Put `id` at the end of its document's line; a new document queues behind the others."""
        self._lines.setdefault(document_id, deque()).append(id)

    def take(self) -> str | None:
        """The id whose turn it is, taken out of the line; None when nobody waits."""
        if not self._lines:
            return None
        document_id, line = self._lines.popitem(last=False)
        id = line.popleft()
        if line:
            self._lines[document_id] = line
        return id

    def remove(self, document_id: str, id: str) -> bool:
        """Take `id` out wherever it stands; False when it does not wait here."""
        line = self._lines.get(document_id)
        if line is None or id not in line:
            return False
        line.remove(id)
        if not line:
            del self._lines[document_id]
        return True
