"""The region by hand in the whole window: handles, keys, the panel, and that no stroke is ever stolen."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QToolButton

from app.base.geometry import Point, Rect
from app.edits.types import Context, Islands
from app.session.document_session import DocumentSession
from app.session.toolbox import ToolKind
from tests.ui.window.conftest import Window, eventually

HOLE = Rect(400, 300, 60, 40)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """1600 x 1200, with grain."""
    path = tmp_path / "large.png"
    cv2.imwrite(str(path), np.random.default_rng(1).integers(60, 200, (1200, 1600, 3), np.uint8))
    return path


def paint(session: DocumentSession, *rects: Rect) -> None:
    assert session.document is not None
    with session.document.edit_mask("Rectangle") as edit:
        for rect in rects:
            edit.view(rect)[...] = 255
        edit.mark(*rects)


async def planned(window: Window, large: Path, *rects: Rect) -> DocumentSession:
    session = await window.open(large)
    session.form.set_grow(0)
    paint(session, *(rects or (HOLE,)))
    await eventually(lambda: session.plan is not None)
    await session.planned()
    return session


def region_of(session: DocumentSession) -> Rect:
    (part,) = session.shown_parts
    return part.plan.region


async def test_a_corner_is_dragged_with_the_region_tool(window: Window, large: Path) -> None:
    session = await planned(window, large)
    window.desk.canvas.setFocus()
    window.key(Qt.Key.Key_K, widget=window.desk.canvas)
    assert window.workspace.toolbox.tool is ToolKind.REGION
    before = region_of(session)
    assert window.desk.canvas.region_look.has_handles
    start = Point(before.right, before.bottom)
    canvas, left = window.desk.canvas, Qt.MouseButton.LeftButton
    QTest.mousePress(canvas, left, pos=window.at(start))
    QTest.mouseMove(canvas, window.at(start + Point(200, 100)))
    live = region_of(session)
    assert (live.x, live.y) == (before.x, before.y)
    assert live.right == pytest.approx(before.right + 200, abs=4)
    assert live.bottom == pytest.approx(before.bottom + 100, abs=4)
    assert str(live.width) in canvas.region_look.label
    assert "the model sees 1:1" in canvas.region_look.label
    assert str(live.width) in window.desk.edit.box.plan.text()
    QTest.mouseRelease(canvas, left, pos=window.at(start + Point(200, 100)))
    assert session.form.context.region == live
    await session.planned()
    assert session.plan is not None
    assert session.plan.region == live
    assert session.document is not None
    assert session.document.undo.steps[-1].title == "Rectangle"


async def test_the_region_is_moved_by_keys_and_reset_by_command_and_button(
    window: Window, large: Path
) -> None:
    session = await planned(window, large)
    before, canvas = region_of(session), window.desk.canvas
    window.workspace.toolbox.set_tool(ToolKind.REGION)
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    QTest.keyClick(canvas, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    await session.planned()
    assert region_of(session) == before.translated(1, 10)
    QTest.keyClick(canvas, Qt.Key.Key_Left)
    await session.planned()
    assert region_of(session) == before.translated(0, 10)
    window.desk.actions.run("region.reset")
    await session.planned()
    assert region_of(session) == before
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    reset = window.widget("regionReset")
    assert isinstance(reset, QToolButton)
    assert reset.isVisible()
    assert not window.desk.edit.context.box.isEnabled()
    reset.click()
    await session.planned()
    assert region_of(session) == before
    assert not reset.isVisible()


async def test_escape_leaves_the_region_as_it_was(window: Window, large: Path) -> None:
    session = await planned(window, large)
    before, canvas = region_of(session), window.desk.canvas
    window.workspace.toolbox.set_tool(ToolKind.REGION)
    canvas.setFocus()
    start = Point(before.x, before.y)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=window.at(start))
    QTest.mouseMove(canvas, window.at(start - Point(80, 80)))
    assert region_of(session) != before
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert region_of(session) == before
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=window.at(start - Point(80, 80)))
    assert session.form.context.region is None


async def test_a_brush_paints_over_the_handles_and_the_move_tool_holds_them(
    window: Window, large: Path
) -> None:
    session = await planned(window, large)
    document, before = session.document, region_of(session)
    assert document is not None
    corner = Point(before.x, before.y)
    for tool in (ToolKind.BRUSH, ToolKind.RECTANGLE):
        window.workspace.toolbox.set_tool(tool)
        steps = document.undo.position
        window.stroke(corner, corner + Point(30, 30))
        assert document.undo.position == steps + 1
        assert session.form.context.region is None
        document.undo.undo()
    await session.planned()
    window.workspace.toolbox.set_tool(ToolKind.MOVE)
    steps = document.undo.position
    window.stroke(corner, corner - Point(50, 40))
    assert document.undo.position == steps
    assert session.form.context.region is not None
    window.stroke(HOLE.centre, HOLE.centre + Point(10, 0))
    assert document.undo.position == steps + 1


async def test_a_mask_that_leaves_the_region_makes_it_automatic_again(window: Window, large: Path) -> None:
    session = await planned(window, large)
    session.form.set_context(Context(pixels=32, region=HOLE.expanded(50)))
    await session.planned()
    assert region_of(session) == HOLE.expanded(50)
    paint(session, Rect(460, 310, 20, 20))
    await session.planned()
    assert region_of(session) == HOLE.expanded(50)
    paint(session, Rect(900, 300, 60, 40))
    await session.planned()
    assert session.form.context == Context(pixels=32)
    assert region_of(session) == Rect(400, 300, 560, 40).expanded(32)


async def test_bytes_are_shown_for_what_leaves_the_computer(window: Window, large: Path) -> None:
    session = await planned(window, large)
    assert session.measuring.sent_bytes is None
    session.form.set_provider("everything")
    await eventually(lambda: session.measuring.sent_bytes)
    window.workspace.toolbox.set_tool(ToolKind.REGION)
    assert "kB" in window.desk.canvas.region_look.label or "MB" in window.desk.canvas.region_look.label
    assert "B" in window.desk.edit.box.plan.text()
    first = session.measuring.sent_bytes
    session.form.set_context(Context(whole=True))
    await session.planned()
    await eventually(lambda: session.measuring.sent_bytes != first)


async def test_islands_are_offered_outlined_and_counted(window: Window, large: Path) -> None:
    session = await planned(window, large, HOLE)
    row = window.widget("islands")
    assert not row.isVisible()
    paint(session, Rect(1300, 1000, 50, 50))
    await session.planned()
    assert row.isVisible()
    assert len(window.desk.canvas.decorations.regions) == 1
    QTest.keyClick(row, Qt.Key.Key_Down)
    assert session.form.islands is Islands.EACH
    await session.planned()
    assert len(window.desk.canvas.decorations.regions) == 2
    assert window.desk.edit.box.generate.text() == "Generate 2 requests"
    assert "2 regions" in window.desk.edit.box.plan.text()


async def test_split_islands_say_why_they_cannot_be_dragged_and_how_they_can(
    window: Window, large: Path
) -> None:
    session = await planned(window, large, HOLE)
    window.workspace.toolbox.set_tool(ToolKind.REGION)
    hint = window.desk.status.hint
    assert hint.text().startswith("Drag the outline")
    paint(session, Rect(1300, 1000, 50, 50))
    session.form.set_islands(Islands.EACH)
    await session.planned()
    assert session.region.is_split
    assert hint.text().startswith("Each island has a region of its own")
    QTest.mouseClick(window.desk.canvas, Qt.MouseButton.LeftButton, pos=window.at(Point(1325, 1025)))
    (notice,) = window.desk.notices.shown
    assert "follows the mask" in notice.text
    button = window.desk.notices.findChild(QPushButton)
    assert isinstance(button, QPushButton)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    await session.planned()
    assert session.form.islands is Islands.TOGETHER
    assert hint.text().startswith("Drag the outline")
    assert window.desk.canvas.region_look.has_handles
    assert session.region.part is not None
