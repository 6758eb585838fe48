"""The History panel: everything that was ever asked, to be found, looked at, used again, and tidied.

It stands in the side panel, or large in the middle of the window, and is the same panel there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.base.errors import InputError
from app.base.text import tr
from app.ui.links import Links
from app.ui.panels.history_details import HistoryDetails
from app.ui.panels.history_filters import FilterBar
from app.ui.panels.history_query import HistoryQuery
from app.ui.panels.history_verbs import HistoryVerbs
from app.ui.panels.history_view import HistoryView
from app.ui.pictures import image_of_rgb
from app.ui.theme import SPACE
from app.ui.widgets.labels import ElidedLabel, make_label

if TYPE_CHECKING:
    from app.history.types import HistoryEntry, HistoryResult
    from app.session.workspace import Workspace
    from app.ui.panels.previews import Previews
    from app.ui.tasks import Tasks
    from app.ui.transfer import Transfer

UNDO_MILLISECONDS = 15_000
DETAILS_WIDTH = 380


class UndoRow(QFrame):
    """Says that something went into the bin, and brings it back."""

    undo_wanted = Signal(object)
    """The entry that is to come back."""

    def __init__(self) -> None:
        super().__init__()
        self._deleted: list[HistoryEntry] = []
        """Since the start, the last one last."""
        self.setProperty("role", "card")
        self.words = ElidedLabel()
        self.undo = QPushButton(tr("Undo"))
        self.undo.setToolTip(tr("Bring it back from the bin (Ctrl+Z)"))
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE, SPACE // 2, SPACE // 2, SPACE // 2)
        row.addWidget(self.words, 1)
        row.addWidget(self.undo)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(UNDO_MILLISECONDS)
        self._timer.timeout.connect(self.hide)
        self.undo.clicked.connect(self.take_back)
        self.hide()

    @property
    def can_undo(self) -> bool:
        """Whether something can be brought back."""
        return bool(self._deleted)

    def take_back(self) -> None:
        """Ask for what was deleted last."""
        if self._deleted:
            self.undo_wanted.emit(self._deleted[-1])

    def remember(self, entry: HistoryEntry) -> None:
        """An entry went into the bin."""
        self._deleted.append(entry)
        count = len(entry.results)
        self.words.setText(tr("In the bin, with its {n} results", n=count) if count > 1 else tr("In the bin"))
        self.show()
        self._timer.start()

    def forget(self, entry: HistoryEntry | None = None) -> None:
        """An entry came back, or the window closes."""
        self._deleted = [each for each in self._deleted if entry is None or each.id != entry.id]
        self._timer.stop()
        self.hide()


class HistoryPanel(QWidget):
    """Filters, rows or tiles, details."""

    expand_wanted = Signal(bool)
    current_changed = Signal()
    """Another entry or variant is looked at, or none."""

    def __init__(
        self,
        workspace: Workspace,
        tasks: Tasks,
        transfer: Transfer,
        previews: Previews,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("History"))
        self._workspace = workspace
        self._shelf = workspace.history_shelf
        self._tasks = tasks
        self._links = Links()
        self.is_large = False
        self.verbs = HistoryVerbs(workspace, tasks, transfer, self)
        self.bar = FilterBar()
        self.query = HistoryQuery(workspace, tasks, self.bar, previews, self)
        self.model = self.query.model
        self.search = self.bar.search
        self.view = HistoryView(self.model)
        self.details = HistoryDetails(self.model, self.verbs)
        self.undo = UndoRow()
        self._empty = make_label(role="muted", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setContentsMargins(SPACE * 2, SPACE * 2, SPACE * 2, SPACE * 2)
        self._lay_out()
        self._connect()
        self.query.refresh()

    def detach(self) -> None:
        self.query.stop()
        self.undo.forget()
        self.bar.detach()
        self._links.clear()

    def set_session_available(self, available: bool) -> None:
        """Using an entry needs an open photograph."""
        self.details.set_available(available)
        if self.query.shown.source_sha256 is not None:
            self.query.refresh()

    def set_large(self, large: bool) -> None:
        """Stand in the middle of the window, the details at the right, or in the side panel."""
        self.is_large = large
        self.bar.expand.setChecked(large)
        self._body.setDirection(
            QBoxLayout.Direction.LeftToRight if large else QBoxLayout.Direction.TopToBottom
        )
        self._body.setSpacing(SPACE if large else SPACE // 2)
        self.details.setMinimumWidth(DETAILS_WIDTH if large else 0)
        self.details.setMaximumWidth(DETAILS_WIDTH if large else 16_777_215)
        self._body.setAlignment(self.details, Qt.AlignmentFlag.AlignTop if large else Qt.AlignmentFlag(0))
        self.details.set_large(large)
        self.view.arrange(grid=self.bar.grid.isChecked(), large=large)

    # What commands do with the entry that is looked at

    @property
    def entry(self) -> HistoryEntry | None:
        """The entry that is looked at."""
        return self.details.entry

    @property
    def result(self) -> HistoryResult | None:
        """The result that is looked at."""
        return self.details.result

    def run_key(self, key: str) -> None:
        """Do what a plain key in the list stands for."""
        if key == "undo":
            self.undo.take_back()
        elif self.entry is None:
            return
        elif key == "reuse":
            self.verbs.reuse(self.entry)
        elif key == "delete":
            self.verbs.delete_or_restore(self.entry)
        elif key == "tag":
            self.details.edit(self.details.tags)
        elif key == "note":
            self.details.edit(self.details.note)
        elif key == "star" and self.result is not None:
            self.verbs.star(self.entry, self.result)

    def _lay_out(self) -> None:
        self._list = QWidget()
        left = QVBoxLayout(self._list)
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(SPACE // 2)
        left.addWidget(self._empty, 1)
        left.addWidget(self.view, 1)
        below = QHBoxLayout()
        below.setContentsMargins(SPACE, 0, SPACE, 0)
        below.addWidget(self.undo)
        left.addLayout(below)
        self._body = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._body.setSpacing(SPACE // 2)
        self._body.addWidget(self._list, 1)
        self._body.addWidget(self.details)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, SPACE - 2, 0, 0)
        column.setSpacing(SPACE // 2)
        column.addWidget(self.bar)
        column.addLayout(self._body, 1)

    def _connect(self) -> None:
        self.bar.changed.connect(self._again_from_the_top)
        self.bar.opening.connect(lambda: self._tasks.start(self._offer(), "history"))
        self.bar.grid.toggled.connect(self._rearrange)
        self.bar.expand.clicked.connect(self.expand_wanted)
        self.query.replaced.connect(self._take_rows)
        self.query.counted.connect(self._mirror_emptiness)
        self.query.entry_changed.connect(self._take_entry)
        self.view.selectionModel().currentChanged.connect(lambda current, before: self._show_details(current))
        self.model.dataChanged.connect(lambda *_: self._show_details(self.view.currentIndex(), same=True))
        self.view.pressed_key.connect(self.run_key)
        self.view.doubleClicked.connect(lambda index: self.run_key("reuse"))
        self.view.dragged.connect(self._drag)
        self.view.menu_wanted.connect(self._show_menu)
        self.verbs.tags_wanted.connect(lambda: self.run_key("tag"))
        self.verbs.note_wanted.connect(lambda: self.run_key("note"))
        for signal, take in (
            (self.verbs.deleted, self.undo.remember),
            (self.verbs.restored, self.undo.forget),
        ):
            signal.connect(take)
            signal.connect(lambda entry: self._mirror_bin())
        self.undo.undo_wanted.connect(self.verbs.restore)
        self.details.tree_wanted.connect(lambda id: self._tasks.start(self._grow_tree(id), "history"))
        self.details.preview_wanted.connect(lambda r: self._tasks.start(self._fetch_preview(r), "history"))
        self.details.tree.chosen.connect(self._go_to)
        self.details.result_chosen.connect(self._follow_variant)
        self._links.add(
            self._workspace.history_replaced.connect(self.query.refresh),
            self._workspace.history_changed.connect(self.query.take_up),
        )

    # Rows

    def _again_from_the_top(self) -> None:
        self.view.scrollToTop()
        self.query.refresh()

    def _rearrange(self) -> None:
        self.view.arrange(grid=self.bar.grid.isChecked(), large=self.is_large)
        self.query.refresh()

    def _take_rows(self) -> None:
        """The rows are others: look at the same entry where it has one."""
        self._mirror_emptiness()
        entry, result = self.entry, self.result
        row = self.model.row_of(entry.id, result.index if result else None) if entry is not None else None
        if row is None:
            self.details.show_entry(None)
            self.current_changed.emit()
        else:
            self.view.setCurrentIndex(self.model.index(row))

    def _take_entry(self, entry_id: str, entry: HistoryEntry | None) -> None:
        if self.entry is not None and self.entry.id == entry_id:
            self.details.show_entry(entry)
            self.current_changed.emit()
        if entry is not None:
            self.details.take_relative(entry)

    def _mirror_emptiness(self) -> None:
        count = self.model.rowCount()
        narrowed = self.query.is_narrowed
        self.view.setVisible(count > 0)
        self._empty.setVisible(count == 0)
        self.bar.show_count(count if narrowed else None)
        if self.query.shown.in_bin:
            text = tr("The bin is empty.")
        elif narrowed:
            text = tr("Nothing in the history fits this.")
        else:
            text = tr("Every result is kept here with its prompt, settings and mask.")
        self._empty.setText(text)

    async def _offer(self) -> None:
        facets = await self._shelf.facets()
        self.bar.popup.offer(
            facets,
            self.query.model_title,
            has_photograph=self._workspace.current is not None,
        )

    # The one that is looked at

    def _show_details(self, index: QModelIndex, *, same: bool = False) -> None:
        """Show what stands in a row; `same`: it is the row that was shown, with what became of it."""
        entry = self.model.entry(index)
        if entry is None and same:
            return
        result = self.model.result(index) if self.model.variants or not same else None
        self.details.show_entry(entry, result)
        self.current_changed.emit()

    def _follow_variant(self, result: HistoryResult) -> None:
        row = self.model.row_of(result.entry_id, result.index) if self.model.variants else None
        if row is not None:
            self.view.setCurrentIndex(self.model.index(row))
        self.current_changed.emit()

    def _go_to(self, entry: HistoryEntry, result: HistoryResult) -> None:
        """Look at another node of the tree, whether or not it is among the rows."""
        row = self.model.row_of(entry.id, result.index)
        if row is not None:
            self.view.setCurrentIndex(self.model.index(row))
        self.details.show_entry(entry, result)
        self.current_changed.emit()

    async def _grow_tree(self, entry_id: str) -> None:
        try:
            family = await self._shelf.family(entry_id)
        except InputError:
            return
        self.details.show_family(entry_id, family)

    async def _fetch_preview(self, result: HistoryResult) -> None:
        rgb = await self._shelf.picture(result)
        if rgb is not None:
            self.details.show_preview(result, QPixmap.fromImage(image_of_rgb(rgb)))

    def _show_menu(self, place: QPoint) -> None:
        if self.entry is not None:
            self.verbs.show_menu(self.entry, self.result, place)

    def _drag(self) -> None:
        if self.entry is not None and self.result is not None:
            self.verbs.drag(self.entry, self.result, self.model.picture(self.result))

    def _mirror_bin(self) -> None:
        self.view.can_undo = self.undo.can_undo
        self.current_changed.emit()
