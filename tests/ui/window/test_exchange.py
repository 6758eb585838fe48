"""What comes in and goes out: opening, drops, the clipboard, exports, files that are dragged out."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QWidget

from app.base.geometry import Point
from app.base.notices import Level
from app.imaging.load import load_photograph
from app.imaging.save import ExportOptions, FileFormat, Saved
from app.session.document_session import ExportTarget, Stage
from app.ui.dialogs.export import ExportDialog, losses
from app.ui.panels.empty_view import PhotographButton
from tests.ui.window.conftest import Window, eventually


def _drop(target: QWidget, data: QMimeData) -> bool:
    """Drag `data` over `target` and let it go; False when nobody wanted it."""
    action, button = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(10, 10), action, data, button, none)
    QApplication.sendEvent(target, enter)
    if not enter.isAccepted():
        return False
    QApplication.sendEvent(target, QDropEvent(QPointF(10, 10), action, data, button, none, QEvent.Type.Drop))
    return True


def _open_dialogs(window: Window, kind: type[QWidget]) -> list[QWidget]:
    return [each for each in window.frame.findChildren(kind) if each.isVisible()]


async def test_a_sample_is_one_click_away(window: Window) -> None:
    buttons = window.desk.empty.findChildren(PhotographButton)
    assert len(buttons) == 5
    assert all(not each.icon().isNull() for each in buttons)
    QTest.mouseClick(buttons[0], Qt.MouseButton.LeftButton)
    await eventually(lambda: window.workspace.current and window.session.stage is Stage.READY)
    assert window.session.path == buttons[0].path


async def test_files_can_be_dropped_on_the_window(window: Window, photograph: Path, samples: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(photograph)), QUrl.fromLocalFile(str(samples / "rocket.jpg"))])
    assert _drop(window.frame, data)
    await eventually(lambda: [d.stage for d in window.workspace.documents] == [Stage.READY, Stage.READY])


async def test_text_is_not_welcome_as_a_photograph(window: Window) -> None:
    data = QMimeData()
    data.setText("a sentence")
    assert not _drop(window.frame, data)


async def test_the_prompt_leaves_files_to_the_window(window: Window, photograph: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(photograph))])
    assert not window.desk.edit.prompt.canInsertFromMimeData(data)
    data = QMimeData()
    data.setText("a red door")
    assert window.desk.edit.prompt.canInsertFromMimeData(data)


async def test_a_picture_is_pasted_and_the_result_copied(window: Window) -> None:
    image = QImage(40, 30, QImage.Format.Format_RGB32)
    image.fill(0xFF336699)
    QGuiApplication.clipboard().setImage(image)
    window.desk.actions.run("edit.paste")
    await eventually(lambda: window.workspace.current and window.session.stage is Stage.READY)
    assert (
        (window.session.size.width, window.session.size.height) == (40, 30) if window.session.size else False
    )
    QGuiApplication.clipboard().clear()
    window.desk.actions.run("edit.copy")
    await eventually(lambda: not QGuiApplication.clipboard().image().isNull())
    copied = QGuiApplication.clipboard().image()
    assert (copied.width(), copied.height()) == (40, 30)
    assert copied.pixelColor(20, 15).name() == "#336699"


async def test_pasting_nothing_is_told(window: Window) -> None:
    QGuiApplication.clipboard().setText("no picture")
    window.desk.actions.run("edit.paste")
    await eventually(lambda: window.desk.notices.shown)
    assert "clipboard" in window.desk.notices.shown[0].text
    assert window.workspace.documents == ()


async def test_a_file_that_is_no_picture_is_told_and_leaves_no_tab(window: Window, tmp_path: Path) -> None:
    path = tmp_path / "broken.jpg"
    path.write_bytes(b"not a picture at all")
    window.desk.open_files([path])
    await eventually(lambda: window.desk.notices.shown)
    assert window.desk.notices.shown[0].level is Level.ERROR
    await eventually(lambda: window.workspace.documents == ())
    window.key(Qt.Key.Key_Escape, widget=window.frame)
    assert window.desk.notices.shown == ()


async def test_the_open_dialog_does_not_block_and_opens_what_was_chosen(
    window: Window, photograph: Path
) -> None:
    window.desk.actions.run("file.open")
    await eventually(lambda: _open_dialogs(window, QFileDialog))
    dialog = _open_dialogs(window, QFileDialog)[0]
    assert isinstance(dialog, QFileDialog)
    name = dialog.findChild(QLineEdit, "fileNameEdit")
    assert isinstance(name, QLineEdit)
    name.setText(str(photograph))
    QTest.keyClick(name, Qt.Key.Key_Return)
    await eventually(lambda: window.workspace.current and window.session.stage is Stage.READY)
    assert window.session.name == "disc.png"
    assert window.workspace.settings.value.files.recent[0] == str(photograph.resolve())
    window.desk.recent.aboutToShow.emit()
    assert [each.text() for each in window.desk.recent.actions()] == [f"disc.png — {photograph.parent.name}"]


async def test_export_as_says_what_is_lost_and_export_again_repeats(
    window: Window, photograph: Path, tmp_path: Path
) -> None:
    session = await window.open(photograph)
    window.desk.actions.run("file.exportAgain")
    await eventually(lambda: _open_dialogs(window, ExportDialog))
    dialog = _open_dialogs(window, ExportDialog)[0]
    assert isinstance(dialog, ExportDialog)
    assert dialog.path == photograph.parent / "disc-edit.png"
    dialog.file.setText(str(tmp_path / "no folder" / "a.png"))
    assert not dialog.export.isEnabled()
    dialog.file.setText(str(tmp_path / "a.doc"))
    assert not dialog.export.isEnabled()
    target = tmp_path / "out.jpg"
    dialog.file.setText(str(target))
    assert dialog.file_format is FileFormat.JPEG
    dialog.quality.edited.emit(70.0)
    dialog.export.click()
    await eventually(target.is_file)
    await eventually(lambda: session.export_target is not None)
    assert session.export_target is not None
    assert session.export_target.options == ExportOptions(quality=70)
    window.stroke(Point(10, 10), Point(40, 40))
    target.unlink()
    window.desk.actions.run("file.exportAgain")
    await eventually(target.is_file)
    assert _open_dialogs(window, ExportDialog) == []
    await eventually(lambda: session.is_exported)
    assert session.is_modified


async def test_another_file_is_replaced_only_when_that_was_said(
    window: Window, photograph: Path, tmp_path: Path
) -> None:
    session = await window.open(photograph)
    other = tmp_path / "other.png"
    other.write_bytes(b"somebody's work")
    window.desk.actions.run("file.export")
    await eventually(lambda: _open_dialogs(window, ExportDialog))
    dialog = _open_dialogs(window, ExportDialog)[0]
    assert isinstance(dialog, ExportDialog)
    dialog.file.setText(str(other))
    QTest.keyClick(dialog.file, Qt.Key.Key_Return)
    assert dialog.isVisible()
    assert dialog.export.text() == "Replace"
    dialog.file.setText(str(tmp_path / "new.png"))
    assert dialog.export.text() == "Export"
    dialog.file.setText(str(other))
    QTest.keyClick(dialog.file, Qt.Key.Key_Return)
    await eventually(lambda: session.export_target is not None)
    assert other.read_bytes().startswith(b"\x89PNG")

    window.desk.actions.run("file.export")
    await eventually(lambda: _open_dialogs(window, ExportDialog))
    dialog = _open_dialogs(window, ExportDialog)[0]
    assert isinstance(dialog, ExportDialog)
    assert dialog.path == other
    QTest.keyClick(dialog.file, Qt.Key.Key_Return)
    await eventually(lambda: not _open_dialogs(window, ExportDialog))


async def test_an_export_that_cannot_be_written_is_told(
    window: Window, photograph: Path, tmp_path: Path
) -> None:
    session = await window.open(photograph)
    await session.export(tmp_path / "first.png", ExportOptions())
    window.stroke(Point(10, 10), Point(40, 40))
    blocked = tmp_path / "first.png"
    blocked.unlink()
    blocked.mkdir()
    window.desk.actions.run("file.exportAgain")
    await eventually(lambda: window.desk.notices.shown)
    assert window.desk.notices.shown[0].level is Level.ERROR
    assert session.is_modified


@pytest.mark.parametrize(
    ("channels", "depth", "file_format", "words"),
    [
        (4, np.uint8, FileFormat.JPEG, ("Transparency", "compressed")),
        (3, np.uint16, FileFormat.WEBP, ("16 bits", "compressed")),
        (4, np.uint16, FileFormat.PNG, ()),
    ],
)
async def test_losses_are_named(
    tmp_path: Path, channels: int, depth: type, file_format: FileFormat, words: tuple[str, ...]
) -> None:
    picture = np.zeros((8, 8, channels), depth)
    picture[:4] = np.iinfo(depth).max // 2
    cv2.imwrite(str(tmp_path / "p.png"), picture)
    found = losses(load_photograph(tmp_path / "p.png"), file_format, ExportOptions())
    assert len(found) == len(words)
    assert all(word in sentence for word, sentence in zip(words, found, strict=True))


async def test_an_export_is_told_while_it_is_written(
    window: Window, photograph: Path, tmp_path: Path
) -> None:
    session = await window.open(photograph)
    told: list[str] = []
    activity = window.desk.status.activity
    original = session.export

    async def watched(path: Path, options: ExportOptions) -> Saved:
        told.append(activity.text())
        assert activity.isVisibleTo(window.frame)
        return await original(path, options)

    session.export_target = ExportTarget(tmp_path / "out.png", ExportOptions())
    session.export = watched  # type: ignore[method-assign]
    assert await window.desk.files.export_again()
    assert told == ["Exporting “out.png”…"]
    assert not activity.isVisibleTo(window.frame)
