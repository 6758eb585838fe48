"""The history's list or grid: one view in two arrangements, its keys, and what is dragged out of it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QSizePolicy, QWidget

from app.base.text import tr
from app.ui.panels.history_delegate import ROW, RowDelegate, TileDelegate
from app.ui.panels.history_model import HistoryModel
from app.ui.theme import SPACE

SMALL_TILE, LARGE_TILE = 92, 168
"""About as wide tiles are in the side panel, and in the middle of the window."""

KEYS = {
    Qt.Key.Key_S: "star",
    Qt.Key.Key_T: "tag",
    Qt.Key.Key_N: "note",
    Qt.Key.Key_Delete: "delete",
    Qt.Key.Key_Backspace: "delete",
    Qt.Key.Key_Return: "reuse",
    Qt.Key.Key_Enter: "reuse",
}


class HistoryView(QListView):
    """Emits `pressed_key` with what a plain key stands for."""

    pressed_key = Signal(str)
    dragged = Signal()
    """The current row is being dragged."""
    menu_wanted = Signal(QPoint)
    """Global coordinates."""

    def __init__(self, model: HistoryModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows, self._tiles = RowDelegate(self), TileDelegate(self)
        self._is_grid = self._is_large = False
        self.can_undo = False
        """Whether Ctrl+Z is this view's, to bring back what was deleted."""
        self.setObjectName("history")
        self.setAccessibleName(tr("History"))
        self.setModel(model)
        self.setItemDelegate(self._rows)
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.setMinimumHeight(ROW + 2)
        model.pictures.arrived.connect(lambda sha: self.viewport().update())

    def arrange(self, *, grid: bool, large: bool) -> None:
        """Show tiles or rows, in the middle of the window or in the side panel."""
        self._is_grid, self._is_large = grid, large
        self.setItemDelegate(self._tiles if grid else self._rows)
        self.setFlow(QListView.Flow.LeftToRight if grid else QListView.Flow.TopToBottom)
        self.setWrapping(grid)
        self._tiles.has_caption = large
        self.setViewportMargins(SPACE if grid else 0, 0, 0, 0)
        self._fit_tiles()
        self.scheduleDelayedItemsLayout()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit_tiles()
        super().resizeEvent(event)

    def _fit_tiles(self) -> None:
        """As many tiles side by side as there is room for, and as wide as that leaves them."""
        width = self.viewport().width() - 2
        count = max(2, width // (LARGE_TILE if self._is_large else SMALL_TILE))
        self._tiles.side = max(width // count, 40)

    def startDrag(self, actions: Qt.DropAction) -> None:
        """Its file has to be made first, and Qt would wait for it here."""
        self.dragged.emit()

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            undo = self.can_undo and event.matches(QKeySequence.StandardKey.Undo)
            plain = event.key() in KEYS and not event.modifiers()
            if undo or plain:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if self.can_undo and event.matches(QKeySequence.StandardKey.Undo):
            self.pressed_key.emit("undo")
        elif key in KEYS and not event.modifiers():
            self.pressed_key.emit(KEYS[key])
        elif key == Qt.Key.Key_Escape:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index = self.currentIndex()
        if event.reason() is QContextMenuEvent.Reason.Mouse:
            index = self.indexAt(event.pos())
            self.setCurrentIndex(index)
            place = event.pos()
        else:
            place = self.visualRect(index).center()
        if index.isValid():
            self.menu_wanted.emit(self.viewport().mapToGlobal(place))
