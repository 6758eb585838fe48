"""Tabs, the star, the question, and that the window remembers its place."""

import asyncio
import os
import shutil
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QFileDialog, QLabel, QLineEdit, QPushButton, QTabBar, QWidget

from app.base.geometry import Point
from app.base.notices import Notices
from app.imaging.save import ExportOptions
from app.session.document_files import save_document
from app.settings.folders import resolve_folders
from app.ui.app import Program
from app.ui.dialogs.confirm import UnsavedDialog
from tests.ui.window.conftest import Window, eventually


def _question(window: Window) -> UnsavedDialog | None:
    found = [each for each in window.frame.findChildren(UnsavedDialog) if each.isVisible()]
    return found[0] if found else None


def _words(question: UnsavedDialog) -> str:
    return " ".join([question.windowTitle(), *(label.text() for label in question.findChildren(QLabel))])


def _press(window: Window, name: str) -> None:
    question = _question(window)
    assert question is not None
    button = question.findChild(QPushButton, name)
    assert isinstance(button, QPushButton)
    button.click()


async def test_names_of_many_tabs_can_be_read(
    window: Window, photograph: Path, samples: Path, tmp_path: Path
) -> None:
    window.frame.resize(1100, 700)
    tabs = window.desk.documents
    for number in range(6):
        for original in (photograph, samples / "chelsea.png"):
            # A file that is open already would get no second tab.
            copy = tmp_path / str(number) / original.name
            copy.parent.mkdir(exist_ok=True)
            shutil.copyfile(original, copy)
            await window.open(copy)
    for index in range(12):
        tabs.setCurrentIndex(index)
        words = tabs.fontMetrics().horizontalAdvance(tabs.tabText(index))
        assert tabs.tabRect(index).width() >= words + 20
        assert tabs.rect().contains(tabs.tabRect(index))


async def test_tabs_follow_the_documents(window: Window, photograph: Path, samples: Path) -> None:
    tabs = window.desk.documents
    assert window.desk.empty.isVisible()
    first = await window.open(photograph)
    second = await window.open(samples / "chelsea.png")
    assert [tabs.tabText(i) for i in range(tabs.count())] == ["disc.png", "chelsea.png"]
    assert tabs.currentIndex() == 1
    tabs.setCurrentIndex(0)
    assert window.workspace.current is first
    assert window.desk.canvas.isVisible()
    QTest.mouseClick(tabs, Qt.MouseButton.MiddleButton, pos=tabs.tabRect(0).center())
    await eventually(lambda: window.workspace.documents == (second,))
    close = tabs.tabButton(0, QTabBar.ButtonPosition.RightSide)
    QTest.mouseClick(close, Qt.MouseButton.LeftButton)
    await eventually(lambda: window.workspace.documents == ())
    assert window.desk.empty.isVisible()


async def test_closing_with_edits_asks_and_cancel_keeps_everything(window: Window, photograph: Path) -> None:
    session = await window.open(photograph)
    window.stroke(Point(50, 50), Point(90, 50))
    assert window.desk.documents.tabText(0) == "disc.png *"
    window.desk.actions.run("file.close")
    await eventually(lambda: _question(window))
    _press(window, "cancel")
    await eventually(lambda: _question(window) is None)
    assert window.workspace.documents == (session,)
    window.desk.actions.run("file.close")
    await eventually(lambda: _question(window))
    _press(window, "discard")
    await eventually(lambda: window.workspace.documents == ())


async def test_the_question_says_what_is_in_no_file_and_counts_requests(
    window: Window, photograph: Path, tmp_path: Path
) -> None:
    session = await window.open(photograph)
    window.stroke(Point(50, 50), Point(90, 50))
    window.desk.actions.run("file.close")
    await eventually(lambda: _question(window))
    question = _question(window)
    assert question is not None
    assert "Save “disc.png” before it is closed?" in _words(question)
    assert "A mask was painted on it" in _words(question)
    _press(window, "cancel")
    await eventually(lambda: _question(window) is None)

    await session.generate()
    await eventually(lambda: session.candidates.items)
    session.apply_candidate()
    window.desk.actions.run("file.close")
    await eventually(lambda: _question(window))
    question = _question(window)
    assert question is not None
    assert "Its edits and masks are in no file." in _words(question)
    assert "cancelled" not in _words(question)
    _press(window, "cancel")
    await eventually(lambda: _question(window) is None)

    await session.export(tmp_path / "kept.png", ExportOptions())
    assert await session.generate()
    window.frame.close()
    await eventually(lambda: _question(window))
    question = _question(window)
    assert question is not None
    assert "It was exported as “kept.png”" in _words(question)
    assert "A request that still runs is cancelled." in _words(question)
    _press(window, "cancel")
    await eventually(lambda: all(job.state.is_final for job in window.workspace.worker.jobs))


async def test_of_several_documents_each_can_be_saved_or_not(
    window: Window, photograph: Path, samples: Path, tmp_path: Path
) -> None:
    first = await window.open(photograph)
    window.stroke(Point(50, 50), Point(90, 50))
    await save_document(first, tmp_path / "first.ora")
    window.stroke(Point(50, 80), Point(90, 80))
    await window.open(samples / "chelsea.png")
    window.stroke(Point(50, 50), Point(90, 50))
    window.frame.close()
    await eventually(lambda: _question(window))
    question = _question(window)
    assert question is not None
    boxes = question.findChildren(QCheckBox)
    assert [box.text() for box in boxes] == ["first.ora", "chelsea.png"]
    assert all(box.isChecked() for box in boxes)
    QTest.keyClick(boxes[1], Qt.Key.Key_Space)
    before = (tmp_path / "first.ora").read_bytes()
    QTest.keyClick(question, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    await eventually(window.frame.stopped.is_set)
    assert (tmp_path / "first.ora").read_bytes() != before
    assert not first.is_modified


async def test_closing_the_window_asks_once_and_enter_leads_to_the_dialog(
    window: Window, photograph: Path, tmp_path: Path
) -> None:
    await window.open(photograph)
    window.stroke(Point(50, 50), Point(90, 50))
    window.frame.close()
    window.frame.close()
    await eventually(lambda: _question(window))
    assert len([each for each in window.frame.findChildren(UnsavedDialog) if each.isVisible()]) == 1
    assert window.frame.isVisible()
    question = _question(window)
    assert question is not None
    QTest.keyClick(question, Qt.Key.Key_Return)
    await eventually(lambda: [d for d in window.frame.findChildren(QFileDialog) if d.isVisible()])
    dialog = window.frame.findChildren(QFileDialog)[0]
    assert Path(dialog.selectedFiles()[0]) == photograph.parent / "disc.ora"
    name = dialog.findChild(QLineEdit, "fileNameEdit")
    assert isinstance(name, QLineEdit)
    name.setText(str(tmp_path / "kept.ora"))
    dialog.accept()
    await eventually(window.frame.stopped.is_set)
    assert (tmp_path / "kept.ora").is_file()
    assert not window.frame.isVisible()


async def test_closing_without_edits_asks_nothing(window: Window, photograph: Path) -> None:
    await window.open(photograph)
    window.frame.close()
    await eventually(window.frame.stopped.is_set)
    assert not window.frame.isVisible()


async def test_the_window_comes_back_where_it_stood(window: Window) -> None:
    # The offscreen platform's screen is small; this is not the size that the window begins with.
    window.frame.resize(1000, 700)
    window.frame.close()
    await eventually(window.frame.stopped.is_set)
    await window.program.aclose()
    again = Program(resolve_folders(os.environ), Notices())
    again.show_frame()
    assert (again.window.width(), again.window.height()) == (1000, 700)
    await again.aclose()
    await asyncio.sleep(0)


async def test_panels_hide_with_tab_and_come_back(window: Window, photograph: Path) -> None:
    await window.open(photograph)
    canvas = window.desk.canvas
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_Tab)
    assert not window.desk.side.isVisible()
    assert not window.desk.tools.isVisible()
    QTest.keyClick(canvas, Qt.Key.Key_Tab)
    assert window.desk.side.isVisible()
    assert window.desk.tools.isVisible()


async def test_f6_goes_round_the_panels(window: Window, photograph: Path) -> None:
    await window.open(photograph)
    window.desk.canvas.setFocus()
    seen: list[QWidget] = []
    for _ in range(5):
        window.key(Qt.Key.Key_F6)
        focused = window.frame.focusWidget()
        assert focused is not None
        seen.append(focused)
    desk = window.desk
    assert desk.tools.isAncestorOf(seen[0])
    assert desk.options.isAncestorOf(seen[1])
    assert seen[2:] == [desk.side.tabs, desk.edit.prompt, desk.canvas]
