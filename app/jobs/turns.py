"""Whose turn it is: one waiting line per provider that is fair between documents.

Within a document first come is first served; between documents the turn goes round, so that twenty
variants of one photograph do not hold up the first of another. Whoever is put to the front goes before all
of them, whoever is put to the back when nobody else waits. Knows ids only, starts nothing.
"""

from __future__ import annotations

from collections import OrderedDict, deque


class Turns:
    """A waiting line of ids, grouped by document."""

    __slots__ = ("_back", "_front", "_lines")

    def __init__(self) -> None:
        self._front: deque[str] = deque()
        self._lines: OrderedDict[str, deque[str]] = OrderedDict()
        self._back: deque[str] = deque()

    def __len__(self) -> int:
        return len(self._front) + sum(map(len, self._lines.values())) + len(self._back)

    def add(self, document_id: str, id: str) -> None:
        """Put `id` at the end of its document's line; a new document queues behind the others."""
        self._lines.setdefault(document_id, deque()).append(id)

    def take(self) -> str | None:
        """The id whose turn it is, taken out of the line; None when nobody waits."""
        if self._front:
            return self._front.popleft()
        if not self._lines:
            return self._back.popleft() if self._back else None
        document_id, line = self._lines.popitem(last=False)
        id = line.popleft()
        if line:
            self._lines[document_id] = line
        return id

    def remove(self, document_id: str, id: str) -> bool:
        """Take `id` out wherever it stands; False when it does not wait here."""
        for line in (self._front, self._back, self._lines.get(document_id, deque())):
            if id in line:
                line.remove(id)
                if document_id in self._lines and not self._lines[document_id]:
                    del self._lines[document_id]
                return True
        return False

    def to_front(self, document_id: str, id: str) -> bool:
        """Let `id` be the very next; False when it does not wait here."""
        found = self.remove(document_id, id)
        if found:
            self._front.appendleft(id)
        return found

    def to_back(self, document_id: str, id: str) -> bool:
        """Let `id` be the very last; False when it does not wait here."""
        found = self.remove(document_id, id)
        if found:
            self._back.append(id)
        return found

    def order(self) -> tuple[str, ...]:
        """All that wait, in the order of their turns."""
        rounds = [list(line) for line in self._lines.values()]
        longest = max(map(len, rounds), default=0)
        taken = (line[number] for number in range(longest) for line in rounds if number < len(line))
        return (*self._front, *taken, *self._back)
