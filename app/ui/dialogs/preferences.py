"""Preferences: a form made from the settings' own declarations. A change holds at once; there is no OK to press."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QColorDialog,
    QDialog,
    QFrame,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.base.text import tr
from app.settings.model import Option, Settings, options_of
from app.ui.links import Links
from app.ui.theme import SPACE
from app.ui.widgets.fields import ChoiceBox, FormRow, NumberField
from app.ui.widgets.labels import make_label

if TYPE_CHECKING:
    from app.settings.store import SettingsStore

Change = Callable[[object], None]
Choices = Mapping[str, Sequence[tuple[str, object]]]
"""Values to choose from, by "section.name", for texts that are not free."""

SWATCH = QSize(28, 16)
LARGEST_SHARE = 10.0
"""A number with a fraction and no more than this is a share, 1 = 100 %."""
LABELS = 120
"""Width of the label column: these titles are longer than those of the panels."""


def section_title(name: str) -> str:
    """What a section of the settings is called."""
    return {
        "canvas": tr("Canvas"),
        "brush": tr("Brush"),
        "pen": tr("Pen and strokes"),
        "steps": tr("Steps that can be taken back"),
        "edit": tr("New edits"),
        "history": tr("History"),
        "export": tr("Export"),
        "session": tr("Open photographs"),
    }.get(name, name.capitalize())


class ColourButton(QToolButton):
    """Shows a colour; a click opens Qt's colour dialog beside the window."""

    def __init__(self, title: str, change: Change) -> None:
        super().__init__()
        self._colour = QColor()
        self._title = title
        self._change = change
        self.setIconSize(SWATCH)
        self.setAccessibleName(title)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.clicked.connect(self._ask)

    def show_value(self, name: str) -> None:
        self._colour = QColor(name)
        swatch = QPixmap(SWATCH)
        swatch.fill(self._colour)
        self.setIcon(QIcon(swatch))
        self.setText(name)

    def _ask(self) -> None:
        dialog = QColorDialog(self._colour, self)
        dialog.setWindowTitle(self._title)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.colorSelected.connect(lambda colour: self._change(colour.name()))
        dialog.open()


class PreferencesDialog(QDialog):
    """One row for each option that is meant to be seen."""

    def __init__(
        self,
        store: SettingsStore,
        change: Callable[[str, str, object], object],
        choices: Choices,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("preferences")
        self.setWindowTitle(tr("Preferences"))
        self._store = store
        self._choices = choices
        self._mirrors: dict[str, Callable[[object], None]] = {}
        self._links = Links()
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(SPACE * 2, SPACE, SPACE * 2, SPACE * 2)
        column.setSpacing(SPACE // 2)
        for section in fields(Settings):
            shown = {
                name: option
                for name, option in options_of(type(getattr(store.value, section.name))).items()
                if option.shown
            }
            if shown:
                heading = make_label(section_title(section.name), "heading")
                heading.setContentsMargins(0, SPACE, 0, SPACE // 2)
                column.addWidget(heading)
            for name, option in shown.items():
                column.addWidget(self._make_row(section.name, name, option, change))
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(body)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close = QPushButton(tr("Close"))
        close.clicked.connect(self.accept)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, SPACE)
        whole.addWidget(scroll, 1)
        whole.addWidget(close, 0, Qt.AlignmentFlag.AlignHCenter)
        self._links.add(store.changed.connect(self._mirror))
        self.finished.connect(lambda code: self._links.clear())
        self._mirror(store.value)
        self.resize(480, 680)

    def _make_row(
        self, section: str, name: str, option: Option, change: Callable[[str, str, object], object]
    ) -> QWidget:
        key, title = f"{section}.{name}", tr(option.title)

        def store(value: object) -> None:
            change(section, name, value)

        control, self._mirrors[key] = self._make_control(key, title, option, store)
        control.setObjectName(control.objectName() or key)
        row = FormRow(title, control, tr(option.help))
        row.label.setFixedWidth(LABELS)
        return row

    def _make_control(
        self, key: str, title: str, option: Option, store: Change
    ) -> tuple[QWidget, Callable[[object], None]]:
        """The control for an option and what shows a value in it."""
        if key in self._choices:
            box = ChoiceBox(key, title)
            box.chosen.connect(store)
            return box, lambda value: box.show_choices(self._choices[key], value)
        if option.kind is bool:
            check = QCheckBox()
            check.setAccessibleName(title)
            check.clicked.connect(store)
            return check, lambda value: check.setChecked(bool(value))
        if option.kind in (int, float):
            return _make_number(key, title, option, store)
        if option.pattern.startswith("#"):
            button = ColourButton(title, store)
            return button, lambda value: button.show_value(str(value))
        line = QLineEdit()
        line.setAccessibleName(title)
        line.editingFinished.connect(lambda: store(line.text().strip()))
        return line, lambda value: line.setText(str(value))

    def _mirror(self, settings: Settings) -> None:
        for key, show in self._mirrors.items():
            section, _, name = key.partition(".")
            show(getattr(getattr(settings, section), name))


def _make_number(
    key: str, title: str, option: Option, store: Change
) -> tuple[NumberField, Callable[[object], None]]:
    """A number as people write it: shares, which are floats of small range, in per cent."""
    whole = option.kind is int
    field = NumberField(key, title)
    least, most = option.minimum or 0.0, 100.0 if option.maximum is None else option.maximum
    unit = 100.0 if not whole and most <= LARGEST_SHARE else 1.0
    field.configure(
        minimum=least * unit,
        maximum=most * unit,
        unset_text=tr("auto") if option.auto else "",
        suffix=" %" if unit > 1 else "",
        curve=2.0 if (most - least) * unit > 200 else 1.0,
    )

    def changed(value: float | None) -> None:
        store("auto" if value is None else round(value) if whole else value / unit)

    def show(value: object) -> None:
        field.show_value(value * unit if isinstance(value, (int, float)) else None)

    field.edited.connect(changed)
    return field, show
