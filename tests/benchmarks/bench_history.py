"""What a history of ten thousand requests costs: opening, searching, filtering, and looking through it in the window.

Budgets of the issue: open in at most 100 ms, the first rows of a search in at most 20 ms, no stall of the window's
thread above 16 ms while scrolling. Each time stands beside its ratio to reading the same number of rows raw, in
the same run, so that a slow machine is told from slow code. Medians of many samples; run it directly, it prints
a table. With the argument `window` it is the window's part, in a process of its own.
"""

from __future__ import annotations

import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import cv2
import numpy as np
from harness import Report, Row, in_turn, nothing

from app.base.states import JobState
from app.history.store import DATABASE_NAME, HistoryStore
from app.history.types import HistoryFilter
from app.settings.folders import resolve_folders
from tests.history.making import fill

if TYPE_CHECKING:
    from app.ui.app import Program

COUNT = 10_000
SEEN = 64
"""Entries that are read for the first rows."""
FIRST = 200
OPEN_MS, SEARCH_MS, STALL_MS, ALL_MS = 100.0, 20.0, 16.0, 100.0
SWITCH_MS = 33.0
"""Between rows and tiles, and between the side and the middle of the window, where all controls move."""
BUSY = "; the machine is busy, so the second counts"
STALL_RUNS = 3
PAINTS = 40


def thumbnail(number: int) -> bytes:
    """A small picture with something in it."""
    picture = np.random.default_rng(number).integers(0, 255, (20, 20, 3), np.uint8)
    large = cv2.resize(picture, (320, 320), interpolation=cv2.INTER_CUBIC)
    return cv2.imencode(".png", large)[1].tobytes()


def first_rows(store: HistoryStore, wanted: HistoryFilter, variants: bool) -> None:
    """What the panel does until it shows something."""
    rows = store.catalogue.rows(wanted, variants=variants, limit=FIRST)
    store.entries(tuple(dict.fromkeys(id for id, _ in rows[:SEEN])))


def open_store(folder: Path) -> None:
    """As at the start of the program: open, bring up to date, first rows of the panel."""
    store = HistoryStore(folder)
    store.open()
    first_rows(store, HistoryFilter(), variants=False)
    store.close()


def measure_store(report: Report, folder: Path) -> None:
    store = HistoryStore(folder)
    store.open()
    wanted = HistoryFilter
    cases: list[tuple[str, float, Callable[[], object], int]] = [
        ("open the store, first rows", OPEN_MS, partial(open_store, folder), SEEN),
        ("all rows", ALL_MS, partial(store.catalogue.rows, wanted()), COUNT),
        ("all tiles", ALL_MS, partial(store.catalogue.rows, wanted(), variants=True), 2 * COUNT),
        ("what there is to filter by", ALL_MS, store.catalogue.facets, COUNT),
        ("earlier prompts", ALL_MS * 2, store.prompts.list, COUNT),
    ]
    searches = {
        "one word of few": wanted("poster 77"),
        "a word of many": wanted("boat"),
        "a word of all": wanted("number"),
        "a word of none": wanted("zeppelin"),
        "two words begun": wanted("bo lam"),
        "starred": wanted(starred=True),
        "one model": wanted(provider="studio", model="paint-1"),
        "failed": wanted(states=(JobState.FAILED,)),
        "paid, with a word": wanted("boat", costs_more_than=0.05),
        "one tag": wanted(tag="keep"),
    }
    cases += [
        (f"search: {name}", SEARCH_MS, partial(first_rows, store, each, variants=True), SEEN)
        for name, each in searches.items()
    ]
    with closing(sqlite3.connect(folder / DATABASE_NAME)) as raw:
        for name, limit, run, rows in cases:
            sql = "SELECT id, prompt, created, state FROM entries LIMIT ?"
            timing, reference = in_turn(
                (nothing, run), (nothing, lambda sql=sql, rows=rows: raw.execute(sql, (rows,)).fetchall())
            )
            ratio = timing.median / reference.median
            details = f"{ratio:.0f} x reading {rows} rows raw; samples {timing.note}"
            report.add(Row("history", name, timing.median, limit, "ms", details))
    store.close()


def measure_window(report: Report, home: Path) -> None:
    runs: list[dict[str, list[float]]] = []
    for _ in range(STALL_RUNS):
        done = subprocess.run(
            [sys.executable, __file__, "window"],
            env={**os.environ, "MASKROOM_HOME": str(home)},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=300,
        )
        runs.append(json.loads(done.stdout.splitlines()[-1]))
    # On a busy machine a thread waits for a lock whose holder was sent away: that tells nothing of us.
    busy = os.getloadavg()[0] > (os.cpu_count() or 1)
    for text, title, limit in (
        ("", "panel: open to painted", OPEN_MS),
        ("boat", "panel: search a word of many to painted", SEARCH_MS),
        ("number", "panel: search a word of all to painted", SEARCH_MS),
    ):
        wall, used = (min(run[f"painted: {text}"][place] for run in runs) for place in (0, 1))
        details = f"of {STALL_RUNS} runs the least median; wall {wall:.1f}, processor {used:.1f}"
        details += BUSY if busy else ""
        report.add(Row("history", title, used if busy else wall, limit, "ms", details))
    for phase in (phase for phase in runs[0] if not phase.startswith("painted")):
        stall, own = (min(run[phase][place] for run in runs) for place in (0, 1))
        details = (
            f"of {STALL_RUNS} runs the least; stall {stall:.1f}, own work {own:.1f}{BUSY if busy else ''}"
        )
        limit = SWITCH_MS if phase.startswith("to ") else STALL_MS
        report.add(Row("history", f"stall: {phase}", own if busy else stall, limit, "ms", details))


async def look_through(program: Program) -> dict[str, list[float]]:
    """Scroll rows and tiles from end to end, jump, search: how long the window's thread was away."""
    import asyncio

    from ticker import Ticker

    from app.ui.panels.side import HISTORY

    assert program.desk is not None
    panel, ticker = program.desk.history, Ticker()
    program.window.resize(1600, 1000)
    while panel.model.rowCount() < COUNT:
        await asyncio.sleep(0.01)
    await asyncio.sleep(1.0)

    async def first_paint(text: str) -> tuple[float, float]:
        """From asking to the painted first rows, without the pause that waits for more letters.

        Wall time, and the processor time of all threads.
        """
        panel.search.blockSignals(True)
        panel.search.setText(text)
        panel.search.blockSignals(False)
        shown = asyncio.Event()
        panel.query.replaced.connect(shown.set)
        start, used = time.perf_counter(), time.process_time()
        panel.query.refresh()
        await shown.wait()
        panel.view.viewport().repaint()
        took = (time.perf_counter() - start) * 1e3, (time.process_time() - used) * 1e3
        panel.query.replaced.disconnect(shown.set)
        await asyncio.sleep(0.1)
        return took

    program.desk.side.reveal(HISTORY)
    times = {text: [await first_paint(text) for _ in range(PAINTS)] for text in ("", "boat", "number")}

    async def scroll(phase: str, step: int) -> None:
        bar = panel.view.verticalScrollBar()
        ticker.begin(phase)
        for place in range(0, 200 * step, step):
            bar.setValue(place)
            await asyncio.sleep(0.008)

    async def jump(phase: str) -> None:
        bar = panel.view.verticalScrollBar()
        ticker.begin(phase)
        for share in (0.9, 0.1, 0.5, 0.99, 0.3, 0.7, 0.0):
            bar.setValue(round(bar.maximum() * share))
            await asyncio.sleep(0.15)

    async def search(phase: str) -> None:
        ticker.begin(phase)
        for text in ("b", "bo", "boat", "boat l", "", "number", ""):
            panel.search.setText(text)
            await asyncio.sleep(0.4)

    async def arrange(phase: str, grid: bool, large: bool) -> None:
        ticker.begin(phase)
        panel.bar.grid.setChecked(grid)
        program.desk.room.set_open(large)
        await asyncio.sleep(1.0)

    for grid, large in ((False, False), (True, False), (False, True), (True, True)):
        name = ("tiles" if grid else "rows") + (" large" if large else "")
        await arrange(f"to {name}", grid, large)
        await scroll(f"scrolling {name}", 60)
        await jump(f"jumping in {name}")
        await search(f"searching in {name}")
    ticker.end()
    stalls = {phase: [stall, ticker.busiest[phase]] for phase, stall in ticker.longest.items()}
    return stalls | {
        f"painted: {text}": [statistics.median(each) for each in zip(*found, strict=True)]
        for text, found in times.items()
    }


def run_window() -> int:
    """The window's part: the real program, which is closed when it has been looked through."""
    import app.ui.app as program

    found: dict[str, list[float]] = {}
    furnish = program.Program.furnish

    async def furnish_and_look(self: program.Program) -> None:
        await furnish(self)
        found.update(await look_through(self))
        self.window.stopped.set()

    program.Program.furnish = furnish_and_look  # type: ignore[method-assign]
    code = program.run_window([])
    print(json.dumps(found))
    return code


def main() -> int:
    if sys.argv[1:] == ["window"]:
        return run_window()
    report = Report(f"A history of {COUNT} requests")
    with tempfile.TemporaryDirectory() as home:
        folder = resolve_folders({**os.environ, "MASKROOM_HOME": home}).history
        fill(folder, COUNT, thumbnail=thumbnail)
        measure_store(report, folder)
        measure_window(report, Path(home))
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
