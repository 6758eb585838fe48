"""A store in a folder of its own, on a clock that only moves when told."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.history.store import HistoryStore
from tests.history.making import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock(1_700_000_000.25)


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[HistoryStore]:
    history = HistoryStore(tmp_path / "history", clock)
    history.open()
    yield history
    history.close()
