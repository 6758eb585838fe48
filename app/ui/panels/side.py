"""The column at the right: Edit with the requests, or Layers, over History or Steps; one of all where it is low."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from app.base.text import tr
from app.ui.widgets.labels import make_line

TALL = 880
"""From this height on Edit and History stand one above the other."""
LEAST_WIDTH, MOST_WIDTH, USUAL_WIDTH = 304, 560, 336
EDIT_SHARE = 0.66
"""Of the height, where both parts are shown."""
EDIT_ENOUGH = 860
"""Pixels in which the Edit panel shows everything."""
EDIT, LAYERS, HISTORY, STEPS = 0, 1, 2, 3


class SidePanel(QWidget):
    """Holds the parts and shows one of them, or one of the upper and one of the lower ones."""

    def __init__(
        self,
        edit: QWidget,
        layers: QWidget,
        jobs: QWidget,
        history: QWidget,
        steps: QWidget,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("sidePanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(LEAST_WIDTH)
        self.setMaximumWidth(MOST_WIDTH)
        self._history, self._steps = history, steps
        self._lower = QWidget()
        self.lower_tabs = _tab_bar((tr("History"), tr("Steps")))
        lower = QVBoxLayout(self._lower)
        lower.setContentsMargins(0, 0, 0, 0)
        lower.setSpacing(0)
        for widget in (self.lower_tabs, history, steps):
            lower.addWidget(widget, 0 if widget is self.lower_tabs else 1)
        sending = QWidget()
        column = QVBoxLayout(sending)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(edit, 1)
        column.addWidget(make_line())
        column.addWidget(jobs)
        self._upper = QWidget()
        upper = QVBoxLayout(self._upper)
        upper.setContentsMargins(0, 0, 0, 0)
        upper.setSpacing(0)
        self.upper_tabs = _tab_bar((tr("Edit"), tr("Layers")))
        self._pages = QStackedWidget()
        for page in (sending, layers):
            self._pages.addWidget(page)
        upper.addWidget(self.upper_tabs)
        upper.addWidget(self._pages, 1)
        self.tabs = _tab_bar((tr("Edit"), tr("Layers"), tr("History"), tr("Steps")))
        for tabs in (self.tabs, self.upper_tabs, self.lower_tabs):
            tabs.currentChanged.connect(lambda index: self._arrange())
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._split.setChildrenCollapsible(False)
        self._split.setHandleWidth(4)
        self._split.addWidget(self._upper)
        self._split.addWidget(self._lower)
        self._split.setStretchFactor(0, 0)
        self._split.setStretchFactor(1, 1)
        self._split.splitterMoved.connect(self._keep_division)
        self._is_divided = False
        """Whether somebody moved the line between the parts."""
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.tabs)
        whole.addWidget(self._split, 1)
        self._arrange()

    def reveal(self, part: int) -> None:
        """Bring EDIT, LAYERS, HISTORY or STEPS to the front."""
        self.tabs.setCurrentIndex(part)
        if part < HISTORY:
            self.upper_tabs.setCurrentIndex(part)
        else:
            self.lower_tabs.setCurrentIndex(part - HISTORY)
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
        for tabs in (self.upper_tabs, self.lower_tabs):
            tabs.setVisible(tall)
        front = self.tabs.currentIndex()
        upper = self.upper_tabs.currentIndex() if tall else front
        lower = self.lower_tabs.currentIndex() + HISTORY if tall else front
        self._upper.setVisible(upper < HISTORY)
        if upper < HISTORY:
            self._pages.setCurrentIndex(upper)
        self._lower.setVisible(lower >= HISTORY)
        self._history.setVisible(lower == HISTORY)
        self._steps.setVisible(lower == STEPS)


def _tab_bar(titles: tuple[str, ...]) -> QTabBar:
    tabs = QTabBar()
    tabs.setAccessibleName(tr("Panels"))
    tabs.setExpanding(True)
    tabs.setDrawBase(False)
    for title in titles:
        tabs.addTab(title)
    return tabs
