"""The results that stand over the canvas and wait to be chosen, numbered from 1."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from app.base.signal import Signal
from app.base.text import tr
from app.document.layers import EditLayer, LayerSource
from app.edits.types import Patch, Report


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One result, brought to the document's place and scale."""

    result_id: str
    entry_id: str
    number: int
    patch: Patch
    report: Report
    prompt: str
    model: str
    revised_prompt: str | None = None
    seed: int | None = None
    source: LayerSource | None = None


class Candidates:
    """A strip of candidates, at most one of which is selected and shown over the document."""

    def __init__(self) -> None:
        self._items: tuple[Candidate, ...] = ()
        self._selected: int | None = None
        self.changed: Signal[[]] = Signal()

    @property
    def items(self) -> tuple[Candidate, ...]:
        return self._items

    @property
    def selected(self) -> int | None:
        """Index of the one that is shown; None while the document itself is shown."""
        return self._selected

    @property
    def shown(self) -> Candidate | None:
        return None if self._selected is None else self._items[self._selected]

    def add(self, found: tuple[Candidate, ...]) -> None:
        """Append candidates and show the first new one."""
        if found:
            first = len(self._items)
            self._items = (*self._items, *found)
            self._selected = first
            self.changed.emit()

    def put(self, changed: Candidate) -> None:
        """Take over what became of one that is here, such as under another recipe."""
        items = tuple(changed if c.result_id == changed.result_id else c for c in self._items)
        if items != self._items:
            self._items = items
            self.changed.emit()

    def take(self, index: int) -> None:
        """Take one off the strip that is used; then the document itself is shown."""
        self._items = tuple(c for i, c in enumerate(self._items) if i != index)
        self._selected = None
        self.changed.emit()

    def select(self, index: int | None) -> None:
        """Show a candidate, or the document itself; an index that does not exist is ignored."""
        if index is not None and not 0 <= index < len(self._items):
            return
        if index != self._selected:
            self._selected = index
            self.changed.emit()

    def select_number(self, number: int) -> None:
        """Show the candidate that carries `number`; one that does not exist is ignored."""
        for index, candidate in enumerate(self._items):
            if candidate.number == number:
                self.select(index)

    def step(self, steps: int) -> None:
        """Show the next or previous one, round and round through the document itself."""
        places = len(self._items) + 1
        place = 0 if self._selected is None else self._selected + 1
        place = (place + steps) % places
        self.select(None if place == 0 else place - 1)

    def discard(self, index: int) -> None:
        """Take one off the strip; it stays in the history."""
        items = [c for i, c in enumerate(self._items) if i != index]
        self._items = tuple(items)
        self._selected = min(index, len(items) - 1) if items else None
        self.changed.emit()

    def clear(self) -> None:
        """Empty the strip; everything stays in the history."""
        if self._items:
            self._items = ()
            self._selected = None
            self.changed.emit()

    def next_number(self) -> int:
        return max((c.number for c in self._items), default=0) + 1


def layer_of(candidate: Candidate) -> EditLayer:
    """The layer that a candidate becomes when it is applied."""
    patch, source = candidate.patch, candidate.source
    grown = source is not None and patch.recipe.grow != 0
    return EditLayer(
        id=uuid.uuid4().hex,
        name=candidate.prompt or tr("Edit"),
        region=patch.region,
        pixels=patch.pixels,
        coverage=patch.coverage,
        recipe=patch.recipe,
        opacity=patch.opacity,
        mode=patch.mode,
        result_id=candidate.result_id,
        source=source,
        mask=source.coverage if source is not None and grown else None,
    )
