"""In the status bar: what a tool is finding just now, how far it is, and a button that stops it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from app.base.text import tr
from app.ui.links import Links
from app.ui.theme import SPACE
from app.ui.widgets.labels import make_icon_button, make_label

if TYPE_CHECKING:
    from app.session.selecting import Selecting

PATIENCE_MILLISECONDS = 150
"""What is found sooner is not announced: it would only flicker."""


class SelectingView(QWidget):
    """Hidden while nothing is being found."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selecting: Selecting | None = None
        self._links = Links()
        self._label = make_label()
        self.bar = QProgressBar()
        self.bar.setRange(0, 100)
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(96)
        self.bar.setAccessibleName(tr("How much has been looked at"))
        self.stop = make_icon_button("x", tr("Stop selecting"), tip=tr("Stop (Esc)"))
        self.stop.clicked.connect(self._cancel)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        for widget in (self._label, self.bar, self.stop):
            row.addWidget(widget)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(PATIENCE_MILLISECONDS)
        self._soon.timeout.connect(self.show)
        self.hide()

    def follow(self, selecting: Selecting | None) -> None:
        """Show what this one finds from now on."""
        self._links.clear()
        self._selecting = selecting
        if selecting is not None:
            self._links.add(selecting.changed.connect(self._mirror))
        self._mirror()

    def detach(self) -> None:
        self._links.clear()
        self._soon.stop()

    def _cancel(self) -> None:
        if self._selecting is not None:
            self._selecting.cancel()

    def _mirror(self) -> None:
        selecting = self._selecting
        if selecting is None or not selecting.title:
            self._soon.stop()
            self.hide()
            return
        self._label.setText(f"{selecting.title}…")
        self.bar.setValue(round(selecting.progress * 100))
        if self.isHidden() and not self._soon.isActive():
            self._soon.start()
