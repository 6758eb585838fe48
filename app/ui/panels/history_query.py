"""Brings into the history's model what fits the filters, page by page, and keeps it true as things change."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.history.types import HistoryFilter
from app.ui.panels.history_model import PAGE, HistoryModel
from app.ui.panels.history_pictures import Pictures

if TYPE_CHECKING:
    from app.history.types import HistoryEntry
    from app.session.workspace import Workspace
    from app.ui.panels.history_filters import FilterBar
    from app.ui.panels.previews import Previews
    from app.ui.tasks import Tasks

FIRST = 200
"""Rows that are shown at once; the others follow below them a moment later."""
AGAIN_MILLISECONDS = 150
PAINT_SECONDS = 0.03
"""Given to the first rows to be painted in, before the others are read beside that."""
GATHER_MILLISECONDS = 30
"""Entries that change within this time are read together."""


class HistoryQuery(QObject):
    """Owns the model. The latest question wins; answers to earlier ones are dropped."""

    replaced = Signal()
    """The rows are others now."""
    counted = Signal()
    """There may be more rows, or fewer."""
    entry_changed = Signal(str, object)
    """An entry's id, and the entry as it is now; None when it has no row any more."""

    def __init__(
        self, workspace: Workspace, tasks: Tasks, bar: FilterBar, previews: Previews, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._shelf = workspace.history_shelf
        self._tasks = tasks
        self._bar = bar
        self._number = 0
        self._titles: dict[tuple[str, str], str] = {}
        self.shown = HistoryFilter()
        """What the rows fit."""
        pictures = Pictures(self._shelf.picture, tasks, self)
        self.model = HistoryModel(pictures, self._load, self.title, previews, self)
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(AGAIN_MILLISECONDS)
        self._again.timeout.connect(self.refresh)
        self._stale: dict[str, None] = {}
        """The ids of entries that changed and were not read again yet."""
        self._gather = QTimer(self)
        self._gather.setSingleShot(True)
        self._gather.setInterval(GATHER_MILLISECONDS)
        self._gather.timeout.connect(lambda: tasks.start(self._take_up(), "history"))

    def stop(self) -> None:
        self._again.stop()
        self._gather.stop()

    @property
    def is_narrowed(self) -> bool:
        """Whether some entries are left out."""
        return self.shown != HistoryFilter()

    def title(self, entry: HistoryEntry) -> str:
        """What an entry's model is called; one that no provider lists any more has only its id."""
        return self.model_title(entry.provider, entry.model)

    def model_title(self, provider: str, model: str) -> str:
        """What a model is called."""
        return self._titles.get((provider, model), model)

    def refresh(self) -> None:
        """Ask anew which entries fit."""
        self._again.stop()
        self._titles = {
            (profile.name, card.id): card.title
            for profile in self._workspace.providers.list()
            for card in profile.models
        }
        self._number += 1
        self._tasks.start(self._refresh(self._number), "history")

    def take_up(self, entry_id: str) -> None:
        """An entry changed, or many did (""): show it where it stands, or ask anew where its place may differ."""
        if not entry_id:
            self.refresh()
            return
        self._stale[entry_id] = None
        if not self._gather.isActive():
            self._gather.start()

    async def _take_up(self) -> None:
        ids, self._stale = tuple(self._stale), {}
        found = {entry.id: entry for entry in await self._shelf.entries(ids)}
        for id in ids:
            entry = found.get(id)
            self._take(id, entry if entry and (entry.deleted is not None) == self.shown.in_bin else None)
        self.counted.emit()

    def _take(self, entry_id: str, entry: HistoryEntry | None) -> None:
        known = self.model.row_of(entry_id) is not None
        if entry is None:
            self.model.remove(entry_id)
        elif self.is_narrowed:
            if known:
                self.model.refresh(entry)
            self._again.start()
        elif known or self._is_newest(entry):
            self.model.upsert(entry)
        else:
            self._again.start()
        self.entry_changed.emit(entry_id, entry)

    async def _refresh(self, number: int) -> None:
        current = self._workspace.current
        source = current.source.sha256 if current is not None and current.source is not None else None
        wanted, grid = self._bar.wanted(source), self._bar.grid.isChecked()
        rows, entries = await self._shelf.first(wanted, variants=grid, limit=FIRST, page=PAGE)
        if number != self._number:
            return
        self.shown = wanted
        self.model.show_rows(rows, entries, variants=grid)
        self.replaced.emit()
        if len(rows) < FIRST:
            return
        await asyncio.sleep(PAINT_SECONDS)
        if number != self._number:
            return
        everything = await self._shelf.rows(wanted, variants=grid)
        if number == self._number and self.model.rowCount() == FIRST and everything[:FIRST] == rows:
            self.model.append(everything[FIRST:])
            self.counted.emit()
        elif number == self._number:
            self.refresh()

    def _load(self, ids: tuple[str, ...]) -> None:
        if ids:
            self._tasks.start(self._load_entries(ids), "history")

    async def _load_entries(self, ids: tuple[str, ...]) -> None:
        self.model.take_entries(ids, await self._shelf.entries(ids))

    def _is_newest(self, entry: HistoryEntry) -> bool:
        """Whether it belongs on top of all that is shown."""
        first = self.model.entry(self.model.index(0))
        return self.model.rowCount() == 0 or (first is not None and entry.created >= first.created)
