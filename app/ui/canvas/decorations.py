"""What is drawn over the frame besides the ring: the regions that will be sent, and the shape being dragged.

Lines are light and thin, on a wider dark one, so that they read on any picture. A region's
is dashed, the shape's is not: it is where one looks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from app.base.geometry import Point, Rect, Size
from app.ui.canvas.view_transform import ViewTransform, corners

_DARK = QColor(0, 0, 0, 120)
_DARK_WIDTH = 3.0
_LIGHT = QColor(255, 255, 255, 235)
_REACH = 2
_DASH = (5.0, 5.0)


class Decorations:
    """The regions' outlines and the gesture's, in document pixels."""

    def __init__(self) -> None:
        self.regions: tuple[Rect, ...] = ()
        self.extension: Rect | None = None
        """What the document is to become."""
        self.outline: tuple[Point, ...] = ()
        self.outline_is_closed = True
        self.line = 1.0
        """Device pixels that a thin line is wide."""

    def region_strips(self, view: ViewTransform) -> tuple[Rect, ...]:
        """Rectangles of the view that cover the regions' lines."""
        return tuple(strip for region in self.regions for strip in self._strips_of(region, view))

    def _strips_of(self, region: Rect, view: ViewTransform) -> tuple[Rect, ...]:
        reach = math.ceil(_REACH * self.line)
        outer = view.rect_to_view(region).expanded(reach)
        if not view.is_upright:
            return (outer,)
        width = 2 * reach + 1
        return (
            Rect(outer.x, outer.y, outer.width, width),
            Rect(outer.x, outer.bottom - width, outer.width, width),
            Rect(outer.x, outer.y, width, outer.height),
            Rect(outer.right - width, outer.y, width, outer.height),
        )

    def outline_rect(self, view: ViewTransform) -> Rect:
        """The rectangle of the view that holds the gesture's outline."""
        return Rect.around(map(view.to_view, self.outline), _REACH * self.line + 1)

    def paint(self, painter: QPainter, view: ViewTransform, size: Size) -> None:
        """Draw with `painter`, which speaks device pixels, what is seen in a view of `size`."""
        for region in (*self.regions, *((self.extension,) if self.extension is not None else ())):
            seen = size.rect
            if view.is_upright:
                _paint_box(painter, view.rect_to_view(region), seen, self.line)
            else:
                _paint_turned_box(painter, [view.to_view(each) for each in corners(region)], seen, self.line)
        if len(self.outline) > 1:
            points = [view.to_view(point) for point in self.outline]
            _paint_outline(painter, points, self.line, closed=self.outline_is_closed)


def _paint_box(painter: QPainter, box: Rect, seen: Rect, line: float) -> None:
    """Each side by itself and cut to what is seen: zoomed in, a box has thousands of unseen dashes."""
    left, top, right, bottom = box.x - 0.5, box.y - 0.5, box.right + 0.5, box.bottom + 0.5
    low_x, high_x = max(left, seen.x - 1.0), min(right, seen.right + 1.0)
    low_y, high_y = max(top, seen.y - 1.0), min(bottom, seen.bottom + 1.0)
    for pen in (_dark(line), _dashed(line)):
        painter.setPen(pen)
        for y in (top, bottom):
            if low_x < high_x and low_y <= y <= high_y:
                _paint_side(painter, pen, QPointF(low_x, y), QPointF(high_x, y), low_x - left)
        for x in (left, right):
            if low_y < high_y and low_x <= x <= high_x:
                _paint_side(painter, pen, QPointF(x, low_y), QPointF(x, high_y), low_y - top)


def _paint_turned_box(painter: QPainter, box: Sequence[Point], seen: Rect, line: float) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    for pen in (_dark(line), _dashed(line)):
        painter.setPen(pen)
        for start, end in zip(box, (*box[1:], box[0]), strict=True):
            cut = _cut(start, end, seen)
            if cut is not None:
                way, length = end - start, start.distance(end)
                low, high = (start + way.scaled(share) for share in cut)
                _paint_side(painter, pen, QPointF(low.x, low.y), QPointF(high.x, high.y), cut[0] * length)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _cut(start: Point, end: Point, seen: Rect) -> tuple[float, float] | None:
    """From which to which share of its length a line may be seen; None where it is not."""
    low, high, way = 0.0, 1.0, end - start
    for at, step, least, most in (
        (start.x, way.x, seen.x - 2.0, seen.right + 2.0),
        (start.y, way.y, seen.y - 2.0, seen.bottom + 2.0),
    ):
        if abs(step) < 1e-9:
            if not least <= at <= most:
                return None
            continue
        entry, leave = sorted(((least - at) / step, (most - at) / step))
        low, high = max(low, entry), min(high, leave)
    return (low, high) if low < high else None


def _paint_side(painter: QPainter, pen: QPen, start: QPointF, end: QPointF, skipped: float) -> None:
    if pen.style() is Qt.PenStyle.CustomDashLine:
        pen.setDashOffset(skipped / pen.widthF() % sum(_DASH))
        painter.setPen(pen)
    painter.drawLine(start, end)


def _paint_outline(painter: QPainter, points: Sequence[Point], line: float, *, closed: bool) -> None:
    # Through the centres of pixels: upright lines are crisp there.
    polygon = QPolygonF([QPointF(math.floor(point.x) + 0.5, math.floor(point.y) + 0.5) for point in points])
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (_dark(line), QPen(_LIGHT, line)):
        painter.setPen(pen)
        if closed:
            painter.drawPolygon(polygon)
        else:
            painter.drawPolyline(polygon)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _dark(line: float) -> QPen:
    pen = QPen(_DARK, _DARK_WIDTH * line)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return pen


def _dashed(line: float) -> QPen:
    pen = QPen(_LIGHT, line)
    pen.setDashPattern(_DASH)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen
