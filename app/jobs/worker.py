"""The one queue of requests: states, turns, cancelling, and who owns which task.

Plain asyncio on one thread; the loop may be asyncio's own or Qt's. What a job does is a coroutine
function given at submit; this module knows neither pixels, wires nor the history.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from app.base.cancel import Cancelled
from app.base.clock import steady_clock
from app.base.errors import InternalError, MaskroomError
from app.base.rate_limits import RateLimits
from app.base.signal import Signal
from app.base.states import TRANSITIONS, JobState
from app.base.text import tr
from app.jobs.turns import Turns
from app.jobs.types import Job

log = logging.getLogger(__name__)

PROGRESS_INTERVAL = 0.05
"""Seconds between two announcements of progress alone."""


class JobControl:
    """What a running job may tell about itself, on the loop's thread; ignored once the job has ended."""

    __slots__ = ("_note", "_progress", "_receiving", "id")

    def __init__(
        self,
        id: str,
        receiving: Callable[[], None],
        progress: Callable[[float], None],
        note: Callable[[Callable[[Job], Job]], None],
    ) -> None:
        self.id = id
        self._receiving = receiving
        self._progress = progress
        self._note = note

    def receiving(self) -> None:
        """The reply has begun to arrive; may be called once per call of a job that makes several."""
        self._receiving()

    def progress(self, share: float) -> None:
        """`share` (0–1) of the work is done."""
        self._progress(share)

    def sent(self) -> None:
        """It has left whole, and may be billed from here on."""
        self._note(lambda job: replace(job, sent=True))

    def waiting(self, until: float | None) -> None:
        """The provider asks to wait until then, in seconds since the epoch; None when it goes on."""
        self._note(lambda job: replace(job, waiting_until=until))

    def answered(self, request_id: str | None, limits: RateLimits | None) -> None:
        """A call was answered under that id; once for each of the job's calls."""

        def noted(job: Job) -> Job:
            ids = job.request_ids if request_id is None else (*job.request_ids, request_id)
            return replace(job, request_ids=ids, rate_limits=limits or job.rate_limits)

        self._note(noted)


Run = Callable[[JobControl], Awaitable[None]]


@dataclass(slots=True, eq=False)
class _Record:
    """A job and what keeps it going; never leaves this module."""

    job: Job
    run: Run | None
    """Let go at the start of the job: it may hold a large request."""
    task: asyncio.Task[None] | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the job has ended and its task with it."""
    announced: float = 0.0
    """Loop time of the last announcement."""
    later: asyncio.TimerHandle | None = None
    """The announcement of a progress that came too soon after the last."""


class RequestWorker:
    """Runs submitted jobs in turn, so many at once per provider as `limit(provider)` says (at least 1).

    All methods and all slots of `changed` run on the loop's thread. The owner awaits `aclose()` before the
    loop ends.
    """

    def __init__(self, limit: Callable[[str], int], clock: Callable[[], float] | None = None) -> None:
        self.changed: Signal[[Job]] = Signal()
        """Emitted at each new state, at whatever else becomes known, and at most about 20 times a second at
        progress."""
        self.queue_changed: Signal[[]] = Signal()
        """Emitted when somebody paused, resumed, or changed the order of those that wait."""
        self._limit = limit
        self.now = clock or steady_clock()
        """The clock of all times in jobs: seconds since the epoch."""
        self._records: dict[str, _Record] = {}
        self._turns: defaultdict[str, Turns] = defaultdict(Turns)
        self._busy: Counter[str] = Counter()
        """Tasks per provider; a cancelled one counts until it has wound up."""
        self._paused = False
        self._paused_providers: set[str] = set()
        self._closed = False

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All jobs that were not forgotten, newest first."""
        return tuple(record.job for record in reversed(self._records.values()))

    def job(self, id: str) -> Job | None:
        """The job as it stands now; None when unknown or forgotten."""
        record = self._records.get(id)
        return record.job if record else None

    def submit(
        self,
        id: str,
        provider: str,
        document_id: str,
        title: str,
        expected_seconds: float | None,
        run: Run,
        price: tuple[float, str] | None = None,
    ) -> Job:
        """Queue `run` under `id`, and start it at once if its provider has room. Needs a running loop.

        `run` ends normally when the job is done and raises a `MaskroomError` when it failed; any other
        exception is a fault of the program. It must let `asyncio.CancelledError` through, after winding up.

        Raises:
            InternalError: the id is taken, or the worker is closed.
        """
        if self._closed or id in self._records:
            raise InternalError(
                tr("The request could not be queued."), details=f"job {id}, closed={self._closed}"
            )
        asyncio.get_running_loop()
        job = Job(
            id=id,
            provider=provider,
            document_id=document_id,
            title=title,
            state=JobState.QUEUED,
            created=self.now(),
            expected_seconds=expected_seconds,
            price=price,
        )
        record = self._records[id] = _Record(job, run)
        self._turns[provider].add(document_id, id)
        self.changed.emit(job)
        self._start_next(provider)
        return record.job

    def cancel(self, id: str) -> bool:
        """Cancel a job: its state is CANCELLED at once, its task winds up. False when it had ended before."""
        record = self._records.get(id)
        if record is None or record.job.state.is_final:
            return False
        self._turns[record.job.provider].remove(record.job.document_id, id)
        if record.task is None:
            record.run = None
            record.ended.set()
        else:
            record.task.cancel()
        self._move(record, JobState.CANCELLED)
        return True

    def cancel_all(self) -> None:
        """Cancel everything that has not ended; the waiting ones first, so that none of them starts."""
        for state in (JobState.QUEUED, JobState.RUNNING, JobState.RECEIVING):
            for id in [id for id, record in self._records.items() if record.job.state is state]:
                self.cancel(id)

    def move(self, id: str, *, to_front: bool) -> bool:
        """Let a waiting job be its provider's next, or its last; False when it does not wait."""
        record = self._records.get(id)
        if record is None:
            return False
        turns, document_id = self._turns[record.job.provider], record.job.document_id
        moved = turns.to_front(document_id, id) if to_front else turns.to_back(document_id, id)
        if moved:
            self.queue_changed.emit()
        return moved

    def place_in_line(self, id: str) -> int | None:
        """How many requests of its provider start before this one does, plus one; None when it does not wait."""
        record = self._records.get(id)
        order = self._turns[record.job.provider].order() if record else ()
        return order.index(id) + 1 if id in order else None

    @property
    def waiting(self) -> tuple[str, ...]:
        """The ids of all that wait, by provider in the order of their turns."""
        return tuple(id for turns in self._turns.values() for id in turns.order())

    def pause(self, provider: str | None = None) -> None:
        """Start nothing more, of one provider or at all; what runs goes on."""
        if provider is None:
            self._paused = True
        else:
            self._paused_providers.add(provider)
        self.queue_changed.emit()

    def resume(self, provider: str | None = None) -> None:
        """Take back the same `pause`."""
        if provider is None:
            self._paused = False
        else:
            self._paused_providers.discard(provider)
        self.queue_changed.emit()
        for name in tuple(self._turns):
            self._start_next(name)

    def is_paused(self, provider: str | None = None) -> bool:
        """Whether `pause` was called so; that the whole queue is paused says nothing of a provider."""
        return self._paused if provider is None else provider in self._paused_providers

    def show_ended(self, job: Job) -> None:
        """List a job of an earlier run among the others, as older than any of them."""
        if job.id not in self._records:
            record = _Record(job, None)
            record.ended.set()
            self._records = {job.id: record, **self._records}
            self.changed.emit(job)

    def forget_finished(self) -> None:
        """Drop the jobs that have ended from `jobs`."""
        self._records = {id: record for id, record in self._records.items() if not record.ended.is_set()}

    async def wait(self, id: str) -> Job:
        """The job after it has ended, and its task with it.

        Raises:
            KeyError: no such job.
        """
        record = self._records[id]
        await record.ended.wait()
        return record.job

    async def aclose(self) -> None:
        """Take no more jobs, cancel those there are, and wait until the last task has wound up."""
        self._closed = True
        self.cancel_all()
        for record in tuple(self._records.values()):
            await record.ended.wait()

    def _start_next(self, provider: str) -> None:
        turns = self._turns[provider]
        while not self._is_held(provider) and len(turns) and self._busy[provider] < self._room(provider):
            id = turns.take()
            if id is not None:
                self._start(self._records[id])

    def _is_held(self, provider: str) -> bool:
        return self._closed or self._paused or provider in self._paused_providers

    def _room(self, provider: str) -> int:
        try:
            return max(1, self._limit(provider))
        except MaskroomError:
            # The provider was removed meanwhile: its jobs start, and fail with a sentence of their own.
            return 1

    def _start(self, record: _Record) -> None:
        run, record.run = record.run, None
        assert run is not None
        control = JobControl(
            record.job.id,
            lambda: self._receiving(record),
            lambda share: self._progress(record, share),
            lambda change: self._note(record, change),
        )
        self._busy[record.job.provider] += 1
        record.task = asyncio.get_running_loop().create_task(_call(run, control), name=f"job {record.job.id}")
        # A task that is cancelled before its first step never enters its coroutine, so a `finally` there
        # would not do: only the task itself tells of every end.
        record.task.add_done_callback(lambda task: self._ended(record, task))
        self._move(record, JobState.RUNNING)

    def _ended(self, record: _Record, task: asyncio.Task[None]) -> None:
        record.task = None
        self._busy[record.job.provider] -= 1
        state, error = _outcome(record.job, task)
        try:
            if not record.job.state.is_final:
                self._move(record, state, error=error)
        finally:
            record.ended.set()
            self._start_next(record.job.provider)

    def _receiving(self, record: _Record) -> None:
        if record.job.state is JobState.RUNNING:
            self._move(record, JobState.RECEIVING)

    def _progress(self, record: _Record, share: float) -> None:
        share = min(1.0, max(0.0, share))
        if record.job.state.is_final or share == record.job.progress:
            return
        record.job = replace(record.job, progress=share)
        loop = asyncio.get_running_loop()
        wait = record.announced + PROGRESS_INTERVAL - loop.time()
        if wait <= 0:
            self._announce(record)
        elif record.later is None:
            record.later = loop.call_later(wait, self._announce, record)

    def _note(self, record: _Record, change: Callable[[Job], Job]) -> None:
        changed = change(record.job)
        if not record.job.state.is_final and changed != record.job:
            record.job = changed
            self._announce(record)

    def _move(self, record: _Record, state: JobState, **changes: Any) -> None:
        job = record.job
        if state not in TRANSITIONS[job.state]:
            raise InternalError(
                tr("A request lost its way."), details=f"job {job.id}: {job.state.value} to {state.value}"
            )
        now = self.now()
        if state is JobState.RUNNING:
            changes["started"] = now
        if state.is_final:
            changes.update(finished=now, waiting_until=None)
        if state is JobState.DONE:
            changes["progress"] = 1.0
        record.job = replace(job, state=state, **changes)
        self._announce(record)

    def _announce(self, record: _Record) -> None:
        if record.later is not None:
            record.later.cancel()
            record.later = None
        record.announced = asyncio.get_running_loop().time()
        self.changed.emit(record.job)


async def _call(run: Run, control: JobControl) -> None:
    await run(control)


def _outcome(job: Job, task: asyncio.Task[None]) -> tuple[JobState, MaskroomError | None]:
    """What the end of a job's task means; faults of the program are logged here."""
    if task.cancelled():
        return JobState.CANCELLED, None
    fault = task.exception()
    if fault is None:
        return JobState.DONE, None
    if isinstance(fault, Cancelled):
        return JobState.CANCELLED, None
    if isinstance(fault, MaskroomError):
        log.info("job %s failed: %s %s", job.id, fault.code, fault.details, exc_info=fault)
        return JobState.FAILED, _without_frames(fault)
    log.error("job %s broke", job.id, exc_info=fault)
    error = InternalError(
        tr("Something went wrong inside Maskroom, and the request was given up."),
        tr("Try again. The log tells more."),
        details=repr(fault),
    )
    return JobState.FAILED, error


def _without_frames(error: MaskroomError) -> MaskroomError:
    """The error without its traceback and causes, whose frames would keep whole pictures alive."""
    error.__traceback__ = error.__cause__ = error.__context__ = None
    return error
