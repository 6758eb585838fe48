"""Run as a program of its own by the benchmarks: starts a window and tells when it was painted.

    window_probe.py bare            a plain QMainWindow
    window_probe.py start           Maskroom, to its first paint and to the furnished window
    window_probe.py open FILE       Maskroom with a photograph, to the memory it holds then
    window_probe.py stalls FILE     Maskroom through a whole edit, to the longest stall of each part of it

Prints one JSON object; times are of the monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.ui.app import Program

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


def bare() -> dict[str, float]:
    from PySide6.QtWidgets import QApplication, QMainWindow

    application = QApplication(["bare"])
    found: dict[str, float] = {}

    class Window(QMainWindow):
        def paintEvent(self, event: object) -> None:
            found.setdefault("painted", time.monotonic())

    window = Window()
    window.resize(1440, 900)
    window.show()
    while not found:
        application.processEvents()
    return found


def maskroom(paths: list[str], *, edits: bool = False) -> dict[str, float]:
    """Let the real program run, look on at its steps, and close it the way a user does."""
    import app.ui.app as program

    found: dict[str, float] = {}
    wait_for_paint = program.wait_for_paint
    furnish = program.Program.furnish

    async def watch_paint(window: object) -> None:
        await wait_for_paint(window)  # type: ignore[arg-type]
        found["painted"] = time.monotonic()

    async def watch_furnish(self: program.Program) -> None:
        await furnish(self)
        self.window.repaint()
        found["furnished"] = time.monotonic()
        if edits:
            found.update(await _stalls(self, Path(paths[0])))
        elif paths:
            assert self.workspace is not None
            assert self.desk is not None
            await self.workspace.open_files([Path(path) for path in paths])
            self.desk.canvas.repaint()
            # What opening needed for a while is given back a moment later.
            await self.workspace.tidying.settled()
            found["resident"] = _resident()
        self.window.stopped.set()

    program.wait_for_paint = watch_paint  # type: ignore[assignment]
    program.Program.furnish = watch_furnish  # type: ignore[method-assign]
    assert program.run_window([]) == 0
    return found


async def _stalls(program: Program, path: Path) -> dict[str, float]:
    """A whole edit, to its files: what the window's thread was kept from its events in each part."""
    import asyncio

    import numpy as np
    from ticker import Ticker

    from app.base.geometry import Point
    from app.document.gestures import PointerSample, brush_stroke
    from app.imaging.save import ExportOptions
    from app.session.document_files import save_document

    assert program.workspace is not None
    ticker, workspace = Ticker(), program.workspace
    ticker.begin("opening")
    (session,) = await workspace.open_files([path])
    await asyncio.sleep(0.5)
    assert session.gestures is not None
    assert session.document is not None
    ticker.begin("painting and planning")
    x, y = session.document.size.width / 2, session.document.size.height / 2
    session.gestures.press(brush_stroke(workspace.toolbox.brush), PointerSample(Point(x, y)))
    for step in range(60):
        session.gestures.move((PointerSample(Point(x + 4 * step, y + 2 * step)),))
        await asyncio.sleep(0.008)
    session.gestures.release()
    await session.planned()
    await asyncio.sleep(1.0)
    ticker.begin("healing")
    assert await session.generate() is not None
    while not session.candidates.items:
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.5)
    ticker.begin("applying and undoing")
    session.apply_candidate()
    await asyncio.sleep(0.3)
    session.document.undo.undo()
    await asyncio.sleep(0.3)
    session.document.undo.redo()
    await asyncio.sleep(0.3)
    ticker.begin("exporting")
    await session.export(path.with_name("exported.jpg"), ExportOptions())
    await asyncio.sleep(0.2)
    # A mask without two equal pixels is the most there is to keep; somebody paints on meanwhile.
    size = session.document.size
    noise = np.random.default_rng(1).integers(0, 256, (size.height, size.width), np.uint8)
    session.document.set_mask(noise, "Noise")
    await session.planned()
    await asyncio.sleep(1.0)
    for phase, work in (
        ("keeping the session", workspace.keeper.save()),
        ("saving", save_document(session, path.with_name("saved.ora"))),
    ):
        ticker.begin(phase)
        task = asyncio.ensure_future(work)
        while not task.done():
            session.gestures.press(brush_stroke(workspace.toolbox.brush), PointerSample(Point(x, y)))
            for step in range(12):
                session.gestures.move((PointerSample(Point(x + 4 * step, y + 2 * step)),))
                await asyncio.sleep(0.008)
            session.gestures.release()
            await asyncio.sleep(0.1)
        await task
    ticker.end()
    return ticker.longest


def _resident() -> int:
    """Bytes of memory this process holds."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("no VmRSS")


if __name__ == "__main__":
    mode, *rest = sys.argv[1:]
    print(json.dumps(bare() if mode == "bare" else maskroom(rest, edits=mode == "stalls")))
