"""Which entries fit a filter, what there is to filter by, and which result grew from which."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.base.errors import InputError
from app.base.states import JobState
from app.history.store import DATABASE_NAME, HistoryStore
from app.history.types import HistoryEntry, HistoryFilter
from tests.history.making import MODELS, Clock, add_entry, add_result, fill


def ids(store: HistoryStore, **wanted: object) -> list[str]:
    return [id for id, _ in store.catalogue.rows(replace(HistoryFilter(), **wanted))]


@pytest.fixture(scope="module")
def months(tmp_path_factory: pytest.TempPathFactory) -> HistoryStore:
    """Three hundred entries of all kinds; only read."""
    folder = tmp_path_factory.mktemp("months")
    fill(folder, 300)
    store = HistoryStore(folder)
    store.open()
    return store


def fits(entry: HistoryEntry, wanted: HistoryFilter) -> bool:
    """What the filter promises, said once more in Python."""
    cost = sum(result.cost_amount or 0 for result in entry.results)
    words = " ".join(
        [entry.prompt, *(r.revised_prompt or "" for r in entry.results), entry.note or "", *entry.tags]
    )
    return (
        all(any(word.startswith(part) for word in words.split()) for part in wanted.text.split())
        and wanted.provider in (None, entry.provider)
        and wanted.model in (None, entry.model)
        and wanted.document_name in (None, entry.document_name)
        and (not wanted.states or entry.state in wanted.states)
        and (wanted.since is None or entry.created >= wanted.since)
        and (not wanted.starred or any(result.starred for result in entry.results))
        and (wanted.tag is None or wanted.tag in entry.tags)
        and (wanted.costs_more_than is None or cost > wanted.costs_more_than)
        and (wanted.costs_at_most is None or (bool(entry.results) and cost <= wanted.costs_at_most))
    )


@given(
    wanted=st.builds(
        HistoryFilter,
        text=st.sampled_from(["", "boat", "so li", "number 7", "client", "keep", "softly"]),
        provider=st.none() | st.sampled_from(["local", "studio", "nobody"]),
        model=st.none() | st.sampled_from([model for _, model in MODELS]),
        states=st.sampled_from([(), (JobState.DONE,), (JobState.FAILED, JobState.CANCELLED)]),
        since=st.none() | st.just("2026-01-07T12:00:00.000Z"),
        starred=st.booleans(),
        tag=st.none() | st.just("keep"),
        costs_more_than=st.none() | st.just(0.0) | st.just(0.05),
        costs_at_most=st.none() | st.just(0.0) | st.just(0.1),
    )
)
@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_filter_lets_through_what_fits_and_nothing_else(
    months: HistoryStore, wanted: HistoryFilter
) -> None:
    everything = months.list(1000)
    assert len(everything) == 300
    expected = [entry for entry in everything if fits(entry, wanted)]
    assert months.catalogue.rows(wanted) == tuple((entry.id, -1) for entry in expected)
    variants = []
    for entry in expected:
        places = [r.index for r in entry.results if r.starred or not wanted.starred]
        variants += [(entry.id, place) for place in places or [-1]]
    assert list(months.catalogue.rows(wanted, variants=True)) == variants
    assert list(months.catalogue.rows(wanted, variants=True, limit=7)) == variants[:7]


def test_photographs_are_told_apart_by_name_and_by_content(store: HistoryStore) -> None:
    first = add_entry(store, source=b"one", document_name="boat.jpg")
    second = add_entry(store, source=b"two", document_name="boat.jpg")
    third = add_entry(store, source=b"two", document_name="copy.jpg")
    assert ids(store, document_name="boat.jpg") == [second.id, first.id]
    assert ids(store, source_sha256=second.source_sha256) == [third.id, second.id]
    assert ids(store, source_sha256="") == []


def test_there_is_to_filter_by_what_there_is(store: HistoryStore, clock: Clock) -> None:
    add_entry(store, document_name="old.jpg", provider="a", model="m", tags=("b", "a"))
    clock.now += 10
    gone = add_entry(store, document_name="binned.jpg", provider="b", state=JobState.DONE)
    add_entry(store, document_name="new.jpg", provider="a", model="n")
    store.marks.put_into_bin(gone.id)
    facets = store.catalogue.facets()
    assert facets.models == (("a", "m"), ("a", "n"), ("b", "auto"))
    assert facets.documents == ("new.jpg", "old.jpg")
    assert facets.tags == ("a", "b")
    assert (store.catalogue.count(), store.catalogue.count(in_bin=True)) == (2, 1)


def grown(store: HistoryStore, *parents: str, count: int = 1) -> tuple[HistoryEntry, list[str]]:
    entry = add_entry(store, parents=parents, state=JobState.DONE)
    return entry, [add_result(store, entry, index).id for index in range(count)]


def test_the_tree_holds_what_it_grew_from_its_sisters_and_all_that_grew(store: HistoryStore) -> None:
    root, (r1, r2) = grown(store, count=2)
    left, (l1,) = grown(store, r1)
    right, _ = grown(store, r2)
    leaf, _ = grown(store, r1, l1)
    grown(store)  # another tree
    hidden, _ = grown(store, r2, r1)
    expected = {root.id, left.id, right.id, leaf.id, hidden.id}
    for start in expected:
        family = store.catalogue.family(start)
        assert {entry.id for entry in family} == expected
        known: set[str] = set()
        for entry in family:
            assert not entry.parents or entry.parents[-1] in known
            known.update(result.id for result in entry.results)
    with pytest.raises(InputError):
        store.catalogue.family("nobody")


def test_a_tree_whose_root_was_deleted_for_good_begins_with_what_is_left(store: HistoryStore) -> None:
    root, (r1,) = grown(store)
    left, (l1,) = grown(store, r1)
    leaf, _ = grown(store, r1, l1)
    store.delete(root.id)
    assert [entry.id for entry in store.catalogue.family(leaf.id)] == [left.id, leaf.id]


def test_a_circle_ends(store: HistoryStore) -> None:
    entry = add_entry(store, parents=("x-1",), id="x", state=JobState.DONE)
    add_result(store, entry, id="x-1")
    assert [each.id for each in store.catalogue.family("x")] == ["x"]


def test_rows_come_without_reading_the_wide_rows(store: HistoryStore, tmp_path: Path) -> None:
    statement = """
        SELECT id, -1 FROM entries INDEXED BY entries_shown WHERE deleted IS NULL
        ORDER BY created DESC, id DESC
    """
    with closing(sqlite3.connect(tmp_path / "history" / DATABASE_NAME)) as database:
        plan = database.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
    assert [row[3] for row in plan] == ["SCAN entries USING COVERING INDEX entries_shown"]
