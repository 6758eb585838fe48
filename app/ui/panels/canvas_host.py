"""The canvas with the strip of candidates floating over its lower edge."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.ui.theme import SPACE

MOST_WIDTH = 880


class CanvasHost(QWidget):
    """Places the strip; knows nothing of what either shows."""

    def __init__(self, canvas: QWidget, strip: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._strip = strip
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(canvas)
        strip.setParent(self)
        strip.installEventFilter(self)
        strip.raise_()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that the canvas leaves over are the strip's while it is shown."""
        if self._strip.isVisible():
            self._strip.keyPressEvent(event)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._strip and event.type() in (QEvent.Type.Show, QEvent.Type.LayoutRequest):
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        width = max(0, min(MOST_WIDTH, self.width() - 4 * SPACE))
        height = self._strip.sizeHint().height()
        self._strip.setGeometry(
            (self.width() - width) // 2, self.height() - height - 2 * SPACE, width, height
        )
        self._strip.raise_()
