"""The request worker as its users see it: states, turns, cancelling, failing, closing."""

import asyncio
import gc
import itertools
import logging
import weakref

import pytest

from app.base.cancel import Cancelled
from app.base.errors import InternalError, Refused, UsageError
from app.base.rate_limits import RateLimits
from app.base.states import JobState
from app.jobs.types import Job
from app.jobs.worker import JobControl, RequestWorker
from tests.jobs.making import Scripts, settle


def states(worker: RequestWorker) -> dict[str, str]:
    return {job.id: job.state.value for job in worker.jobs}


async def test_a_job_goes_from_queued_to_done(
    worker: RequestWorker, scripts: Scripts, seen: list[Job]
) -> None:
    job = scripts.submit("1")
    assert job.state is JobState.RUNNING
    await settle()
    scripts.controls["1"].receiving()
    scripts.controls["1"].receiving()  # a second call of the same job begins to answer
    scripts.finish("1")
    done = await worker.wait("1")
    assert [each.state.value for each in seen] == ["queued", "running", "receiving", "done"]
    assert done == seen[-1] == worker.job("1")
    assert (done.title, done.provider, done.document_id, done.expected_seconds) == (
        *("title of 1", "p", "d"),
        4.0,
    )
    assert done.created < (done.started or 0) < (done.finished or 0)
    assert done.progress == 1.0
    assert done.error is None


async def test_a_job_that_waits_for_its_provider_is_running(
    worker: RequestWorker, scripts: Scripts, seen: list[Job]
) -> None:
    scripts.submit("1")
    await settle()
    control = scripts.controls["1"]
    control.sent()
    control.answered("r1", RateLimits(60, 0))
    control.waiting(2000.0)
    control.waiting(2000.0)
    assert (seen[-1].state, seen[-1].waiting_until) == (JobState.RUNNING, 2000.0)
    control.waiting(None)
    control.sent()
    control.answered("r2", None)
    control.answered(None, None)
    scripts.finish("1")
    done = await worker.wait("1")
    assert [job.waiting_until for job in seen] == [None, None, None, None, 2000.0, None, None, None]
    assert (done.sent, done.request_ids, done.rate_limits) == (True, ("r1", "r2"), RateLimits(60, 0))


async def test_a_job_that_waits_can_be_cancelled_and_remembers_that_it_was_sent(
    worker: RequestWorker, scripts: Scripts, seen: list[Job]
) -> None:
    scripts.submit("1")
    await settle()
    control = scripts.controls["1"]
    control.sent()
    control.waiting(2000.0)
    assert worker.cancel("1")
    told = len(seen)
    control.waiting(3000.0)
    control.answered("late", None)
    job = await worker.wait("1")
    assert (job.state, job.sent, job.waiting_until, job.request_ids) == (JobState.CANCELLED, True, None, ())
    assert len(seen) == told


async def test_each_provider_has_its_own_limit(
    worker: RequestWorker, scripts: Scripts, limits: dict[str, int]
) -> None:
    limits.update(wide=2, none=0)
    for provider in ("wide", "narrow", "none"):
        for number in range(3):
            scripts.submit(f"{provider}{number}", provider=provider)
    await settle()
    assert scripts.begun == ["wide0", "wide1", "narrow0", "none0"]
    scripts.finish("wide1")
    await settle()
    assert scripts.begun[4:] == ["wide2"]


async def test_documents_take_turns(worker: RequestWorker, scripts: Scripts) -> None:
    for id in ("a0", "a1", "a2", "b0"):
        scripts.submit(id, document=id[0])
    for id in ("a0", "a1", "b0", "a2"):
        await settle()
        assert scripts.begun[-1] == id
        scripts.finish(id)


async def test_a_provider_that_was_removed_holds_up_nothing() -> None:
    def limit(provider: str) -> int:
        raise UsageError(f"No provider {provider}.")

    worker = RequestWorker(limit)
    scripts = Scripts(worker)
    scripts.submit("1")
    scripts.submit("2")
    await settle()
    scripts.finish("1")
    await settle()
    scripts.finish("2")
    assert (await worker.wait("2")).state is JobState.DONE
    await worker.aclose()


async def test_newest_first_and_finished_ones_can_be_forgotten(
    worker: RequestWorker, scripts: Scripts
) -> None:
    for id in ("1", "2", "3"):
        scripts.submit(id)
    await settle()
    scripts.finish("1")
    await worker.wait("1")
    assert [job.id for job in worker.jobs] == ["3", "2", "1"]
    worker.forget_finished()
    assert [job.id for job in worker.jobs] == ["3", "2"]
    assert worker.job("1") is None
    assert worker.cancel("1") is False


async def test_a_told_error_is_kept_without_its_frames(
    worker: RequestWorker, caplog: pytest.LogCaptureFixture
) -> None:
    # A record that is kept for the test keeps the frames, too.
    caplog.set_level(logging.WARNING)

    class Picture:
        pass

    alive: list[weakref.ref[Picture]] = []

    async def run(control: JobControl) -> None:
        picture = Picture()
        alive.append(weakref.ref(picture))
        try:
            raise ValueError("from below")
        except ValueError as error:
            raise Refused("The key is wrong.", "Check it.", request_id="r1") from error

    worker.submit("1", "p", "d", "t", None, run)
    job = await worker.wait("1")
    assert job.state is JobState.FAILED
    assert isinstance(job.error, Refused)
    assert job.error.request_id == "r1"
    assert job.error.__traceback__ is None
    await settle()
    gc.collect()
    assert alive[0]() is None


async def test_a_fault_is_logged_and_told_as_internal(
    worker: RequestWorker, caplog: pytest.LogCaptureFixture
) -> None:
    async def run(control: JobControl) -> None:
        raise ZeroDivisionError("deep down")

    worker.submit("1", "p", "d", "t", None, run)
    job = await worker.wait("1")
    assert job.state is JobState.FAILED
    assert type(job.error) is InternalError
    assert "deep down" not in job.error.message
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.exc_info is not None
    assert record.exc_info[2] is not None


async def test_a_run_that_raises_before_its_first_await_fails_its_job_only(worker: RequestWorker) -> None:
    def run(control: JobControl) -> asyncio.Future[None]:
        raise Refused("Not this one.")

    worker.submit("1", "p", "d", "t", None, run)
    assert (await worker.wait("1")).state is JobState.FAILED


async def test_work_that_cancels_itself_is_cancelled(worker: RequestWorker) -> None:
    async def token(control: JobControl) -> None:
        raise Cancelled

    async def task(control: JobControl) -> None:
        raise asyncio.CancelledError

    for id, run in (("1", token), ("2", task)):
        worker.submit(id, "p", "d", "t", None, run)
        job = await worker.wait(id)
        assert job.state is JobState.CANCELLED
        assert job.error is None
        assert job.finished is not None


async def test_cancel_is_at_once_in_every_state(
    worker: RequestWorker, scripts: Scripts, seen: list[Job]
) -> None:
    scripts.submit("receiving", provider="a")
    scripts.submit("running", provider="b")
    await settle()
    scripts.controls["receiving"].receiving()
    scripts.submit("not yet stepped", provider="c")
    scripts.submit("queued", provider="c")
    ids = ["receiving", "running", "queued", "not yet stepped"]
    for id in ids:
        assert worker.cancel(id) is True
        assert worker.cancel(id) is False
        job = worker.job(id)
        assert job is not None
        assert job.state is JobState.CANCELLED
    for id in ids:
        assert (await worker.wait(id)).state is JobState.CANCELLED
    assert scripts.begun == ["receiving", "running"]
    assert sorted(scripts.wound_up) == ["receiving", "running"]
    assert [job.state for job in seen].count(JobState.CANCELLED) == 4
    assert worker.cancel("receiving") is False
    assert worker.cancel("nobody") is False


async def test_a_cancelled_job_keeps_its_place_until_it_has_wound_up(
    worker: RequestWorker, scripts: Scripts
) -> None:
    gate = asyncio.Event()
    scripts.submit("1", wind_up=gate)
    scripts.submit("2")
    await settle()
    worker.cancel("1")
    await settle()
    assert scripts.begun == ["1"]
    waiting = asyncio.ensure_future(worker.wait("1"))
    await settle()
    assert not waiting.done()
    gate.set()
    await waiting
    await settle()
    assert scripts.wound_up == ["1"]
    assert scripts.begun == ["1", "2"]


async def test_what_ends_well_after_a_cancel_stays_cancelled(worker: RequestWorker, seen: list[Job]) -> None:
    stored = asyncio.Event()

    async def run(control: JobControl) -> None:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            control.receiving()
            control.progress(0.5)
            stored.set()

    worker.submit("1", "p", "d", "t", None, run)
    await settle()
    worker.cancel("1")
    assert (await worker.wait("1")).state is JobState.CANCELLED
    assert stored.is_set()
    assert [job.state.value for job in seen] == ["queued", "running", "cancelled"]


async def test_a_fault_after_a_cancel_is_logged_and_changes_nothing(
    worker: RequestWorker, caplog: pytest.LogCaptureFixture
) -> None:
    async def run(control: JobControl) -> None:
        try:
            await asyncio.sleep(30)
        finally:
            raise ZeroDivisionError("while winding up")

    worker.submit("1", "p", "d", "t", None, run)
    await settle()
    worker.cancel("1")
    job = await worker.wait("1")
    assert job.state is JobState.CANCELLED
    assert job.error is None
    assert "while winding up" in caplog.text


async def test_cancel_all_starts_nothing_new(worker: RequestWorker, scripts: Scripts) -> None:
    for number in range(5):
        scripts.submit(str(number))
    await settle()
    worker.cancel_all()
    assert set(states(worker).values()) == {"cancelled"}
    await settle()
    assert scripts.begun == ["0"]


async def test_a_slot_may_cancel_what_it_is_told_of(worker: RequestWorker, scripts: Scripts) -> None:
    worker.changed.connect(lambda job: worker.cancel(job.id))
    assert scripts.submit("1").state is JobState.CANCELLED
    assert (await worker.wait("1")).state is JobState.CANCELLED
    assert scripts.begun == []


async def test_progress_is_told_at_most_twenty_times_a_second_and_the_last_is_not_lost(
    worker: RequestWorker, scripts: Scripts, seen: list[Job]
) -> None:
    scripts.submit("1")
    await settle()
    seen.clear()
    loop = asyncio.get_running_loop()
    start = loop.time()
    told_at: list[float] = []
    worker.changed.connect(lambda job: told_at.append(loop.time() - start))
    for number in range(100):
        scripts.controls["1"].progress(number / 100)
        await asyncio.sleep(0.002)
    await asyncio.sleep(0.1)
    assert [job.progress for job in seen] == sorted(job.progress or 0 for job in seen)
    assert seen[-1].progress == 0.99
    assert len(seen) > 2
    # asyncio's timers may fire one tick of the clock early
    assert min(b - a for a, b in itertools.pairwise(told_at)) > 0.045
    scripts.controls["1"].progress(7.5)
    job = worker.job("1")
    assert job is not None
    assert job.progress == 1.0
    scripts.finish("1")
    await worker.wait("1")
    count = len(seen)
    scripts.controls["1"].progress(0.2)
    await asyncio.sleep(0.1)
    assert len(seen) == count


async def test_closing_cancels_waits_and_refuses(worker: RequestWorker, scripts: Scripts) -> None:
    gate = asyncio.Event()
    scripts.submit("1", wind_up=gate)
    scripts.submit("2")
    await settle()
    closing = asyncio.ensure_future(worker.aclose())
    await settle()
    assert not closing.done()
    gate.set()
    await closing
    assert scripts.wound_up == ["1"]
    assert set(states(worker).values()) == {"cancelled"}
    assert [task for task in asyncio.all_tasks() if task.get_name().startswith("job")] == []
    with pytest.raises(InternalError):
        scripts.submit("3")
    await worker.aclose()


async def test_an_id_is_used_once(worker: RequestWorker, scripts: Scripts) -> None:
    scripts.submit("1")
    with pytest.raises(InternalError):
        scripts.submit("1")
    with pytest.raises(KeyError):
        await worker.wait("2")


async def test_a_slot_that_raises_stops_no_other_job(worker: RequestWorker, scripts: Scripts) -> None:
    scripts.submit("1")
    scripts.submit("2")
    await settle()

    def raise_once(job: Job) -> None:
        disconnect()
        raise RuntimeError("a faulty observer")

    disconnect = worker.changed.connect(raise_once)
    heard: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: heard.append(context))
    scripts.finish("1")
    await worker.wait("1")
    await settle()
    assert scripts.begun == ["1", "2"]
    assert [str(context["exception"]) for context in heard] == ["a faulty observer"]


async def test_a_paused_queue_starts_nothing_and_lets_go_on_what_runs(
    worker: RequestWorker, scripts: Scripts
) -> None:
    told: list[bool] = []
    worker.queue_changed.connect(lambda: told.append(worker.is_paused()))
    scripts.submit("1")
    worker.pause()
    scripts.submit("2")
    scripts.submit("3", provider="q")
    scripts.finish("1")
    await worker.wait("1")
    assert states(worker) == {"1": "done", "2": "queued", "3": "queued"}
    worker.pause("q")
    worker.resume()
    assert states(worker) == {"1": "done", "2": "running", "3": "queued"}
    worker.resume("q")
    assert states(worker)["3"] == "running"
    assert told == [True, True, False, False]


async def test_the_order_of_those_that_wait_can_be_changed(worker: RequestWorker, scripts: Scripts) -> None:
    for id in ("1", "2", "3", "4"):
        scripts.submit(id)
    assert worker.move("4", to_front=True)
    assert worker.move("2", to_front=False)
    assert not worker.move("1", to_front=True)
    assert not worker.move("nobody", to_front=True)
    assert [worker.place_in_line(id) for id in ("1", "2", "3", "4", "nobody")] == [None, 3, 2, 1, None]
    for id in ("1", "4", "3", "2"):
        await settle()
        scripts.finish(id)
        await worker.wait(id)
    assert scripts.begun == ["1", "4", "3", "2"]


async def test_what_an_earlier_run_left_is_listed_as_older(worker: RequestWorker, scripts: Scripts) -> None:
    scripts.submit("2")
    left = Job("1", "p", "d", "t", JobState.INTERRUPTED, created=5.0, error=Refused("Cut off."))
    worker.show_ended(left)
    worker.show_ended(left)
    assert [job.id for job in worker.jobs] == ["2", "1"]
    assert await worker.wait("1") == left
    assert not worker.cancel("1")
    worker.forget_finished()
    assert [job.id for job in worker.jobs] == ["2"]
