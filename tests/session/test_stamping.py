"""Stamps of large brushes: made in a thread while the brush is chosen, and once for all tabs."""

import asyncio
import threading
from pathlib import Path

import pytest

from app.base.geometry import Point
from app.document.brush import Brush, Stamps
from app.document.gestures import GestureRunner, PointerSample, brush_stroke
from app.session import stamping
from app.session.stamping import Stamping
from app.session.toolbox import ToolBox
from app.session.workspace import Workspace
from tests.document.making import document


@pytest.fixture
def makers(monkeypatch: pytest.MonkeyPatch) -> list[threading.Thread]:
    """Who has made a stamp."""
    found: list[threading.Thread] = []
    make = Stamps._make

    def watched(self: Stamps, phase_x: int, phase_y: int) -> object:
        found.append(threading.current_thread())
        return make(self, phase_x, phase_y)

    monkeypatch.setattr(Stamps, "_make", watched)
    monkeypatch.setattr(stamping, "DELAY", 0.0)
    return found


async def test_the_first_dab_of_a_large_brush_waits_for_no_stamp(makers: list[threading.Thread]) -> None:
    toolbox = ToolBox(Brush(50.0))
    following = Stamping(toolbox, lambda: True)
    toolbox.set_diameter(900.0)
    while not following.stamps.has_made(toolbox.brush):
        await asyncio.sleep(0.01)
    for _ in range(2):
        runner = GestureRunner(document(), stamps=following.stamps)
        runner.press(brush_stroke(toolbox.brush), PointerSample(Point(50, 50)))
        runner.release()
    assert len(makers) == 1
    assert makers[0] is not threading.main_thread()
    await following.aclose()


async def test_without_anything_to_paint_on_no_stamp_is_made(makers: list[threading.Thread]) -> None:
    toolbox = ToolBox(Brush(900.0))
    of_use = False
    following = Stamping(toolbox, lambda: of_use)
    following.soon()
    await asyncio.sleep(0.05)
    assert not makers
    of_use = True
    following.soon()
    while not following.stamps.has_made(toolbox.brush):
        await asyncio.sleep(0.01)
    await following.aclose()


async def test_tabs_share_the_stamps_of_the_brush(
    workspace: Workspace, photograph: Path, makers: list[threading.Thread]
) -> None:
    brush = Brush(500.0)
    for session in await workspace.open_files([photograph, photograph]):
        assert session.gestures is not None
        session.gestures.press(brush_stroke(brush), PointerSample(Point(50, 50)))
        session.gestures.release()
    assert len(makers) == 1
