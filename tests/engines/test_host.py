"""The worker process: heals, cancels within a second, survives its own death, and dies with its host."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest

from app.base.errors import EngineError, InternalError, MaskError
from app.engines.estimate import Pace
from app.engines.healing import heal
from app.engines.host import EngineHost, StepWatch
from app.engines.types import HealMethod, HealRequest, Step
from tests.engines.making import disc, textured

PROJECT = Path(__file__).resolve().parents[2]
SMALL = HealRequest(textured(60, 80), disc(60, 80, (40, 30), 10))
LONG = HealRequest(textured(900, 900), disc(900, 900, (450, 450), 190), HealMethod.PATCHMATCH, (2, 6, 10))
"""Three heals of the largest patches: far longer than any test waits."""


@pytest.fixture
async def host() -> AsyncIterator[EngineHost]:
    host = EngineHost()
    yield host
    await host.aclose()


def children() -> set[int]:
    """Process ids of this process's living children."""
    found = set()
    for task in Path("/proc/self/task").iterdir():
        # A thread may end while they are gone through; what it had started is then another thread's child.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found |= {int(word) for word in (task / "children").read_text().split()}
    return found


def is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return False


async def worker_of(starting: Callable[[], Awaitable[object]]) -> int:
    """The process that `starting` started."""
    before = children()
    await starting()
    while True:  # between fork and exec it still has this process's name
        for pid in children() - before:
            if "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text():
                return pid
        await asyncio.sleep(0.01)


async def begun(host: EngineHost) -> asyncio.Task[tuple[np.ndarray, ...]]:
    """A long heal that is at work in the native engine."""
    at_work = asyncio.Event()
    task = asyncio.create_task(host.heal(LONG, lambda share: at_work.set() if share > 0 else None))
    await asyncio.wait_for(at_work.wait(), 20)
    return task


async def test_heals_as_the_engine_itself_does(host: EngineHost) -> None:
    request = HealRequest(SMALL.picture, SMALL.coverage, HealMethod.PATCHMATCH, (0, 6))
    told: list[float] = []
    results = await host.heal(request, told.append)
    expected = [heal(SMALL.picture, SMALL.coverage, HealMethod.PATCHMATCH, seed) for seed in (0, 6)]
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(results, expected, strict=True))
    await asyncio.sleep(0)
    assert told[-1] == 1.0
    assert told == sorted(told)


async def test_results_outlive_the_shared_memory(host: EngineHost) -> None:
    (first,) = await host.heal(SMALL)
    kept = first.copy()
    await host.heal(HealRequest(255 - SMALL.picture, SMALL.coverage))
    assert np.array_equal(first, kept)


async def test_progress_moves_while_the_engine_says_nothing(host: EngineHost) -> None:
    told: list[float] = []
    await host.heal(
        HealRequest(textured(300, 300), disc(300, 300, (150, 150), 90), HealMethod.PATCHMATCH), told.append
    )
    between = [share for share in told if 0 < share < 1]
    assert len(set(between)) >= 3
    assert told == sorted(told)


async def test_heals_wait_for_each_other(host: EngineHost) -> None:
    results = await asyncio.gather(*(host.heal(SMALL) for _ in range(3)))
    assert all(np.array_equal(result[0], results[0][0]) for result in results)


async def test_a_bad_mask_is_told_as_such(host: EngineHost) -> None:
    with pytest.raises(MaskError, match="Nothing is painted"):
        await host.heal(HealRequest(SMALL.picture, np.zeros_like(SMALL.coverage)))
    with pytest.raises(MaskError, match="nearly everything"):
        await host.heal(HealRequest(SMALL.picture, np.full_like(SMALL.coverage, 255)))
    assert len(await host.heal(SMALL)) == 1


async def test_arrays_that_do_not_fit_are_refused_before_they_are_sent(host: EngineHost) -> None:
    with pytest.raises(InternalError):
        await host.heal(HealRequest(SMALL.picture, SMALL.coverage[:-1]))


async def test_cancelling_stops_a_long_heal_within_a_second(host: EngineHost) -> None:
    worker = await worker_of(host.start)
    task = await begun(host)
    began = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - began < 1.0
    assert worker not in children()
    assert len(await host.heal(SMALL)) == 1


async def test_cancelling_one_that_waits_leaves_the_one_at_work_alone(host: EngineHost) -> None:
    await host.start()
    first = asyncio.create_task(host.heal(SMALL))
    second = asyncio.create_task(host.heal(SMALL))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    assert len(await first) == 1


async def test_cancelling_while_the_worker_starts(host: EngineHost) -> None:
    for delay in (0.0, 0.005, 0.05):
        task = asyncio.create_task(host.heal(SMALL))
        await asyncio.sleep(delay)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert len(await host.heal(SMALL)) == 1


async def test_a_killed_worker_is_an_error_and_the_next_heal_works(host: EngineHost) -> None:
    worker = await worker_of(host.start)
    task = await begun(host)
    os.kill(worker, signal.SIGKILL)
    with pytest.raises(EngineError, match="stopped unexpectedly") as caught:
        await task
    assert caught.value.retryable
    assert "-9" in caught.value.details
    assert not is_zombie(worker)
    assert len(await host.heal(SMALL)) == 1


async def test_a_worker_that_died_while_idle_is_not_noticed(host: EngineHost) -> None:
    worker = await worker_of(host.start)
    os.kill(worker, signal.SIGKILL)
    while not is_zombie(worker):
        await asyncio.sleep(0.01)
    assert len(await host.heal(SMALL)) == 1
    assert worker not in children()


async def test_closing_ends_the_worker_and_what_it_does() -> None:
    host = EngineHost()
    worker = await worker_of(host.start)
    task = await begun(host)
    began = time.monotonic()
    await host.aclose()
    assert time.monotonic() - began < 1.0
    with pytest.raises(asyncio.CancelledError):
        await task
    assert worker not in children()
    with pytest.raises(InternalError):
        await host.heal(SMALL)
    await host.aclose()


async def test_the_pace_is_learnt(host: EngineHost) -> None:
    await host.heal(HealRequest(textured(300, 300), disc(300, 300, (150, 150), 60), HealMethod.PATCHMATCH))
    assert host.pace.factor != 1.0


PARENT = """
import asyncio, multiprocessing, sys
import numpy as np
from app.engines.host import EngineHost
from app.engines.types import HealMethod, HealRequest

async def run() -> None:
    host = EngineHost()
    picture = np.random.default_rng(0).integers(0, 255, (900, 900, 3), np.uint8)
    coverage = np.zeros((900, 900), np.uint8)
    coverage[260:640, 260:640] = 255
    await host.start()
    print(multiprocessing.active_children()[0].pid, flush=True)
    request = HealRequest(picture, coverage, HealMethod.PATCHMATCH, (2, 6, 10))
    await host.heal(request, lambda share: print("at work", flush=True) if share > 0 else None)

if __name__ == "__main__":
    {ending}
"""


def parent(tmp_path: Path, ending: str) -> subprocess.Popen[str]:
    script = tmp_path / "parent.py"
    script.write_text(PARENT.replace("{ending}", ending))
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONWARNINGS": "error"}
    return subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def at_work(process: subprocess.Popen[str]) -> int:
    """The worker of `process`, which is in the midst of a heal."""
    assert process.stdout is not None
    worker = int(process.stdout.readline())
    assert process.stdout.readline().strip() == "at work"
    return worker


def ends_soon(pid: int) -> bool:
    deadline = time.monotonic() + 1.0
    while time.monotonic() < deadline:
        if not Path(f"/proc/{pid}").exists() or is_zombie(pid):
            return True
        time.sleep(0.02)
    return False


def test_the_worker_goes_within_a_second_when_its_parent_is_killed(tmp_path: Path) -> None:
    blocks = set(Path("/dev/shm").glob("maskroom-*"))
    with parent(tmp_path, "asyncio.run(run())") as process:
        worker = at_work(process)
        process.kill()
        process.wait()
        assert ends_soon(worker)
    assert set(Path("/dev/shm").glob("maskroom-*")) <= blocks


def test_ctrl_c_in_a_terminal_leaves_no_word_of_the_worker(tmp_path: Path) -> None:
    ending = "\n    ".join(
        ("try:", "    asyncio.run(run())", "except KeyboardInterrupt:", "    sys.exit(130)")
    )
    with parent(tmp_path, ending) as process:
        worker = at_work(process)
        # A terminal signals the whole group.
        os.kill(worker, signal.SIGINT)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=5) == 130
        assert process.stderr is not None
        assert process.stderr.read() == ""
        assert ends_soon(worker)


def test_the_worker_knows_neither_window_nor_session() -> None:
    code = (
        "import sys, app.engines.worker as w, app.engines.healing\n"
        "bad = [n for n in sys.modules if n.startswith(('PySide6', 'qasync', 'app.session', 'app.ui', 'httpx'))]\n"
        "sys.exit(repr(bad) if bad else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_step_moves_the_bar_but_never_to_its_end() -> None:
    now = [0.0]
    watch = StepWatch(Pace(), lambda: now[0])
    assert watch.share() == 0.0
    assert watch.begin(Step(0.0, 0.5, seconds=2.0)) == 0.0
    seen = []
    for second in range(60):
        now[0] = float(second)
        seen.append(watch.share())
    assert seen == sorted(seen)
    assert 0.2 < seen[1] < 0.25
    assert 0.45 < seen[4] < seen[-1] <= 0.5
    assert watch.begin(Step(0.5, 1.0, seconds=2.0)) == 0.5
