"""The middle of the window as a room for the history: the panel itself moves in, and back to its side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from app.ui.panels.side import EDIT

if TYPE_CHECKING:
    from app.ui.panels.history_panel import HistoryPanel
    from app.ui.panels.side import SidePanel


class HistoryRoom(QWidget):
    """A page of the middle. Whatever else comes to the front there sends the history back."""

    left = Signal()
    """The room was closed from inside; something else has to come to the front."""

    def __init__(self, centre: QStackedWidget, side: SidePanel, history: HistoryPanel) -> None:
        super().__init__()
        self._centre, self._side, self._history = centre, side, history
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self._column = column
        centre.addWidget(self)
        centre.currentChanged.connect(lambda index: self._leave())
        history.expand_wanted.connect(self.set_open)
        history.verbs.went_to_canvas.connect(lambda: self.set_open(False))

    def set_open(self, is_open: bool) -> None:
        """Let the history stand here, or at its side."""
        history = self._history
        if is_open == history.is_large:
            return
        history.set_large(is_open)
        if is_open:
            self._column.addWidget(history)
            self._side.miss_history()
            self._side.reveal(EDIT)
            self._centre.setCurrentWidget(self)
        else:
            self._side.take_history(history)
            if self._centre.currentWidget() is self:
                self.left.emit()
        history.show()
        if is_open:
            history.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _leave(self) -> None:
        if self._centre.currentWidget() is not self:
            self.set_open(False)
