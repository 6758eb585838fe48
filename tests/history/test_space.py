"""What the history takes, and a clean-up that never touches what is dear, under way, or built upon."""

import shutil
from pathlib import Path

import pytest

from app.base.cancel import Cancelled, CancelToken
from app.base.states import JobState
from app.base.work import Work
from app.history.space import CleanRules
from app.history.store import HistoryStore
from app.history.types import HistoryEntry
from tests.history.making import Clock, add_entry, add_result

KILOBYTE = 1000


def grown(store: HistoryStore, clock: Clock, *parents: str, **changes: object) -> HistoryEntry:
    """A finished entry, a second after the one before, with one result of a kilobyte."""
    clock.now += 1
    state = changes.pop("state", JobState.DONE)
    result = {name: changes.pop(name) for name in ("starred", "applied") if name in changes}
    entry = add_entry(store, state=state, parents=parents, **changes)
    add_result(store, entry, received=entry.id.encode().ljust(KILOBYTE), **result)
    return store.get(entry.id)


def test_space_is_counted_by_photograph_and_shared_files_once(
    store: HistoryStore, clock: Clock, tmp_path: Path
) -> None:
    photograph = b"p" * 5000
    for _turn in range(3):
        grown(store, clock, source=photograph, document_name="sea.jpg")
    grown(store, clock, source=b"other", document_name="hill.jpg", starred=True)
    used = store.space.used()
    on_disk = sum(
        path.stat().st_size for path in (tmp_path / "history" / "images").rglob("*") if path.is_file()
    )
    assert used.files == on_disk == sum(each.bytes for each in used.documents)
    assert used.database > 0
    sea, hill = used.documents
    assert (sea.document_name, sea.entries, sea.dear) == ("sea.jpg", 3, 0)
    assert (hill.document_name, hill.entries, hill.dear) == ("hill.jpg", 1, 1)
    assert 8000 < sea.bytes < 9000


def test_a_clean_up_takes_the_oldest_and_keeps_what_is_dear(store: HistoryStore, clock: Clock) -> None:
    starred = grown(store, clock, starred=True)
    applied = grown(store, clock, applied=True)
    running = grown(store, clock, state=JobState.RUNNING)
    old, new = grown(store, clock), grown(store, clock)
    total = store.space.used().files
    plan = store.space.plan(CleanRules(to_bytes=total - 1))
    assert plan.ids == (old.id,)
    assert store.clean(plan) == 1
    assert store.space.used().files == total - plan.bytes
    assert store.clean(store.space.plan(CleanRules(to_bytes=0))) == 1
    assert {entry.id for entry in store.list()} == {starred.id, applied.id, running.id}
    assert new.id not in {entry.id for entry in store.list()}
    assert store.read_file(starred.results[0].received_sha256)


def test_what_others_grew_from_goes_only_with_them(store: HistoryStore, clock: Clock) -> None:
    root = grown(store, clock)
    child = grown(store, clock, root.results[0].id)
    kept = grown(store, clock, applied=True)
    above = grown(store, clock, kept.results[0].id)
    ground = grown(store, clock)
    dear = grown(store, clock, ground.results[0].id, starred=True)
    plan = store.space.plan(CleanRules(to_bytes=0))
    assert set(plan.ids) == {root.id, child.id, above.id}
    assert plan.ids.index(child.id) < plan.ids.index(root.id)
    assert store.clean(plan) == 3
    assert {entry.id for entry in store.list()} == {kept.id, ground.id, dear.id}


def test_what_became_dear_since_the_plan_stays(store: HistoryStore, clock: Clock) -> None:
    entry, other = grown(store, clock), grown(store, clock)
    plan = store.space.plan(CleanRules(to_bytes=0))
    store.update_result(entry.results[0].id, starred=True)
    grown(store, clock, other.results[0].id)
    assert store.clean(plan) == 0
    assert len(store.list()) == 3


def test_age_and_bin_are_rules_of_their_own(store: HistoryStore, clock: Clock) -> None:
    old = grown(store, clock)
    binned = grown(store, clock, deleted=store.now())
    young = grown(store, clock)
    assert store.space.used().in_bin == 1
    assert store.space.plan(CleanRules()).ids == (binned.id,)
    assert store.space.plan(CleanRules(bin=False)).ids == ()
    assert set(store.space.plan(CleanRules(before=young.created)).ids) == {old.id, binned.id}


def test_a_cancelled_clean_up_leaves_whole_entries(store: HistoryStore, clock: Clock) -> None:
    for _turn in range(4):
        grown(store, clock)
    plan = store.space.plan(CleanRules(to_bytes=0))
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        store.clean(plan, Work(cancel, lambda share: cancel.cancel() if share >= 0.5 else None))
    left = store.list()
    assert 0 < len(left) < 4
    assert all(store.read_file(entry.results[0].received_sha256) for entry in left)


def test_files_that_went_by_other_hands_do_not_disturb(
    store: HistoryStore, clock: Clock, tmp_path: Path
) -> None:
    grown(store, clock)
    shutil.rmtree(tmp_path / "history" / "images")
    assert store.space.used().files == 0
    assert store.clean(store.space.plan(CleanRules(before="9"))) == 1
