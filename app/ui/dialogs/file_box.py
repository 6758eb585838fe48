"""A choice between automatic, none, and a file that is looked for in a dialog. Knows no setting."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from app.base.text import tr
from app.ui.widgets.fields import ChoiceBox

AUTOMATIC, NONE = "auto", "none"
_ASK = "?"


class FileBox(ChoiceBox):
    """Shows "auto", "none" or a path by its name."""

    file_chosen = Signal(str)
    """"auto", "none" or a path."""

    def __init__(self, name: str, title: str, patterns: str, parent: QWidget | None = None) -> None:
        """`patterns` are those of the files that fit, such as "*.icc *.icm"."""
        super().__init__(name, title, parent)
        self._title = title
        self._patterns = patterns
        self._value = AUTOMATIC
        self.chosen.connect(self._take)

    def show_value(self, value: str) -> None:
        """Show this as the one that is chosen."""
        self._value = value
        choices: list[tuple[str, object]] = [(tr("Automatic"), AUTOMATIC), (tr("None"), NONE)]
        if value not in (AUTOMATIC, NONE):
            choices.append((Path(value).name, value))
        self.show_choices([*choices, (tr("File…"), _ASK)], value)
        self.setToolTip(value if value not in (AUTOMATIC, NONE) else "")

    def _take(self, value: object) -> None:
        if value != _ASK:
            self.file_chosen.emit(str(value))
            return
        # What was chosen before stays until there is a file.
        self.show_value(self._value)
        folder = str(Path(self._value).parent) if self._value not in (AUTOMATIC, NONE) else ""
        dialog = QFileDialog(self, self._title, folder)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        patterns = f"({self._patterns} {self._patterns.upper()})"
        dialog.setNameFilters([f"{self._title} {patterns}", tr("All files") + " (*)"])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.file_chosen)
        dialog.open()
