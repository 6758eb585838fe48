"""The history's list or grid: rows or tiles of one size, their keys, and what is dragged out of them.

Qt's own layout of a list asks for every item, which with ten thousand takes longer than a frame. Here a place is
worked out from its number, so that nothing depends on how many there are; what remains of QListView is its
selection, its keys and what it tells a screen reader.
"""

from __future__ import annotations

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QRegion,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QListView, QSizePolicy, QWidget

from app.base.text import tr
from app.ui.panels.history_model import HistoryModel
from app.ui.panels.history_painting import CAPTION, GAP, ROW, Look, paint_row, paint_tile
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

Index = QModelIndex | QPersistentModelIndex
Move = QAbstractItemView.CursorAction


class HistoryView(QListView):
    """Emits `pressed_key` with what a plain key stands for."""

    pressed_key = Signal(str)
    dragged = Signal()
    """The current row is being dragged."""
    menu_wanted = Signal(QPoint)
    """Global coordinates."""

    def __init__(self, model: HistoryModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._is_grid = self._is_large = False
        self._columns, self._cell = 1, QSize(200, ROW)
        self._hovered = -1
        self.can_undo = False
        """Whether Ctrl+Z is this view's, to bring back what was deleted."""
        self.setObjectName("history")
        self.setAccessibleName(tr("History"))
        self.setModel(model)
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.setMinimumHeight(ROW + 2)
        model.pictures.arrived.connect(self._show_picture)
        model.previews.changed.connect(self._show_live)

    def arrange(self, *, grid: bool, large: bool) -> None:
        """Show tiles or rows, in the middle of the window or in the side panel."""
        self._is_grid, self._is_large = grid, large
        self.setViewportMargins(SPACE if grid else 0, 0, 0, 0)
        self.doItemsLayout()

    # Where everything stands, for Qt

    def doItemsLayout(self) -> None:
        """Work out the size of a place; nothing is laid out one by one."""
        width = max(self.viewport().width() - 2, 40)
        if self._is_grid:
            self._columns = max(2, width // (LARGE_TILE if self._is_large else SMALL_TILE))
            side = width // self._columns
            self._cell = QSize(side, side + GAP + (CAPTION if self._is_large else 0))
        else:
            self._columns, self._cell = 1, QSize(width + 2, ROW)
        self.updateGeometries()
        self.viewport().update()

    def updateGeometries(self) -> None:
        lines = -(-self._model.rowCount() // self._columns)
        bar, height = self.verticalScrollBar(), self.viewport().height()
        bar.setSingleStep(max(self._cell.height() // 2, 1))
        bar.setPageStep(height)
        bar.setRange(0, max(lines * self._cell.height() - height, 0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        # The first in sight stays in sight, also when there are other columns.
        first = self._first_row()
        super().resizeEvent(event)
        self.doItemsLayout()
        if first:
            self.verticalScrollBar().setValue(first // self._columns * self._cell.height())

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().scroll(0, dy)

    def verticalOffset(self) -> int:
        return self.verticalScrollBar().value()

    def horizontalOffset(self) -> int:
        return 0

    def sizeHintForRow(self, row: int) -> int:
        return self._cell.height() if 0 <= row < self._model.rowCount() else -1

    def visualRect(self, index: Index) -> QRect:
        return self._rect_of(index.row()) if index.isValid() else QRect()

    def indexAt(self, point: QPoint) -> QModelIndex:
        column = point.x() // self._cell.width()
        line = (point.y() + self.verticalOffset()) // self._cell.height()
        row = line * self._columns + column
        inside = 0 <= column < self._columns and 0 <= row < self._model.rowCount()
        return self._model.index(row) if inside else QModelIndex()

    def scrollTo(
        self,
        index: Index,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        if not index.isValid():
            return
        rect, bar, height = self._rect_of(index.row()), self.verticalScrollBar(), self.viewport().height()
        if rect.top() < 0 or rect.height() > height:
            bar.setValue(bar.value() + rect.top())
        elif rect.bottom() >= height:
            bar.setValue(bar.value() + rect.bottom() - height + 1)

    def moveCursor(
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        count, row = self._model.rowCount(), self.currentIndex().row()
        if not count:
            return QModelIndex()
        page = max(self.viewport().height() // self._cell.height(), 1) * self._columns
        steps = {
            Move.MoveUp: -self._columns,
            Move.MoveDown: self._columns,
            Move.MoveLeft: -1 if self._is_grid else 0,
            Move.MoveRight: 1 if self._is_grid else 0,
            Move.MovePrevious: -1,
            Move.MoveNext: 1,
            Move.MovePageUp: -page,
            Move.MovePageDown: page,
            Move.MoveHome: -count,
            Move.MoveEnd: count,
        }
        return self._model.index(min(max(row + steps.get(action, 0), 0), count - 1))

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        index = self.indexAt(rect.center())
        self.selectionModel().select(QItemSelection(index, index), command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        region = QRegion()
        for index in selection.indexes():
            region += self._rect_of(index.row())
        return region

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        current = self.currentIndex().row()
        marked = self.hasFocus() and self.window().testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)
        paint = paint_tile if self._is_grid else paint_row
        for row in self._rows_in(event.rect()):
            look = Look(
                selected=row == current,
                hovered=row == self._hovered,
                marked=marked and row == current,
                caption=self._is_large,
            )
            paint(painter, self._rect_of(row), look, self._model, row)
        painter.end()

    def _show_picture(self, sha: str) -> None:
        for row in self._rows_in(self.viewport().rect()):
            result = self._model.result_at(row)
            if result is not None and result.thumbnail_sha256 == sha:
                self.viewport().update(self._rect_of(row))

    def _show_live(self, entry_id: str) -> None:
        row = self._model.row_of(entry_id)
        if row is not None:
            self.viewport().update(self._rect_of(row))

    def _rows_in(self, rect: QRect) -> range:
        """The rows that a part of the viewport shows."""
        height, top = self._cell.height(), rect.top() + self.verticalOffset()
        first = top // height * self._columns
        last = ((top + rect.height()) // height + 1) * self._columns
        return range(first, min(last, self._model.rowCount()))

    def _rect_of(self, row: int) -> QRect:
        line, column = divmod(row, self._columns)
        corner = QPoint(column * self._cell.width(), line * self._cell.height() - self.verticalOffset())
        return QRect(corner, self._cell)

    def _first_row(self) -> int:
        return self.verticalOffset() // self._cell.height() * self._columns

    # The pointer and the keys

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._hover(self.indexAt(event.position().toPoint()).row())

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(-1)

    def _hover(self, row: int) -> None:
        for each in {self._hovered, row} - {-1} if row != self._hovered else ():
            self.viewport().update(self._rect_of(each))
        self._hovered = row

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
