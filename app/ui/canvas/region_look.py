"""What is drawn at the outline of a region that can be shaped by hand: its handles, and its facts in a label.

The outline itself is drawn with all others in `decorations`. Everything is in device pixels of the view.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from app.base.geometry import Point, Rect, Size
from app.edits.region import Grip
from app.ui.canvas.view_transform import ViewTransform, corners

_HANDLES = tuple(grip for grip in Grip if grip is not Grip.WHOLE)
HANDLE = 9
"""Device-independent pixels a side."""
REACH = 9
"""How far from its middle a handle is hit."""
_FONT = 12
_MARGIN = 7.0
_GAP = 8.0
_FILL = QColor(255, 255, 255)
_EDGE = QColor(0, 0, 0, 190)
_PAPER = QColor(20, 20, 20, 225)
_TEXT = QColor(255, 255, 255)


class RegionLook:
    """Handles and label of one region."""

    def __init__(self) -> None:
        self.region: Rect | None = None
        """Document pixels; None draws nothing."""
        self.has_handles = False
        self.label = ""
        self.line = 1.0
        """Device pixels that a thin line is wide."""

    def grip_at(self, point: Point, view: ViewTransform) -> Grip | None:
        """The handle under a point of the view."""
        if self.region is None or not self.has_handles:
            return None
        reach = REACH * self.line
        for grip in _HANDLES:
            handle = view.to_view(grip.place(self.region))
            if abs(handle.x - point.x) <= reach and abs(handle.y - point.y) <= reach:
                return grip
        return None

    def strips(self, view: ViewTransform, size: Size) -> list[Rect]:
        """Rectangles of a view of `size` that hold all that is drawn."""
        if self.region is None:
            return []
        found = []
        if self.has_handles:
            half = HANDLE / 2 * self.line + 2
            found += [Rect.around([view.to_view(grip.place(self.region))], half) for grip in _HANDLES]
        if self.label:
            box = self._label_box(view, size)
            found.append(Rect.around([Point(box.left(), box.top()), Point(box.right(), box.bottom())], 2))
        return found

    def paint(self, painter: QPainter, view: ViewTransform, size: Size) -> None:
        """Draw with `painter`, which speaks device pixels."""
        if self.region is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        if self.has_handles:
            side = round(HANDLE * self.line)
            painter.setPen(QPen(_EDGE, self.line))
            painter.setBrush(_FILL)
            for grip in _HANDLES:
                middle = view.to_view(grip.place(self.region))
                corner = QPointF(math.floor(middle.x - side / 2) + 0.5, math.floor(middle.y - side / 2) + 0.5)
                painter.drawRoundedRect(QRectF(corner.x(), corner.y(), side, side), 2.0, 2.0)
        if self.label:
            box = self._label_box(view, size)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(_PAPER)
            painter.drawRoundedRect(box, 4.0 * self.line, 4.0 * self.line)
            painter.setPen(_TEXT)
            painter.setFont(self._font())
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self.label)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _font(self) -> QFont:
        font = QFont()
        font.setPixelSize(round(_FONT * self.line))
        return font

    def _label_box(self, view: ViewTransform, size: Size) -> QRectF:
        """Above the region; inside it, or at the border of the view, where there is no room."""
        assert self.region is not None
        outer = Rect.around([view.to_view(each) for each in corners(self.region)])
        metrics, margin, gap = QFontMetricsF(self._font()), _MARGIN * self.line, _GAP * self.line
        width = metrics.horizontalAdvance(self.label) + 2 * margin
        height = metrics.height() + margin
        top = outer.y - gap - height
        if top < 0:
            top = max(gap, outer.y + gap)
        left = min(max(float(outer.x), gap), max(gap, size.width - width - gap))
        return QRectF(left, min(top, max(0.0, size.height - height - gap)), width, height)
