"""The reference images of the next request: a row of small pictures that are added, ordered by drag, removed.

The strip mirrors the form and holds nothing: pictures are read by the session, an order is told by `reordered`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
    QIcon,
    QKeyEvent,
    QKeySequence,
)
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QListView, QListWidget, QListWidgetItem, QWidget

from app.base.text import tr
from app.ui.pictures import displayed_pixmap
from app.ui.theme import SPACE
from app.ui.transfer import is_welcome, offer_of
from app.ui.widgets.labels import make_icon_button

if TYPE_CHECKING:
    from app.imaging.display import DisplayTable
    from app.session.references import Reference

PICTURE = 40
_PLACE = Qt.ItemDataRole.UserRole


class ReferenceList(QListWidget):
    """The small pictures, first to last."""

    offered = Signal(object)
    """An Offer of files or a picture was dropped or pasted."""
    reordered = Signal(object)
    """The places of the pictures as they stood before, in their new order, as a tuple; removed ones are left out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._display: DisplayTable | None = None
        self._shown: tuple[Reference, ...] = ()
        self.setObjectName("references")
        self.setAccessibleName(tr("Reference images"))
        self.setAccessibleDescription(tr("Delete removes one, Alt with an arrow moves it, Ctrl+V adds one."))
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setMovement(QListView.Movement.Snap)
        self.setIconSize(QSize(PICTURE, PICTURE))
        self.setGridSize(QSize(PICTURE + 6, PICTURE + 6))
        self.setFixedHeight(PICTURE + 12)
        self.setUniformItemSizes(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        remove = QAction(tr("Remove"), self)
        remove.triggered.connect(self.remove_current)
        self.addAction(remove)

    def set_display(self, display: DisplayTable | None) -> None:
        """Show pictures as this display must be sent them, or as they are."""
        self._display = display
        self.mirror(self._shown)

    def mirror(self, references: Sequence[Reference]) -> None:
        """Show these."""
        self._shown = tuple(references)
        row = self.currentRow()
        self.clear()
        for place, reference in enumerate(references):
            item = QListWidgetItem(QIcon(displayed_pixmap(reference.small, self._display)), "")
            item.setData(_PLACE, place)
            item.setToolTip(tr("{place}. {name}", place=place + 1, name=reference.name))
            item.setData(Qt.ItemDataRole.AccessibleTextRole, reference.name)
            self.addItem(item)
        self.setCurrentRow(min(row, self.count() - 1))

    def remove_current(self) -> None:
        if self.currentRow() >= 0:
            self._tell([place for place in range(self.count()) if place != self.currentRow()])

    def event(self, event: QEvent) -> bool:
        removes = isinstance(event, QKeyEvent) and event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
        if removes and event.type() is QEvent.Type.ShortcutOverride:
            # Here it removes a picture; elsewhere it clears the mask.
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(cast(Qt.Key, event.key()), 0)
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove_current()
        elif steps and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self._move(self.currentRow(), self.currentRow() + steps)
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self._answer(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._answer(event)

    def dropEvent(self, event: QDropEvent) -> None:
        if event.source() is self:
            self._move(self.currentRow(), self._place_at(event))
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
        elif is_welcome(event.mimeData()):
            event.acceptProposedAction()
            self.offered.emit(offer_of(event.mimeData()))

    def _answer(self, event: QDragEnterEvent | QDragMoveEvent) -> None:
        if event.source() is self or is_welcome(event.mimeData()):
            event.acceptProposedAction()
        else:
            event.ignore()

    def _place_at(self, event: QDropEvent) -> int:
        x = event.position().x() + self.horizontalOffset()
        return min(self.count() - 1, max(0, int(x) // self.gridSize().width()))

    def _move(self, start: int, end: int) -> None:
        if start < 0 or not 0 <= end < self.count() or start == end:
            return
        order = list(range(self.count()))
        order.insert(end, order.pop(start))
        self.setCurrentRow(end)
        self._tell(order)

    def _tell(self, order: list[int]) -> None:
        self.reordered.emit(tuple(order))


class ReferenceStrip(QWidget):
    """The list and the button that adds to it."""

    add_wanted = Signal()
    offered = Signal(object)
    reordered = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = ReferenceList()
        self.add = make_icon_button("image-plus", tr("Add reference images…"))
        self.add.setObjectName("addReference")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE // 2)
        row.addWidget(self.add, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.list, 1)
        row.addStretch(0)
        self.setFocusProxy(self.list)
        self.setAcceptDrops(True)
        self.add.clicked.connect(self.add_wanted)
        self.list.offered.connect(self.offered)
        self.list.reordered.connect(self.reordered)

    def event(self, event: QEvent) -> bool:
        """What is pasted while the focus is here is a reference, not a photograph to open."""
        if isinstance(event, QKeyEvent) and event.matches(QKeySequence.StandardKey.Paste):
            if event.type() is QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() is QEvent.Type.KeyPress:
                held = QGuiApplication.clipboard().mimeData()
                if is_welcome(held):
                    self.offered.emit(offer_of(held))
                return True
        return super().event(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if is_welcome(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.offered.emit(offer_of(event.mimeData()))

    def mirror(self, references: Sequence[Reference], most: int) -> None:
        """Show the references of the form; `most` are sent."""
        self.list.mirror(references)
        self.list.setVisible(bool(references))
        self.add.setEnabled(len(references) < most)
        self.add.setToolTip(
            tr("Add reference images (at most {most}): drop or paste them here too", most=most)
        )
