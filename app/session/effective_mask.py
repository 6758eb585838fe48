"""The mask that counts: the painted one, grown. It is what is drawn, sent, and promised about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.base.cancel import CancelToken
from app.base.geometry import Rect, Size
from app.imaging.arrays import U8
from app.imaging.masks import bounds, grow


@dataclass(frozen=True, slots=True, eq=False)
class EffectiveMask:
    """Coverage around everything that is to be edited."""

    document: Size
    rect: Rect
    """Document pixels; the bounds of all coverage > 0."""
    coverage: U8
    """(rect.height, rect.width), 255 = edit."""

    def within(self, region: Rect) -> U8:
        """The coverage of `region` (document pixels, containing `rect`), as a new array."""
        out = np.zeros((region.height, region.width), np.uint8)
        out[self.rect.relative_to(region).slices] = self.coverage
        return out

    @property
    def covered_pixels(self) -> int:
        return int(np.count_nonzero(self.coverage))


def effective_mask(
    document: Size, rect: Rect, coverage: U8, grow_by: int, cancel: CancelToken | None = None
) -> EffectiveMask | None:
    """Grow a copy of the painted coverage; None when there is nothing to edit.

    `coverage` is (rect.height, rect.width) and stands at `rect` in a document of size `document`.

    Raises:
        Cancelled: the token was cancelled.
    """
    if rect.is_empty:
        return None
    outer = rect.expanded(grow_by + 1).intersected(document.rect)
    padded = np.zeros((outer.height, outer.width), np.uint8)
    padded[rect.relative_to(outer).slices] = coverage
    grown = grow(padded, grow_by, cancel) if grow_by else padded
    found = bounds(grown)
    if found.is_empty:
        return None
    return EffectiveMask(
        document, found.translated(outer.x, outer.y), np.ascontiguousarray(grown[found.slices])
    )
