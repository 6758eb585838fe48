"""The rows of the history as Qt's list model: newest first, fetched in pages, small pictures on demand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSize,
    Qt,
)
from PySide6.QtGui import QPixmap

from app.base.states import JobState
from app.base.text import tr
from app.ui.pictures import displayed_pixmap
from app.ui.wording import state_text

if TYPE_CHECKING:
    from app.history.types import HistoryEntry, HistoryResult
    from app.imaging.display import DisplayTable

ENTRY_ROLE = int(Qt.ItemDataRole.UserRole)
PICTURE_ROLE = ENTRY_ROLE + 1
MODEL_ROLE = ENTRY_ROLE + 2

PICTURE = QSize(128, 128)
"""As large as a small picture is ever shown, at twice the usual pixel density."""

Index = QModelIndex | QPersistentModelIndex


def entry_title(entry: HistoryEntry) -> str:
    """The prompt, or what was done without one."""
    return " ".join(entry.prompt.split()) or tr("Filled from the surroundings")


class HistoryModel(QAbstractListModel):
    """Entries by row. `want_picture` is asked once for each result that is seen, `show_picture` answers."""

    def __init__(
        self,
        want_picture: Callable[[HistoryResult], None],
        want_more: Callable[[], None],
        model_title: Callable[[HistoryEntry], str],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._entries: list[HistoryEntry] = []
        self._pictures: dict[str, QPixmap] = {}
        self._asked: set[str] = set()
        self._want_picture = want_picture
        self._want_more = want_more
        self._model_title = model_title
        self._has_more = False
        self._display: DisplayTable | None = None

    @property
    def entries(self) -> tuple[HistoryEntry, ...]:
        return tuple(self._entries)

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._entries)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        if not index.isValid() or not 0 <= index.row() < len(self._entries):
            return None
        entry = self._entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return entry_title(entry)
        if role == Qt.ItemDataRole.ToolTipRole:
            return entry.prompt or None
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{entry_title(entry)}, {self._model_title(entry)}, {state_text(entry.state)}"
        if role == MODEL_ROLE:
            return self._model_title(entry)
        if role == ENTRY_ROLE:
            return entry
        if role == PICTURE_ROLE:
            return self.picture(entry.results[0]) if entry.results else None
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        if index.isValid() and self._entries[index.row()].results:
            flags |= Qt.ItemFlag.ItemIsDragEnabled
        return flags

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and self._has_more

    def fetchMore(self, parent: Index) -> None:
        self._has_more = False
        self._want_more()

    def entry(self, index: Index) -> HistoryEntry | None:
        return self._entries[index.row()] if index.isValid() and index.row() < len(self._entries) else None

    def row_of(self, entry_id: str) -> int | None:
        for row, entry in enumerate(self._entries):
            if entry.id == entry_id:
                return row
        return None

    def picture(self, result: HistoryResult) -> QPixmap | None:
        """The small picture of a result, asked for when it is not here yet."""
        sha = result.thumbnail_sha256
        if sha is None:
            return None
        if sha not in self._pictures and sha not in self._asked:
            self._asked.add(sha)
            self._want_picture(result)
        return self._pictures.get(sha)

    def set_display(self, display: DisplayTable | None) -> None:
        """Show pictures as this display must be sent them, or as they are; those that are here are asked for anew."""
        self._display = display
        self._pictures.clear()
        self._asked.clear()
        if self._entries:
            self.dataChanged.emit(self.index(0), self.index(len(self._entries) - 1), [PICTURE_ROLE])

    def show_picture(self, sha: str, png: bytes) -> None:
        """Take up a picture that was asked for."""
        pixmap = displayed_pixmap(png, self._display)
        # Kept for good, so only as large as it is ever shown.
        self._pictures[sha] = pixmap.scaled(
            PICTURE, Qt.AspectRatioMode.KeepAspectRatioByExpanding, Qt.TransformationMode.SmoothTransformation
        )
        for row, entry in enumerate(self._entries):
            if any(result.thumbnail_sha256 == sha for result in entry.results):
                index = self.index(row)
                self.dataChanged.emit(index, index, [PICTURE_ROLE])

    def show_entries(self, entries: tuple[HistoryEntry, ...], *, has_more: bool) -> None:
        """Replace all rows."""
        self.beginResetModel()
        self._entries = list(entries)
        self._has_more = has_more
        self.endResetModel()

    def append(self, entries: tuple[HistoryEntry, ...], *, has_more: bool) -> None:
        """Add older rows below."""
        known = {entry.id for entry in self._entries}
        new = [entry for entry in entries if entry.id not in known]
        if new:
            first = len(self._entries)
            self.beginInsertRows(QModelIndex(), first, first + len(new) - 1)
            self._entries.extend(new)
            self.endInsertRows()
        self._has_more = has_more

    def upsert(self, entry: HistoryEntry) -> None:
        """Take up a changed entry, or put a new one on top."""
        row = self.row_of(entry.id)
        if row is None:
            self.beginInsertRows(QModelIndex(), 0, 0)
            self._entries.insert(0, entry)
            self.endInsertRows()
        else:
            self._entries[row] = entry
            self.dataChanged.emit(self.index(row), self.index(row))

    def remove(self, entry_id: str) -> None:
        row = self.row_of(entry_id)
        if row is not None:
            self.beginRemoveRows(QModelIndex(), row, row)
            del self._entries[row]
            self.endRemoveRows()


def failure_text(entry: HistoryEntry) -> str:
    """Why an entry has no result, in a sentence; empty when it has one or is under way."""
    if entry.state is JobState.FAILED:
        return " ".join(part for part in (entry.error_message, entry.error_hint) if part)
    if entry.state is JobState.INTERRUPTED:
        return tr("Maskroom ended before this arrived. It may have been billed.")
    return ""
