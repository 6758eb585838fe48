"""The window's frame: place and size, drops, Escape, and an orderly end.

What stands in it is the desk's matter. It loads nothing but Qt, so that it can be painted before the large
libraries are there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from PySide6.QtCore import QByteArray, QMimeData, QSize, Qt, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QColor,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QMainWindow, QWidget

from app.ui.theme import DARK

LEAST = QSize(1000, 640)
USUAL = QSize(1440, 900)
FRAME = QSize(16, 48)
"""Room for what a window manager draws around the window."""


class Ground(QWidget):
    """The bare ground that the first paint shows."""

    def __init__(self, painted: Callable[[], None]) -> None:
        super().__init__()
        self._painted = painted
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(DARK.surround))
        painter.end()
        self._painted()


class MainWindow(QMainWindow):
    """Closing only asks to close: who owns the program answers, and then lets `closed` be set."""

    dropped = Signal(QMimeData)
    escape_pressed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("mainWindow")
        self.setWindowTitle("Maskroom")
        self.setAcceptDrops(True)
        self.setMinimumSize(LEAST)
        self.painted = asyncio.Event()
        """Set at the first paint."""
        self.stopped = asyncio.Event()
        """Set when the user's wish to close has been carried out."""
        self._welcome: Callable[[QMimeData], bool] = lambda data: data.hasUrls()
        self._ask_to_close: Callable[[], None] = self.stopped.set
        self.setCentralWidget(Ground(self.painted.set))

    def restore(self, geometry: str) -> None:
        """Stand where the window stood last, else in a usual size that fits the screen."""
        if geometry and self.restoreGeometry(QByteArray.fromBase64(geometry.encode("ascii"))):
            return
        room = QGuiApplication.primaryScreen().availableSize() - FRAME
        self.resize(USUAL.boundedTo(room).expandedTo(LEAST))

    def remembered(self) -> str:
        """Where the window stands, for `restore`."""
        return bytes(self.saveGeometry().toBase64().data()).decode("ascii")

    def set_answers(self, ask_to_close: Callable[[], None], welcome: Callable[[QMimeData], bool]) -> None:
        """Who is asked when the user wants to close, and which drops are welcome."""
        self._ask_to_close = ask_to_close
        self._welcome = welcome

    def closeEvent(self, event: QCloseEvent) -> None:
        event.ignore()
        self._ask_to_close()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.escape_pressed.emit()
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.source() is None and self._welcome(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.dropped.emit(event.mimeData())


async def wait_for_paint(window: MainWindow, seconds: float = 1.0) -> None:
    """Return after the window's first paint, or after `seconds` where nothing paints."""
    waiting: Awaitable[object] = window.painted.wait()
    try:
        await asyncio.wait_for(waiting, seconds)
    except TimeoutError:
        return
