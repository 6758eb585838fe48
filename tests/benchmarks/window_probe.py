"""Run as a program of its own by the benchmarks: starts a window and tells when it was painted.

    window_probe.py bare            a plain QMainWindow
    window_probe.py start           Maskroom, to its first paint and to the furnished window
    window_probe.py open FILE       Maskroom with a photograph, to the memory it holds then
    window_probe.py outside FILE    Maskroom with a photograph, for somebody else's pointer: see `_told_from_outside`
    window_probe.py stalls FILE     Maskroom through a whole edit, to the longest stall of each part of it

Prints one JSON object; times are of the monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.base.geometry import Size
    from app.imaging.arrays import U8
    from app.session.document_session import DocumentSession
    from app.ui.app import Program

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


HEALING_SECONDS = 120.0
"""What takes longer than this is told as a failure."""


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


def maskroom(paths: list[str], *, mode: str = "start") -> dict[str, Any]:
    """Let the real program run, look on at its steps, and close it the way a user does."""
    import asyncio

    import app.ui.app as program

    found: dict[str, Any] = {}
    wait_for_paint = program.wait_for_paint
    furnish = program.Program.furnish

    async def watch_paint(window: object) -> None:
        await wait_for_paint(window)  # type: ignore[arg-type]
        found["painted"] = time.monotonic()

    async def measure(running: program.Program) -> None:
        follow = _stalls if mode == "stalls" else _told_from_outside
        try:
            found.update(await follow(running, Path(paths[0])))
        except Exception as error:
            found["failed"] = f"{type(error).__name__}: {error}"
        finally:
            running.window.stopped.set()

    async def watch_furnish(self: program.Program) -> None:
        await furnish(self)
        self.window.repaint()
        found["furnished"] = time.monotonic()
        if mode in ("stalls", "outside"):
            # Not from in here: what follows the furnishing belongs to what is measured.
            asyncio.get_running_loop().create_task(measure(self))
            return
        if paths:
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


async def _stalls(program: Program, path: Path) -> dict[str, Any]:
    """A whole edit, to its files: what the window's thread was kept from its events in each part.

    And how long of that, at most, it computed itself; and, as "stood_still", how long the whole machine did not run.
    """
    import asyncio

    from ticker import Ticker

    from app.base.geometry import Point
    from app.document.gestures import PointerSample, brush_stroke
    from app.edits.types import Patch, Report
    from app.imaging.mask_operations import MaskOperation, OperationKind
    from app.imaging.save import ExportOptions
    from app.session.candidates import Candidate
    from app.session.document_files import save_document
    from app.session.mask_changes import Operate, Replace

    assert program.workspace is not None
    ticker, workspace = Ticker(), program.workspace
    ticker.begin("opening")
    (session,) = await workspace.open_files([path])
    await asyncio.sleep(0.5)
    assert session.gestures is not None
    assert session.document is not None
    assert session.stepping is not None
    size = session.document.size
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
    async with asyncio.timeout(HEALING_SECONDS):
        while not session.candidates.items:
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.5)
    ticker.begin("applying and undoing")
    session.apply_candidate()
    await _settled(session)
    session.stepping.undo()
    await _settled(session)
    session.stepping.redo()
    await _settled(session)
    ticker.begin("changing the whole mask")
    work = session.mask_work
    assert work is not None
    await work.apply(Replace("Soft blobs", lambda: _blobs(size)))
    await _settled(session)
    await work.apply(Operate(MaskOperation(OperationKind.GROW, 16)))
    await _settled(session)
    ticker.begin("undoing and redoing that")
    for step in (session.stepping.undo, session.stepping.undo, session.stepping.redo, session.stepping.redo):
        step()
        await _settled(session)
    ticker.begin("a first dab of 4000 px")
    workspace.toolbox.set_diameter(4000.0)
    await asyncio.sleep(0.6)
    session.gestures.press(brush_stroke(workspace.toolbox.brush), PointerSample(Point(x, y)))
    await asyncio.sleep(0.3)
    session.gestures.release()
    await _settled(session)
    await session.planned()
    pixels = await asyncio.to_thread(_noise, size)
    coverage = await asyncio.to_thread(session.document.mask.coverage.copy)
    ticker.begin("laying a result over all of it")
    patch = Patch(size.rect, pixels, coverage)
    report = Report(outside_changed_pixels=0, leak=None)
    session.add_layer(Candidate("made up", "made up", 1, patch, report, "", ""))
    async with asyncio.timeout(HEALING_SECONDS):
        while not session.document.is_settled:
            await asyncio.sleep(0.02)
    await _settled(session)
    session.stepping.undo()
    await _settled(session)
    ticker.begin("exporting")
    await session.export(path.with_name("exported.jpg"), ExportOptions())
    await asyncio.sleep(0.2)
    # A mask without two equal pixels is the most there is to keep; somebody paints on meanwhile.
    ticker.begin("taking over a mask of noise")
    await work.apply(Replace("Noise", lambda: _coverage_noise(size)))
    workspace.toolbox.set_diameter(80.0)
    await session.planned()
    await asyncio.sleep(1.0)
    for phase, keeping in (
        ("keeping the session", workspace.keeper.save()),
        ("saving", save_document(session, path.with_name("saved.ora"))),
    ):
        ticker.begin(phase)
        task = asyncio.ensure_future(keeping)
        while not task.done():
            session.gestures.press(brush_stroke(workspace.toolbox.brush), PointerSample(Point(x, y)))
            for step in range(12):
                session.gestures.move((PointerSample(Point(x + 4 * step, y + 2 * step)),))
                await asyncio.sleep(0.008)
            session.gestures.release()
            await asyncio.sleep(0.1)
        await task
    ticker.end()
    found = {phase: (stall, ticker.busiest[phase]) for phase, stall in ticker.longest.items()}
    return found | {"stood_still": ticker.stood_still}


async def _told_from_outside(program: Program, path: Path) -> dict[str, float]:
    """Open the photograph, tell where the canvas stands on the screen, and do as the lines of stdin say.

    `brush N` takes a brush of N pixels of the screen, `count` begins to count what comes to the canvas and what the
    gestures are given of it, and `tell` prints that. The end of stdin ends the program.
    """
    import asyncio

    from PySide6.QtCore import QEvent, QObject, QPoint, Qt

    assert program.workspace is not None
    assert program.desk is not None
    canvas, workspace = program.desk.canvas, program.workspace
    (session,) = await workspace.open_files([path])
    await asyncio.sleep(3.0)
    gestures, document = session.gestures, session.document
    assert gestures is not None
    assert document is not None
    counted = {"delivered": 0, "used": 0, "steps": 0}

    class Counter(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            kind = event.type()
            if kind is QEvent.Type.MouseMove and event.buttons() & Qt.MouseButton.LeftButton:  # type: ignore[attr-defined]
                counted["delivered"] += 1
            elif kind is QEvent.Type.MouseButtonRelease:
                # A stroke is drawn to where the button goes up.
                counted["delivered"] += 1
            return False

    def count() -> None:
        move, before = gestures.move, len(document.undo.steps)

        def counting(samples: Any) -> None:
            given = tuple(samples)
            counted["used"] += len(given)
            move(given)

        gestures.move = counting  # type: ignore[method-assign]
        canvas.installEventFilter(counter)
        counted.update(delivered=0, used=0, steps=-before)

    counter = Counter()
    corner = canvas.mapToGlobal(QPoint(0, 0))
    print(json.dumps([corner.x(), corner.y(), canvas.width(), canvas.height()]), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        word, _, number = line.strip().partition(" ")
        if word == "brush":
            workspace.toolbox.set_diameter(float(number) / canvas.scale)
        elif word == "count":
            count()
        elif word == "tell":
            told = {**counted, "steps": counted["steps"] + len(document.undo.steps)}
            print(json.dumps(told), flush=True)
    return {}


async def _settled(session: DocumentSession) -> None:
    import asyncio

    assert session.stepping is not None
    await session.stepping.settled()
    await asyncio.sleep(0.4)


def _blobs(size: Size) -> U8:
    import cv2
    import numpy as np

    coarse = np.random.default_rng(7).random((size.height // 64 + 2, size.width // 64 + 2), np.float32)
    field = cv2.resize(coarse, (size.width, size.height), interpolation=cv2.INTER_CUBIC)
    return np.clip((field - 0.55) * 640, 0, 255).astype(np.uint8)


def _coverage_noise(size: Size) -> U8:
    import numpy as np

    return np.random.default_rng(1).integers(0, 256, (size.height, size.width), np.uint8)


def _noise(size: Size) -> U8:
    import numpy as np

    return np.random.default_rng(1).integers(0, 256, (size.height, size.width, 3), np.uint8)


def _resident() -> int:
    """Bytes of memory this process holds."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("no VmRSS")


if __name__ == "__main__":
    mode, *rest = sys.argv[1:]
    # Whoever only watched from outside may have gone.
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps(bare() if mode == "bare" else maskroom(rest, mode=mode)), flush=True)
