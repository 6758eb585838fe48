"""What of the history is shown: search field, star, more filters behind a button, and what they leave."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QPushButton, QToolButton, QVBoxLayout, QWidget

from app.base.states import JobState
from app.base.text import tr
from app.history.types import HistoryFacets, HistoryFilter
from app.ui.icons import icon
from app.ui.theme import DARK, SPACE
from app.ui.widgets.fields import ChoiceBox, FormRow
from app.ui.widgets.labels import ElidedLabel, make_icon_button
from app.ui.widgets.popups import place_below
from app.ui.wording import money_text, state_text

if TYPE_CHECKING:
    pass

SEARCH_MILLISECONDS = 120
POPUP_WIDTH = 300
SMALL_SUM, LARGE_SUM = 0.05, 0.25
"""Between cheap and dear, in whatever currency: what one request costs at most providers."""
THIS = object()
"""Stands for the photograph in front among the choices."""

BIN = "bin"

Choices = list[tuple[str, object]]


def _starts(now: datetime.datetime) -> dict[int, datetime.datetime]:
    """The beginning of each choice of time, by its number of days."""
    midnight = now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    return {days: midnight - datetime.timedelta(days=days - 1) for days in (1, 7, 30, 365)}


def since_text(days: int, now: datetime.datetime) -> str:
    """Where the last `days` days begin (1 = today), as `HistoryEntry.created` writes times."""
    start = _starts(now)[days].astimezone(datetime.UTC)
    return start.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _times() -> Choices:
    return [
        (tr("Any time"), None),
        (tr("Today"), 1),
        (tr("Last 7 days"), 7),
        (tr("Last 30 days"), 30),
        (tr("Last 12 months"), 365),
    ]


def _states() -> Choices:
    shown = (JobState.DONE, JobState.FAILED, JobState.CANCELLED, JobState.INTERRUPTED)
    return [
        (tr("Any state"), None),
        *((state_text(state), (state,)) for state in shown),
        (tr("Under way"), tuple(state for state in JobState if not state.is_final)),
        (tr("In the bin"), BIN),
    ]


def _costs() -> Choices:
    return [
        (tr("Any cost"), None),
        (tr("Free"), (None, 0.0)),
        (tr("Paid"), (0.0, None)),
        (tr("Up to {sum}", sum=money_text(SMALL_SUM, "")), (0.0, SMALL_SUM)),
        (tr("More than {sum}", sum=money_text(LARGE_SUM, "")), (LARGE_SUM, None)),
    ]


class FilterPopup(QFrame):
    """One choice for each thing to filter by. Emits `changed`."""

    changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("historyFilters")
        self.setAccessibleName(tr("Filters"))
        self.setFixedWidth(POPUP_WIDTH)
        self.model = ChoiceBox("historyModel", tr("Model"))
        self.document = ChoiceBox("historyDocument", tr("Photograph"))
        self.time = ChoiceBox("historyTime", tr("Time"))
        self.state = ChoiceBox("historyState", tr("State"))
        self.cost = ChoiceBox("historyCost", tr("Cost"))
        self.tag = ChoiceBox("historyTag", tr("Tag"))
        self.clear = QPushButton(tr("Show everything"))
        self.clear.clicked.connect(self.reset)
        self._boxes = (self.model, self.document, self.time, self.state, self.cost, self.tag)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE * 3 // 2, SPACE, SPACE * 3 // 2, SPACE * 3 // 2)
        column.setSpacing(SPACE // 2)
        for box in self._boxes:
            column.addWidget(FormRow(box.accessibleName(), box))
            box.chosen.connect(lambda value: self.changed.emit())
        column.addSpacing(SPACE // 2)
        column.addWidget(self.clear)
        self.time.show_choices(_times(), None)
        self.state.show_choices(_states(), None)
        self.cost.show_choices(_costs(), None)
        self.offer(HistoryFacets(), lambda provider, model: model, has_photograph=False)

    def offer(self, facets: HistoryFacets, title: Callable[[str, str], str], *, has_photograph: bool) -> None:
        """List what there is; what is chosen stays chosen."""
        models: Choices = [(tr("Any model"), None)]
        for provider in dict.fromkeys(each for each, _ in facets.models):
            models.append((tr("{provider}: all", provider=provider), (provider, None)))
            models += [(f"{provider}: {title(p, m)}", (p, m)) for p, m in facets.models if p == provider]
        documents: Choices = [(tr("Any photograph"), None)]
        if has_photograph:
            documents.append((tr("The one in front"), THIS))
        documents += [(name, name) for name in facets.documents]
        tags: Choices = [(tr("Any tag"), None), *((f"#{tag}", tag) for tag in facets.tags)]
        for box, choices in ((self.model, models), (self.document, documents), (self.tag, tags)):
            value = box.currentData()
            listed = value in [each for _, each in choices]
            box.show_choices(choices, value if listed else None)

    def reset(self) -> None:
        """Filter by nothing."""
        for box in self._boxes:
            box.setCurrentIndex(0)
        self.changed.emit()

    def narrow(self, wanted: HistoryFilter, source_sha256: str | None) -> HistoryFilter:
        """`wanted` with what is chosen here; `source_sha256` is that of the photograph in front."""
        provider, model = cast("tuple[str | None, str | None]", self.model.currentData() or (None, None))
        document, state, days = self.document.currentData(), self.state.currentData(), self.time.currentData()
        more, most = cast("tuple[float | None, float | None]", self.cost.currentData() or (None, None))
        return replace(
            wanted,
            provider=provider,
            model=model,
            document_name=document if document is not THIS else None,
            source_sha256=(source_sha256 or "") if document is THIS else None,
            states=state if state and state != BIN else (),
            in_bin=state == BIN,
            since=since_text(days, datetime.datetime.now(datetime.UTC)) if days else None,
            tag=self.tag.currentData(),
            costs_more_than=more,
            costs_at_most=most,
        )

    def chosen(self) -> tuple[str, ...]:
        """What is filtered by, in words."""
        return tuple(box.currentText() for box in self._boxes if box.currentIndex() > 0)


class FilterBar(QWidget):
    """The row above the history. Emits `changed` when something else is wanted."""

    changed = Signal()
    opening = Signal()
    """The filters are about to be shown: the moment to `offer` what there is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.search = QLineEdit()
        self.search.setObjectName("historySearch")
        self.search.setPlaceholderText(tr("Search prompts"))
        self.search.setAccessibleName(tr("Search the history"))
        self.search.setToolTip(tr("Searches prompts, revised prompts, notes and tags"))
        self.search.setClearButtonEnabled(True)
        self.search.addAction(icon("search", DARK.text_muted), QLineEdit.ActionPosition.LeadingPosition)
        self.starred = _toggle("star", tr("Starred only"))
        self.filters = _toggle("funnel", tr("Filters"))
        self.grid = _toggle("layout-grid", tr("Show every variant as a tile"))
        self.expand = _toggle("maximize-2", tr("Show the history in the middle of the window"))
        self.popup = FilterPopup(self)
        self.told = ElidedLabel()
        self.told.setProperty("role", "muted")
        self.clear = make_icon_button("x", tr("Show everything"), size=14)
        row = QHBoxLayout()
        row.setSpacing(2)
        row.addWidget(self.search, 1)
        row.addSpacing(2)
        for button in (self.starred, self.filters, self.grid, self.expand):
            row.addWidget(button)
        self._below = QWidget()
        below = QHBoxLayout(self._below)
        below.setContentsMargins(2, 0, 0, 0)
        below.setSpacing(SPACE // 2)
        below.addWidget(self.told, 1)
        below.addWidget(self.clear)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE * 3 // 2, 0, SPACE, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self._below)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SEARCH_MILLISECONDS)
        self._timer.timeout.connect(self.changed)
        self.search.textChanged.connect(lambda text: self._timer.start())
        self.starred.toggled.connect(lambda on: self.changed.emit())
        self.filters.clicked.connect(self._open)
        self.popup.changed.connect(self.changed)
        self.clear.clicked.connect(self.reset)
        self.show_count(None)

    def detach(self) -> None:
        self._timer.stop()
        self.popup.close()

    def wanted(self, source_sha256: str | None) -> HistoryFilter:
        """All that is chosen; `source_sha256` is that of the photograph in front."""
        first = HistoryFilter(text=self.search.text().strip(), starred=self.starred.isChecked())
        return self.popup.narrow(first, source_sha256)

    def show_count(self, count: int | None) -> None:
        """Tell how many are left of what is wanted; None while all of them are shown."""
        chosen = self.popup.chosen()
        self.filters.setChecked(bool(chosen))
        self._below.setVisible(count is not None)
        if count is not None:
            found = tr("{n} found", n=f"{count:,}".replace(",", "\u202f"))
            self.told.setText(" · ".join((found, *chosen)))

    def reset(self) -> None:
        """Search and filter by nothing."""
        self.search.clear()
        self.starred.setChecked(False)
        self.popup.reset()

    def _open(self) -> None:
        self.filters.setChecked(bool(self.popup.chosen()))
        self.opening.emit()
        self.popup.adjustSize()
        place_below(self.popup, self.filters)
        self.popup.show()
        self.popup.model.setFocus(Qt.FocusReason.PopupFocusReason)


def _toggle(name: str, title: str) -> QToolButton:
    button = make_icon_button(name, title)
    button.setCheckable(True)
    return button
