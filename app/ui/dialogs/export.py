"""Export as: where to, in which format, how good, and what that format cannot keep."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.base.errors import OutputError
from app.base.text import tr
from app.imaging.save import ExportOptions, FileFormat, format_for
from app.ui.dialogs.answers import answer
from app.ui.theme import SPACE
from app.ui.widgets.fields import ChoiceBox, FormRow, NumberField
from app.ui.widgets.labels import make_label
from app.ui.wording import size_text

if TYPE_CHECKING:
    from app.imaging.photograph import Photograph


def losses(photograph: Photograph, file_format: FileFormat, options: ExportOptions) -> list[str]:
    """What a file of this format would not keep of the photograph, a sentence each."""
    found = []
    if photograph.has_alpha and not file_format.keeps_alpha:
        found.append(tr("Transparency is lost: it will be laid on white."))
    if photograph.bits > 8 and not file_format.keeps_16_bit:
        found.append(tr("16 bits per channel become 8."))
    if file_format.has_quality and not (file_format.lossless_possible and options.lossless):
        found.append(tr("The whole photograph is compressed anew: pixels change a little everywhere."))
    return found


class ExportDialog(QDialog):
    """Mirrors nothing: what was chosen is read from `path` and `options` after it was accepted.

    A file that is there already is only replaced after a second press, on a button that says so; `own` is
    the file that this photograph was exported to before, which needs no question.
    """

    def __init__(
        self,
        photograph: Photograph,
        suggested: Path,
        options: ExportOptions,
        parent: QWidget | None = None,
        *,
        own: Path | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("exportDialog")
        self.setWindowTitle(tr("Export as"))
        self._photograph = photograph
        self._agreed = own
        self.file = QLineEdit(str(suggested))
        self.file.setObjectName("exportPath")
        self.file.setAccessibleName(tr("File"))
        self.file.setMinimumWidth(360)
        browse = QPushButton(tr("Browse…"))
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        where = QWidget()
        row = QHBoxLayout(where)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        row.addWidget(self.file, 1)
        row.addWidget(browse)
        where.setFocusProxy(self.file)
        self.format = ChoiceBox("exportFormat", tr("Format"))
        self.format.chosen.connect(self._choose_format)
        self.quality = NumberField("exportQuality", tr("Quality"))
        self.quality.configure(minimum=1, maximum=100)
        self.quality.edited.connect(self._set_quality)
        self.lossless = QCheckBox(tr("Lossless"))
        self.lossless.setObjectName("exportLossless")
        self.lossless.setChecked(options.lossless)
        self.lossless.toggled.connect(lambda on: self._mirror())
        self._quality_row = FormRow(tr("Quality"), self.quality)
        self._notes = make_label(role="muted", wrap=True)
        self._question = make_label(role="warning", wrap=True)
        self._error = make_label(role="error", wrap=True)
        self._value = options.quality
        self._lay_out(where)
        self.file.textChanged.connect(lambda text: self._mirror())
        self._mirror()

    @property
    def path(self) -> Path:
        return Path(self.file.text().strip()).expanduser()

    @property
    def options(self) -> ExportOptions:
        return ExportOptions(quality=self._value, lossless=self.lossless.isChecked())

    @property
    def file_format(self) -> FileFormat | None:
        """The format that the suffix names."""
        try:
            return format_for(self.path)
        except OutputError:
            return None

    def accept(self) -> None:
        """Take what is chosen, unless another file would be replaced and nobody said so yet."""
        if self.path.exists() and self.path != self._agreed:
            self._agreed = self.path
            self._mirror()
        else:
            super().accept()

    def _lay_out(self, where: QWidget) -> None:
        size = make_label(tr("{size} px, not scaled", size=size_text(self._photograph.size)), "muted")
        cancel = QPushButton(tr("Cancel"))
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        self.export = QPushButton(tr("Export"))
        self.export.setObjectName("exportNow")
        self.export.setDefault(True)
        self.export.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE)
        buttons.addWidget(size)
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.export)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE * 2, SPACE * 2, SPACE * 2, SPACE * 2)
        column.setSpacing(SPACE)
        column.addWidget(FormRow(tr("File"), where))
        column.addWidget(FormRow(tr("Format"), self.format))
        column.addWidget(self._quality_row)
        column.addWidget(self.lossless)
        column.addWidget(self._notes)
        column.addWidget(self._question)
        column.addWidget(self._error)
        column.addSpacing(SPACE)
        column.addLayout(buttons)
        self.setMinimumWidth(560)

    def _choose_format(self, file_format: FileFormat) -> None:
        self.file.setText(str(self.path.with_suffix(file_format.suffixes[0])))

    def _set_quality(self, value: float) -> None:
        self._value = round(value)
        self._mirror()

    def _browse(self) -> None:
        dialog = QFileDialog(self, tr("Export as"), str(self.path.parent))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)
        dialog.selectFile(self.path.name)
        dialog.setDefaultSuffix(self.path.suffix.lstrip("."))
        dialog.fileSelected.connect(self.file.setText)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _mirror(self) -> None:
        found = self.file_format
        choices: list[tuple[str, object]] = [(each.title, each) for each in FileFormat]
        self.format.show_choices(choices if found else [(tr("Choose a format"), None), *choices], found)
        error = self._problem()
        self._error.setText(error)
        self._error.setVisible(bool(error))
        self.export.setEnabled(not error)
        quality = found is not None and found.has_quality
        self.lossless.setVisible(quality and found is not None and found.lossless_possible)
        self._quality_row.setVisible(
            quality and not (self.lossless.isChecked() and not self.lossless.isHidden())
        )
        self.quality.show_value(self._value)
        notes = losses(self._photograph, found, self.options) if found else []
        exists = not error and self.path.exists()
        asked = exists and self.path == self._agreed
        self.export.setText(tr("Replace") if asked else tr("Export"))
        self._question.setText(
            tr("“{name}” is there already. Replace it?", name=self.path.name)
            if asked
            else tr("“{name}” is there already.", name=self.path.name)
        )
        self._question.setVisible(exists)
        self._notes.setText("\n".join(notes))
        self._notes.setVisible(bool(notes))

    def _problem(self) -> str:
        if not self.file.text().strip() or not self.path.name:
            return tr("Name a file.")
        if self.file_format is None:
            return tr("Its ending tells no format that Maskroom can write.")
        if self.path.is_dir():
            return tr("This is a folder; name a file in it.")
        if not self.path.absolute().parent.is_dir():
            return tr("There is no such folder.")
        return ""


async def ask_export(
    photograph: Photograph,
    suggested: Path,
    options: ExportOptions,
    parent: QWidget,
    own: Path | None = None,
) -> tuple[Path, ExportOptions] | None:
    """Where and how to export; None when the dialog was cancelled."""
    dialog = ExportDialog(photograph, suggested, options, parent, own=own)
    return (dialog.path.absolute(), dialog.options) if await answer(dialog) else None
