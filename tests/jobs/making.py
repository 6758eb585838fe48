"""Jobs whose end lies in the test's hand."""

import asyncio

from app.jobs.types import Job
from app.jobs.worker import JobControl, RequestWorker


class Scripts:
    """Submits jobs that wait for `finish` or `fail`, and keeps what they have for a test."""

    def __init__(self, worker: RequestWorker) -> None:
        self.worker = worker
        self.controls: dict[str, JobControl] = {}
        self.begun: list[str] = []
        self.wound_up: list[str] = []
        self._ends: dict[str, asyncio.Future[None]] = {}

    def submit(
        self, id: str, document: str = "d", provider: str = "p", *, wind_up: asyncio.Event | None = None
    ) -> Job:
        """`wind_up`: what the job waits for before it ends, after it was cancelled."""
        end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ends[id] = end

        async def run(control: JobControl) -> None:
            self.controls[id] = control
            self.begun.append(id)
            try:
                await end
            except asyncio.CancelledError:
                if wind_up is not None:
                    await wind_up.wait()
                self.wound_up.append(id)
                raise

        return self.worker.submit(id, provider, document, f"title of {id}", 4.0, run)

    def finish(self, id: str) -> None:
        self._ends[id].set_result(None)

    def fail(self, id: str, error: BaseException) -> None:
        self._ends[id].set_exception(error)


async def settle() -> None:
    """Let everything that is ready run."""
    for _ in range(6):
        await asyncio.sleep(0)
