"""What the colours of the map of change mean: a ramp with words at its ends, beside a patch of the veil."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QWidget

from app.base.text import tr
from app.ui.canvas.heat import MOST_LEVELS, heat_colours
from app.ui.theme import DARK, SPACE

_RAMP = 8
_STEPS = 16


class HeatLegend(QFrame):
    """A small card for a corner of the canvas."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("heatLegend")
        self.setAccessibleName(tr("Legend of the map of change"))
        self.setAccessibleDescription(
            tr("Violet is a little change, yellow much. What the model left alone is darkened.")
        )
        self._title = tr("Changed by the model, outside the mask")
        self._ends = tr("a little"), tr("{levels} levels or more", levels=MOST_LEVELS)
        self.resize(self.sizeHint())

    def sizeHint(self) -> QSize:
        text = self.fontMetrics()
        width = max(text.horizontalAdvance(self._title), text.horizontalAdvance("  ".join(self._ends)) + 40)
        return QSize(width + 2 * SPACE, 2 * text.height() + _RAMP + 3 * SPACE)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(DARK.border_strong))
        painter.setBrush(QColor(DARK.panel))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        room = QRectF(self.rect()).adjusted(SPACE, SPACE, -SPACE, -SPACE)
        height = self.fontMetrics().height()
        painter.setPen(QColor(DARK.text))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft), self._title)
        ramp = QRectF(room.x(), room.y() + height + SPACE / 2, room.width(), _RAMP)
        gradient = QLinearGradient(QPointF(ramp.left(), 0), QPointF(ramp.right(), 0))
        colours = heat_colours()
        for step in range(_STEPS + 1):
            red, green, blue, _ = (int(each) for each in colours[max(1, step * 255 // _STEPS)])
            gradient.setColorAt(step / _STEPS, QColor(red, green, blue))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(gradient)
        painter.drawRoundedRect(ramp, 3, 3)
        words = QRectF(room.x(), ramp.bottom() + SPACE / 2, room.width(), height)
        painter.setPen(QColor(DARK.text_muted))
        painter.drawText(
            words, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), self._ends[0]
        )
        painter.drawText(
            words, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), self._ends[1]
        )
        painter.end()
