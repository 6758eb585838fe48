"""What is known about one entry of the history, and what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal, SignalInstance
from PySide6.QtGui import QIcon, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.base.text import tr
from app.ui.icons import icon
from app.ui.leak import verdict_text
from app.ui.panels.dragging import ResultButton
from app.ui.panels.history_model import failure_text
from app.ui.theme import SPACE
from app.ui.widgets.labels import ElidedLabel, make_icon_button, make_label, make_line
from app.ui.wording import limits_text, money_text, seconds_text, size_text

if TYPE_CHECKING:
    from app.history.types import HistoryEntry, HistoryResult
    from app.ui.panels.dragging import ResultButton
from app.ui.panels.history_model import HistoryModel

MOST_PICTURES = 8
PICTURE, SMALL_PICTURE = QSize(44, 44), QSize(23, 23)
FEW = 5
"""So many pictures stand side by side in the narrowest panel; more of them are small."""
LEAST_WORDS = 20
"""A line of the words is in sight at the least."""


def parameters_text(entry: HistoryEntry) -> str:
    """The parameters that were sent, such as "seed 7 · steps 20"."""
    return " · ".join(f"{name} {value}" for name, value in entry.parameters.items())


def facts_text(entry: HistoryEntry, result: HistoryResult | None) -> str:
    """Sizes, time, price and the count outside the mask, each only where it is known."""
    facts = [tr("Sent {size}", size=size_text(entry.size_send))]
    if entry.seconds is not None:
        facts.append(seconds_text(entry.seconds))
    priced = [r for r in entry.results if r.cost_amount is not None]
    if priced and priced[0].cost_currency:
        total = sum(r.cost_amount or 0.0 for r in priced)
        about = tr("about {price}", price=money_text(total, priced[0].cost_currency))
        exact = money_text(total, priced[0].cost_currency) if total else tr("free")
        facts.append(about if total and any(r.cost_estimated for r in priced) else exact)
    if result is not None:
        if result.outside_changed_pixels is not None:
            facts.append(tr("{n} px changed outside the mask", n=result.outside_changed_pixels))
        if result.leak is not None:
            facts.append(verdict_text(result.leak))
        if result.seed is not None:
            facts.append(tr("seed {seed}", seed=result.seed))
    return " · ".join(facts)


def request_text(entry: HistoryEntry) -> str:
    """The provider's numbers of all calls, and what it said of its limits."""
    ids = entry.request_ids or ((entry.request_id,) if entry.request_id else ())
    number = tr("Request {id}", id=", ".join(ids)) if ids else ""
    return " · ".join(part for part in (number, limits_text(entry.rate_limits)) if part)


class Words(QScrollArea):
    """As tall as the words in it where there is room, else they scroll; none of them is ever cut off."""

    def __init__(self, words: QWidget) -> None:
        super().__init__()
        self._words = words
        self.setWidget(words)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Maximum)

    def fit(self) -> None:
        """The words are others now."""
        self.setVisible(any(not label.isHidden() for label in self._words.findChildren(QLabel)))
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(0, max(self._words.heightForWidth(self.width()), 0))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, min(self.sizeHint().height(), LEAST_WORDS))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()


class HistoryDetails(QWidget):
    """Shown beneath the list while an entry is chosen. Emits what is wanted; does nothing itself."""

    reuse_wanted = Signal(object)
    apply_wanted = Signal(str)
    save_wanted = Signal(object, object)
    """The entry and the result that is to be saved with the whole photograph."""
    save_raw_wanted = Signal(object, object)
    reference_wanted = Signal(object)
    """The result that is to go along with the next request."""
    delete_wanted = Signal(str)
    drag_wanted = Signal(object)

    def __init__(self, model: HistoryModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Details of the chosen entry"))
        self._model = model
        self._entry: HistoryEntry | None = None
        self._result: HistoryResult | None = None
        self._available = False
        self._group = QButtonGroup(self)
        self._pictures = QHBoxLayout()
        self._pictures.setSpacing(SPACE // 4)
        self._revised = make_label(wrap=True, selectable=True)
        self._failure = make_label(role="error", wrap=True, selectable=True)
        self._parameters = make_label(role="muted", wrap=True, selectable=True)
        self._facts = make_label(role="muted", wrap=True, selectable=True)
        self._request = make_label(role="muted", wrap=True, selectable=True)
        self._make_summary()
        self._make_buttons()
        words = QWidget()
        self._words = Words(words)
        told = QVBoxLayout(words)
        told.setContentsMargins(0, 0, 0, 0)
        told.setSpacing(SPACE // 2)
        for label in (self._failure, self._revised, self._parameters, self._facts, self._request):
            told.addWidget(label)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE * 3 // 2, 0, SPACE * 3 // 2, SPACE)
        column.setSpacing(SPACE // 2)
        column.addWidget(make_line())
        column.addSpacing(SPACE // 2)
        column.addLayout(self._pictures)
        column.addLayout(self._summary_row)
        column.addWidget(self._words)
        column.addLayout(self._buttons)
        self.hide()

    def set_available(self, available: bool) -> None:
        """Using an entry needs an open photograph."""
        self._available = available
        self._mirror()

    @property
    def result(self) -> HistoryResult | None:
        """The result that the buttons act on."""
        return self._result

    def show_entry(self, entry: HistoryEntry | None) -> None:
        """Mirror another entry, or nothing."""
        same = entry is not None and self._entry is not None and entry.id == self._entry.id
        chosen = self._result.index if same and self._result else 0
        self._entry = entry
        if not same:
            self._ask_nothing()
        self.setVisible(entry is not None)
        if entry is None:
            self._result = None
            return
        self._result = next((r for r in entry.results if r.index == chosen), None)
        if self._result is None and entry.results:
            self._result = entry.results[0]
        self._show_pictures(entry)
        self._mirror()

    def _make_summary(self) -> None:
        """One line that tells the most, and a button for all the rest."""
        self._summary = ElidedLabel()
        self._summary.setProperty("role", "muted")
        self.more = make_icon_button("chevron-down", tr("Show all details"))
        self.more.setCheckable(True)
        self.more.toggled.connect(lambda on: self._mirror())
        self._summary_row = QHBoxLayout()
        self._summary_row.setSpacing(SPACE // 2)
        self._summary_row.addWidget(self._summary, 1)
        self._summary_row.addWidget(self.more)

    def _make_buttons(self) -> None:
        self.reuse = QPushButton(tr("Reuse"))
        self.reuse.setToolTip(tr("Put this prompt, model, parameters and mask back"))
        self.apply = QPushButton(tr("Apply again"))
        self.apply.setToolTip(tr("Lay this result on the open photograph once more"))
        self.reference = make_icon_button("image-plus", tr("Use as a reference image"))
        self.save = make_icon_button("download", tr("Save the whole photograph with this result…"))
        self.save_raw = make_icon_button("file-down", tr("Save the received image as it came…"))
        self.delete = make_icon_button("trash-2", tr("Delete this entry"))
        self.confirm = QPushButton(tr("Delete for good"))
        self.confirm.setToolTip(tr("Its images cannot be had again"))
        self.confirm.clicked.connect(self._emit_delete)
        self.confirm.hide()
        self.reuse.clicked.connect(lambda: self.reuse_wanted.emit(self._entry))
        self.apply.clicked.connect(self._emit_apply)
        self.reference.clicked.connect(lambda: self.reference_wanted.emit(self._result))
        self.save.clicked.connect(lambda: self._emit_both(self.save_wanted))
        self.save_raw.clicked.connect(lambda: self._emit_both(self.save_raw_wanted))
        self.delete.clicked.connect(self.ask_delete)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(SPACE // 2)
        self._buttons.addWidget(self.reuse)
        self._buttons.addWidget(self.apply)
        self._buttons.addStretch(1)
        for button in (self.reference, self.save, self.save_raw, self.delete):
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self._buttons.addWidget(button)
        self._buttons.addWidget(self.confirm)

    def ask_delete(self) -> None:
        """Delete an entry without images at once; where images would be lost, ask on a button for it."""
        if self._entry is not None and self._entry.results:
            for button in (self.save, self.save_raw, self.delete):
                button.hide()
            self.confirm.show()
            self.confirm.setFocus()
        else:
            self._emit_delete()

    def _ask_nothing(self) -> None:
        self.confirm.hide()
        for button in (self.save, self.save_raw, self.delete):
            button.show()

    def _emit_delete(self) -> None:
        if self._entry is not None:
            self.delete_wanted.emit(self._entry.id)

    def _emit_apply(self) -> None:
        if self._result is not None:
            self.apply_wanted.emit(self._result.id)

    def _emit_both(self, wanted: SignalInstance) -> None:
        if self._entry is not None and self._result is not None:
            wanted.emit(self._entry, self._result)

    def _show_pictures(self, entry: HistoryEntry) -> None:
        while (item := self._pictures.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        if len(entry.results) < 2:
            return
        for result in entry.results[:MOST_PICTURES]:
            button = ResultButton()
            button.setCheckable(True)
            button.setIconSize(PICTURE if len(entry.results) <= FEW else SMALL_PICTURE)
            picture = self._model.picture(result)
            button.setIcon(QIcon(picture) if picture is not None else icon("image"))
            button.setAccessibleName(tr("Variant {n}", n=result.index + 1))
            button.setToolTip(tr("Variant {n} — drag it out as a file", n=result.index + 1))
            button.setChecked(result is self._result)
            button.clicked.connect(lambda checked=False, result=result: self._choose(result))
            button.dragged.connect(lambda result=result: self.drag_wanted.emit(result))
            self._group.addButton(button)
            self._pictures.addWidget(button)
        self._pictures.addStretch(1)

    def _choose(self, result: HistoryResult) -> None:
        self._result = result
        self._mirror()

    def _mirror(self) -> None:
        entry, result = self._entry, self._result
        if entry is None:
            return
        revised = result.revised_prompt if result is not None else None
        differs = bool(revised) and revised != entry.prompt
        self._set(self._revised, tr("Revised: {prompt}", prompt=revised) if differs else "")
        self._set(self._failure, failure_text(entry))
        facts, is_open = facts_text(entry, result), self.more.isChecked()
        self._summary.setText(tr("Details") if is_open else facts)
        self._set(self._parameters, parameters_text(entry), is_open)
        self._set(self._facts, facts, is_open)
        # Whoever asks the provider why nothing came needs the number at once.
        self._set(self._request, request_text(entry), is_open or not entry.results)
        self._words.fit()
        self.reuse.setEnabled(self._available)
        self.apply.setEnabled(self._available and result is not None)
        self.reference.setEnabled(self._available and result is not None)
        for button in (self.save, self.save_raw):
            button.setEnabled(result is not None)

    @staticmethod
    def _set(label: QLabel, text: str, is_open: bool = True) -> None:
        label.setText(text)
        label.setVisible(is_open and bool(text))
