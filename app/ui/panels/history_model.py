"""The rows of the history as Qt's list model: all ids at once, entries by the page as they are looked at.

Ten thousand ids are cheap, so the scroll bar is right from the start and any place can be jumped to; an entry
costs a read of the disk, so only those around the rows in sight are had, and a bounded number is kept.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QPixmap

from app.base.states import JobState
from app.base.text import tr
from app.ui.panels.history_pictures import Pictures
from app.ui.wording import state_text

if TYPE_CHECKING:
    from app.history.types import HistoryEntry, HistoryResult
    from app.ui.panels.previews import Previews

PAGE = 64
MOST_ENTRIES = 2000

Index = QModelIndex | QPersistentModelIndex
Row = tuple[str, int]
"""An entry's id, and which of its results; -1 = the entry as a whole."""


def entry_title(entry: HistoryEntry) -> str:
    """The prompt, or what was done without one."""
    return " ".join(entry.prompt.split()) or tr("Filled from the surroundings")


def failure_text(entry: HistoryEntry) -> str:
    """Why an entry has no result, in a sentence; empty when it has one or is under way."""
    if entry.state in (JobState.FAILED, JobState.INTERRUPTED) and entry.error_message:
        return " ".join(part for part in (entry.error_message, entry.error_hint) if part)
    if entry.state is JobState.INTERRUPTED:
        return tr("Maskroom ended before this arrived. It may have been billed.")
    return ""


class HistoryModel(QAbstractListModel):
    """Requests, or with `variants` their results, by row. `want_entries` is asked for pages that are missing."""

    def __init__(
        self,
        pictures: Pictures,
        want_entries: Callable[[tuple[str, ...]], None],
        model_title: Callable[[HistoryEntry], str],
        previews: Previews,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.pictures = pictures
        self.previews = previews
        self.variants = False
        self._rows: list[Row] = []
        self._places: dict[str, int] | None = None
        self._entries: OrderedDict[str, HistoryEntry] = OrderedDict()
        self._asked: set[str] = set()
        self._want_entries = want_entries
        self.title = model_title
        """What an entry's model is called."""

    @property
    def entries(self) -> tuple[HistoryEntry, ...]:
        """The entries that are here, in the order of their rows."""
        ids = dict.fromkeys(id for id, _ in self._rows)
        return tuple(self._entries[id] for id in ids if id in self._entries)

    # Qt's questions

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        if not index.isValid() or not 0 <= index.row() < len(self._rows):
            return None
        entry = self.entry_at(index.row())
        if entry is None:
            return tr("Loading…") if role == Qt.ItemDataRole.AccessibleTextRole else None
        if role == Qt.ItemDataRole.DisplayRole:
            return entry_title(entry)
        if role == Qt.ItemDataRole.ToolTipRole:
            return entry.prompt or None
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(entry, self.result(index))
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        if index.isValid() and self.result(index) is not None:
            flags |= Qt.ItemFlag.ItemIsDragEnabled
        return flags

    # What stands where

    def entry(self, index: Index) -> HistoryEntry | None:
        """The entry of a row; None where there is none, or it is not here yet."""
        if not index.isValid() or not 0 <= index.row() < len(self._rows):
            return None
        return self.entry_at(index.row())

    def result(self, index: Index) -> HistoryResult | None:
        """As `result_at`, for an index that may be none."""
        return self.result_at(index.row()) if self.entry(index) is not None else None

    def result_at(self, row: int) -> HistoryResult | None:
        """The result that a row shows: its own variant, or the first of the request."""
        entry = self.entry_at(row)
        if entry is None:
            return None
        place = self._rows[row][1]
        if place < 0:
            return entry.results[0] if entry.results else None
        return next((result for result in entry.results if result.index == place), None)

    def entry_at(self, row: int) -> HistoryEntry | None:
        """The entry of a row that there is; None while it is fetched."""
        id = self._rows[row][0]
        found = self._entries.get(id)
        if found is not None:
            self._entries.move_to_end(id)
        elif id not in self._asked:
            start = row // PAGE * PAGE
            ids = dict.fromkeys(id for id, _ in self._rows[start : start + PAGE])
            missing = tuple(id for id in ids if id not in self._entries and id not in self._asked)
            self._asked.update(missing)
            self._want_entries(missing)
        return found

    def neighbours(self, row: int) -> tuple[bool, bool]:
        """Whether the row before, and the row after, belong to the same request."""
        id = self._rows[row][0]
        before = row > 0 and self._rows[row - 1][0] == id
        return before, row + 1 < len(self._rows) and self._rows[row + 1][0] == id

    def row_of(self, entry_id: str, place: int | None = None) -> int | None:
        """The first row of an entry, or the row of one of its results."""
        if self._places is None:
            self._places = {}
            for row, (id, _) in enumerate(self._rows):
                self._places.setdefault(id, row)
        first = self._places.get(entry_id)
        if first is None or place is None:
            return first
        block = range(first, first + self._length(first))
        return next((row for row in block if self._rows[row][1] == place), first)

    def picture(self, result: HistoryResult) -> QPixmap | None:
        """The small picture of a result, asked for when it is not here yet."""
        return self.pictures.get(result)

    def shown(self, row: int) -> QPixmap | None:
        """The small picture of a row: of its result, or of what its request's images look like so far."""
        result = self.result_at(row)
        if result is not None:
            return self.picture(result)
        live = self.previews.get(self._rows[row][0])
        return live.square if live is not None else None

    # What came

    def show_rows(self, rows: Sequence[Row], entries: Iterable[HistoryEntry], *, variants: bool) -> None:
        """Replace all rows; `entries` are those of the first of them."""
        self.beginResetModel()
        self.variants = variants
        self._rows = list(rows)
        self._places = None
        self._asked.clear()
        self._keep(entries)
        self.endResetModel()

    def append(self, rows: Sequence[Row]) -> None:
        """Add older rows below."""
        if rows:
            first = len(self._rows)
            self.beginInsertRows(QModelIndex(), first, first + len(rows) - 1)
            self._rows.extend(rows)
            self._places = None
            self.endInsertRows()

    def take_entries(self, asked: Iterable[str], entries: Iterable[HistoryEntry]) -> None:
        """Take up a page that was asked for."""
        self._asked.difference_update(asked)
        found = tuple(entries)
        self._keep(found)
        rows = [row for row in (self.row_of(entry.id) for entry in found) if row is not None]
        if rows:
            last = max(rows)
            self.dataChanged.emit(self.index(min(rows)), self.index(last + self._length(last) - 1))

    def refresh(self, entry: HistoryEntry) -> None:
        """Take up a changed entry where it stands."""
        self.take_entries((), (entry,))

    def upsert(self, entry: HistoryEntry) -> None:
        """Take up a changed entry with all its results, or put a new one on top."""
        self._keep((entry,))
        row = self.row_of(entry.id)
        places = [result.index for result in entry.results] if self.variants else []
        wanted = [(entry.id, place) for place in places or [-1]]
        if row is None:
            self._insert(0, wanted)
            return
        held = self._rows[row : row + self._length(row)]
        new = [each for each in wanted if each not in held]
        if held == [(entry.id, -1)] and new:
            self._rows[row] = wanted[0]
            new = wanted[1:]
        if new:
            self._insert(row + self._length(row), new)
        self.refresh(entry)

    def remove(self, entry_id: str) -> None:
        row = self.row_of(entry_id)
        if row is not None:
            self._remove(row, self._length(row))

    def _insert(self, row: int, rows: list[Row]) -> None:
        self.beginInsertRows(QModelIndex(), row, row + len(rows) - 1)
        self._rows[row:row] = rows
        self._places = None
        self.endInsertRows()

    def _remove(self, row: int, count: int) -> None:
        self.beginRemoveRows(QModelIndex(), row, row + count - 1)
        del self._rows[row : row + count]
        self._places = None
        self.endRemoveRows()

    def _length(self, row: int) -> int:
        """How many rows the entry has that begins at `row`."""
        end = row + 1
        while end < len(self._rows) and self._rows[end][0] == self._rows[row][0]:
            end += 1
        return end - row

    def _keep(self, entries: Iterable[HistoryEntry]) -> None:
        for entry in entries:
            self._entries[entry.id] = entry
            self._entries.move_to_end(entry.id)
        while len(self._entries) > MOST_ENTRIES:
            self._entries.popitem(last=False)

    def _spoken(self, entry: HistoryEntry, result: HistoryResult | None) -> str:
        parts = [entry_title(entry), self.title(entry), state_text(entry.state)]
        if self.variants and result is not None:
            parts.insert(1, tr("variant {n}", n=result.index + 1))
        if result is not None and result.starred:
            parts.append(tr("starred"))
        return ", ".join(parts)
