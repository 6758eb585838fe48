"""The command palette: type a few letters of any command and run it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QAction, QColor, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.base.text import tr
from app.ui.theme import DARK, SPACE

ROLE = int(Qt.ItemDataRole.UserRole)
KEYS_ROLE = ROLE + 1

Index = QModelIndex | QPersistentModelIndex


def matching(actions: Iterable[QAction], text: str) -> list[QAction]:
    """The actions whose title has all words of `text`; those that begin with it first, then enabled ones."""
    words = text.lower().split()
    found = [a for a in actions if all(word in a.text().lower() for word in words)]
    return sorted(found, key=lambda a: (not a.isEnabled(), not a.text().lower().startswith(text.lower())))


class KeysDelegate(QStyledItemDelegate):
    """Writes a command's keys at the right end of its row."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setPen(QColor(DARK.on_accent if selected else DARK.text_muted))
        place = option.rect.adjusted(0, 0, -SPACE, 0)
        flags = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(place, flags, index.data(KEYS_ROLE) or "")
        painter.restore()


class CommandPalette(QDialog):
    """A search field over a list; emits the action that was chosen and closes."""

    chosen = Signal(object)

    def __init__(self, actions: Sequence[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("commandPalette")
        self.setWindowTitle(tr("Commands"))
        self._actions = tuple(actions)
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Type a command"))
        self.search.setAccessibleName(tr("Search commands"))
        self.search.installEventFilter(self)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Commands"))
        self.list.setItemDelegate(KeysDelegate(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        column.setSpacing(SPACE)
        column.addWidget(self.search)
        column.addWidget(self.list)
        self.search.textChanged.connect(self._fill)
        self.search.returnPressed.connect(self._run)
        self.list.itemClicked.connect(lambda item: self._run())
        self._fill("")
        self.resize(480, 360)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
            if step and self.list.count():
                self.list.setCurrentRow((self.list.currentRow() + step) % self.list.count())
                return True
        return super().eventFilter(watched, event)

    def _fill(self, text: str) -> None:
        self.list.clear()
        for action in matching(self._actions, text):
            item = QListWidgetItem(action.text())
            item.setData(ROLE, action)
            item.setData(KEYS_ROLE, action.shortcut().toString(QKeySequence.SequenceFormat.NativeText))
            if not action.isEnabled():
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _run(self) -> None:
        items = self.list.selectedItems()
        action = items[0].data(ROLE) if items else None
        if isinstance(action, QAction) and action.isEnabled():
            self.accept()
            self.chosen.emit(action)
