"""Form controls: a number with a slider, a choice, both of which may be unset, and the rows they stand in.

The controls hold no state of their own: `show_value` mirrors the session, and the user's change is emitted
and comes back through `show_value`. An unset value is shown as a word, and is None in the signals.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, QStringListModel, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QValidator, QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QCompleter,
    QDoubleSpinBox,
    QHBoxLayout,
    QSizePolicy,
    QSlider,
    QStyle,
    QStyleOptionComboBox,
    QToolButton,
    QWidget,
)

from app.base.text import tr
from app.ui.icons import draw_icon, icon
from app.ui.theme import LABEL_WIDTH, ROW_HEIGHT, SPACE
from app.ui.widgets.labels import ElidedLabel

SLIDER_STEPS = 1000
BOX_WIDTH = 88
SEED_WIDTH = 124
"""Room for ten digits and the arrow that goes back to automatic."""
BOX_HEIGHT = 26
ROUND_THE_TEXT = 4
"""Pixels that a combo box leaves beside its text."""


class NumberBox(QDoubleSpinBox):
    """A number; where it is optional its lowest place means "not set" and shows a word."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setKeyboardTracking(False)
        self.setDecimals(0)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        # WORKAROUND: a spin box whose buttons have no size leaves out the right padding of its style (Qt 6.11).
        self.lineEdit().setTextMargins(0, 0, SPACE // 2, 0)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        if self._means_unset(text):
            return (QValidator.State.Acceptable, text, position)
        state, fixed, place = super().validate(text, position)
        return (state, fixed, place)

    def valueFromText(self, text: str) -> float:
        """An emptied field is "not set"."""
        return self.minimum() if self._means_unset(text) else super().valueFromText(text)

    def _means_unset(self, text: str) -> bool:
        bare = text.removesuffix(self.suffix()).strip()
        return not bare and bool(self.specialValueText())


class CalmSlider(QSlider):
    """A slider that the wheel moves only once it has the focus, so that scrolling a panel changes nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class ComboBox(QComboBox):
    """A combo box with the house's arrow; the wheel passes unless it has the focus."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)

    def setAccessibleName(self, name: str) -> None:
        """The list that drops down takes the focus, and has the same name."""
        super().setAccessibleName(name)
        self.view().setAccessibleName(name)

    def sizeHint(self) -> QSize:
        """Room for the text, and for what is left beside it."""
        hint = super().sizeHint()
        return QSize(hint.width() + ROUND_THE_TEXT, hint.height())

    def initStyleOption(self, option: QStyleOptionComboBox) -> None:
        """What has no room ends in an ellipsis: half a price would be another price."""
        super().initStyleOption(option)
        field = QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, field, self).width()
        option.currentText = self.fontMetrics().elidedText(
            option.currentText, Qt.TextElideMode.ElideRight, room - ROUND_THE_TEXT
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        group = QPalette.ColorGroup.Normal if self.isEnabled() else QPalette.ColorGroup.Disabled
        colour = self.palette().color(group, QPalette.ColorRole.ButtonText).name()
        draw_icon(
            painter, "chevron-down", QRectF(self.width() - 20, (self.height() - 14) / 2, 14, 14), colour
        )
        painter.end()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class ChoiceBox(ComboBox):
    """One of several values, with an "automatic" first where it may be unset."""

    chosen = Signal(object)
    opening = Signal()
    """The list is about to drop down: the moment to list what came meanwhile."""

    def __init__(self, name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.activated.connect(lambda index: self.chosen.emit(self.itemData(index)))

    def showPopup(self) -> None:
        self.opening.emit()
        super().showPopup()

    def set_typing(self, allowed: bool) -> None:
        """Let the user type a value that is not listed, or not."""
        if allowed == self.isEditable():
            return
        self.setEditable(allowed)
        line = self.lineEdit()
        if line is not None:
            self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
            line.setAccessibleName(self.accessibleName())
            line.setCursorPosition(0)
            line.editingFinished.connect(self._take_typed)

    def set_completions(self, words: Sequence[str]) -> None:
        """What completes a text that is being typed, besides what is listed; anything else may be typed too."""
        if not self.isEditable():
            return
        completer = self.completer()
        model = completer.model() if completer is not None else None
        if isinstance(model, QStringListModel):
            model.setStringList(list(words))
            return
        completer = QCompleter(list(words), self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.setCompleter(completer)

    def _take_typed(self) -> None:
        text = self.currentText().strip()
        listed = self.findText(text)
        value = self.itemData(listed) if listed >= 0 else text
        if text and value != self.currentData():
            self.chosen.emit(value)

    def show_choices(self, choices: Sequence[tuple[str, object]], value: object) -> None:
        """List (title, value) pairs and choose `value`; an unlisted value is appended so that it is seen."""
        listed = list(choices)
        if value not in [each for _, each in listed]:
            listed.append((str(value), value))
        if [(self.itemText(i), self.itemData(i)) for i in range(self.count())] != listed:
            self.clear()
            for title, each in listed:
                self.addItem(title, each)
        index = [each for _, each in listed].index(value)
        self.setCurrentIndex(index)
        if self.isEditable():
            self.setEditText(listed[index][0])
            line = self.lineEdit()
            if line is not None:
                line.setCursorPosition(0)


class NumberField(QWidget):
    """A slider beside a number box. `edited` carries the user's number, or None for "not set"."""

    edited = Signal(object)

    def __init__(self, name: str, title: str, parent: QWidget | None = None, *, slider: bool = True) -> None:
        super().__init__(parent)
        self._minimum, self._maximum, self._step = 0.0, 100.0, 1.0
        self._default: float | None = None
        self._optional = False
        self._curve = 1.0
        self.slider = CalmSlider()
        self.slider.setRange(0, SLIDER_STEPS)
        self.slider.setAccessibleName(tr("{title}, slider", title=title))
        if not slider:
            # Never shown before it has a parent: it would be a window of its own for a moment.
            self.slider.hide()
        self.box = NumberBox()
        self.box.setObjectName(name)
        self.box.setAccessibleName(title)
        self.box.setFixedWidth(BOX_WIDTH if slider else SEED_WIDTH)
        self.reset = QToolButton(self.box)
        self.reset.setIcon(icon("rotate-ccw"))
        self.reset.setToolTip(tr("Back to automatic: it will not be sent"))
        self.reset.setAccessibleName(tr("{title}: back to automatic", title=title))
        self.reset.setFixedSize(22, 22)
        self.reset.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.reset.setCursor(Qt.CursorShape.ArrowCursor)
        self.reset.move(2, (BOX_HEIGHT - self.reset.height()) // 2)
        self.reset.hide()
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        row.addWidget(self.slider, 1)
        if not slider:
            row.addStretch(1)
        row.addWidget(self.box)
        self.setFocusProxy(self.box)
        self.slider.valueChanged.connect(self._slid)
        self.box.valueChanged.connect(self._typed)
        self.reset.clicked.connect(lambda: self.edited.emit(None))
        self.configure(minimum=0, maximum=100)

    def configure(
        self,
        *,
        minimum: float,
        maximum: float,
        step: float = 1.0,
        decimals: int = 0,
        default: float | None = None,
        unset_text: str = "",
        suffix: str = "",
        curve: float = 1.0,
    ) -> None:
        """Set the range. An `unset_text` makes the value optional; `curve` > 1 gives low values more way."""
        self._minimum, self._maximum, self._step = minimum, maximum, step
        self._default, self._optional, self._curve = default, bool(unset_text), curve
        self.box.blockSignals(True)
        self.box.setDecimals(decimals)
        self.box.setSingleStep(step)
        self.box.setSpecialValueText(unset_text)
        self.box.setRange(minimum - step if self._optional else minimum, maximum)
        self.box.setSuffix(suffix)
        self.box.blockSignals(False)
        self.reset.setVisible(False)

    def show_value(self, value: float | None) -> None:
        """Mirror a value of the session; None = not set."""
        unset = value is None
        shown = self._default if value is None else value
        if shown is None:
            shown = self._minimum
        for widget in (self.box, self.slider):
            widget.blockSignals(True)
            if widget.property("unset") != unset:
                widget.setProperty("unset", unset)
                widget.style().unpolish(widget)
                widget.style().polish(widget)
        self.box.setValue(self.box.minimum() if unset else shown)
        self.slider.setValue(self._place(shown))
        for widget in (self.box, self.slider):
            widget.blockSignals(False)
        self.reset.setVisible(self._optional and not unset)

    def add_control(self, widget: QWidget) -> None:
        """Put another control before the number, so that the numbers of all rows stay in one column."""
        self._row.insertWidget(self._row.indexOf(self.box), widget)

    def _place(self, value: float) -> int:
        span = max(self._maximum - self._minimum, 1e-9)
        share = min(max((value - self._minimum) / span, 0.0), 1.0)
        return round(SLIDER_STEPS * float(share ** (1 / self._curve)))

    def _slid(self, place: int) -> None:
        share = (place / SLIDER_STEPS) ** self._curve
        raw = self._minimum + share * (self._maximum - self._minimum)
        value = self._minimum + round((raw - self._minimum) / self._step) * self._step
        self.edited.emit(round(min(value, self._maximum), 6))

    def _typed(self, value: float) -> None:
        unset = self._optional and value < self._minimum
        self.edited.emit(None if unset else round(value, 6))


def beside(control: QWidget, *buttons: QWidget) -> QWidget:
    """A control with small buttons at its right, to stand in one form row."""
    whole = QWidget()
    row = QHBoxLayout(whole)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(SPACE // 2)
    row.addWidget(control, 1)
    for button in buttons:
        row.addWidget(button)
    whole.setFocusProxy(control)
    return whole


class FormRow(QWidget):
    """A label of the common width and a control; hidden and shown as one."""

    def __init__(self, title: str, control: QWidget, tip: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.control = control
        self.label = ElidedLabel(title)
        self.label.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.label.setFixedWidth(LABEL_WIDTH)
        self.label.setProperty("role", "muted")
        self.label.setBuddy(control)
        if tip:
            self.setToolTip(tip)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        row.addWidget(self.label)
        row.addWidget(control, 1)
        if control.sizePolicy().horizontalPolicy() is QSizePolicy.Policy.Fixed:
            row.setAlignment(control, Qt.AlignmentFlag.AlignLeft)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setMinimumHeight(ROW_HEIGHT)
