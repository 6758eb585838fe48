"""The tree of edits around a result: what it grew from, its sisters, and what grew from each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QIcon, QKeyEvent, QPalette
from PySide6.QtWidgets import QFrame, QTreeWidget, QTreeWidgetItem, QWidget

from app.base.text import tr
from app.ui.icons import icon
from app.ui.panels.history_model import entry_title
from app.ui.panels.history_pictures import Pictures
from app.ui.theme import DARK
from app.ui.wording import state_text

if TYPE_CHECKING:
    from app.history.types import HistoryEntry, HistoryResult

ROLE = int(Qt.ItemDataRole.UserRole)
LINE = 30
MOST_LINES, FEWEST_LINES = 7, 3


class HistoryTree(QTreeWidget):
    """Photograph, results, results that grew from them. Emits what is to be looked at, or branched from."""

    chosen = Signal(object, object)
    """The entry and the result that were gone to."""
    branch_wanted = Signal(object, object)
    """The entry and the result to go on from."""
    menu_wanted = Signal(object, object, object)
    """The entry, the result, and a global position."""

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("historyTree")
        self.setAccessibleName(tr("Tree of edits"))
        self.setHeaderHidden(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setIndentation(14)
        self.setIconSize(QSize(24, 24))
        self.setUniformRowHeights(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setToolTip(tr("Double-click goes on from that state"))
        colours = self.palette()
        colours.setColor(QPalette.ColorRole.Highlight, QColor(DARK.selection))
        colours.setColor(QPalette.ColorRole.HighlightedText, QColor(DARK.text))
        self.setPalette(colours)
        self._pictures = pictures
        self._items: dict[str, QTreeWidgetItem] = {}
        self._entries: frozenset[str] = frozenset()
        self._lines = 0
        pictures.arrived.connect(self._show_picture)
        self.itemDoubleClicked.connect(lambda item, column: self._emit(item, branch=True))
        self.itemClicked.connect(lambda item, column: self._emit(item, branch=False))

    def show_family(self, family: tuple[HistoryEntry, ...], current: HistoryResult | None) -> None:
        """Show the tree of `Catalogue.family`; `current` is the result that is looked at."""
        self.clear()
        self._items.clear()
        self._entries = frozenset(entry.id for entry in family)
        if not family:
            self._lines = 0
            return
        root = QTreeWidgetItem([family[0].document_name])
        root.setIcon(0, icon("image"))
        root.setFlags(Qt.ItemFlag.ItemIsEnabled)
        self.addTopLevelItem(root)
        for entry in family:
            above = self._items.get(entry.parents[-1], root) if entry.parents else root
            for result in entry.results:
                self._add(above, entry, result)
            if not entry.results:
                waiting = QTreeWidgetItem([f"{entry_title(entry)} · {state_text(entry.state)}"])
                waiting.setIcon(0, icon("ban"))
                waiting.setFlags(Qt.ItemFlag.ItemIsEnabled)
                above.addChild(waiting)
        self.expandAll()
        self._lines = 1 + sum(max(1, len(entry.results)) for entry in family)
        self.show_current(current)
        self.updateGeometry()

    def holds(self, entry: HistoryEntry) -> bool:
        """Whether an entry is part of what is shown, with all the results that it has."""
        return entry.id in self._entries and all(result.id in self._items for result in entry.results)

    def misses(self, entry: HistoryEntry) -> bool:
        """Whether an entry belongs here and is not shown, or not with all its results."""
        belongs = bool(entry.parents) and entry.parents[-1] in self._items
        return (belongs or entry.id in self._entries) and not self.holds(entry)

    def show_current(self, current: HistoryResult | None) -> None:
        """Mark the result that is looked at."""
        item = self._items.get(current.id) if current is not None else None
        if item is None:
            self.clearSelection()
            return
        self.setCurrentItem(item)
        self.scrollToItem(item)

    def sizeHint(self) -> QSize:
        return QSize(100, min(max(self._lines, FEWEST_LINES), MOST_LINES) * LINE + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, FEWEST_LINES * LINE)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        item = self.currentItem()
        if item is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._emit(item, branch=True)
        elif item is not None and event.key() == Qt.Key.Key_Space:
            self._emit(item, branch=False)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_mouse = event.reason() is QContextMenuEvent.Reason.Mouse
        item = self.itemAt(event.pos()) if by_mouse else self.currentItem()
        found = item.data(0, ROLE) if item is not None else None
        if item is not None and found is not None:
            place = event.pos() if by_mouse else self.visualItemRect(item).center()
            self.menu_wanted.emit(*found, self.viewport().mapToGlobal(place))

    def _add(self, above: QTreeWidgetItem, entry: HistoryEntry, result: HistoryResult) -> None:
        # The prompt once for all variants of a request: the others stand right below it.
        first = result is entry.results[0]
        item = QTreeWidgetItem([entry_title(entry) if first else tr("Variant {n}", n=result.index + 1)])
        item.setData(0, ROLE, (entry, result))
        item.setSizeHint(0, QSize(0, LINE))
        item.setIcon(0, icon("image", DARK.text_disabled))
        words = [tr("Variant {n}", n=result.index + 1), entry_title(entry)]
        if result.applied:
            words.append(tr("applied"))
        if entry.deleted is not None:
            words.append(tr("in the bin"))
        item.setToolTip(0, "\n".join(words))
        item.setData(0, Qt.ItemDataRole.AccessibleTextRole, ", ".join(words))
        above.addChild(item)
        self._items[result.id] = item
        self._set_picture(item, result)

    def _show_picture(self, sha: str) -> None:
        for item in self._items.values():
            _, result = item.data(0, ROLE)
            if result.thumbnail_sha256 == sha:
                self._set_picture(item, result)

    def _set_picture(self, item: QTreeWidgetItem, result: HistoryResult) -> None:
        picture = self._pictures.get(result)
        if picture is not None:
            found = QIcon(picture)
            # Else Qt would dye the picture of the row in hand.
            found.addPixmap(picture, QIcon.Mode.Selected)
            item.setIcon(0, found)

    def _emit(self, item: QTreeWidgetItem, *, branch: bool) -> None:
        found = item.data(0, ROLE)
        if found is not None:
            (self.branch_wanted if branch else self.chosen).emit(*found)
