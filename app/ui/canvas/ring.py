"""The brush ring: a circle of the brush's true size under the pointer, readable on any picture.

It is drawn on top of the finished frame, and says as thin strips what must be repainted when it moves, so
that hovering with a large brush costs little.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from app.base.geometry import Point, Rect

_DARK = QColor(0, 0, 0, 170)
_LIGHT = QColor(255, 255, 255, 230)
_EDGE = 3
"""Device pixels by which strokes and their smooth edges reach over the circle."""
_CROSS_BELOW = 4.0
"""A smaller radius is told by a cross: a dot of a ring would be lost on a picture."""
_CROSS = 6


class Ring:
    """A circle in device pixels of the canvas; hidden while `centre` is None."""

    def __init__(self) -> None:
        self.centre: Point | None = None
        self.radius = 0.0

    def strips(self) -> tuple[Rect, ...]:
        """Rectangles that cover the ring's line: one square, or four sides of it for a large ring."""
        if self.centre is None:
            return ()
        reach = max(self.radius, _CROSS if self.radius < _CROSS_BELOW else 0.0)
        outer = Rect.around((self.centre,), reach + _EDGE)
        # The largest square inside the circle holds no part of the line.
        inner = Rect.around((self.centre,), max(0.0, self.radius * 0.7 - _EDGE))
        if inner.width < 64:
            return (outer,)
        return (
            Rect.from_edges(outer.x, outer.y, outer.right, inner.y),
            Rect.from_edges(outer.x, inner.bottom, outer.right, outer.bottom),
            Rect.from_edges(outer.x, inner.y, inner.x, inner.bottom),
            Rect.from_edges(inner.right, inner.y, outer.right, inner.bottom),
        )

    def paint(self, painter: QPainter) -> None:
        """Draw with `painter`, which speaks device pixels."""
        if self.centre is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        centre = QPointF(self.centre.x, self.centre.y)
        for colour, offset in ((_DARK, 0.5), (_LIGHT, -0.5)):
            pen = QPen(colour, 1.0)
            painter.setPen(pen)
            if self.radius < _CROSS_BELOW:
                _paint_cross(painter, centre, offset)
            else:
                painter.drawEllipse(centre, self.radius + offset, self.radius + offset)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _paint_cross(painter: QPainter, centre: QPointF, offset: float) -> None:
    x, y = centre.x() + offset, centre.y() + offset
    for gap in (-1, 1):
        painter.drawLine(QPointF(x + gap * 2, y), QPointF(x + gap * _CROSS, y))
        painter.drawLine(QPointF(x, y + gap * 2), QPointF(x, y + gap * _CROSS))
    painter.drawRect(QRectF(x - 0.5, y - 0.5, 1, 1))
