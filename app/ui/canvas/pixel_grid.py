"""The grid between the document's pixels, where they are shown so large that one looks at each of them.

Its lines are one device pixel wide and part of the finished frame: a part drawn alone has the lines that the
whole has.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage, QPainter

from app.base.geometry import Rect, Size
from app.ui.canvas.renderer import visible_rect
from app.ui.canvas.view_transform import ViewTransform

GRID_FROM = 8.0
"""The grid is shown above this scale."""
_LINE = QColor(150, 150, 150, 90)


def draw_grid(image: QImage, size_doc: Size, view: ViewTransform, rects_view: Sequence[Rect]) -> None:
    """Lay the grid over those rectangles of `image`; `view` is snapped, upright and not mirrored."""
    if view.scale <= GRID_FROM:
        return
    paper = visible_rect(size_doc.rect, view)
    painter = QPainter(image)
    for rect in rects_view:
        inside = rect.intersected(paper)
        if inside.is_empty:
            continue
        columns = _lines(inside.x, inside.right, int(view.origin.x), view.scale)
        rows = _lines(inside.y, inside.bottom, int(view.origin.y), view.scale)
        for x in columns:
            painter.fillRect(QRect(x, inside.y, 1, inside.height), _LINE)
        for y in rows:
            _draw_row(painter, y, inside, columns)
    painter.end()


def _draw_row(painter: QPainter, y: int, inside: Rect, columns: Sequence[int]) -> None:
    """A line across that leaves out what the lines down have drawn: no crossing is darker."""
    start = inside.x
    for x in (*columns, inside.right):
        if x > start:
            painter.fillRect(QRect(start, y, x - start, 1), _LINE)
        start = x + 1


def _lines(low: int, high: int, origin: int, scale: float) -> list[int]:
    """The view pixels in [low, high) at which a pixel of the document begins, but for the first of all."""
    first = max(1, math.ceil((low - origin) / scale))
    last = math.floor((high - origin) / scale) + 1
    places = [origin + math.floor(index * scale) for index in range(first, last + 1)]
    return [place for place in places if low <= place < high]
