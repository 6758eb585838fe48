"""Earlier and saved prompts, to be found while typing and used again: a popup below the prompt field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app.base.text import tr
from app.session.history_shelf import matching_prompts
from app.ui.icons import icon
from app.ui.theme import DARK, SPACE
from app.ui.widgets.labels import make_icon_button, make_label
from app.ui.widgets.popups import place_below

if TYPE_CHECKING:
    from app.history.types import StoredPrompt
    from app.session.history_shelf import HistoryShelf
    from app.ui.panels.edit_panel import PromptEdit
    from app.ui.tasks import Tasks

ROLE = int(Qt.ItemDataRole.UserRole)
MOST_SHOWN = 200
"""Whoever looks for an older one types a word of it."""
SIZE = QSize(380, 340)
REST_MILLISECONDS = 200


class PromptPopup(QFrame):
    """A search field over the prompts, saved ones first."""

    chosen = Signal(str)
    save_wanted = Signal(str, bool)
    forget_wanted = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("promptBook")
        self.setAccessibleName(tr("Earlier prompts"))
        self._prompts: tuple[StoredPrompt, ...] = ()
        self.search = QLineEdit()
        self.search.setObjectName("promptSearch")
        self.search.setPlaceholderText(tr("Search earlier prompts"))
        self.search.setAccessibleName(tr("Search earlier prompts"))
        self.search.addAction(icon("search", DARK.text_muted), QLineEdit.ActionPosition.LeadingPosition)
        self.search.installEventFilter(self)
        self.list = QListWidget()
        self.list.setObjectName("promptList")
        self.list.setAccessibleName(tr("Earlier prompts"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setUniformItemSizes(True)
        self.list.setIconSize(QSize(14, 14))
        self._empty = make_label(role="muted", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        keys = make_label(
            tr("Return uses it · Ctrl+S saves it or lets it go · Shift+Del takes it off the list"),
            "muted",
            wrap=True,
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        column.setSpacing(SPACE // 2)
        column.addWidget(self.search)
        column.addWidget(self.list, 1)
        column.addWidget(self._empty, 1)
        column.addWidget(keys)
        self.search.textChanged.connect(lambda text: self._fill())
        self.list.itemClicked.connect(self._use)
        self.resize(SIZE)

    def show_prompts(self, prompts: tuple[StoredPrompt, ...]) -> None:
        """List these; the row in hand stays."""
        row = self.list.currentRow()
        self._prompts = prompts
        self._fill()
        self.list.setCurrentRow(min(max(row, 0), self.list.count() - 1))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent) or event.type() is not QEvent.Type.KeyPress:
            return super().eventFilter(watched, event)
        key = event.key()
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
        if Qt.Key(key) in step and self.list.count():
            row = self.list.currentRow() + step[Qt.Key(key)]
            self.list.setCurrentRow(min(max(row, 0), self.list.count() - 1))
            return True
        chosen = self.list.selectedItems()
        if not chosen:
            return super().eventFilter(watched, event)
        prompt: StoredPrompt = chosen[0].data(ROLE)
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._use(chosen[0])
            return True
        if key == Qt.Key.Key_S and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self.save_wanted.emit(prompt.text, not prompt.saved)
            return True
        if key == Qt.Key.Key_Delete and event.modifiers() == Qt.KeyboardModifier.ShiftModifier:
            self.forget_wanted.emit(prompt.text)
            return True
        return super().eventFilter(watched, event)

    def _fill(self) -> None:
        found = matching_prompts(self._prompts, self.search.text())[:MOST_SHOWN]
        self.list.clear()
        for prompt in found:
            item = QListWidgetItem(" ".join(prompt.text.split()))
            item.setData(ROLE, prompt)
            item.setIcon(
                icon("star-filled", DARK.warning) if prompt.saved else icon("clock", DARK.text_disabled)
            )
            item.setToolTip(prompt.text)
            if prompt.saved:
                item.setData(Qt.ItemDataRole.AccessibleTextRole, tr("{prompt}, saved", prompt=prompt.text))
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self.list.setVisible(bool(found))
        self._empty.setVisible(not found)
        self._empty.setText(
            tr("No prompt holds these words.") if self._prompts else tr("The prompts that you use come here.")
        )

    def _use(self, item: QListWidgetItem) -> None:
        self.close()
        self.chosen.emit(item.data(ROLE).text)


class PromptBook(QObject):
    """Two small buttons in the prompt field, and the popup that one of them opens."""

    def __init__(self, prompt: PromptEdit, shelf: HistoryShelf, tasks: Tasks) -> None:
        super().__init__(prompt)
        self._prompt = prompt
        self._shelf = shelf
        self._tasks = tasks
        self._saved: frozenset[str] = frozenset()
        self.popup = PromptPopup(prompt)
        self.earlier = make_icon_button("history", tr("Earlier prompts"), tip=tr("Earlier prompts (Ctrl+Up)"))
        self.save = make_icon_button("star", tr("Save the prompt"))
        prompt.add_corner(self.earlier, self.save)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REST_MILLISECONDS)
        self._timer.timeout.connect(self._mirror)
        # The document tells of every change; the field itself is silent while it mirrors the form.
        prompt.document().contentsChanged.connect(self._timer.start)
        self.earlier.clicked.connect(self.open)
        self.save.clicked.connect(self.toggle_saved)
        self.popup.chosen.connect(self._use)
        self.popup.save_wanted.connect(lambda text, saved: tasks.start(self._save(text, saved), "prompts"))
        self.popup.forget_wanted.connect(lambda text: tasks.start(self._forget(text), "prompts"))
        self._mirror()
        tasks.start(self._read_saved(), "prompts")

    def detach(self) -> None:
        self._timer.stop()
        self.popup.close()

    def open(self) -> None:
        """Show the prompts below the field."""
        self._tasks.start(self._open(), "prompts")

    def toggle_saved(self) -> None:
        """Save the prompt of the field, or let it go from the saved ones."""
        text = self._text
        if text:
            self._tasks.start(self._save(text, text not in self._saved), "prompts")

    @property
    def _text(self) -> str:
        return self._prompt.toPlainText().strip()

    async def _open(self) -> None:
        await self._read()
        popup, prompt = self.popup, self._prompt
        popup.search.clear()
        popup.resize(max(SIZE.width(), prompt.width()), SIZE.height())
        place_below(popup, prompt)
        popup.show()
        popup.search.setFocus(Qt.FocusReason.PopupFocusReason)

    async def _read(self) -> None:
        self.popup.show_prompts(await self._shelf.prompts())

    async def _read_saved(self) -> None:
        self._saved = await self._shelf.saved_prompts()
        self._mirror()

    async def _save(self, text: str, saved: bool) -> None:
        await self._shelf.save_prompt(text, saved)
        await self._read_saved()
        if self.popup.isVisible():
            await self._read()

    async def _forget(self, text: str) -> None:
        await self._shelf.forget_prompt(text)
        await self._read_saved()
        await self._read()

    def _use(self, text: str) -> None:
        """As typing would: what stood there before can be had back with Ctrl+Z."""
        cursor = self._prompt.textCursor()
        cursor.select(cursor.SelectionType.Document)
        cursor.insertText(text)
        self._prompt.setFocus(Qt.FocusReason.OtherFocusReason)

    def _mirror(self) -> None:
        text = self._text
        saved = text in self._saved
        self.save.setIcon(icon("star-filled", DARK.warning) if saved else icon("star"))
        title = tr("Let go of the saved prompt") if saved else tr("Save the prompt")
        self.save.setAccessibleName(title)
        self.save.setToolTip(title)
        self.save.setEnabled(bool(text))
