"""The brush ring: a circle of the brush's true size under the pointer, readable on any picture.

It is drawn on top of the finished frame, and says as thin strips what must be repainted when it moves, so
that hovering with a large brush costs little.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from app.base.geometry import Point, Rect

_DARK = QColor(0, 0, 0, 170)
_LIGHT = QColor(255, 255, 255, 230)
_EDGE = 3
"""Widths of a line by which strokes and their smooth edges reach over the circle."""
_CROSS_BELOW = 4.0
"""A smaller radius is told by a cross: a dot of a ring would be lost on a picture."""
_CROSS = 6
_STAMPED_UP_TO = 160.0
"""Larger rings are drawn as circles: most of their square is nothing."""


class Ring:
    """A circle in device pixels of the canvas; hidden while `centre` is None."""

    def __init__(self) -> None:
        self.centre: Point | None = None
        self.radius = 0.0
        self._stamp: QImage | None = None
        self._line = 1.0
        self.strips: tuple[Rect, ...] = ()
        """Rectangles that cover the ring's line: one square, or four sides of it for a large ring."""

    def set_line(self, width: float) -> None:
        """How many device pixels a thin line is wide: more where the screen's pixels are finer."""
        if width != self._line:
            self._line, self._stamp = width, None
            self.strips = _strips(self.centre, self.radius, width) if self.centre is not None else ()

    def move(self, centre: Point | None, radius: float) -> tuple[Rect, ...]:
        """Stand elsewhere, or nowhere; returns what must be painted again."""
        if centre == self.centre and (radius == self.radius or centre is None):
            return ()
        before = self.strips
        if radius != self.radius:
            self._stamp = None
        self.centre, self.radius = centre, radius
        self.strips = _strips(centre, radius, self._line) if centre is not None else ()
        return (*before, *self.strips)

    def paint(self, painter: QPainter) -> None:
        """Draw with `painter`, which speaks device pixels."""
        if self.centre is None:
            return
        if self.radius > _STAMPED_UP_TO:
            self._draw(painter, QPointF(self.centre.x, self.centre.y))
            return
        if self._stamp is None:
            self._stamp = self._make_stamp()
        half = self._stamp.width() / 2
        painter.drawImage(round(self.centre.x - half), round(self.centre.y - half), self._stamp)

    def _make_stamp(self) -> QImage:
        """The ring as a small picture: it is drawn far more often than its size changes."""
        half = math.ceil(max(self.radius, _CROSS) + _EDGE * self._line)
        stamp = QImage(2 * half, 2 * half, QImage.Format.Format_ARGB32_Premultiplied)
        stamp.fill(Qt.GlobalColor.transparent)
        painter = QPainter(stamp)
        self._draw(painter, QPointF(half, half))
        painter.end()
        return stamp

    def _draw(self, painter: QPainter, centre: QPointF) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, side in ((_DARK, 0.5), (_LIGHT, -0.5)):
            offset = side * self._line
            painter.setPen(QPen(colour, self._line))
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


def _strips(centre: Point, radius: float, line: float) -> tuple[Rect, ...]:
    edge = _EDGE * line + 1
    outer = _square(centre, max(radius, _CROSS) + edge)
    # The largest square inside the circle holds no part of the line.
    half = radius * 0.7 - edge
    if half < 32.0:
        return (outer,)
    inner = _square(centre, half)
    return (
        Rect.from_edges(outer.x, outer.y, outer.right, inner.y),
        Rect.from_edges(outer.x, inner.bottom, outer.right, outer.bottom),
        Rect.from_edges(outer.x, inner.y, inner.x, inner.bottom),
        Rect.from_edges(inner.right, inner.y, outer.right, inner.bottom),
    )


def _square(centre: Point, half: float) -> Rect:
    left, top = math.floor(centre.x - half), math.floor(centre.y - half)
    edge = math.ceil(2 * half) + 1
    return Rect(left, top, edge, edge)
