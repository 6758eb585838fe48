"""An object selected by hints that may be refined: each stroke is one undo step, and undo takes its hint back too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.base.geometry import EMPTY, Rect
from app.base.text import tr
from app.base.work import Work
from app.document.document import Document
from app.document.mask import MaskEdit
from app.document.selection import Selection
from app.document.shapes import Combine, Shape, combine
from app.document.undo import UndoStack, UndoStep
from app.imaging.arrays import U8
from app.imaging.smart_select import Hint, smart_select


@dataclass(frozen=True, slots=True)
class _Outcome:
    """The step that was on top of the undo stack when the object of these hints had been put."""

    top: UndoStep | None
    hints: tuple[Hint, ...]


class SmartObject:
    """The hints of one object, and the mask under it: a refined object takes the place of the one before."""

    def __init__(self, how: Combine) -> None:
        self._how = how
        self._outcomes: list[_Outcome] = []
        self._ordered: SmartSelection | None = None
        self._base_rect = EMPTY
        self._base: U8 = np.empty((0, 0), np.uint8)

    def hints(self, undo: UndoStack) -> tuple[Hint, ...]:
        """The hints to go on from; none when the mask was changed otherwise since, or the object was undone."""
        if self._ordered is not None:
            return self._ordered.hints
        return next((each.hints for each in self._outcomes if each.top is undo.top), ())

    def takes_away(self, how: Combine) -> bool:
        """Whether the option of the tool, changed to this since, says that strokes tell what is not part of it."""
        return how is Combine.SUBTRACT and self._how is not Combine.SUBTRACT

    def with_hint(self, document: Document, hint: Hint) -> SmartSelection:
        """The object with one more hint, to be ordered."""
        self._ordered = SmartSelection(self, document, (*self.hints(document.undo), hint))
        return self._ordered

    def put(self, document: Document, found: Shape, selection: SmartSelection) -> None:
        undo = document.undo
        known = [each.top for each in self._outcomes]
        if undo.top in known:
            del self._outcomes[known.index(undo.top) + 1 :]
        else:
            # Something else was done to the mask: what there is now is what the object is combined with.
            self._outcomes.clear()
            self._base_rect = EMPTY
        with document.edit_mask(selection.title) as edit:
            self._widen_base(edit, found.rect)
            edit.view(self._base_rect)[...] = self._base
            edit.mark(self._base_rect, combine(edit, found, self._how))
        self._outcomes.append(_Outcome(undo.top, selection.hints))
        self.forget(selection)

    def forget(self, selection: SmartSelection) -> None:
        """It is put, or will not be."""
        if self._ordered is selection:
            self._ordered = None

    def _widen_base(self, edit: MaskEdit, rect: Rect) -> None:
        """Keep what the mask is without the object, wherever the object changes it."""
        needed = self._base_rect.united(rect)
        if self._how is Combine.INTERSECT:
            needed = needed.united(edit.bounds())
        if needed == self._base_rect:
            return
        base = edit.view(needed).copy()
        base[self._base_rect.relative_to(needed).slices] = self._base
        self._base_rect, self._base = needed, base


class SmartSelection(Selection):
    """One try at the object, with all hints so far."""

    def __init__(self, smart: SmartObject, document: Document, hints: tuple[Hint, ...]) -> None:
        def find(work: Work) -> Shape:
            return Shape(*smart_select(document.picture, hints, work))

        super().__init__(tr("Smart select"), find, Combine.ADD)
        self.hints = hints
        self._smart = smart

    def put(self, document: Document, found: Shape) -> None:
        self._smart.put(document, found, self)

    def replaces(self, other: Selection) -> bool:
        return isinstance(other, SmartSelection) and other._smart is self._smart

    def drop(self) -> None:
        self._smart.forget(self)
