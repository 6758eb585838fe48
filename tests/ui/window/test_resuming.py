"""A window that was killed, or closed, stands again as it stood: tabs, views, panels, and a quiet word about it."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest_asyncio
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from app.base.geometry import Point
from app.base.notices import Notices
from app.session.document_session import Stage
from app.settings.folders import resolve_folders
from app.ui.app import Program
from app.ui.panels.side import STEPS
from tests.ui.window.conftest import Window, eventually


async def _again(maskroom_home: Path) -> Window:
    """The next run, on what the last one left: its process counts as dead."""
    for owner in (maskroom_home / "session").glob("*/owner"):
        owner.write_text("1@a long time ago")
    program = Program(resolve_folders(os.environ), Notices())
    program.show_frame()
    await program.furnish()
    program.window.resize(1400, 900)
    await program.resume()
    await asyncio.sleep(0.05)
    return Window(program)


@pytest_asyncio.fixture
async def killed(window: Window, photograph: Path, samples: Path) -> AsyncIterator[Window]:
    """Two tabs, the first painted on, turned and in front, as they were kept; then nothing more was written."""
    await window.program.resume()
    first = await window.open(photograph)
    await window.open(samples / "chelsea.png")
    window.workspace.set_current(first)
    window.stroke(Point(50, 50), Point(90, 50))
    window.desk.canvas.navigation.zoom_to(3.0)
    window.desk.canvas.navigation.turn_to(30.0)
    first.form.set_prompt("a red boat")
    window.desk.side.reveal(STEPS)
    window.desk.split.setSizes([800, 420])
    await window.workspace.keeper.save()
    await window.workspace.keeper.stop()
    yield window


async def test_everything_stands_again_as_it_stood(killed: Window, maskroom_home: Path) -> None:
    first = killed.workspace.documents[0]
    looked = first.view
    widths = killed.desk.split.sizes()
    await eventually(lambda: killed.workspace.settings.value.window.state)
    window = await _again(maskroom_home)
    tabs = window.desk.documents
    assert [tabs.tabText(i) for i in range(tabs.count())] == ["disc.png *", "chelsea.png"]
    assert tabs.currentIndex() == 0
    session = window.session
    assert session.stage is Stage.READY
    assert session.document is not None
    assert first.document is not None
    assert np.array_equal(session.document.mask.coverage, first.document.mask.coverage)
    assert window.widget("prompt").toPlainText() == "a red boat"  # type: ignore[attr-defined]
    view = window.desk.canvas.navigation.looked_at()
    assert view is not None
    assert looked is not None
    assert (view.angle, view.scale, view.fitted) == (30.0, looked.scale, False)
    assert abs(view.x - looked.x) < 2
    assert abs(view.y - looked.y) < 2
    assert window.desk.side.arrangement()[:2] == killed.desk.side.arrangement()[:2]
    assert abs(window.desk.split.sizes()[1] - widths[1]) < 8
    # The mask can be sent at once.
    await eventually(lambda: session.plan is not None)
    assert window.widget("generate").isEnabled()
    await window.program.aclose()


async def test_what_was_restored_can_be_discarded_from_the_notice(
    killed: Window, maskroom_home: Path
) -> None:
    window = await _again(maskroom_home)
    (notice,) = [each for each in window.desk.notices.shown if each.commands]
    assert notice.text.startswith("Restored 2 photographs as they were at ")
    button = next(
        each
        for each in window.desk.notices.findChildren(QPushButton)
        if each.text() == "Discard what was restored"
    )
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    await eventually(lambda: window.workspace.documents == ())
    assert not [each for each in window.desk.notices.shown if each.commands]
    await eventually(lambda: not list((maskroom_home / "session").glob("*/document.json")))
    await window.program.aclose()


async def test_a_window_that_was_closed_opens_its_tabs_without_a_word(
    window: Window, photograph: Path, maskroom_home: Path
) -> None:
    await window.program.resume()
    await window.open(photograph)
    window.frame.close()
    await eventually(window.frame.stopped.is_set)
    await window.program.aclose()
    again = await _again(maskroom_home)
    assert [each.name for each in again.workspace.documents] == ["disc.png"]
    assert again.desk.notices.shown == ()
    await again.program.aclose()
