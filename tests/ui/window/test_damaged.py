"""The window starts whatever has become of the history, refuses to send without it, and offers the way on."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QLineEdit, QPushButton

from app.base.geometry import Point
from app.base.notices import Notices
from app.session.bootstrap import build_workspace
from app.settings.folders import Folders, resolve_folders
from app.ui.app import Program
from app.ui.trouble import TroubleView
from tests.ui.window.conftest import Window, eventually


@pytest_asyncio.fixture
async def damaged(maskroom_home: Path, photograph: Path) -> Path:
    """A history of three entries, the newest one after the last copy, whose database was overwritten."""
    workspace = build_workspace(resolve_folders(os.environ), {}, Notices())
    (session,) = await workspace.open_files([photograph])
    assert session.document is not None
    session.form.set_provider("local", "instant")
    coverage = np.zeros((240, 320), np.uint8)
    coverage[110:130, 140:180] = 255
    session.document.set_mask(coverage, "a mask")
    for _ in range(3):
        id = await session.generate()
        assert id is not None
        await workspace.worker.wait(id)
    await workspace.aclose()
    database = maskroom_home / "history" / "history.sqlite"
    (maskroom_home / "history" / "history.sqlite.backup").write_bytes(database.read_bytes())
    database.write_bytes(b"not what it was " * 5000)
    return database


@pytest_asyncio.fixture
async def started(damaged: Path) -> AsyncIterator[Window]:
    program = Program(resolve_folders(os.environ), Notices())
    program.show_frame()
    await program.furnish()
    program.window.resize(1400, 900)
    await asyncio.sleep(0.05)
    yield Window(program)
    await program.aclose()


def offered(window: Window) -> list[QPushButton]:
    return [each for each in window.desk.notices.findChildren(QPushButton) if each.isVisible()]


async def test_a_damaged_history_is_rebuilt_from_the_window(
    started: Window, damaged: Path, photograph: Path
) -> None:
    await eventually(lambda: offered(started))
    await asyncio.sleep(0.2)
    (notice,) = started.desk.notices.shown
    assert "damaged" in notice.text
    assert "maskroom history rebuild" in notice.hint
    session = await started.open(photograph)
    session.form.set_provider("local", "instant")
    started.stroke(Point(150, 120), Point(170, 120))
    assert await session.generate() is None
    assert started.workspace.worker.jobs == ()
    assert "damaged" in started.desk.notices.shown[0].text
    (button,) = offered(started)
    assert button.text() == "Rebuild the history"
    button.setFocus()
    started.key(Qt.Key.Key_Space, widget=button)
    await eventually(lambda: started.desk.history.model.rowCount() == 3)
    (notice,) = started.desk.notices.shown
    assert "holds 3 entries" in notice.text
    assert "history-damaged-" in notice.hint
    assert len(list(damaged.parent.glob("history-damaged-*.sqlite"))) == 1
    assert await session.generate() is not None
    await eventually(lambda: started.desk.history.model.rowCount() == 4)
    await eventually(lambda: session.candidates.items)


@pytest.mark.parametrize("has_copy", [True, False])
async def test_an_empty_database_is_told_and_its_copy_offered(
    damaged: Path, maskroom_home: Path, has_copy: bool
) -> None:
    damaged.write_bytes(b"")
    if not has_copy:
        (maskroom_home / "history" / "history.sqlite.backup").unlink()
    told = Notices()
    program = Program(resolve_folders(os.environ), told)
    program.show_frame()
    await program.furnish()
    window = Window(program)
    await eventually(lambda: window.desk.notices.shown)
    (notice,) = window.desk.notices.shown
    assert "was gone" in notice.text
    await asyncio.sleep(0.1)
    assert bool(offered(window)) is has_copy
    assert ("images" in notice.hint) is not has_copy
    if has_copy:
        offered(window)[0].click()
        await eventually(lambda: window.desk.history.model.rowCount() == 3)
    await program.aclose()


@pytest.mark.parametrize("gives_up", [False, True])
async def test_a_data_folder_that_cannot_be_used_is_told_in_the_window(
    maskroom_home: Path, gives_up: bool
) -> None:
    maskroom_home.rmdir()
    maskroom_home.write_text("in the way")
    program = Program(resolve_folders(os.environ), Notices())
    program.show_frame()
    furnishing = asyncio.ensure_future(program.furnish_or_tell())
    await eventually(lambda: program.window.findChild(TroubleView))
    view = program.window.findChild(TroubleView)
    words = " ".join(label.text() for label in view.findChildren(QLabel))
    assert "data folder cannot be used" in words
    assert "MASKROOM_HOME" in words
    view.again.click()
    await eventually(lambda: program.window.findChild(TroubleView) not in (None, view))
    if gives_up:
        program.window.close()
        assert await furnishing is False
    else:
        maskroom_home.unlink()
        program.window.findChild(TroubleView).again.click()
        assert await furnishing is True
        assert program.desk is not None
        assert program.window.findChild(TroubleView) is None
    await program.aclose()


async def test_another_folder_is_chosen_by_keyboard_where_the_data_folder_cannot_be_used(
    maskroom_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("MASKROOM_HOME")
    broken = resolve_folders(os.environ).data
    broken.parent.mkdir(parents=True)
    broken.write_text("in the way")
    wanted = tmp_path / "elsewhere"
    wanted.mkdir()
    taken: list[Path] = []

    def take_over(folders: Folders) -> bool:
        taken.append(folders.data)
        return True

    program = Program(resolve_folders(os.environ), Notices(), take_over)
    program.show_frame()
    furnishing = asyncio.ensure_future(program.furnish_or_tell())
    await eventually(lambda: program.window.findChild(TroubleView))
    view = program.window.findChild(TroubleView)
    assert view.move_data.isVisibleTo(program.window)
    view.move_data.setFocus()
    QTest.keyClick(view.move_data, Qt.Key.Key_Space)
    await eventually(lambda: program.window.findChild(QFileDialog))
    dialog = program.window.findChild(QFileDialog)
    dialog.findChild(QLineEdit, "fileNameEdit").setText(str(wanted))
    dialog.accept()
    assert await furnishing is True
    assert program.workspace is not None
    assert program.workspace.folders.data == wanted
    assert taken == [wanted]
    assert (wanted / "history" / "history.sqlite").is_file()
    assert resolve_folders(os.environ).data == wanted
    assert QApplication.activeModalWidget() is None
    await program.aclose()


async def test_the_data_is_brought_to_the_folder_that_was_wished_for_at_the_next_start(
    window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    now, wanted = window.workspace.folders, tmp_path / "elsewhere"
    wanted.mkdir()
    window.desk.actions.run("history.relocate")
    await eventually(lambda: any("MASKROOM_HOME" in each.text for each in window.desk.notices.shown))
    monkeypatch.delenv("MASKROOM_HOME")
    window.desk.actions.run("history.relocate")
    await eventually(lambda: window.frame.findChild(QFileDialog))
    dialog = window.frame.findChild(QFileDialog)
    dialog.findChild(QLineEdit, "fileNameEdit").setText(str(wanted))
    dialog.accept()
    await eventually(lambda: any("next start" in each.text for each in window.desk.notices.shown))
    assert not (wanted / "history").exists()

    program = Program(now, Notices())
    program.show_frame()
    assert await program.furnish_or_tell() is True
    assert program.workspace is not None
    assert program.workspace.folders.data == wanted
    assert resolve_folders(os.environ).data == wanted
    await program.aclose()
