"""Results that are dragged out of the window as files. The file is made first, without holding anything up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl, Signal
from PySide6.QtGui import QDrag, QGuiApplication, QMouseEvent, QPixmap
from PySide6.QtWidgets import QApplication, QToolButton, QWidget


class ResultButton(QToolButton):
    """One result's small picture; can be dragged out as a file."""

    dragged = Signal()
    """The pointer has gone far enough with the button down; once for each press."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pressed_at: QPoint | None = None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed_at = event.position().toPoint()
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not event.buttons() & Qt.MouseButton.LeftButton:
            super().mouseMoveEvent(event)
            return
        start, far = self._pressed_at, QApplication.startDragDistance()
        if start is not None and (event.position().toPoint() - start).manhattanLength() >= far:
            self._pressed_at = None
            self.setDown(False)
            self.dragged.emit()


async def drag_out(
    source: QWidget, make: Callable[[], Awaitable[Path | None]], picture: QPixmap | None
) -> None:
    """Drag the file that `make` gives as soon as it is there, if the left button is still down then."""
    path = await make()
    if path is not None:
        # Qt's drag runs a loop of its own, which must not start inside a coroutine.
        asyncio.get_running_loop().call_soon(_start, source, path, picture)


def _start(source: QWidget, path: Path, picture: QPixmap | None) -> None:
    if not QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton:
        return
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    drag = QDrag(source)
    drag.setMimeData(data)
    if picture is not None:
        drag.setPixmap(picture)
    drag.exec(Qt.DropAction.CopyAction)
