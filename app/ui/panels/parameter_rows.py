"""One row per adjustable parameter of a request, made once and shown exactly when the chosen model takes it.

An unset parameter shows "auto" and is not sent; the row's arrow goes back there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from app.base.text import tr
from app.gateways.types import Band, Parameter, ParameterKind
from app.ui.theme import LABEL_WIDTH, SPACE
from app.ui.widgets.fields import ChoiceBox, FormRow, NumberField
from app.ui.widgets.labels import make_label

if TYPE_CHECKING:
    from app.edits.types import ParameterValue
    from app.session.form import EditForm

STANDARD = {
    "strength": ParameterKind.NUMBER,
    "guidance": ParameterKind.NUMBER,
    "seed": ParameterKind.INTEGER,
    "steps": ParameterKind.INTEGER,
    "quality": ParameterKind.CHOICE,
}
"""Parameters whose controls always exist, shown or hidden; what is changed most often comes first."""
LARGEST_SEED = 2**32 - 1

Store = Callable[[str, "ParameterValue | None"], None]


def _standard_title(name: str) -> str:
    return {
        "strength": tr("Strength"),
        "guidance": tr("Guidance"),
        "steps": tr("Steps"),
        "seed": tr("Seed"),
        "quality": tr("Quality"),
    }[name]


class ParameterRow(QWidget):
    """The control of one parameter, of the kind it was made for, over the provider's advice on its value."""

    def __init__(self, parameter: Parameter, store: Store) -> None:
        super().__init__()
        self._name, self._kind = parameter.name, parameter.kind
        self._store = store
        self.control = self._make_control(parameter)
        self._row = FormRow(parameter.title, self.control, parameter.help)
        self.advice = make_label(role="muted", wrap=True)
        self.advice.setContentsMargins(LABEL_WIDTH + SPACE, 0, 0, SPACE // 2)
        self.advice.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._row)
        column.addWidget(self.advice)

    def adapt(self, parameter: Parameter) -> None:
        """Take up the title, help and range that the chosen model gives this parameter."""
        self._row.label.setText(parameter.title)
        self._row.setToolTip(parameter.help)
        control = self.control
        if isinstance(control, NumberField):
            whole = self._kind is ParameterKind.INTEGER
            least = 0.0 if parameter.minimum is None else parameter.minimum
            most = parameter.maximum
            if most is None:
                most = LARGEST_SEED if parameter.name == "seed" else max(100.0, least + 1)
            default = parameter.default
            known = isinstance(default, (int, float)) and not isinstance(default, bool)
            control.configure(
                minimum=least,
                maximum=most,
                step=parameter.step or (1.0 if whole else 0.05),
                decimals=0 if whole else 2,
                default=float(default) if known and default is not None else None,
                unset_text=tr("random") if parameter.name == "seed" else tr("auto"),
            )

    def show_value(self, parameter: Parameter, value: ParameterValue | None) -> None:
        """Mirror the form's value; None = not set."""
        self._advise(parameter.band(value))
        control = self.control
        if isinstance(control, NumberField):
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            control.show_value(float(value) if number and value is not None else None)
        elif isinstance(control, ChoiceBox):
            unset = (tr("Automatic"), None)
            if self._kind is ParameterKind.FLAG:
                control.show_choices([unset, (tr("On"), True), (tr("Off"), False)], value)
            else:
                control.show_choices([unset, *((each, each) for each in parameter.choices)], value)
        elif isinstance(control, QLineEdit) and not control.hasFocus():
            control.setText("" if value is None else str(value))

    def _advise(self, band: Band | None) -> None:
        self.advice.setVisible(band is not None)
        if band is not None:
            self.advice.setText(band.text)
            role = "warning" if band.warns else "muted"
            if self.advice.property("role") != role:
                self.advice.setProperty("role", role)
                self.advice.style().unpolish(self.advice)
                self.advice.style().polish(self.advice)
            self.control.setAccessibleDescription(band.text)

    def _make_control(self, parameter: Parameter) -> QWidget:
        name, title = parameter.name, parameter.title
        if self._kind in (ParameterKind.NUMBER, ParameterKind.INTEGER):
            field = NumberField(name, title, slider=name != "seed")
            field.edited.connect(self._number_edited)
            return field
        if self._kind in (ParameterKind.CHOICE, ParameterKind.FLAG):
            box = ChoiceBox(name, title)
            box.chosen.connect(lambda value: self._store(name, value))
            return box
        line = QLineEdit()
        line.setObjectName(name)
        line.setAccessibleName(title)
        line.setPlaceholderText(tr("not set"))
        line.editingFinished.connect(lambda: self._store(name, line.text() or None))
        return line

    def _number_edited(self, value: float | None) -> None:
        if value is not None and self._kind is ParameterKind.INTEGER:
            self._store(self._name, round(value))
        else:
            self._store(self._name, value)


class ParameterRows(QWidget):
    """The rows of the standard five, which exist from the start, or those of all other parameters."""

    def __init__(self, store: Store, *, standard: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._standard = standard
        self._rows: dict[str, ParameterRow] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        for name, kind in STANDARD.items() if standard else ():
            self._row(Parameter(name, name, kind, _standard_title(name))).hide()
        self.hide()

    def mirror(self, form: EditForm) -> None:
        """Show the rows of the chosen model with the form's values, and hide all others."""
        parameters = {
            p.name: p
            for p in form.parameters()
            if p.name not in ("n", "size") and (p.name in STANDARD) == self._standard
        }
        for name, parameter in parameters.items():
            row = self._row(parameter)
            row.adapt(parameter)
            row.show_value(parameter, form.values.get(name))
        for name, row in self._rows.items():
            row.setVisible(name in parameters)
        self.setVisible(bool(parameters))

    def show_value(self, form: EditForm, name: str) -> None:
        """Mirror one value."""
        for parameter in form.parameters():
            if parameter.name == name and name in self._rows:
                self._rows[name].show_value(parameter, form.values.get(name))

    def row(self, name: str) -> ParameterRow | None:
        """The row of a parameter, shown or not; None where it was never needed."""
        return self._rows.get(name)

    def _row(self, parameter: Parameter) -> ParameterRow:
        row = self._rows.get(parameter.name)
        if row is None:
            row = self._rows[parameter.name] = ParameterRow(parameter, self._store)
            self._column.addWidget(row)
        return row
