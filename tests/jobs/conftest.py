"""A worker that is always closed, and jobs that end when told."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.jobs.types import Job
from app.jobs.worker import RequestWorker
from tests.jobs.making import Scripts


@pytest.fixture
def limits() -> dict[str, int]:
    return {}


@pytest.fixture
async def worker(limits: dict[str, int]) -> AsyncIterator[RequestWorker]:
    times = iter(range(1000, 10_000))
    made = RequestWorker(lambda provider: limits.get(provider, 1), lambda: float(next(times)))
    yield made
    async with asyncio.timeout(5):
        await made.aclose()


@pytest.fixture
def scripts(worker: RequestWorker) -> Scripts:
    return Scripts(worker)


@pytest.fixture
def seen(worker: RequestWorker) -> list[Job]:
    """Every job as `changed` told it, in order."""
    told: list[Job] = []
    worker.changed.connect(told.append)
    return told
