"""Documents as files: Ctrl+S, Save as, the star, and opening what was saved by dialog, drop and command."""

from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtWidgets import QFileDialog, QLineEdit

from app.base.geometry import Point
from app.base.notices import Level
from app.session.document_session import Stage
from app.ui.transfer import offer_of
from tests.ui.window.conftest import Window, eventually

CTRL = Qt.KeyboardModifier.ControlModifier


def _dialogs(window: Window) -> list[QFileDialog]:
    return [each for each in window.frame.findChildren(QFileDialog) if each.isVisible()]


def _accept(dialog: QFileDialog, path: Path) -> None:
    name = dialog.findChild(QLineEdit, "fileNameEdit")
    assert isinstance(name, QLineEdit)
    name.setText(str(path))
    dialog.accept()


async def _save_as(window: Window, path: Path) -> None:
    await eventually(lambda: _dialogs(window))
    _accept(_dialogs(window)[0], path)
    await eventually(lambda: not _dialogs(window))
    window.frame.activateWindow()
    await eventually(window.frame.isActiveWindow)


async def test_ctrl_s_saves_and_the_star_goes(window: Window, photograph: Path, tmp_path: Path) -> None:
    session = await window.open(photograph)
    window.stroke(Point(50, 50), Point(90, 50))
    assert window.frame.isWindowModified()
    assert window.desk.documents.tabText(0) == "disc.png *"
    path = tmp_path / "kept.ora"
    window.key(Qt.Key.Key_S, CTRL, window.desk.canvas)
    await _save_as(window, path)
    await eventually(lambda: not session.is_modified)
    assert window.desk.documents.tabText(0) == "kept.ora"
    assert window.frame.windowTitle() == "kept.ora[*] — Maskroom"
    assert not window.frame.isWindowModified()
    assert "Saved “kept.ora”." in [notice.text for notice in window.desk.notices.shown]
    await eventually(lambda: window.workspace.settings.value.files.recent[0] == str(path))

    window.stroke(Point(50, 90), Point(90, 90))
    assert window.frame.isWindowModified()
    before = path.read_bytes()
    window.key(Qt.Key.Key_S, CTRL, window.desk.canvas)
    await eventually(lambda: not session.is_modified)
    assert _dialogs(window) == []
    assert path.read_bytes() != before

    window.key(Qt.Key.Key_S, CTRL | Qt.KeyboardModifier.ShiftModifier, window.desk.canvas)
    await _save_as(window, tmp_path / "other.ora")
    await eventually(lambda: session.file == tmp_path / "other.ora")


async def test_a_saved_document_is_opened_by_dialog_and_by_drop(
    window: Window, photograph: Path, tmp_path: Path
) -> None:
    session = await window.open(photograph)
    window.stroke(Point(50, 50), Point(90, 50))
    path = tmp_path / "kept.ora"
    window.desk.actions.run("file.save")
    await _save_as(window, path)
    await eventually(lambda: not session.is_modified)
    window.desk.actions.run("file.close")
    await eventually(lambda: window.workspace.documents == ())

    window.desk.actions.run("file.open")
    await eventually(lambda: _dialogs(window))
    dialog = _dialogs(window)[0]
    assert "*.ora" in dialog.selectedNameFilter()
    _accept(dialog, path)
    await eventually(lambda: window.workspace.current and window.session.stage is Stage.READY)
    assert window.session.document is not None
    assert not window.session.document.mask.is_empty
    assert not window.session.is_modified

    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    await window.desk.transfer.take(offer_of(data))
    assert [each.name for each in window.workspace.documents] == ["kept.ora", "kept.ora"]


async def test_a_bad_document_is_told_and_costs_nothing(
    window: Window, photograph: Path, tmp_path: Path
) -> None:
    session = await window.open(photograph)
    window.stroke(Point(50, 50), Point(90, 50))
    bad = tmp_path / "bad.ora"
    bad.write_bytes(b"PK\x03\x04" + bytes(26) + b"mimetypeimage/openraster" + bytes(100))
    await window.desk.files.open_files([bad])
    assert window.workspace.documents == (session,)
    assert window.desk.notices.shown[0].level is Level.ERROR
    assert "“bad.ora”" in window.desk.notices.shown[0].text


async def test_a_save_that_fails_is_told_and_keeps_the_star(
    window: Window, photograph: Path, tmp_path: Path
) -> None:
    session = await window.open(photograph)
    window.stroke(Point(50, 50), Point(90, 50))
    window.desk.actions.run("file.save_as")
    await _save_as(window, tmp_path / "kept.png")
    await eventually(lambda: window.desk.notices.shown)
    assert window.desk.notices.shown[0].level is Level.ERROR
    assert session.is_modified
    assert not (tmp_path / "kept.png").exists()


async def test_a_file_that_is_open_is_shown_and_not_opened_twice(
    window: Window, photograph: Path, samples: Path
) -> None:
    first = await window.open(photograph)
    window.stroke(Point(50, 50), Point(90, 50))
    second = await window.open(samples / "coffee.png")
    await window.desk.files.open_files([samples / "gravel.png", photograph])
    assert window.workspace.current is first
    assert window.workspace.documents[:2] == (first, second)
    assert [each.name for each in window.workspace.documents] == ["disc.png", "coffee.png", "gravel.png"]
    window.workspace.close(first)
    assert await window.open(photograph) is not first
