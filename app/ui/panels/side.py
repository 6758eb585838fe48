"""The column at the right: Edit over the requests, the History below, or behind a tab where it is low."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QTabBar, QVBoxLayout, QWidget

from app.base.text import tr
from app.ui.theme import SPACE
from app.ui.widgets.labels import make_label, make_line

TALL = 880
"""From this height on Edit and History stand one above the other."""
LEAST_WIDTH, MOST_WIDTH, USUAL_WIDTH = 304, 560, 336
EDIT_SHARE = 0.66
"""Of the height, where both parts are shown."""
EDIT_ENOUGH = 860
"""Pixels in which the Edit panel shows everything."""
EDIT, HISTORY = 0, 1


class SidePanel(QWidget):
    """Holds the two parts and shows both or one."""

    def __init__(self, edit: QWidget, jobs: QWidget, history: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sidePanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(LEAST_WIDTH)
        self.setMaximumWidth(MOST_WIDTH)
        self._history = QWidget()
        self._heading = make_label(tr("History"), "heading")
        self._heading.setContentsMargins(SPACE * 3 // 2, SPACE, 0, 0)
        lower = QVBoxLayout(self._history)
        lower.setContentsMargins(0, 0, 0, 0)
        lower.setSpacing(0)
        lower.addWidget(self._heading)
        lower.addWidget(history, 1)
        self._edit = QWidget()
        upper = QVBoxLayout(self._edit)
        upper.setContentsMargins(0, 0, 0, 0)
        upper.setSpacing(0)
        upper.addWidget(edit, 1)
        upper.addWidget(make_line())
        upper.addWidget(jobs)
        self.tabs = QTabBar()
        self.tabs.setAccessibleName(tr("Panels"))
        self.tabs.setExpanding(True)
        self.tabs.setDrawBase(False)
        self.tabs.addTab(tr("Edit"))
        self.tabs.addTab(tr("History"))
        self.tabs.currentChanged.connect(lambda index: self._arrange())
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._split.setChildrenCollapsible(False)
        self._split.setHandleWidth(4)
        self._split.addWidget(self._edit)
        self._split.addWidget(self._history)
        self._split.setStretchFactor(0, 0)
        self._split.setStretchFactor(1, 1)
        self._split.splitterMoved.connect(self._keep_division)
        self._is_divided = False
        """Whether somebody moved the line between the parts."""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.tabs)
        column.addWidget(self._split, 1)
        self._arrange()

    def reveal(self, part: int) -> None:
        """Bring EDIT or HISTORY to the front."""
        self.tabs.setCurrentIndex(part)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _keep_division(self) -> None:
        self._is_divided = True

    def _arrange(self) -> None:
        tall = self.height() >= TALL
        if tall and not self._is_divided:
            upper = min(round(self.height() * EDIT_SHARE), EDIT_ENOUGH)
            self._split.setSizes([upper, self.height() - upper])
        self.tabs.setVisible(not tall)
        self._heading.setVisible(tall)
        self._edit.setVisible(tall or self.tabs.currentIndex() == EDIT)
        self._history.setVisible(tall or self.tabs.currentIndex() == HISTORY)
