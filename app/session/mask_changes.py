"""Changes of a whole mask as frozen data: what a worker does to a copy of it, where, and what that is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import numpy as np

from app.base.cancel import CancelToken
from app.base.geometry import Rect, Size
from app.base.text import tr
from app.imaging.arrays import U8
from app.imaging.mask_operations import MaskOperation, OperationKind, difference
from app.imaging.masks import invert
from app.imaging.resample import resize_soft

Picture = Callable[[Rect], U8]
"""Gives the pixels of a rectangle of the document, (h, w, 3) RGB, in any thread."""


class MaskChange(Protocol):
    """One change. Its methods run in any thread and touch nothing but what they are given."""

    @property
    def title(self) -> str:
        """What the undo step is called."""
        ...

    def area(self, covered: Rect, document: Size) -> Rect:
        """What has to be known of a mask whose bounds are `covered`; nothing changes outside. Inside `document`."""
        ...

    def apply(self, coverage: U8, at: Rect, cancel: CancelToken) -> U8:
        """The mask of `at` afterwards, a new array; `coverage` is what it was. (at.height, at.width).

        Raises:
            Cancelled: the token was cancelled.
        """
        ...


@dataclass(frozen=True, slots=True)
class Operate:
    """An operation on the mask as it is."""

    operation: MaskOperation

    @property
    def title(self) -> str:
        px = self.operation.amount
        match self.operation.kind:
            case OperationKind.GROW:
                return tr("Grow mask by {px} px", px=px)
            case OperationKind.SHRINK:
                return tr("Shrink mask by {px} px", px=px)
            case OperationKind.FEATHER:
                return tr("Feather mask by {px} px", px=px)
            case OperationKind.BORDER:
                return tr("Border of {px} px", px=px)
            case OperationKind.SMOOTH:
                return tr("Smooth mask by {px} px", px=px)
            case OperationKind.REMOVE_SPECKS:
                return tr("Remove specks below {px} px", px=px)
            case OperationKind.FILL_HOLES:
                return tr("Fill holes")

    def area(self, covered: Rect, document: Size) -> Rect:
        if covered.is_empty:
            return covered
        return covered.expanded(self.operation.reach + 1).intersected(document.rect)

    def apply(self, coverage: U8, at: Rect, cancel: CancelToken) -> U8:
        return self.operation.apply(coverage, cancel)


@dataclass(frozen=True, slots=True, eq=False)
class Replace:
    """Another mask in the place of the one there is: from a file, the clipboard, the photograph."""

    title: str
    make: Callable[[], U8]
    """Gives the coverage of the whole document, (H, W); runs in a thread."""

    def area(self, covered: Rect, document: Size) -> Rect:
        return document.rect

    def apply(self, coverage: U8, at: Rect, cancel: CancelToken) -> U8:
        return self.make()


@dataclass(frozen=True, slots=True, eq=False)
class Differ:
    """The pixels of `region` in which two pictures differ by more than `levels` (of 255) in any channel."""

    region: Rect
    first: Picture
    second: Picture
    levels: int

    @property
    def title(self) -> str:
        return tr("Mask differences above {levels} levels", levels=self.levels)

    def area(self, covered: Rect, document: Size) -> Rect:
        return covered.united(self.region)

    def apply(self, coverage: U8, at: Rect, cancel: CancelToken) -> U8:
        changed = np.zeros_like(coverage)
        place = self.region.relative_to(at).slices
        first = self.first(self.region)
        cancel.check()
        second = self.second(self.region)
        cancel.check()
        changed[place] = difference(first, second, self.levels)
        return changed


@dataclass(frozen=True, slots=True, eq=False)
class Extend:
    """More coverage added to what there is."""

    title: str
    plane: U8
    """(h, w) of any size, over all of `rect_doc`: 255 = edit, too."""
    rect_doc: Rect
    """Document pixels."""

    def area(self, covered: Rect, document: Size) -> Rect:
        return self.rect_doc.intersected(document.rect)

    def apply(self, coverage: U8, at: Rect, cancel: CancelToken) -> U8:
        added = resize_soft(self.plane, self.rect_doc.size)
        extended, part = coverage.copy(), self.rect_doc.intersected(at)
        here = extended[part.relative_to(at).slices]
        np.maximum(here, added[part.relative_to(self.rect_doc).slices], out=here)
        return extended


def transparent_pixels(bgra: U8) -> U8:
    """Coverage of what is transparent in a picture (H, W, 4): what one would have filled."""
    return invert(np.ascontiguousarray(bgra[..., 3]))


@dataclass(frozen=True, slots=True)
class Knob:
    """The number of a change that is tried out before it is made: its range and what it is called.

    `name` is also where the settings keep the number that was used last.
    """

    name: str
    title: str
    help: str
    minimum: int
    maximum: int
    unit: str


KNOBS: Mapping[str, Knob] = MappingProxyType(
    {
        knob.name: knob
        for knob in (
            Knob("grow", tr("Grow"), tr("Moves every edge outwards."), 1, 2000, "px"),
            Knob("shrink", tr("Shrink"), tr("Moves every edge inwards."), 1, 2000, "px"),
            Knob("feather", tr("Feather"), tr("Lets edges fade to both sides."), 1, 1000, "px"),
            Knob("border", tr("Border"), tr("Keeps a band along the edges."), 1, 2000, "px"),
            Knob("smooth", tr("Smooth"), tr("Rounds what is jagged; the area stays."), 1, 400, "px"),
            Knob(
                "remove_specks",
                tr("Remove specks"),
                tr("Takes away what has fewer pixels than this."),
                2,
                1_000_000,
                "px",
            ),
            Knob(
                "difference",
                tr("Differences"),
                tr("Masks what differs by more than this, of 255."),
                0,
                254,
                tr("levels"),
            ),
        )
    }
)
"""Every change with a number, by name."""
