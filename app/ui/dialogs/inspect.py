"""Inspect request: what Generate would send, as it would leave, down to the byte. Nothing is sent from here.

It follows the photograph in front: when the mask, the form or the region changes, it shows the new request.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.base.errors import MaskroomError
from app.base.geometry import Size
from app.base.text import tr
from app.gateways.types import PictureForm
from app.session.inspecting import (
    REQUEST_ID,
    ShownFile,
    ShownRequest,
    command_for,
    inspect_next,
    write_command_files,
)
from app.ui.links import Links
from app.ui.pictures import image_of_rgb
from app.ui.tasks import OwnTasks, Tasks
from app.ui.theme import SPACE
from app.ui.widgets.labels import make_button, make_label
from app.ui.widgets.mask_picture import draw_checkerboard
from app.ui.wording import bytes_text, size_text

if TYPE_CHECKING:
    from app.session.workspace import Workspace

PICTURE = Size(300, 220)
NAMES = 148
"""Width of the column with the names of headers and fields."""


class SentPicture(QWidget):
    """One picture, over a checkerboard, as large as it is shown."""

    def __init__(self, image: QImage, title: str) -> None:
        super().__init__()
        self.image = image
        self.setAccessibleName(title)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return self.image.size()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        rect = QRect(0, 0, self.image.width(), self.image.height())
        if self.image.hasAlphaChannel():
            draw_checkerboard(painter, rect)
        painter.drawImage(rect, self.image)
        painter.end()


class InspectDialog(QDialog):
    """The pictures at the left; where it goes, headers, fields and notes at the right."""

    def __init__(self, workspace: Workspace, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("inspectDialog")
        self.setWindowTitle(tr("Inspect request"))
        self._workspace = workspace
        self.tasks = OwnTasks(tasks)
        self._links, self._session_links = Links(), Links()
        self._busy = self._again = False
        self.shown: ShownRequest | None = None
        self.state = make_label(role="muted", wrap=True)
        self.state.setObjectName("inspectState")
        self.copy = make_button("copyCurl", tr("Copy as curl"))
        self.files = make_button("saveCurl", tr("Save for curl…"))
        self.done_button = make_button("closeInspect", tr("Close"))
        self._lay_out()
        self.copy.clicked.connect(self.copy_command)
        self.files.clicked.connect(self._ask_folder)
        self.done_button.clicked.connect(self.accept)
        self._links.add(workspace.current_changed.connect(self._follow))
        self.finished.connect(lambda code: self.detach())
        self.resize(920, 680)
        self._follow()

    def detach(self) -> None:
        """Follow the photograph no more."""
        self._again = False
        self._links.clear()
        self._session_links.clear()

    def copy_command(self) -> None:
        """Put the command onto the clipboard, with the name of the key's variable in it."""
        if self.shown is not None:
            QGuiApplication.clipboard().setText(self._command(self.shown))
            self.state.setText(tr("Copied. It reads the files that “Save for curl…” writes."))
            self.state.show()

    def save_files(self, folder: Path) -> None:
        """Write the command and the files that it reads into `folder`."""
        if self.shown is not None:
            self.tasks.start(self._save(self.shown, folder), "inspect")

    def _lay_out(self) -> None:
        self._pictures = QVBoxLayout()
        self._pictures.setSpacing(SPACE)
        self._words = QVBoxLayout()
        self._words.setSpacing(SPACE // 2)
        body = QWidget()
        columns = QHBoxLayout(body)
        columns.setContentsMargins(SPACE * 2, SPACE * 2, SPACE * 2, SPACE)
        columns.setSpacing(SPACE * 3)
        columns.addLayout(self._pictures)
        columns.addLayout(self._words, 1)
        scroll = QScrollArea()
        scroll.setWidget(body)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setAccessibleName(tr("The request"))
        buttons = QHBoxLayout()
        buttons.setContentsMargins(SPACE * 2, 0, SPACE * 2, SPACE * 2)
        buttons.setSpacing(SPACE)
        buttons.addWidget(self.state, 1)
        for button in (self.copy, self.files, self.done_button):
            buttons.addWidget(button)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll, 1)
        whole.addLayout(buttons)

    def _follow(self) -> None:
        self._session_links.clear()
        session = self._workspace.current
        if session is not None:
            self._session_links.add(
                session.planning.changed.connect(self._look),
                session.form.changed.connect(lambda field: self._look()),
            )
        self._look()

    def _look(self) -> None:
        """Show the request as it is now, or as it is when the look that runs has ended."""
        self._again = True
        if not self._busy:
            self._busy = True
            self.tasks.start(self._keep_looking(), "inspect")

    async def _keep_looking(self) -> None:
        try:
            while self._again:
                self._again = False
                await self._look_now()
        finally:
            self._busy = False

    async def _look_now(self) -> None:
        session, shown, words = self._workspace.current, None, tr("Open a photograph first.")
        if session is not None:
            words = tr("Nothing is painted yet. Paint over what should change.")
            try:
                shown = await inspect_next(self._workspace, session, PICTURE)
            except MaskroomError as error:
                words = f"{error.message} {error.hint}".strip()
        is_another = shown is None or self.shown is None or shown.inspection != self.shown.inspection
        self.shown = shown
        self._clear()
        if is_another:
            # What was done with the request stays told as long as that is what is shown.
            self.state.setText("" if shown is not None else words)
        self.copy.setEnabled(shown is not None and not shown.inspection.stays_here)
        self.files.setEnabled(self.copy.isEnabled())
        if shown is not None:
            self._show(shown)

    def _show(self, shown: ShownRequest) -> None:
        inspection = shown.inspection
        for each in shown.pictures:
            self._pictures.addWidget(SentPicture(image_of_rgb(each.pixels), _picture_title(each)))
            self._pictures.addWidget(make_label(_picture_words(each), "muted"))
        self._pictures.addStretch(1)
        self._section(
            tr("Where it goes"),
            [
                (inspection.method, inspection.url),
                (tr("Host"), tr("inside Maskroom, nothing leaves this computer") if inspection.stays_here
                 else inspection.host),
                (tr("Requests"), str(len(inspection.calls))),
                (tr("Size of each"), bytes_text(inspection.body_bytes)),
            ],
        )  # fmt: skip
        for index, fields in enumerate(inspection.fields):
            if index and fields == inspection.fields[0]:
                continue
            title = tr("Fields") if not index else tr("Fields of request {number}", number=index + 1)
            files = [(each.file.name, _file_words(each)) for each in shown.pictures]
            self._section(title, [(name, str(value)) for name, value in fields] + files)
        headers = [
            (name, tr("a new number for each request") if value == REQUEST_ID else value)
            for name, value in inspection.headers
            if name != "Authorization" or shown.has_key
        ]
        self._section(tr("Headers"), headers)
        notes = list(inspection.notes)
        if inspection.sends_key and not shown.has_key:
            notes.append(tr("No key is stored, so no Authorization header goes along."))
        if shown.left_out:
            notes.append(tr("Set but not taken by the model, so not sent: {names}.",
                            names=", ".join(shown.left_out)))  # fmt: skip
        self._words.addSpacing(SPACE)
        for note in notes:
            self._words.addWidget(make_label(note, "muted", wrap=True))
        self._words.addStretch(1)

    def _section(self, title: str, rows: list[tuple[str, str]]) -> None:
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, SPACE)
        grid.setHorizontalSpacing(SPACE)
        grid.setVerticalSpacing(SPACE // 2)
        grid.setColumnMinimumWidth(0, NAMES)
        grid.setColumnStretch(1, 1)
        grid.addWidget(make_label(title, "heading"), 0, 0, 1, 2)
        for row, (name, value) in enumerate(rows, start=1):
            label = make_label(name, "muted", selectable=True)
            label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
            grid.addWidget(label, row, 0)
            grid.addWidget(make_label(value, wrap=True, selectable=True), row, 1)
        self._words.addWidget(holder)

    def _clear(self) -> None:
        for column in (self._pictures, self._words):
            while (item := column.takeAt(0)) is not None:
                widget = item.widget()
                if widget is not None:
                    widget.hide()
                    widget.deleteLater()

    def _command(self, shown: ShownRequest) -> str:
        session = self._workspace.current
        assert session is not None, "a request without a photograph"
        return command_for(self._workspace, session.form.provider, shown.inspection)

    def _ask_folder(self) -> None:
        dialog = QFileDialog(self, tr("Save for curl"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda name: self.save_files(Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    async def _save(self, shown: ShownRequest, folder: Path) -> None:
        try:
            written = await write_command_files(shown.inspection, self._command(shown), folder)
        except MaskroomError as error:
            self.state.setText(f"{error.message} {error.hint}".strip())
        else:
            self.state.setText(tr("{count} files are in {folder}; run “sh request.sh” there.",
                                  count=len(written), folder=folder))  # fmt: skip


def _picture_title(each: ShownFile) -> str:
    return tr("The mask") if each.file.is_mask else tr("The picture “{name}”", name=each.file.name)


def _picture_words(each: ShownFile) -> str:
    return f"{each.file.name} · {size_text(each.size)} px · {bytes_text(len(each.file.data))}"


def _file_words(each: ShownFile) -> str:
    file = each.file
    how = {
        PictureForm.FILE: file.filename,
        PictureForm.BASE64: tr("base64"),
        PictureForm.DATA_URL: tr("a data URL"),
        PictureForm.URL_OBJECT: tr("an object with a data URL"),
    }[file.form]
    return f"{how} · {file.media_type} · {bytes_text(len(file.data))}"
