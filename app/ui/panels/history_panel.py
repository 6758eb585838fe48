"""The History panel: everything that was ever asked, searchable, to be used again, saved, or deleted."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QListView, QSizePolicy, QVBoxLayout, QWidget

from app.base.errors import InputError
from app.base.text import tr
from app.ui.icons import icon
from app.ui.links import Links
from app.ui.panels.dragging import drag_out
from app.ui.panels.history_delegate import ROW, HistoryDelegate
from app.ui.panels.history_details import HistoryDetails
from app.ui.panels.history_model import HistoryModel
from app.ui.theme import DARK, SPACE
from app.ui.widgets.labels import make_label

if TYPE_CHECKING:
    from app.history.types import HistoryEntry, HistoryResult
    from app.session.workspace import Workspace
    from app.ui.tasks import Tasks
    from app.ui.transfer import Transfer

PAGE = 60
SEARCH_MILLISECONDS = 180


class HistoryList(QListView):
    """The list; Delete asks to delete the entry, Return to reuse it, and a row can be dragged out."""

    delete_pressed = Signal()
    return_pressed = Signal()
    dragged = Signal()
    """The current row is being dragged."""

    def startDrag(self, actions: Qt.DropAction) -> None:
        """Its file has to be made first, and Qt would wait for it here."""
        self.dragged.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.delete_pressed.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.return_pressed.emit()
        else:
            super().keyPressEvent(event)


class HistoryPanel(QWidget):
    """Search field, list, details."""

    save_wanted = Signal(object, object)
    reference_wanted = Signal(object)
    """The file of a result that is to be a reference image."""
    save_raw_wanted = Signal(object, object)
    resend_wanted = Signal(str)

    def __init__(
        self, workspace: Workspace, tasks: Tasks, transfer: Transfer, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("History"))
        self._workspace = workspace
        self._actions = workspace.history_actions
        self._tasks = tasks
        self._transfer = transfer
        self._links = Links()
        self._titles: dict[tuple[str, str], str] = {}
        self.model = HistoryModel(self._load_picture, self._load_more, self._model_title, self)
        self.search = QLineEdit()
        self.search.setObjectName("historySearch")
        self.search.setPlaceholderText(tr("Search prompts"))
        self.search.setAccessibleName(tr("Search the history"))
        self.search.setClearButtonEnabled(True)
        self.search.addAction(icon("search", DARK.text_muted), QLineEdit.ActionPosition.LeadingPosition)
        self.view = HistoryList()
        self.view.setObjectName("history")
        self.view.setAccessibleName(tr("History"))
        self.view.setModel(self.model)
        self.view.setItemDelegate(HistoryDelegate(self.view))
        self.view.setMouseTracking(True)
        self.view.setUniformItemSizes(True)
        self.view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setDragEnabled(True)
        self.view.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.view.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.view.setMinimumHeight(ROW + 2)
        self.details = HistoryDetails(self.model)
        self._empty = make_label(role="muted", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setContentsMargins(SPACE * 2, SPACE * 2, SPACE * 2, SPACE * 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, SPACE, 0, 0)
        column.setSpacing(SPACE // 2)
        top = QVBoxLayout()
        top.setContentsMargins(SPACE * 3 // 2, 0, SPACE * 3 // 2, 0)
        top.addWidget(self.search)
        column.addLayout(top)
        column.addWidget(self._empty, 1)
        column.addWidget(self.view, 1)
        column.addWidget(self.details)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SEARCH_MILLISECONDS)
        self._connect()
        self.refresh()

    def detach(self) -> None:
        self._timer.stop()
        self._links.clear()

    def refresh(self) -> None:
        """Read the newest entries again, or those that match the search."""
        self._titles = {
            (profile.name, card.id): card.title
            for profile in self._workspace.providers.list()
            for card in profile.models
        }
        self._tasks.start(self._refresh(self.search.text().strip()), "history")

    def _model_title(self, entry: HistoryEntry) -> str:
        """A model that no provider lists any more has only its id."""
        return self._titles.get((entry.provider, entry.model), entry.model)

    def set_session_available(self, available: bool) -> None:
        """Using an entry needs an open photograph."""
        self.details.set_available(available)

    def _connect(self) -> None:
        self.search.textChanged.connect(lambda text: self._timer.start())
        self._timer.timeout.connect(self.refresh)
        self.view.selectionModel().currentChanged.connect(self._show_details)
        self.view.delete_pressed.connect(self._delete_current)
        self.view.return_pressed.connect(self._reuse_current)
        self.view.doubleClicked.connect(lambda index: self._reuse_current())
        self.details.reuse_wanted.connect(self._reuse)
        self.details.apply_wanted.connect(self._apply)
        self.details.resend_wanted.connect(self.resend_wanted)
        self.details.delete_wanted.connect(self._delete)
        self.details.save_wanted.connect(self.save_wanted)
        self.details.save_raw_wanted.connect(self.save_raw_wanted)
        self.details.reference_wanted.connect(
            lambda result: self.reference_wanted.emit(
                self._transfer.named_copy(self._actions.received_path(result), result)
            )
        )
        self.details.drag_wanted.connect(self._drag)
        self.view.dragged.connect(self._drag_current)
        self.model.dataChanged.connect(lambda *_: self._show_details(self.view.currentIndex()))
        self._links.add(
            self._workspace.history_replaced.connect(self.refresh),
            self._workspace.history_changed.connect(
                lambda entry_id: self._tasks.start(self._take_up(entry_id), "history")
            ),
        )

    async def _refresh(self, text: str) -> None:
        entries = await (self._actions.search(text) if text else self._actions.list(PAGE))
        if text != self.search.text().strip():
            return
        self.model.show_entries(entries, has_more=not text and len(entries) == PAGE)
        self.details.show_entry(None)
        self._mirror_emptiness()

    def _load_more(self) -> None:
        if self.model.entries:
            self._tasks.start(self._append(self.model.entries[-1]), "history")

    async def _append(self, last: HistoryEntry) -> None:
        entries = await self._actions.list(PAGE, last)
        self.model.append(entries, has_more=len(entries) == PAGE)

    async def _take_up(self, entry_id: str) -> None:
        try:
            entry = await self._actions.get(entry_id)
        except InputError:
            self.model.remove(entry_id)
            self._mirror_emptiness()
            return
        if not self.search.text().strip() or self.model.row_of(entry_id) is not None:
            self.model.upsert(entry)
        self._mirror_emptiness()

    def _load_picture(self, result: HistoryResult) -> None:
        self._tasks.start(self._fetch_picture(result), "history")

    async def _fetch_picture(self, result: HistoryResult) -> None:
        png = await self._actions.thumbnail(result)
        if png is not None and result.thumbnail_sha256 is not None:
            self.model.show_picture(result.thumbnail_sha256, png)

    def _mirror_emptiness(self) -> None:
        empty = self.model.rowCount() == 0
        self.view.setVisible(not empty)
        self._empty.setVisible(empty)
        searching = bool(self.search.text().strip())
        self._empty.setText(
            tr("No prompt holds these words.")
            if searching
            else tr("Every result is kept here with its prompt, settings and mask.")
        )

    def _show_details(self, index: QModelIndex) -> None:
        self.details.show_entry(self.model.entry(index))

    def _reuse_current(self) -> None:
        entry = self.model.entry(self.view.currentIndex())
        if entry is not None:
            self._reuse(entry)

    def _delete_current(self) -> None:
        if self.model.entry(self.view.currentIndex()) is not None:
            self.details.ask_delete()

    def _reuse(self, entry: HistoryEntry) -> None:
        session = self._workspace.current
        if session is not None:
            self._tasks.start(self._actions.reuse(entry, session), "history")

    def _apply(self, result_id: str) -> None:
        session = self._workspace.current
        if session is not None:
            self._tasks.start(self._actions.apply_again(result_id, session), "history")

    def _delete(self, entry_id: str) -> None:
        self._tasks.start(self._actions.delete(entry_id), "history")

    def _drag_current(self) -> None:
        entry = self.model.entry(self.view.currentIndex())
        if entry is not None and entry.results:
            self._drag(entry.results[0])

    def _drag(self, result: HistoryResult) -> None:
        make = partial(self._transfer.file_of_result, result)
        self._tasks.start(drag_out(self, make, self.model.picture(result)), "drag")
