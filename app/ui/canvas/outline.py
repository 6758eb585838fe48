"""The line around all that a mask covers, in device pixels of a view; kept while the document is moved.

The line is found among the pixels that are shown, so its cost is that of the view. It goes along the
document's border, too: what is covered up to there ends there.
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from app.base.geometry import Rect, Size
from app.imaging.arrays import U8, as_u8
from app.imaging.edges import picked
from app.ui.canvas.scene import Overlay
from app.ui.canvas.tiles import occupied_rects
from app.ui.canvas.view_transform import ViewTransform, level_for, level_pixels

DASH = 4
"""Steps along a diagonal in which the line is light, and then dark."""
PERIOD = 2 * DASH
_CELL = 64
"""View pixels a side of what `cells` tells apart."""
_CROSS = np.array(((0, 1, 0), (1, 1, 1), (0, 1, 0)), np.uint8)


class Outline:
    """`places` (h, w) is 0 off the line; on it, 1 + how far along the dashes' period a pixel lies."""

    def __init__(self, size: Size) -> None:
        self.places: U8 = np.zeros((size.height, size.width), np.uint8)
        self.width = 1
        """Device pixels."""
        self._cells: list[Rect] | None = None

    @property
    def size(self) -> Size:
        return Size(self.places.shape[1], self.places.shape[0])

    def cells(self) -> list[Rect]:
        """Rectangles of the view that hold all of the line and little else."""
        if self._cells is None:
            height, width = self.places.shape
            rows = np.maximum.reduceat(self.places, range(0, height, _CELL), axis=0)
            held = np.maximum.reduceat(rows, range(0, width, _CELL), axis=1) > 0
            self._cells = [
                each.intersected(self.size.rect) for each in occupied_rects(held, _CELL, self.size.rect)
            ]
        return self._cells

    def move(self, dx: int, dy: int) -> None:
        """The document moved by view pixels. What comes into sight is to be found anew by the caller."""
        moved = np.zeros_like(self.places)
        target = self.size.rect.translated(dx, dy).intersected(self.size.rect)
        moved[target.slices] = self.places[target.translated(-dx, -dy).slices]
        self.places, self._cells = moved, None

    def find(self, overlay: Overlay, size_doc: Size, view: ViewTransform, rects_view: Iterable[Rect]) -> None:
        """Find the line in those rectangles; `view` is snapped."""
        for rect in rects_view:
            inside = rect.intersected(self.size.rect)
            if not inside.is_empty:
                self._find(overlay, size_doc, view, inside)
                self._cells = None

    def _find(self, overlay: Overlay, size_doc: Size, view: ViewTransform, inside: Rect) -> None:
        wide = inside.expanded(self.width)
        overlay.refresh(view.rect_to_doc(wide), level_for(view.scale))
        covered = np.zeros((wide.height, wide.width), np.uint8)
        for run in occupied_rects(overlay.occupied, overlay.tile, view.rect_to_doc(wide)):
            part = view.rect_to_view(run.intersected(size_doc.rect)).intersected(wide)
            if not part.is_empty:
                seen = _covered(overlay, view, part)
                under = covered[part.relative_to(wide).slices]
                np.maximum(under, seen, out=under)
        deep = cv2.erode(covered, _CROSS, iterations=self.width, borderValue=0)
        inner = as_u8(cv2.subtract(covered, deep))[self.width : -self.width, self.width : -self.width]
        along = _steps(inside.y, inside.height, view.origin.y)[:, np.newaxis] + _steps(
            inside.x, inside.width, view.origin.x
        )
        self.places[inside.slices] = inner * (along % PERIOD + 1).astype(np.uint8)


def _steps(low: int, count: int, origin: float) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """Places along an axis, within the period of the dashes, counted from where the document begins."""
    return (np.arange(low - int(origin), low - int(origin) + count) % PERIOD).astype(np.uint8)


def _covered(overlay: Overlay, view: ViewTransform, part: Rect) -> U8:
    """1 for the view pixels of `part` whose centre lies on a covered pixel of the level shown, else 0."""
    level = level_for(view.scale, len(overlay.levels))
    plane, size = overlay.levels[level], 1 << level
    height, width = plane.shape
    if view.is_upright:
        columns = level_pixels(part.x, part.width, int(view.origin.x), view.scale * size)
        rows = level_pixels(part.y, part.height, int(view.origin.y), view.scale * size)
        left, right = np.searchsorted(columns, (0, width))
        top, bottom = np.searchsorted(rows, (0, height))
        covered = np.zeros((part.height, part.width), np.uint8)
        if left < right and top < bottom:
            found = picked(plane, rows[top:bottom], columns[left:right])
            covered[top:bottom, left:right] = found > 0
        return covered
    xs = part.x - view.origin.x + 0.5 + np.arange(part.width)
    ys = part.y - view.origin.y + 0.5 + np.arange(part.height)
    # The inverse of a turn is its transpose.
    a, b, c, d = (each / (view.scale * view.scale * size) for each in view.matrix)
    across = np.floor(np.add.outer(ys * c, xs * a)).astype(np.intp)
    down = np.floor(np.add.outer(ys * d, xs * b)).astype(np.intp)
    inside = (across >= 0) & (down >= 0) & (across < width) & (down < height)
    found = plane[np.clip(down, 0, height - 1), np.clip(across, 0, width - 1)]
    return as_u8(((found > 0) & inside).astype(np.uint8))
