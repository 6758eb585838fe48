"""The grid between the document's pixels, where they are shown so large that one looks at each of them.

Its lines are one device pixel wide and part of the finished frame: a part drawn alone has the lines that the
whole has.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from app.base.geometry import Rect, Size
from app.imaging.arrays import U8, as_u8
from app.ui.canvas.renderer import visible_rect
from app.ui.canvas.view_transform import ViewTransform

GRID_FROM = 8.0
"""The grid is shown above this scale."""
_GREY, _STRENGTH = 150, 0.35


class PixelGrid:
    """Lays the grid over frames. A table turns each colour to what it is under a line."""

    def __init__(self) -> None:
        plain = np.arange(256.0)
        lined = np.rint(plain + (_GREY - plain) * _STRENGTH)
        self._table: U8 = np.dstack([lined, lined, lined, plain]).astype(np.uint8)

    def draw(self, pixels: U8, size_doc: Size, view: ViewTransform, rects_view: Sequence[Rect]) -> None:
        """Draw those rectangles of `pixels`, (h, w, 4) BGRX; `view` is snapped, upright and not mirrored."""
        if view.scale <= GRID_FROM:
            return
        paper = visible_rect(size_doc.rect, view)
        for rect in rects_view:
            inside = rect.intersected(paper)
            if not inside.is_empty:
                rows = _lines(inside.y, inside.bottom, int(view.origin.y), view.scale)
                columns = _lines(inside.x, inside.right, int(view.origin.x), view.scale)
                self._draw_part(pixels[inside.slices], rows, columns)

    def _draw_part(self, part: U8, rows: list[int], columns: list[int]) -> None:
        # Whole pixels are picked faster than their channels. The columns are read before the rows are drawn, and
        # laid over them: a crossing is not to be stronger than the lines.
        words = part.view(np.uint32)[..., 0]
        down = self._lined(words.take(columns, axis=1)) if columns else None
        if rows:
            words[rows] = self._lined(words[rows])
        if down is not None:
            words[:, columns] = down

    def _lined(self, words: NDArray[np.uint32]) -> NDArray[np.uint32]:
        lined = cv2.LUT(words.view(np.uint8).reshape(*words.shape, 4), self._table)
        return as_u8(lined).view(np.uint32)[..., 0]


def _lines(low: int, high: int, origin: int, scale: float) -> list[int]:
    """Where in [low, high) a pixel of the document begins, but for the first of all; counted from `low`."""
    first = max(1, math.ceil((low - origin) / scale))
    last = math.floor((high - origin) / scale) + 1
    places = [origin + math.floor(index * scale) for index in range(first, last + 1)]
    return [place - low for place in places if low <= place < high]
