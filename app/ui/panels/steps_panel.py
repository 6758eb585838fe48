"""The Steps panel: everything that was done to the photograph in front, to go back to and forth again.

It shows the undo stack as a list and moves along it; it remembers nothing that the stack does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QColor, QFont, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app.base.text import tr
from app.ui.links import Links
from app.ui.theme import DARK, SPACE
from app.ui.widgets.labels import make_label

if TYPE_CHECKING:
    from app.document.undo import UndoStack
    from app.session.document_session import DocumentSession


class StepsPanel(QWidget):
    """The photograph as it was opened, then each step; those that were taken back are dimmed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Steps"))
        self._undo: UndoStack | None = None
        self._session: DocumentSession | None = None
        self._links = Links()
        self._document_links = Links()
        self.view = QListWidget()
        # "steps" is what the Edit panel's number of a model's steps is called.
        self.view.setObjectName("undoSteps")
        self.view.setAccessibleName(tr("Steps"))
        self.view.setAccessibleDescription(
            tr("What was done to the photograph. Arrow keys and clicks go to a step.")
        )
        self.view.setUniformItemSizes(True)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setTextElideMode(Qt.TextElideMode.ElideRight)
        self._empty = make_label(tr("What you do to the photograph is listed here."), "muted", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setContentsMargins(SPACE * 2, SPACE * 2, SPACE * 2, SPACE * 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE // 2, SPACE // 2, SPACE // 2, SPACE // 2)
        column.addWidget(self.view, 1)
        column.addWidget(self._empty, 1)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._mirror)
        self.view.currentRowChanged.connect(self._go_to)
        self._mirror()

    def set_session(self, session: DocumentSession | None) -> None:
        """Show the steps of this session's document, as soon as it has one."""
        self._links.clear()
        self._session = session
        if session is not None:
            self._links.add(session.stage_changed.connect(self._take_document))
        self._take_document()

    def detach(self) -> None:
        self._soon.stop()
        self._links.clear()
        self._document_links.clear()

    def showEvent(self, event: QShowEvent) -> None:
        self._mirror()

    def _take_document(self) -> None:
        document = self._session.document if self._session is not None else None
        undo = document.undo if document is not None else None
        if undo is self._undo and undo is not None:
            return
        self._document_links.clear()
        self._undo = undo
        if undo is not None:
            self._document_links.add(undo.changed.connect(self._soon.start))
        self._mirror()

    def _mirror(self) -> None:
        """Bring the list up to the stack; nothing is done for a panel that nobody sees."""
        self._soon.stop()
        undo = self._undo
        self.view.setVisible(undo is not None)
        self._empty.setVisible(undo is None)
        if undo is None or not self.isVisible():
            return
        with QSignalBlocker(self.view):
            titles = [tr("Opened"), *(step.title for step in undo.steps)]
            while self.view.count() > len(titles):
                self.view.takeItem(self.view.count() - 1)
            for row, title in enumerate(titles):
                self._show_row(row, title, is_done=row <= undo.position, is_here=row == undo.position)
            self.view.setCurrentRow(undo.position)
        self.view.scrollToItem(self.view.item(undo.position))

    def _show_row(self, row: int, title: str, *, is_done: bool, is_here: bool) -> None:
        item = self.view.item(row)
        if row >= self.view.count():
            item = QListWidgetItem()
            self.view.addItem(item)
        item.setText(title)
        item.setForeground(QColor(DARK.text if is_done else DARK.text_disabled))
        item.setData(
            Qt.ItemDataRole.AccessibleTextRole, title if is_done else tr("{step}, taken back", step=title)
        )
        font = QFont(self.view.font())
        font.setBold(is_here)
        item.setFont(font)

    def _go_to(self, row: int) -> None:
        stepping = self._session.stepping if self._session is not None else None
        if stepping is not None and row >= 0:
            stepping.go_to(row)
