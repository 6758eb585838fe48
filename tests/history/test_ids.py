"""Ids sort by time, are never given twice, and times are written so that they sort as text."""

from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from app.history.ids import IdSource, timestamp
from tests.history.making import Clock


@given(st.lists(st.floats(0, 4e9), min_size=1, max_size=50))
def test_ids_grow_whatever_the_clock_does(times: list[float]) -> None:
    clock = Clock(0)
    source = IdSource(clock)
    ids = []
    for clock.now in times:
        ids.append(source.next())
    assert ids == sorted(set(ids))
    assert all(len(id) == 32 and int(id, 16) >= 0 for id in ids)


def test_an_id_begins_with_its_time() -> None:
    assert IdSource(lambda: 1_700_000_000.25).next().startswith(f"{1_700_000_000_250:012x}")


def test_threads_share_a_source() -> None:
    source = IdSource(lambda: 1.0)
    with ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(lambda _: source.next(), range(400)))
    assert len(set(ids)) == 400


def test_times_are_utc_with_milliseconds() -> None:
    assert timestamp(1_700_000_000.25) == "2023-11-14T22:13:20.250Z"
    assert timestamp(0) == "1970-01-01T00:00:00.000Z"


@given(st.floats(0, 4e9), st.floats(0, 4e9))
def test_times_sort_as_text(a: float, b: float) -> None:
    assert (timestamp(a) <= timestamp(b)) or a > b
