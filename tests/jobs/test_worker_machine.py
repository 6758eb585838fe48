"""Whatever is submitted, finished, failed and cancelled in whatever order: the queue stays sound."""

import asyncio
import itertools

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.base.errors import Unreachable
from app.base.states import TRANSITIONS, JobState
from app.jobs.types import Job
from app.jobs.worker import RequestWorker
from tests.jobs.making import Scripts, settle

PROVIDERS = {"a": 1, "b": 2}
HOWS = ("receive", "progress", "send", "wait", "go on", "finish", "fail", "break")


class WorkerMachine(RuleBasedStateMachine):
    """Drives a worker on a loop of its own and checks every announcement."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.told: dict[str, list[Job]] = {}
        self.number = 0
        self.gate = asyncio.Event()

    @initialize()
    def start(self) -> None:
        self.worker = RequestWorker(PROVIDERS.__getitem__)
        self.worker.changed.connect(lambda job: self.told.setdefault(job.id, []).append(job))
        self.scripts = Scripts(self.worker)

    def in_state(self, *states: JobState) -> list[str]:
        return sorted(job.id for job in self.worker.jobs if job.state in states)

    def do(self, action: str, *arguments: object) -> None:
        async def step() -> None:
            getattr(self, f"do_{action}")(*arguments)
            await settle()

        self.runner.run(step())

    @rule(provider=st.sampled_from("ab"), document=st.sampled_from("xyz"), slow=st.booleans())
    def submit(self, provider: str, document: str, slow: bool) -> None:
        self.number += 1
        self.do("submit", f"{self.number:03}", document, provider, slow)

    def do_submit(self, id: str, document: str, provider: str, slow: bool) -> None:
        self.scripts.submit(id, document, provider, wind_up=self.gate if slow else None)

    @precondition(lambda self: self.in_state(JobState.RUNNING, JobState.RECEIVING))
    @rule(data=st.data(), how=st.sampled_from(HOWS))
    def run_on(self, data: st.DataObject, how: str) -> None:
        id = data.draw(st.sampled_from(self.in_state(JobState.RUNNING, JobState.RECEIVING)))
        self.do("run_on", id, how)

    def do_run_on(self, id: str, how: str) -> None:
        match how:
            case "receive":
                self.scripts.controls[id].receiving()
            case "progress":
                self.scripts.controls[id].progress(0.5)
            case "send":
                self.scripts.controls[id].sent()
            case "wait":
                self.scripts.controls[id].waiting(1.0)
            case "go on":
                self.scripts.controls[id].waiting(None)
            case "finish":
                self.scripts.finish(id)
            case "fail":
                self.scripts.fail(id, Unreachable("No answer."))
            case "break":
                self.scripts.fail(id, LookupError("a fault"))

    @precondition(lambda self: self.worker.jobs)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        self.do("cancel", data.draw(st.sampled_from(sorted(job.id for job in self.worker.jobs))))

    def do_cancel(self, id: str) -> None:
        before = self.worker.job(id)
        assert before is not None
        assert self.worker.cancel(id) is not before.state.is_final

    @rule()
    def cancel_all(self) -> None:
        self.do("cancel_all")
        assert self.in_state(*(state for state in JobState if not state.is_final)) == []

    def do_cancel_all(self) -> None:
        self.worker.cancel_all()

    @precondition(lambda self: self.in_state(JobState.QUEUED))
    @rule(data=st.data(), to_front=st.booleans())
    def move(self, data: st.DataObject, to_front: bool) -> None:
        id = data.draw(st.sampled_from(self.in_state(JobState.QUEUED)))
        assert self.worker.move(id, to_front=to_front)
        place = self.worker.place_in_line(id)
        job = self.worker.job(id)
        assert job is not None
        queued = [each for each in self.in_state(JobState.QUEUED) if self.provider_of(each) == job.provider]
        assert place == (1 if to_front else len(queued))

    def provider_of(self, id: str) -> str:
        job = self.worker.job(id)
        assert job is not None
        return job.provider

    @rule(provider=st.sampled_from((None, "a", "b")), on=st.booleans())
    def pause(self, provider: str | None, on: bool) -> None:
        self.do("pause", provider, on)
        assert self.worker.is_paused(provider) is on

    def do_pause(self, provider: str | None, on: bool) -> None:
        running = self.in_state(JobState.RUNNING, JobState.RECEIVING)
        (self.worker.pause if on else self.worker.resume)(provider)
        if on:
            assert self.in_state(JobState.RUNNING, JobState.RECEIVING) == running

    @rule()
    def wind_up(self) -> None:
        """Let those end that were cancelled; the next ones wait again."""
        self.do("wind_up")

    def do_wind_up(self) -> None:
        self.gate.set()
        self.gate = asyncio.Event()

    @rule()
    def forget(self) -> None:
        self.worker.forget_finished()

    @invariant()
    def announcements_follow_the_table(self) -> None:
        for jobs in self.told.values():
            assert jobs[0].state is JobState.QUEUED
            for before, after in itertools.pairwise(jobs):
                assert after.state is before.state or after.state in TRANSITIONS[before.state]
                assert not before.state.is_final
            last = jobs[-1]
            assert (last.finished is not None) == last.state.is_final
            assert last.waiting_until is None or not last.state.is_final
            assert (last.error is not None) == (last.state is JobState.FAILED)

    @invariant()
    def no_provider_is_overrun_and_none_idles(self) -> None:
        if not hasattr(self, "worker"):
            return
        for provider, limit in PROVIDERS.items():
            jobs = [job for job in self.worker.jobs if job.provider == provider]
            running = [job for job in jobs if job.state in (JobState.RUNNING, JobState.RECEIVING)]
            queued = [job for job in jobs if job.state is JobState.QUEUED]
            cancelled = [job for job in jobs if job.state is JobState.CANCELLED]
            assert len(running) <= limit
            # What was cancelled may still be winding up and hold its place.
            held = self.worker.is_paused() or self.worker.is_paused(provider)
            assert not queued or cancelled or held or len(running) == limit
            assert sorted(filter(None, (self.worker.place_in_line(job.id) for job in queued))) == list(
                range(1, len(queued) + 1)
            )

    def teardown(self) -> None:
        async def close() -> None:
            async with asyncio.timeout(5):
                await self.worker.aclose()

        if hasattr(self, "worker"):
            self.do("wind_up")
            self.gate.set()
            self.runner.run(close())
            assert all(jobs[-1].state.is_final for jobs in self.told.values())
        self.runner.close()


TestWorkerMachine = WorkerMachine.TestCase
TestWorkerMachine.settings = settings(max_examples=60, stateful_step_count=30)
