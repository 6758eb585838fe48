"""A mask convention as a picture: what was painted, and the mask that is sent for it."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.base.states import MaskConvention
from app.base.text import tr
from app.session.mask_sample import SAMPLE, mask_sample, painted_sample
from app.ui.pictures import image_of_rgb
from app.ui.theme import DARK, SPACE

SQUARE = 8
"""Side of a checkerboard's squares."""
CAPTION = 20
GAP = SPACE * 3


def draw_checkerboard(painter: QPainter, rect: QRect) -> None:
    """What shows through transparent pixels."""
    painter.save()
    painter.setClipRect(rect)
    painter.fillRect(rect, QColor(DARK.border_strong))
    for row in range(0, rect.height(), SQUARE):
        for column in range(row // SQUARE % 2 * SQUARE, rect.width(), 2 * SQUARE):
            square = QRect(rect.x() + column, rect.y() + row, SQUARE, SQUARE)
            painter.fillRect(square, QColor(DARK.text_disabled))
    painter.restore()


class MaskPicture(QWidget):
    """Two small pictures side by side with a word below each."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("maskPicture")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._shown: tuple[MaskConvention, bool] | None = None
        self.painted = QImage()
        self.sent = QImage()

    def show_convention(self, convention: MaskConvention, invert: bool) -> None:
        """Draw the pictures of this convention."""
        if self._shown == (convention, invert):
            return
        self._shown = (convention, invert)
        self.painted = image_of_rgb(painted_sample(convention))
        self.sent = image_of_rgb(mask_sample(convention, invert))
        self.setAccessibleName(convention.meaning(invert))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(2 * SAMPLE.width + GAP, SAMPLE.height + CAPTION)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        left = QRect(0, 0, SAMPLE.width, SAMPLE.height)
        right = left.translated(SAMPLE.width + GAP, 0)
        draw_checkerboard(painter, right)
        for rect, image, words in (
            (left, self.painted, tr("Will be edited")),
            (right, self.sent, tr("The mask as sent")),
        ):
            painter.drawImage(rect, image)
            painter.setPen(QColor(DARK.border))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))
            painter.setPen(QColor(DARK.text_muted))
            caption = QRect(rect.x(), rect.bottom() + 2, rect.width(), CAPTION)
            painter.drawText(caption, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter, words)
        painter.end()
