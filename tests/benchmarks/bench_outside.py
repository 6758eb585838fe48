"""What a moving pointer costs the real program, seen from outside: under an X server of its own, by /proc.

    python tests/benchmarks/bench_outside.py [--sizes 4,24] [--seconds 20] [--peer krita]

A pointer is moved 125 times a second through the X server's own test extension, over the canvas and then with the
button down. Told are the processor's time for one move beyond what the program takes at rest, and for Maskroom
how many of the events that came to the canvas its strokes were given, and how many steps they became. A peer that
is installed goes through the same; its events are not counted, as nobody can look into it.

Needs Linux, Xvfb, and the libraries X11 and Xtst.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import ctypes.util
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from harness import Report, Row, require_linux
from starting import PROBE, write_jpeg

RATE = 125.0
"""Moves a second, as most mice send them."""
SCREEN = (1600, 1000)
BRUSH = 30
"""Diameter of the brush on the screen, in pixels."""
STROKES = 10
PEER_START = 180.0
"""Seconds that a peer is given to open the photograph at most: its first start fills a folder with presets."""
PEER_AREA = (540.0, 300.0, 310.0, 440.0)
"""Where on the screen a peer shows the photograph: this is Krita 5, as it starts without a window manager."""
LEFT_BUTTON = 1


class Pointer:
    """A pointer of an X server, moved by its test extension."""

    def __init__(self, display: str) -> None:
        names = [ctypes.util.find_library(name) for name in ("X11", "Xtst")]
        if None in names:
            sys.exit("The benchmark from outside needs the libraries X11 and Xtst.")
        self._x11, self._xtst = (ctypes.CDLL(name) for name in names)
        self._x11.XOpenDisplay.restype = ctypes.c_void_p
        self._display = ctypes.c_void_p(self._x11.XOpenDisplay(display.encode()))

    def move(self, x: float, y: float) -> None:
        self._xtst.XTestFakeMotionEvent(self._display, -1, round(x), round(y), 0)
        self._x11.XFlush(self._display)

    def button(self, *, down: bool) -> None:
        self._xtst.XTestFakeButtonEvent(self._display, LEFT_BUTTON, int(down), 0)
        self._x11.XFlush(self._display)


@contextlib.contextmanager
def x_server() -> Iterator[str]:
    """An X server of its own without a window manager; the name of its display."""
    if shutil.which("Xvfb") is None:
        sys.exit("The benchmark from outside needs Xvfb.")
    reading, writing = os.pipe()
    screen = "{}x{}x24".format(*SCREEN)
    with subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", screen, "-nolisten", "tcp"],
        pass_fds=(writing,),
        stderr=subprocess.DEVNULL,
    ) as server:
        os.close(writing)
        try:
            with os.fdopen(reading) as told:
                yield f":{told.readline().strip()}"
        finally:
            server.terminate()


def used(pid: int) -> float:
    """Seconds of the processor that a process has had, in all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_for_rest(pid: int, longest: float) -> None:
    """Return when a process has had next to nothing of the processor for some seconds."""
    end, quiet = time.monotonic() + longest, 0
    while quiet < 4 and time.monotonic() < end:
        before = used(pid)
        time.sleep(2.0)
        quiet = quiet + 1 if used(pid) - before < 0.1 else 0


def wander(
    pointer: Pointer, area: tuple[float, float, float, float], seconds: float, turn: float = 0.0
) -> int:
    """Move about in the middle of an area at an even pace, another way for each `turn`; returns how many moves."""
    x, y, width, height = area
    start, moves = time.monotonic(), 0
    while (passed := moves / RATE) < seconds:
        time.sleep(max(0.0, start + passed - time.monotonic()))
        across, down = math.sin(passed * 2.1 + 0.7 * turn), math.sin(passed * 3.3 + 1.9 * turn)
        # Never the same place twice: a move that is none is no event.
        pointer.move(x + width * (0.5 + 0.35 * across) + moves % 2, y + height * (0.5 + 0.35 * down))
        moves += 1
    return moves


def costs(
    pointer: Pointer, pid: int, area: tuple[float, float, float, float], seconds: float
) -> dict[str, float]:
    """Milliseconds of the processor for a move, hovering and painting, beyond what passes at rest."""
    pointer.move(area[0] + area[2] / 2, area[1] + area[3] / 2)
    time.sleep(3.0)
    before = used(pid)
    time.sleep(5.0)
    at_rest = (used(pid) - before) / 5.0
    found = {"rest": at_rest * 100}
    before, moves = used(pid), wander(pointer, area, seconds / 2)
    found["hover"] = (used(pid) - before - at_rest * seconds / 2) / moves * 1e3
    time.sleep(2.0)
    before, moves = used(pid), 0
    for turn in range(STROKES):
        pointer.button(down=True)
        moves += wander(pointer, area, seconds / STROKES, turn)
        pointer.button(down=False)
    found["paint"] = (used(pid) - before - at_rest * seconds) / moves * 1e3
    found["moves"] = moves
    return found


def maskroom(display: str, photograph: Path, seconds: float) -> tuple[dict[str, float], dict[str, int]]:
    """What moves cost Maskroom, and what became of the events of the strokes."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "MASKROOM_HOME": home, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
        with subprocess.Popen(
            [sys.executable, str(PROBE), "outside", str(photograph)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as program:
            assert program.stdin is not None
            assert program.stdout is not None
            try:
                area = _answer(program.stdout.readline())
                program.stdin.write(f"brush {BRUSH}\ncount\n")
                program.stdin.flush()
                found = costs(Pointer(display), program.pid, tuple(area), seconds)
                time.sleep(1.0)
                program.stdin.write("tell\n")
                program.stdin.flush()
                return found, _answer(program.stdout.readline())
            finally:
                program.stdin.close()


def _answer(line: str) -> Any:
    if not line:
        sys.exit("The window ended before it answered.")
    return json.loads(line)


def peer(display: str, name: str, photograph: Path, seconds: float) -> dict[str, float]:
    """The same of another program, with the brush that it starts with."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        environment = {**os.environ, "HOME": home, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
        with subprocess.Popen(
            [name, str(photograph)], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as program:
            try:
                wait_for_rest(program.pid, PEER_START)
                return costs(Pointer(display), program.pid, PEER_AREA, seconds)
            finally:
                program.kill()


def tell(report: Report, case: str, found: dict[str, float]) -> None:
    for kind in ("hover", "paint"):
        details = f"{found['rest']:.1f} % at rest"
        report.add(Row("", f"{case}, {kind}: a move", found[kind], math.inf, "ms", details))


def main() -> int:
    require_linux()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default="4,24", help="megapixels (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=20.0, help="of painting (default: %(default)s)")
    parser.add_argument("--peer", default="krita", help="a painting program to compare with, if it is there")
    options = parser.parse_args()
    report = Report(f"From outside, {RATE:.0f} moves a second; processor time of the whole process")
    costs_of: dict[float, float] = {}
    with tempfile.TemporaryDirectory() as folder, x_server() as display:
        for megapixels in map(float, options.sizes.split(",")):
            photograph = Path(folder, f"{megapixels:g}.jpg")
            write_jpeg(photograph, megapixels)
            found, events = maskroom(display, photograph, options.seconds)
            tell(report, f"Maskroom, {megapixels:g} MP", found)
            costs_of[megapixels] = found["paint"]
            case = f"events not used, {megapixels:g} MP"
            details = f"{found['moves']:.0f} sent, {events['delivered']} delivered, {events['used']} used"
            report.add(Row("", case, abs(events["delivered"] - events["used"]), 0.0, "", details))
            case, wrong = f"steps beside one a stroke, {megapixels:g} MP", abs(events["steps"] - STROKES)
            report.add(Row("", case, wrong, 0.0, "", f"{events['steps']} of {STROKES}"))
            if shutil.which(options.peer):
                found = peer(display, options.peer, photograph, options.seconds)
                tell(report, f"{options.peer}, {megapixels:g} MP", found)
            else:
                print(f"        {options.peer} is not installed: nothing to compare with.")
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
