"""The results that stand over the canvas and wait to be chosen, numbered from 1."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from app.base.geometry import Rect
from app.base.signal import Signal
from app.base.text import tr
from app.document.layers import EditLayer, LayerSource
from app.edits.types import Patch, Report
from app.imaging.masks import bounds


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
    """A strip of candidates, at most one of which is selected.

    Those whose masks overlap compete for one place of the document; what is chosen for each place is shown over
    the document as long as anything is selected.
    """

    def __init__(self) -> None:
        self._items: tuple[Candidate, ...] = ()
        self._places: tuple[tuple[Candidate, ...], ...] = ()
        self._rects: dict[Patch, Rect] = {}
        """Where the mask of each lies, which takes a look at all of its pixels."""
        self._chosen: set[str] = set()
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
        """The selected one."""
        return None if self._selected is None else self._items[self._selected]

    @property
    def places(self) -> tuple[tuple[Candidate, ...], ...]:
        """The candidates by the place of the document that they are for, in the order of the first ones."""
        return self._places

    @property
    def chosen(self) -> tuple[Candidate, ...]:
        """One for each place: the one that was selected there last, or else its first."""
        return tuple(
            next((each for each in place if each.result_id in self._chosen), place[0])
            for place in self._places
        )

    @property
    def patches(self) -> tuple[Patch, ...]:
        """What is shown over the document: of each place what is chosen; nothing while none is selected."""
        return () if self._selected is None else tuple(each.patch for each in self.chosen)

    def rect_of(self, candidate: Candidate) -> Rect:
        """Where the mask of one that is here lies, see `mask_rect`."""
        return self._rect_of(candidate.patch)

    def rivals(self, candidate: Candidate) -> tuple[Candidate, ...]:
        """All that are for the same place, itself included."""
        return next((place for place in self._places if candidate in place), ())

    def add(self, found: tuple[Candidate, ...]) -> None:
        """Append candidates and show the first new one."""
        if found:
            first = len(self._items)
            self._take((*self._items, *found), first)

    def put(self, changed: Candidate) -> None:
        """Take over what became of one that is here, such as under another recipe."""
        items = tuple(changed if c.result_id == changed.result_id else c for c in self._items)
        if items != self._items:
            self._take(items, self._selected)

    def take(self, index: int) -> None:
        """Take one off the strip that is used; then the document itself is shown."""
        self._take(tuple(c for i, c in enumerate(self._items) if i != index), None)

    def remove(self, result_id: str) -> None:
        """Take one off the strip that is used, whatever is shown by now."""
        self.replace_all(tuple(each for each in self._items if each.result_id != result_id))

    def select(self, index: int | None) -> None:
        """Show a candidate, or the document itself; an index that does not exist is ignored."""
        if index is not None and not 0 <= index < len(self._items):
            return
        if index != self._selected:
            self._take(self._items, index)

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
        items = tuple(c for i, c in enumerate(self._items) if i != index)
        self._take(items, min(index, len(items) - 1) if items else None)

    def settle(self, candidate: Candidate) -> None:
        """A place is decided: take all that are for it off the strip, and show what is chosen for the next."""
        rivals = self.rivals(candidate)
        items = tuple(each for each in self._items if each not in rivals)
        left = [each for each in self.chosen if each not in rivals]
        self._take(items, items.index(left[0]) if left else None)

    def replace_all(self, items: tuple[Candidate, ...]) -> None:
        """The same candidates, or fewer, became others, such as on another canvas; what is shown stays shown."""
        if items == self._items:
            return
        shown = self.shown
        places = {each.result_id: index for index, each in enumerate(items)}
        self._take(items, places.get(shown.result_id) if shown is not None else None)

    def clear(self) -> None:
        """Empty the strip; everything stays in the history."""
        if self._items:
            self._take((), None)

    def _take(self, items: tuple[Candidate, ...], selected: int | None) -> None:
        if items != self._items:
            self._rects = {each.patch: self._rect_of(each.patch) for each in items}
            self._places = _by_place(items, self._rects)
        self._items, self._selected = items, selected
        if selected is not None:
            self._chosen -= {each.result_id for each in self.rivals(items[selected])}
            self._chosen.add(items[selected].result_id)
        self._chosen &= {each.result_id for each in items}
        self.changed.emit()

    def _rect_of(self, patch: Patch) -> Rect:
        found = self._rects.get(patch)
        return mask_rect(patch) if found is None else found

    def next_number(self) -> int:
        return max((c.number for c in self._items), default=0) + 1


def mask_rect(patch: Patch) -> Rect:
    """Document pixels that the mask of a patch covers, as a rectangle; its region where it covers none."""
    rect = bounds(patch.coverage)
    return patch.region if rect.is_empty else rect.translated(patch.region.x, patch.region.y)


def _by_place(items: tuple[Candidate, ...], rects: dict[Patch, Rect]) -> tuple[tuple[Candidate, ...], ...]:
    places: list[tuple[Rect, tuple[Candidate, ...]]] = []
    for item in items:
        whole = rects[item.patch]
        members: tuple[Candidate, ...] = (item,)
        apart = []
        for rect, others in places:
            if rect.intersects(whole):
                whole, members = whole.united(rect), others + members
            else:
                apart.append((rect, others))
        places = [*apart, (whole, members)]
    places.sort(key=lambda place: place[1][0].number)
    return tuple(members for _, members in places)


def layer_of(candidate: Candidate) -> EditLayer:
    """The layer that a candidate becomes when it is applied."""
    patch, source = candidate.patch, candidate.source
    grown = source is not None and patch.recipe.grow != 0
    return EditLayer(
        id=uuid.uuid4().hex,
        name=candidate.prompt or tr("Filled from the surroundings"),
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
