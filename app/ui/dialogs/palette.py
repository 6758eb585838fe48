"""The command palette: type a few letters of any command and run it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app.base.text import tr
from app.ui.theme import SPACE

ROLE = int(Qt.ItemDataRole.UserRole)


def matching(actions: Iterable[QAction], text: str) -> list[QAction]:
    """The actions whose title has all words of `text`; those that begin with it first, then enabled ones."""
    words = text.lower().split()
    found = [a for a in actions if all(word in a.text().lower() for word in words)]
    return sorted(found, key=lambda a: (not a.isEnabled(), not a.text().lower().startswith(text.lower())))


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
            keys = ", ".join(each.toString() for each in action.shortcuts())
            item = QListWidgetItem(f"{action.text()}    {keys}" if keys else action.text())
            item.setData(ROLE, action)
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
