"""Runs heals in one warm worker process, so that they can be cancelled, and a crash ends nothing else.

The process is started by `spawn` at the first heal or by `start`, and again after it was killed. Cancelling
the task that awaits `heal` kills it, the only way to stop the native engine. The pipe is read in a thread of
the host's own, hence any event loop will do.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import multiprocessing
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import TypeVar

import numpy as np

from app.base.cancel import Cancelled, CancelToken
from app.base.errors import EngineError, InternalError
from app.base.text import tr
from app.engines import worker
from app.engines.estimate import Pace
from app.engines.messages import Began, Done, Failed, Order, Ready, Taken
from app.engines.shared import SharedBlock
from app.engines.types import HealProgress, HealRequest, Step
from app.imaging.arrays import U8

T = TypeVar("T")

TICK_SECONDS = 0.1
"""How often progress is told while the engine says nothing."""


class EngineHost:
    """The owner of the worker process. Heals wait for each other. Used from one event loop."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        # One thread, because it alone speaks to the worker; made with the first heal.
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="engine-host")
        self._worker: _Worker | None = None
        self._pace = Pace()
        self._closed = False

    @property
    def pace(self) -> Pace:
        """What this machine's last heals took against the estimate."""
        return self._pace

    async def start(self) -> None:
        """Start the worker now, so that the first heal need not wait for it."""
        async with self._turn:
            await self._in_thread(lambda: self._running_worker(), CancelToken())

    async def heal(
        self, request: HealRequest, on_progress: HealProgress = lambda share: None
    ) -> tuple[U8, ...]:
        """One healed picture (h, w, 3) for each seed. `on_progress` is called on the event loop.

        Cancelling the awaiting task stops the work within a second.

        Raises:
            MaskError: nothing is painted, or too little is left to copy from.
            EngineError: the engine failed, or its process ended; the next heal starts a new one.
            CancelledError: the task was cancelled, or the host closed.
        """
        if request.picture.shape != (*request.coverage.shape, 3) or not request.seeds:
            raise InternalError(tr("Picture and mask do not fit together."))
        loop = asyncio.get_running_loop()
        token = CancelToken()

        def report(share: float) -> None:
            with contextlib.suppress(RuntimeError):  # the loop was closed in the meantime
                loop.call_soon_threadsafe(_tell, on_progress, share, token)

        async with self._turn:
            return await self._in_thread(lambda: self._heal(request, report, token), token)

    async def aclose(self) -> None:
        """End the worker and what it does. Nothing can be healed afterwards."""
        self._closed = True
        await asyncio.to_thread(self._stop)

    def _stop(self) -> None:
        if (running := self._worker) is not None:
            running.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)
        if (running := self._worker) is not None:
            running.discard()
            self._worker = None

    async def _in_thread(self, work: Callable[[], T], token: CancelToken) -> T:
        """The result of `work` in the host's thread; the worker is killed when the awaiting task is cancelled."""
        if self._closed:
            raise InternalError(tr("The healing engine was closed."))
        future = asyncio.get_running_loop().run_in_executor(self._threads, work)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            token.cancel()
            if (running := self._worker) is not None:
                running.kill()
            # The thread ends at once, since its pipe has ended; only then may the next heal begin.
            await asyncio.wait((future,))
            if not future.cancelled():
                future.exception()  # it was asked for
            if not self._closed:
                self._threads.submit(self._reap)
            raise
        except Cancelled:
            raise asyncio.CancelledError from None

    def _running_worker(self) -> _Worker:
        """The worker, started where there is none. In the host's thread."""
        if self._worker is None or not self._worker.is_alive:
            if self._worker is not None:
                self._worker.discard()
            self._worker = _Worker()
        return self._worker

    def _reap(self) -> None:
        """Leave no zombie of a worker that was killed between two conversations. In the host's thread."""
        if self._worker is not None and not self._worker.is_alive:
            self._worker.discard()
            self._worker = None

    def _heal(self, request: HealRequest, report: HealProgress, token: CancelToken) -> tuple[U8, ...]:
        """The whole conversation about one request. In the host's thread."""
        running = self._running_worker()
        token.check()
        try:
            return _converse(running.pipe, request, report, self._pace)
        except (EOFError, OSError) as error:
            code = running.discard()
            self._worker = None
            if token.is_cancelled or self._closed:
                raise Cancelled from None
            raise EngineError(
                tr("The healing engine stopped unexpectedly."),
                tr("Try again; if it happens again, paint a smaller region or close other programs."),
                details=f"exit code {code}: {error!r}",
                retryable=True,
            ) from error


class _Worker:
    """The process and this side of its pipe."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._lock = threading.Lock()
        self._exit_code: int | None = None
        self._process = context.Process(
            target=worker.main, args=(theirs,), name="maskroom-engine", daemon=True
        )
        self._process.start()
        self._gone = False
        # Only the worker may hold its end, or its death would not end the pipe.
        theirs.close()

    @property
    def is_alive(self) -> bool:
        with self._lock:
            return not self._gone and self._process.is_alive()

    def kill(self) -> None:
        """End the process at once. From any thread."""
        with self._lock:
            if not self._gone:
                self._process.kill()

    def discard(self) -> int | None:
        """Kill and wait, so that neither a zombie nor a handle stays. The exit code, where it is known."""
        with self._lock:
            if not self._gone:
                self._gone = True
                self._process.kill()
                self._process.join()
                self._exit_code = self._process.exitcode
                self._process.close()
                self.pipe.close()
            return self._exit_code


def _converse(pipe: Connection, request: HealRequest, report: HealProgress, pace: Pace) -> tuple[U8, ...]:
    """Send `request`, tell progress, take the results.

    Raises:
        EOFError, OSError: the worker has gone.
        MaskroomError: what the worker says went wrong.
    """
    height, width = request.coverage.shape
    block_size = 7 * height * width
    block = SharedBlock.create(block_size)
    try:
        order = Order(block.path, height, width, request.method, request.seeds)
        shape = (height, width)
        block.array(0, (*shape, 3))[...] = request.picture
        block.array(3 * order.pixels, shape)[...] = request.coverage
        result = block.array(4 * order.pixels, (*shape, 3))
        pipe.send(order)
        healed: list[U8] = []
        watch = StepWatch(pace)
        while True:
            if not pipe.poll(TICK_SECONDS):
                report(watch.share())
                continue
            match pipe.recv():
                case Began(step):
                    report(watch.begin(step))
                case Ready():
                    healed.append(np.array(result))
                    pipe.send(Taken())
                case Failed() as failure:
                    raise failure.error()
                case Done():
                    watch.end()
                    report(1.0)
                    return tuple(healed)
    finally:
        block.close()


class StepWatch:
    """Turns steps that say nothing while they last into a share that moves, by their expected time."""

    def __init__(self, pace: Pace, clock: Callable[[], float] = time.monotonic) -> None:
        self._pace = pace
        self._clock = clock
        self._step: Step | None = None
        self._began = 0.0
        self._expected = self._took = 0.0

    def begin(self, step: Step) -> float:
        """A step begins now, and the one before it has ended. The share done."""
        self._finish_step()
        self._step, self._began = step, self._clock()
        return step.start

    def share(self) -> float:
        """The share done by now: nine tenths of a step in its expected time, its end only when it ends."""
        if self._step is None:
            return 0.0
        late = (self._clock() - self._began) / max(1e-3, self._step.seconds * self._pace.factor)
        inside = 0.9 * late if late < 1 else 1.0 - 0.1 * math.exp(1 - late)
        return self._step.start + (self._step.end - self._step.start) * inside

    def end(self) -> None:
        """All is done: learn from it."""
        self._finish_step()
        self._pace.learn(self._expected, self._took)

    def _finish_step(self) -> None:
        if self._step is not None:
            self._expected += self._step.seconds
            self._took += self._clock() - self._began
            self._step = None


def _tell(on_progress: HealProgress, share: float, token: CancelToken) -> None:
    if not token.is_cancelled:
        on_progress(share)
