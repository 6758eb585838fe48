"""Between a widget's own coordinates and whole pixels of the screen, at any scale factor.

At a fractional factor a widget's corner may lie inside a pixel of the screen. The frame then begins at that
pixel's corner, so that frame pixels and screen pixels are the same and nothing is filtered on its way.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QPoint, QPointF, QRect
from PySide6.QtWidgets import QWidget

from app.base.geometry import Point, Rect, Size


class DevicePixels:
    """The device pixels of one widget; asked anew each time, as windows move between screens."""

    def __init__(self, widget: QWidget) -> None:
        self._widget = widget

    @property
    def ratio(self) -> float:
        """Device pixels per unit of the widget's coordinates."""
        return self._widget.devicePixelRatioF()

    @property
    def thin_line(self) -> float:
        """Device pixels in the width of a thin line: a whole number, so that lines stay crisp."""
        return float(max(1, round(self.ratio)))

    @property
    def offset(self) -> QPointF:
        """How far the widget's corner lies right of and below a whole device pixel, in device pixels."""
        ratio = self.ratio
        if ratio.is_integer():
            return QPointF(0.0, 0.0)
        corner = self._widget.mapTo(self._widget.window(), QPoint(0, 0))
        return QPointF(corner.x() * ratio % 1.0, corner.y() * ratio % 1.0)

    @property
    def size(self) -> Size:
        """Of the frame that covers the whole widget."""
        ratio = self.ratio
        if ratio == 1.0:
            return Size(self._widget.width(), self._widget.height())
        offset = self.offset
        return Size(
            math.ceil(self._widget.width() * ratio + offset.x()),
            math.ceil(self._widget.height() * ratio + offset.y()),
        )

    def to_view(self, position: QPointF) -> Point:
        """The place in the frame of a position in the widget."""
        ratio = self.ratio
        if ratio == 1.0:
            return Point(position.x(), position.y())
        offset = self.offset
        return Point(position.x() * ratio + offset.x(), position.y() * ratio + offset.y())

    def to_widget(self, rect_view: Rect) -> QRect:
        """The smallest rectangle of the widget that covers some pixels of the frame."""
        ratio = self.ratio
        if ratio == 1.0:
            return QRect(rect_view.x, rect_view.y, rect_view.width, rect_view.height)
        offset = self.offset
        left = math.floor((rect_view.x - offset.x()) / ratio)
        top = math.floor((rect_view.y - offset.y()) / ratio)
        right = math.ceil((rect_view.right - offset.x()) / ratio)
        bottom = math.ceil((rect_view.bottom - offset.y()) / ratio)
        return QRect(left, top, right - left, bottom - top)

    def to_frame(self, rect: QRect) -> QRect:
        """The smallest rectangle of frame pixels that covers a rectangle of the widget."""
        ratio = self.ratio
        if ratio == 1.0:
            return rect
        offset = self.offset
        left = math.floor(rect.x() * ratio + offset.x())
        top = math.floor(rect.y() * ratio + offset.y())
        right = math.ceil((rect.x() + rect.width()) * ratio + offset.x())
        bottom = math.ceil((rect.y() + rect.height()) * ratio + offset.y())
        return QRect(left, top, right - left, bottom - top)
