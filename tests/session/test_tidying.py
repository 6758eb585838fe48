"""What a step freed goes back to the system soon after it, in a program that keeps running."""

import asyncio
import gc
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from app.base.geometry import Point, Rect
from app.document.gestures import PointerSample, brush_stroke
from app.imaging.save import ExportOptions
from app.session.document_session import DocumentSession
from app.session.tidying import Tidying
from app.session.workspace import Workspace

BLOCK, BLOCKS, KEPT = 64 << 10, 1600, 32
"""Blocks that are small enough for the heap at any setting; every so many stay, so that it cannot shrink."""
MOST = BLOCK * BLOCKS // 2


@pytest.fixture
def no_search() -> Iterator[None]:
    """Reference cycles stay until somebody looks for them, as in the window."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


async def eventually(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it never happened"
        await asyncio.sleep(0.05)


def resident() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


async def applied(workspace: Workspace, session: DocumentSession, out: Path) -> None:
    session.apply_candidate()


async def discarded(workspace: Workspace, session: DocumentSession, out: Path) -> None:
    session.discard_candidate()


async def exported(workspace: Workspace, session: DocumentSession, out: Path) -> None:
    await session.export(out, ExportOptions())


async def closed(workspace: Workspace, session: DocumentSession, out: Path) -> None:
    workspace.close(session)


async def generated(workspace: Workspace, session: DocumentSession, out: Path) -> None:
    id = await session.generate()
    assert id is not None
    await workspace.worker.wait(id)


def paint(session: DocumentSession) -> None:
    assert session.document is not None
    with session.document.edit_mask("Rectangle") as edit:
        rect = Rect(60, 40, 24, 18)
        edit.view(rect)[...] = 255
        edit.mark(rect)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc keeps what was freed")
@pytest.mark.parametrize("step", [applied, discarded, exported, closed, generated])
async def test_what_was_freed_is_given_back_after_a_step(
    workspace: Workspace, opened: DocumentSession, tmp_path: Path, step: Callable[..., object]
) -> None:
    paint(opened)
    await generated(workspace, opened, tmp_path)
    await workspace.tidying.settled()
    before = resident()
    blocks = [np.ones(BLOCK, np.uint8) for _ in range(BLOCKS)]
    kept = blocks[::KEPT]
    blocks.clear()
    assert resident() - before > MOST, "the C library gave it back by itself"
    await step(workspace, opened, tmp_path / "out.png")  # type: ignore[misc]
    await eventually(lambda: resident() - before < MOST)
    assert len(kept) == BLOCKS // KEPT


async def test_nothing_is_tidied_while_a_stroke_is_drawn(
    workspace: Workspace, opened: DocumentSession
) -> None:
    assert opened.gestures is not None
    tidying = Tidying(lambda: opened.is_drawing, delay=0.01)
    opened.gestures.press(brush_stroke(workspace.toolbox.brush), PointerSample(Point(60, 40)))
    tidying.soon()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(tidying.settled(), 0.3)
    opened.gestures.release()
    await asyncio.wait_for(tidying.settled(), 20)
    await tidying.aclose()


async def test_what_went_over_the_wire_is_let_go_when_the_request_is_done(
    workspace: Workspace, opened: DocumentSession, tmp_path: Path, no_search: None
) -> None:
    paint(opened)
    await generated(workspace, opened, tmp_path)
    assert len(opened.candidates.items) > 0
    await eventually(lambda: not any(isinstance(each, httpx.Response) for each in gc.get_objects()))


PROGRAM = """
from pathlib import Path
import numpy as np
from app.base.memory import give_back_free_memory, share_one_heap

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

def is_in_heap(array):
    for line in Path("/proc/self/maps").read_text().splitlines():
        if line.endswith("[heap]"):
            low, high = (int(end, 16) for end in line.split()[0].split("-"))
            return low <= array.ctypes.data < high
    return False

share_one_heap()
large, last = np.ones(64 << 20, np.uint8), np.ones(1 << 20, np.uint8)
print(is_in_heap(large))
before = resident()
del large
kept = resident()
give_back_free_memory()
print(before - kept < 1 << 20, before - resident() > 60 << 20)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's heap")
def test_a_block_as_large_as_a_mask_is_the_heaps_and_goes_back_only_when_told_to() -> None:
    """To unmap one keeps all who ask for memory waiting, the window's thread included."""
    told = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["True"] * 3
