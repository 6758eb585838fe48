"""The limit on the history's size: told when it is passed, and seen to only where that is allowed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.base.notices import Notice, Notices
from app.base.signal import Signal
from app.base.states import JobState
from app.history.store import HistoryStore
from app.session.housekeeping import Housekeeping
from tests.history.making import add_entry, add_result


@pytest.fixture
def store(tmp_path: Path) -> Iterator[HistoryStore]:
    history = HistoryStore(tmp_path / "history")
    history.open()
    for _turn in range(3):
        entry = add_entry(history, state=JobState.DONE)
        add_result(history, entry, received=entry.id.encode().ljust(1000))
    yield history
    history.close()


async def told(store: HistoryStore, limit: int, *, may_clean: bool) -> tuple[list[Notice], list[str]]:
    notices, changed, heard, ids = Notices(), Signal[[str]](), list[Notice](), list[str]()
    notices.subscribe(heard.append)
    changed.connect(ids.append)
    await Housekeeping(store, changed).keep_within(limit, notices, may_clean=may_clean)
    return heard, ids


async def test_within_the_limit_or_without_one_nothing_is_said(store: HistoryStore) -> None:
    for limit in (0, store.space.used().files):
        assert await told(store, limit, may_clean=True) == ([], [])
    assert len(store.list()) == 3


async def test_beyond_it_is_told_and_nothing_goes_unasked(store: HistoryStore) -> None:
    [notice], changed = await told(store, 1, may_clean=False)
    assert "limit" in notice.text
    assert (len(store.list()), changed) == (3, [])


async def test_where_it_may_it_makes_room_and_says_so(store: HistoryStore) -> None:
    [notice], changed = await told(store, store.space.used().files - 1, may_clean=True)
    assert "1 old" in notice.text
    assert (len(store.list()), changed) == (2, [""])


async def test_what_must_stay_is_told_as_too_much(store: HistoryStore) -> None:
    for entry in store.list():
        store.mark_applied(entry.results[0].id)
    [notice], _changed = await told(store, 1, may_clean=True)
    assert "limit" in notice.text
    assert len(store.list()) == 3
