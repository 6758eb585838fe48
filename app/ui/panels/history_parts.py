"""Parts of the history's details: words that scroll, a picture that gives way, a line that is kept when left."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QScrollArea, QSizePolicy, QWidget

from app.ui.theme import DARK

LEAST_WORDS = 20
"""A line of the words is in sight at the least."""
PREVIEW = 220


class Words(QScrollArea):
    """As tall as what is in it where there is room, else it scrolls; none of it is ever cut off."""

    def __init__(self, words: QWidget) -> None:
        super().__init__()
        self._words = words
        self.setWidget(words)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Maximum)

    def fit(self, *, has_words: bool) -> None:
        """The words are others now."""
        self.setVisible(has_words)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(0, max(self._words.heightForWidth(self.width()), 0))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, min(self.sizeHint().height(), LEAST_WORDS))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()


class Preview(QWidget):
    """A picture as wide as the panel, of one height for all, so that nothing below it moves; less in low windows."""

    def __init__(self) -> None:
        super().__init__()
        self._picture: QPixmap | None = None
        self.setMinimumHeight(PREVIEW // 2)
        self.setMaximumHeight(PREVIEW)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.hide()

    def sizeHint(self) -> QSize:
        return QSize(0, PREVIEW)

    def show_picture(self, picture: QPixmap | None) -> None:
        self._picture = picture
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), QColor(DARK.field))
        if self._picture is not None:
            size = self._picture.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            place = QRect(QPoint(0, 0), size)
            place.moveCenter(self.rect().center())
            painter.drawPixmap(place, self._picture, self._picture.rect())
        painter.end()


class Line(QLineEdit):
    """A line that is written when it is left, and put back by Esc."""

    written = Signal(str)

    def __init__(self, name: str, title: str, placeholder: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setPlaceholderText(placeholder)
        self._kept = ""
        self.editingFinished.connect(self._write)

    def show_text(self, text: str) -> None:
        """Mirror what is kept, unless somebody is typing."""
        self._kept = text
        if not (self.hasFocus() and self.isModified()):
            self.setText(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.isModified():
            self.setText(self._kept)
        else:
            super().keyPressEvent(event)

    def _write(self) -> None:
        if self.text() != self._kept:
            self._kept = self.text()
            self.written.emit(self.text())
        self.setModified(False)
