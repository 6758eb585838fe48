"""What goes into the history comes out again, in order, and goes away whole."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.base.errors import InputError, InternalError, Refused, StoreError, UsageError
from app.base.rate_limits import RateLimits
from app.base.states import JobState
from app.history.store import HistoryStore
from app.history.types import HistoryReference, HistoryResult
from tests.history.making import Clock, add_entry, add_result


def files_of(store: HistoryStore) -> set[str]:
    folder = store.file_path("0" * 64).parent.parent
    return {path.name for path in folder.rglob("*") if path.is_file()}


def test_an_entry_with_its_results_survives_a_restart(store: HistoryStore, tmp_path: Path) -> None:
    entry = add_entry(store, parents=("r9", "r2"), parameters={"seed": 7, "strength": 0.5, "hd": True})
    second = add_result(store, entry, 1, revised_prompt="a dark red boat", seed=2**64 - 1)
    first = add_result(store, entry, 0, leak=0.25, cost_amount=0.04, cost_currency="USD")
    store.close()
    again = HistoryStore(tmp_path / "history")
    again.open()
    assert again.get(entry.id) == replace(entry, results=(first, second))
    assert again.entry_of_result(second.id) == again.get(entry.id)
    assert again.read_file(second.received_sha256) == f"image {second.id}".encode()
    again.close()


def test_newest_first_with_the_id_as_tie_breaker(store: HistoryStore, clock: Clock) -> None:
    same_moment = [add_entry(store).id for _ in range(3)]
    clock.now += 60
    later = add_entry(store).id
    clock.now -= 3600
    earlier = add_entry(store).id
    assert [entry.id for entry in store.list()] == [later, *reversed(same_moment), earlier]


def test_pages_follow_each_other_without_gap_or_repeat(store: HistoryStore, clock: Clock) -> None:
    for number in range(11):
        clock.now += number % 3
        add_entry(store)
    paged, page = [], store.list(4)
    while page:
        paged += page
        page = store.list(4, before=paged[-1])
    assert tuple(paged) == store.list(100)
    assert len(paged) == 11


def test_states_follow_the_table(store: HistoryStore) -> None:
    entry = add_entry(store)
    store.set_state(entry.id, JobState.RUNNING)
    store.set_state(entry.id, JobState.RUNNING)
    store.set_state(entry.id, JobState.RECEIVING, request_id="r1")
    store.set_state(entry.id, JobState.DONE, seconds=2.5)
    with pytest.raises(InternalError):
        store.set_state(entry.id, JobState.RUNNING)
    found = store.get(entry.id)
    assert (found.state, found.request_id, found.seconds) == (JobState.DONE, "r1", 2.5)
    with pytest.raises(InputError):
        store.set_state("nobody", JobState.RUNNING)


def test_the_ids_of_all_calls_and_the_limits_are_kept(store: HistoryStore) -> None:
    entry = add_entry(store)
    limits = RateLimits(60, 12, "1s")
    store.set_state(entry.id, JobState.RUNNING, request_ids=("r1", "r2"), rate_limits=limits)
    store.set_state(entry.id, JobState.DONE)
    found = store.get(entry.id)
    assert (found.request_ids, found.rate_limits) == (("r1", "r2"), limits)
    whole = replace(found, id=store.new_id())
    store.add(whole)
    assert store.get(whole.id) == whole


def test_a_failure_is_kept_in_words(store: HistoryStore) -> None:
    entry = add_entry(store)
    store.set_state(entry.id, JobState.FAILED, error=Refused("No credit.", "Top it up.", request_id="r7"))
    found = store.get(entry.id)
    assert (found.error_code, found.error_message, found.error_hint, found.request_id) == (
        *("refused", "No credit.", "Top it up."),
        "r7",
    )


def test_a_result_learns_what_becomes_known_later(store: HistoryStore) -> None:
    entry = add_entry(store)
    result = add_result(store, entry)
    old = store.put_file(b"small")
    store.update_result(result.id, thumbnail_sha256=old, outside_changed_pixels=0, leak=0.1)
    store.update_result(result.id, cost_amount=0.04, cost_currency="USD", cost_estimated=False)
    store.mark_applied(result.id)
    new = store.put_file(b"smaller")
    store.update_result(result.id, thumbnail_sha256=new)
    assert store.get(entry.id).results == (
        replace(
            result,
            thumbnail_sha256=new,
            outside_changed_pixels=0,
            leak=0.1,
            cost_amount=0.04,
            cost_currency="USD",
            cost_estimated=False,
            applied=True,
        ),
    )
    assert old not in files_of(store)
    with pytest.raises(InputError):
        store.mark_applied("nobody")


def test_deleting_takes_the_files_that_nothing_else_names(store: HistoryStore) -> None:
    gone = add_entry(store, source=b"the photograph", state=JobState.DONE)
    kept = add_entry(store, source=b"the photograph", mask=f"mask of {gone.id}".encode())
    lost = add_result(store, gone, received=b"only here", thumbnail_sha256=store.put_file(b"thumb"))
    shared = add_result(store, gone, 1, received=b"twice")
    add_result(store, kept, received=b"twice")
    store.delete(gone.id)
    assert [entry.id for entry in store.list()] == [kept.id]
    assert store.read_file(kept.source_sha256) == b"the photograph"
    assert files_of(store) == {
        *(kept.source_sha256, kept.picture_sha256, kept.mask_sha256, shared.received_sha256)
    }
    assert lost.received_sha256 not in files_of(store)
    with pytest.raises(InputError):
        store.entry_of_result(lost.id)
    with pytest.raises(InputError):
        store.delete(gone.id)


def test_deleting_spares_a_file_that_is_about_to_be_named(store: HistoryStore) -> None:
    gone = add_entry(store, source=b"the photograph", state=JobState.DONE)
    store.put_file(b"the photograph")  # another request is being written
    store.delete(gone.id)
    assert gone.source_sha256 in files_of(store)
    kept = add_entry(store, source=b"the photograph", state=JobState.DONE)
    assert store.read_file(kept.source_sha256) == b"the photograph"


def test_a_request_on_its_way_is_not_deleted(store: HistoryStore) -> None:
    entry = add_entry(store)
    with pytest.raises(UsageError):
        store.delete(entry.id)
    store.set_state(entry.id, JobState.CANCELLED)
    store.delete(entry.id)
    assert store.list() == ()


def test_no_row_names_a_file_that_is_not_there(store: HistoryStore) -> None:
    entry = add_entry(store)
    with pytest.raises(StoreError):
        store.add(replace(entry, id=store.new_id(), mask_sha256="0" * 64))
    with pytest.raises(StoreError):
        add_result(store, entry, received_sha256="0" * 64)
    result = add_result(store, entry)
    with pytest.raises(StoreError):
        store.update_result(result.id, thumbnail_sha256="0" * 64)
    assert store.list() == (replace(entry, results=(result,)),)


def test_a_failed_row_leaves_nothing_half_done(store: HistoryStore) -> None:
    entry = add_entry(store)
    with pytest.raises(StoreError):
        add_entry(store, id=entry.id)
    with pytest.raises(StoreError):
        add_entry(store, parents=("same",), results=(result_of_nobody(store),))
    add_result(store, entry, 0)
    with pytest.raises(StoreError):
        add_result(store, entry, 0)
    with pytest.raises(StoreError):
        add_result(store, replace(entry, id="nobody"))
    assert len(store.list()) == 1
    assert len(store.list()[0].results) == 1


def result_of_nobody(store: HistoryStore) -> HistoryResult:
    entry = add_entry(store, prompt="for a moment", state=JobState.DONE)
    result = replace(add_result(store, entry), entry_id="nobody")
    store.delete(entry.id)
    store.put_file(f"image {result.id}".encode())
    return result


def test_texts_of_an_old_encoding_are_kept_as_far_as_can_be(store: HistoryStore) -> None:
    entry = add_entry(store, "caf\udce9", document_name="bild\udcff.png")
    found = store.get(entry.id)
    assert (found.prompt, found.document_name) == ("caf?", "bild?.png")


def test_a_closed_store_says_so(store: HistoryStore) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreError, match="not open"):
        store.list()
    with pytest.raises(StoreError, match="not open"):
        store.set_state("1", JobState.DONE)


def test_reference_images_come_back_in_their_order_and_go_with_their_entry(store: HistoryStore) -> None:
    shared = HistoryReference("lamp.png", store.put_file(b"lamp"))
    own = HistoryReference("sofa.png", store.put_file(b"sofa"))
    first = add_entry(store, references=(own, shared), state=JobState.DONE)
    second = add_entry(store, references=(shared,))
    assert store.get(first.id).references == (own, shared)
    store.delete(first.id)
    assert store.get(second.id).references == (shared,)
    assert store.read_file(shared.sha256) == b"lamp"
    with pytest.raises(StoreError):
        store.read_file(own.sha256)


def test_how_long_such_requests_took_lately(store: HistoryStore, clock: Clock) -> None:
    def took(seconds: float | None, state: JobState = JobState.DONE, **changes: object) -> None:
        clock.now += 1
        entry = add_entry(store, state=JobState.RUNNING, **changes)
        store.set_state(entry.id, state, seconds=seconds)

    assert store.past_seconds("local", "auto", 2) == ()
    for seconds in (1.0, 2.0, 3.0):
        took(seconds)
    took(50.0, n=1)
    took(60.0, provider="another")
    took(70.0, model="another")
    took(80.0, JobState.FAILED)
    took(None)
    assert store.past_seconds("local", "auto", 2) == (3.0, 2.0, 1.0)
    for _ in range(12):
        took(9.0)
    assert store.past_seconds("local", "auto", 2) == (9.0,) * 9
