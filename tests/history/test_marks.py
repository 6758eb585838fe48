"""Stars, notes, tags, the bin, and the prompts: what people add, and take back."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from app.base.errors import InputError, UsageError
from app.base.states import JobState
from app.history.store import DATABASE_NAME, HistoryStore
from app.history.types import HistoryFilter, StoredPrompt
from tests.history.making import Clock, add_entry, add_result


def test_a_star_is_of_one_result(store: HistoryStore) -> None:
    entry = add_entry(store)
    add_result(store, entry, 0)
    second = add_result(store, entry, 1)
    store.marks.star(second.id, True)
    assert [result.starred for result in store.get(entry.id).results] == [False, True]
    assert store.catalogue.rows(HistoryFilter(starred=True), variants=True) == ((entry.id, 1),)
    store.marks.star(second.id, False)
    assert store.catalogue.rows(HistoryFilter(starred=True)) == ()
    with pytest.raises(InputError):
        store.marks.star("nobody", True)


def test_notes_and_tags_are_kept_and_found(store: HistoryStore) -> None:
    entry = add_entry(store, "a red boat", state=JobState.DONE)
    other = add_entry(store, "a green hill")
    store.marks.set_note(entry.id, "  For the Müller client ")
    store.marks.set_tags(entry.id, ["summer", " two  words", "", "summer"])
    found = store.get(entry.id)
    assert (found.note, found.tags) == ("For the Müller client", ("summer", "two words"))
    for text in ("muller", "summ boat", "two words"):
        assert [each.id for each in store.search(text)] == [entry.id]
    store.marks.set_tags(entry.id, ["winter"])
    store.marks.set_note(entry.id, " ")
    found = store.get(entry.id)
    assert (found.note, found.tags) == (None, ("winter",))
    assert store.search("summer") == store.search("muller") == ()
    assert [each.id for each in store.search("winter")] == [entry.id]
    store.delete(entry.id)
    assert store.search("winter") == ()
    assert store.list() == (other,)
    for call in (lambda: store.marks.set_note("x", "y"), lambda: store.marks.set_tags("x", ["y"])):
        with pytest.raises(InputError):
            call()


def test_the_bin_keeps_everything_until_it_is_emptied(store: HistoryStore, clock: Clock) -> None:
    entry = add_entry(store, "a red boat", state=JobState.DONE)
    result = add_result(store, entry)
    other = add_entry(store, "a blue boat", state=JobState.FAILED)
    store.marks.put_into_bin(entry.id)
    first = store.now()
    clock.now += 60
    store.marks.put_into_bin(entry.id)
    assert store.get(entry.id).deleted == first, "the first time counts"
    assert store.list() == store.search("boat") == (other,)
    assert store.catalogue.rows(HistoryFilter(text="red")) == ()
    assert store.catalogue.rows(HistoryFilter(in_bin=True, text="red")) == ((entry.id, -1),)
    assert store.read_file(result.received_sha256)
    store.marks.put_into_bin(other.id)
    assert set(store.catalogue.rows(HistoryFilter(in_bin=True))) == {(entry.id, -1), (other.id, -1)}
    store.marks.restore([entry.id, "nobody"])
    assert [each.id for each in store.search("boat")] == [entry.id]
    assert store.get(entry.id).deleted is None
    with pytest.raises(InputError):
        store.marks.put_into_bin("nobody")


def test_a_request_on_its_way_does_not_go_into_the_bin(store: HistoryStore, tmp_path: Path) -> None:
    entry = add_entry(store, state=JobState.RUNNING)
    with pytest.raises(UsageError):
        store.marks.put_into_bin(entry.id)
    assert store.get(entry.id).deleted is None
    with closing(sqlite3.connect(tmp_path / "history" / DATABASE_NAME)) as database, database:
        database.execute("UPDATE entries SET owner = ?", (f"{os.getpid()}@0",))
    store.marks.put_into_bin(entry.id)
    assert store.list() == ()


def test_used_prompts_come_by_themselves_and_saved_ones_by_hand(store: HistoryStore, clock: Clock) -> None:
    times = []
    for prompt in ("a red boat", "", "a hill", "a red boat", "  "):
        clock.now += 60
        times.append(store.now())
        add_entry(store, prompt)
    assert store.prompts.list() == (
        StoredPrompt("a red boat", False, 2, times[3]),
        StoredPrompt("a hill", False, 1, times[2]),
    )
    store.prompts.save("never used")
    store.prompts.save("a hill")
    assert [(each.text, each.saved) for each in store.prompts.list()] == [
        *(("a hill", True), ("never used", True)),
        ("a red boat", False),
    ]
    store.prompts.save("never used", False)
    store.prompts.save("a hill", False)
    store.prompts.forget("a red boat")
    assert store.prompts.list() == (StoredPrompt("a hill", False, 1, times[2]),)
    assert [entry.prompt for entry in store.search("boat")] == ["a red boat", "a red boat"]


def test_a_prompt_outlives_the_entries_it_was_used_in(store: HistoryStore) -> None:
    entry = add_entry(store, "a red boat", state=JobState.DONE)
    store.delete(entry.id)
    assert [each.text for each in store.prompts.list()] == ["a red boat"]
