"""The column at the right: Edit over the requests, and below Layers, History or Steps; one of all where it is low."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QTabBar, QVBoxLayout, QWidget

from app.base.text import tr
from app.ui.widgets.labels import make_label, make_line

TALL = 880
"""From this height on Edit and History stand one above the other."""
LEAST_WIDTH, MOST_WIDTH, USUAL_WIDTH = 304, 560, 360
EDIT_SHARE = 0.58
"""Of the height, where both parts are shown, whatever is in front below: nothing jumps from tab to tab."""
EDIT_NEEDS, EDIT_ENOUGH = 540, 860
"""Pixels in which Edit shows prompt, strength, guidance, seed and Generate over the requests; and everything."""
EDIT, LAYERS, HISTORY, STEPS = 0, 1, 2, 3


class SidePanel(QWidget):
    """Holds the parts and shows one, or Edit and one of the others."""

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
        self._history = QWidget()
        """Where the history stands, unless it stands in the middle of the window."""
        self._away = make_label(tr("The history is open in the middle of the window."), "muted", wrap=True)
        self._away.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._away.hide()
        place = QVBoxLayout(self._history)
        place.setContentsMargins(0, 0, 0, 0)
        place.addWidget(self._away)
        self.take_history(history)
        self._parts = {LAYERS: layers, HISTORY: self._history, STEPS: steps}
        self._lower = QWidget()
        self.lower_tabs = _tab_bar((tr("Layers"), tr("History"), tr("Steps")))
        self.lower_tabs.setCurrentIndex(HISTORY - LAYERS)
        lower = QVBoxLayout(self._lower)
        lower.setContentsMargins(0, 0, 0, 0)
        lower.setSpacing(0)
        lower.addWidget(self.lower_tabs)
        for part in self._parts.values():
            lower.addWidget(part, 1)
        self._edit = QWidget()
        upper = QVBoxLayout(self._edit)
        upper.setContentsMargins(0, 0, 0, 0)
        upper.setSpacing(0)
        upper.addWidget(edit, 1)
        upper.addWidget(make_line())
        upper.addWidget(jobs)
        self.tabs = _tab_bar((tr("Edit"), tr("Layers"), tr("History"), tr("Steps")))
        for tabs in (self.tabs, self.lower_tabs):
            tabs.currentChanged.connect(lambda index: self._arrange())
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._split.setChildrenCollapsible(False)
        self._split.setHandleWidth(4)
        self._split.addWidget(self._edit)
        self._split.addWidget(self._lower)
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
        """Bring EDIT, LAYERS, HISTORY or STEPS to the front."""
        self.tabs.setCurrentIndex(part)
        if part != EDIT:
            self.lower_tabs.setCurrentIndex(part - LAYERS)
        self._arrange()

    def take_history(self, history: QWidget) -> None:
        """Let the history stand here."""
        layout = self._history.layout()
        if layout is not None:
            layout.addWidget(history)
        self._away.hide()

    def miss_history(self) -> None:
        """The history was taken to the middle of the window: say so in its place."""
        self._away.show()

    def arrangement(self) -> list[int]:
        """What is in front, and where the line between the parts was moved to, for `arrange_as`."""
        return [
            self.tabs.currentIndex(),
            self.lower_tabs.currentIndex(),
            *(self._split.sizes() * self._is_divided),
        ]

    def arrange_as(self, arrangement: list[int]) -> None:
        """Stand as `arrangement` told."""
        front, lower, *sizes = arrangement
        self.tabs.setCurrentIndex(front)
        self.lower_tabs.setCurrentIndex(lower)
        if len(sizes) == self._split.count():
            self._is_divided = True
            self._split.setSizes(sizes)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _keep_division(self) -> None:
        self._is_divided = True

    def _arrange(self) -> None:
        tall = self.height() >= TALL
        front = self.lower_tabs.currentIndex() + LAYERS if tall else self.tabs.currentIndex()
        if tall and not self._is_divided:
            upper = min(max(round(self.height() * EDIT_SHARE), EDIT_NEEDS), EDIT_ENOUGH)
            self._split.setSizes([upper, self.height() - upper])
        self.tabs.setVisible(not tall)
        self.lower_tabs.setVisible(tall)
        self._edit.setVisible(tall or front == EDIT)
        self._lower.setVisible(front != EDIT)
        for part, widget in self._parts.items():
            widget.setVisible(part == front)


def _tab_bar(titles: tuple[str, ...]) -> QTabBar:
    tabs = QTabBar()
    tabs.setAccessibleName(tr("Panels"))
    tabs.setExpanding(True)
    tabs.setDrawBase(False)
    for title in titles:
        tabs.addTab(title)
    return tabs
