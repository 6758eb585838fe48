"""The bar over the canvas while a change of the mask is tried out: its number, Apply and Cancel.

It mirrors the trial of the document in front and holds none of its own; painting and looking round go on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QPushButton, QWidget

from app.base.text import tr
from app.ui.links import Links
from app.ui.theme import SPACE
from app.ui.widgets.fields import NumberField
from app.ui.widgets.labels import make_label

if TYPE_CHECKING:
    from app.session.mask_changes import Knob
    from app.session.mask_work import MaskWork
    from app.ui.panels.canvas_host import CanvasHost

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_CURVE = 3.0
"""Small numbers are used most and get most of the slider's way."""


class MaskOperationBar(QFrame):
    """Floats at the top of `host`. Enter applies and Esc cancels, in the bar and on the canvas."""

    accepted = Signal()
    left = Signal()
    """The bar went away: the focus belongs to the canvas again."""

    def __init__(self, host: CanvasHost, canvas: QWidget) -> None:
        super().__init__(host)
        self.setObjectName("maskOperation")
        self.setAccessibleName(tr("Mask operation"))
        self._work: MaskWork | None = None
        self._knob: Knob | None = None
        self._links = Links()
        self._title = make_label(role="heading")
        self.amount = NumberField("maskAmount", tr("Amount"))
        self.amount.slider.setFixedWidth(140)
        # What is typed is shown at once.
        self.amount.box.setKeyboardTracking(True)
        self._state = make_label(role="muted")
        self._state.setMinimumWidth(self._state.fontMetrics().horizontalAdvance(_working()))
        self.apply = QPushButton(tr("Apply"))
        self.apply.setObjectName("maskApply")
        self.apply.setDefault(True)
        self.cancel = QPushButton(tr("Cancel"))
        self.cancel.setObjectName("maskCancel")
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE * 2, SPACE, SPACE, SPACE)
        row.setSpacing(SPACE)
        for widget in (self._title, self.amount, self._state, self.apply, self.cancel):
            row.addWidget(widget)
        self._keys = [QShortcut(QKeySequence(key), canvas) for key in _ENTER]
        for key in self._keys:
            key.setContext(Qt.ShortcutContext.WidgetShortcut)
            key.activated.connect(self.accepted)
        self.amount.edited.connect(self._change)
        self.apply.clicked.connect(self.accepted)
        self.cancel.clicked.connect(self.leave)
        host.add_bar(self)
        self._mirror()

    def set_work(self, work: MaskWork | None) -> None:
        """Follow the mask work of the document in front."""
        self._links.clear()
        self._work = work
        if work is not None:
            self._links.add(work.changed.connect(self._mirror))
        self._mirror()

    def detach(self) -> None:
        self._links.clear()

    def leave(self) -> None:
        """End the trial without a change."""
        if self._work is not None:
            self._work.drop_trial()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape or (event.key() in _ENTER and self.cancel.hasFocus()):
            self.leave()
        elif event.key() in _ENTER:
            self.accepted.emit()
        else:
            super().keyPressEvent(event)

    def _change(self, amount: object) -> None:
        if self._work is not None and isinstance(amount, float | int):
            self._work.set_amount(round(amount))

    def _mirror(self) -> None:
        work = self._work
        trial = work.trial if work is not None else None
        focused = QApplication.focusWidget()
        had_focus = focused is not None and self.isAncestorOf(focused)
        knob, self._knob = self._knob, trial.knob if trial is not None else None
        for key in self._keys:
            key.setEnabled(trial is not None)
        if trial is None or work is None:
            self.hide()
            if knob is not None and had_focus:
                self.left.emit()
            return
        if knob is not trial.knob:
            self._show(trial.knob)
        if self.amount.box.value() != trial.amount or knob is not trial.knob:
            self.amount.show_value(trial.amount)
        self._state.setText("" if work.preview is not None else _working())
        if knob is not trial.knob:
            self.show()
            self.raise_()
            self.amount.box.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.amount.box.selectAll()

    def _show(self, knob: Knob) -> None:
        self._title.setText(knob.title)
        self.setToolTip(knob.help)
        unit = f" {knob.unit}"
        self.amount.configure(minimum=knob.minimum, maximum=knob.maximum, suffix=unit, curve=_CURVE)
        self.amount.box.setAccessibleName(tr("{title}, in {unit}", title=knob.title, unit=knob.unit))
        self.amount.box.setAccessibleDescription(knob.help)


def _working() -> str:
    return tr("Working…")
