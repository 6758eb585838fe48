"""Fifty requests at once with ten cancelled, in the real window: how long its thread was kept from its events.

The gateway is a process of its own, so that it costs the window nothing.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

COUNT, LIMIT = 50, 16.0


def main() -> int:
    from harness import Report, Row, require_linux

    require_linux()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        words = [sys.executable, "-m", "tests.kills.gateway", str(Path(folder) / "log")]
        with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as gateway:
            assert gateway.stdout is not None
            (home / "providers.toml").write_text(
                '[providers.scripted]\ndialect = "openai-multipart"\nmodel = "m"\nneeds_key = false\n'
                f'concurrency = 4\nbase_url = "{gateway.stdout.readline().strip()}"\n'
            )
            os.environ["MASKROOM_HOME"] = str(home)
            try:
                longest = run()
            finally:
                gateway.kill()
    report = Report("Fifty requests at once, ten of them cancelled")
    for phase, stall in longest.items():
        report.add(Row("stall", phase, stall, LIMIT, "ms"))
    return report.finish()


def run() -> dict[str, float]:
    """Let the real program run, and sit at it; the longest stall of each part, in milliseconds."""
    import app.ui.app as program

    found: dict[str, float] = {}
    furnish = program.Program.furnish

    async def furnish_and_use(self: program.Program) -> None:
        await furnish(self)
        self.tasks.start(use(self), "hands")

    async def use(self: program.Program) -> None:
        try:
            found.update(await fifty(self))
        finally:
            self.window.stopped.set()

    program.Program.furnish = furnish_and_use  # type: ignore[method-assign]
    assert program.run_window([ROOT / "resources" / "samples" / "chelsea.png"]) == 0
    assert found, "the window ended before all was measured"
    return found


async def fifty(window: object) -> dict[str, float]:
    from ticker import Ticker

    from app.base.geometry import Point
    from app.document.gestures import PointerSample, brush_stroke
    from app.ui.app import Program

    assert isinstance(window, Program)
    workspace, desk = window.workspace, window.desk
    assert workspace is not None
    assert desk is not None
    while workspace.current is None or workspace.current.document is None:
        await asyncio.sleep(0.05)
    session, worker = workspace.current, workspace.worker
    session.form.set_provider("scripted")
    session.form.set_variants(1)
    assert session.gestures is not None
    session.gestures.press(brush_stroke(workspace.toolbox.brush), PointerSample(Point(200, 150)))
    session.gestures.release()
    await session.planned()
    # What the first request loads is measured elsewhere.
    session.form.set_prompt(f"nonce-{'f' * 16}")
    first = await session.generate()
    assert first is not None
    await worker.wait(first)
    await asyncio.sleep(1.0)
    ticker, ids = Ticker(), []
    ticker.begin("sending fifty")
    for number in range(COUNT):
        session.form.set_prompt(f"nonce-{number:016x}")
        ids.append(await session.generate())
        await asyncio.sleep(0)
    ticker.begin("cancelling ten")
    for id in ids[-10:]:
        desk.jobs.cancel_wanted.emit(id)
        await asyncio.sleep(0)
    await asyncio.sleep(0.2)
    ticker.begin("receiving forty")
    while any(not job.state.is_final for job in worker.jobs):
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.5)
    ticker.end()
    return ticker.longest


if __name__ == "__main__":
    sys.exit(main())
