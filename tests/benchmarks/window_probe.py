"""Run as a program of its own by the benchmarks: starts a window and tells when it was painted.

    window_probe.py bare            a plain QMainWindow
    window_probe.py start           Maskroom, to its first paint and to the furnished window
    window_probe.py open FILE       Maskroom with a photograph, to the memory it holds then

Prints one JSON object; times are of the monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

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


def maskroom(paths: list[str]) -> dict[str, float]:
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
        if paths:
            assert self.workspace is not None
            assert self.desk is not None
            await self.workspace.open_files([Path(path) for path in paths])
            self.desk.canvas.repaint()
            found["resident"] = _resident()
        self.window.stopped.set()

    program.wait_for_paint = watch_paint  # type: ignore[assignment]
    program.Program.furnish = watch_furnish  # type: ignore[method-assign]
    assert program.run_window([]) == 0
    return found


def _resident() -> int:
    """Bytes of memory this process holds."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("no VmRSS")


if __name__ == "__main__":
    mode, *rest = sys.argv[1:]
    print(json.dumps(bare() if mode == "bare" else maskroom(rest)))
