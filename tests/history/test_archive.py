"""The whole history in one file: everything comes back, nothing that is there is changed, no file can do harm."""

import json
import zipfile
from pathlib import Path

import pytest

from app.base.cancel import Cancelled, CancelToken
from app.base.errors import InputError, MaskroomError
from app.base.states import JobState
from app.base.work import Work
from app.history.archive import Imported
from app.history.spending import Period
from app.history.store import HistoryStore
from tests.history.making import add_entry, add_result


@pytest.fixture
def other(tmp_path: Path) -> HistoryStore:
    store = HistoryStore(tmp_path / "other")
    store.open()
    return store


def filled(store: HistoryStore) -> None:
    first = add_entry(
        store, "a red boat", state=JobState.DONE, tags=("sea",), note="the best one", seconds=2.5
    )
    result = add_result(store, first, starred=True, cost_amount=0.04, cost_currency="USD", seed=2**63 + 1)
    add_entry(store, "a blue door", state=JobState.FAILED, parents=(result.id,), deleted=store.now())
    add_entry(store, "a hill", state=JobState.RUNNING)
    gone = add_entry(store, "gone", state=JobState.DONE)
    add_result(store, gone, cost_amount=1.5, cost_currency="USD")
    store.delete(gone.id)


def test_everything_comes_back_and_only_once(
    store: HistoryStore, other: HistoryStore, tmp_path: Path
) -> None:
    filled(store)
    path = tmp_path / "all.zip"
    assert store.archive.write(path, Work()) > 0
    assert other.archive.read(path, Work()) == Imported(added=3, known=0, broken=0)
    hill, boat = store.list()
    came_hill, came_boat = other.list()
    assert came_boat == boat
    assert (came_hill.state, came_hill.prompt) == (JobState.INTERRUPTED, hill.prompt)
    assert other.read_file(boat.results[0].received_sha256) == store.read_file(
        boat.results[0].received_sha256
    )
    assert [entry.prompt for entry in other.search("best")] == ["a red boat"]
    assert other.archive.read(path, Work()) == Imported(added=0, known=3, broken=0)
    for each in (store, other):
        [spent] = each.spending.by_provider(Period())
        assert round(spent.amount, 6) == 1.54
    other.close()


def test_an_id_that_could_be_a_path_is_not_taken_in(
    store: HistoryStore, other: HistoryStore, tmp_path: Path
) -> None:
    boat = add_entry(store, "a red boat", state=JobState.DONE)
    add_result(store, boat, id="../../evil")
    add_entry(store, "a hill", id="/tmp/evil", state=JobState.DONE)
    add_entry(store, "a door", state=JobState.DONE)
    path = tmp_path / "all.zip"
    store.archive.write(path, Work())
    assert other.archive.read(path, Work()) == Imported(added=1, known=0, broken=2)
    assert [entry.prompt for entry in other.list()] == ["a door"]
    other.close()


def test_what_is_there_stays_as_it_is(store: HistoryStore, tmp_path: Path) -> None:
    filled(store)
    path = tmp_path / "all.zip"
    store.archive.write(path, Work())
    boat = store.list()[1]
    store.update_result(boat.results[0].id, starred=False)
    store.archive.read(path, Work())
    assert store.get(boat.id).results[0].starred is False


def test_what_came_back_before_an_import_was_cancelled_counts_once(
    store: HistoryStore, tmp_path: Path
) -> None:
    entry = add_entry(store, "a red boat", state=JobState.DONE)
    add_result(store, entry, cost_amount=0.25, cost_currency="USD")
    add_entry(store, "a hill", state=JobState.DONE)
    path = tmp_path / "all.zip"
    store.archive.write(path, Work())
    store.delete(entry.id)
    token = CancelToken()
    with pytest.raises(Cancelled):
        store.archive.read(path, Work(token, lambda share: token.cancel()))
    assert [each.prompt for each in store.search("red")] == ["a red boat"]
    [spent] = store.spending.by_provider(Period())
    assert (spent.amount, spent.images) == (0.25, 1)


def test_a_missing_image_costs_only_its_entry(
    store: HistoryStore, other: HistoryStore, tmp_path: Path
) -> None:
    filled(store)
    boat = store.list()[1]
    store.file_path(boat.results[0].received_sha256).unlink()
    path = tmp_path / "all.zip"
    store.archive.write(path, Work())
    assert other.archive.read(path, Work()) == Imported(added=2, known=0, broken=1)
    other.close()


def test_a_changed_image_is_not_believed(store: HistoryStore, other: HistoryStore, tmp_path: Path) -> None:
    filled(store)
    path, forged = tmp_path / "all.zip", tmp_path / "forged.zip"
    store.archive.write(path, Work())
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(forged, "w") as target:
        for name in source.namelist():
            target.writestr(name, b"other bytes" if name.startswith("images/") else source.read(name))
    assert other.archive.read(forged, Work()).added == 0
    assert other.list() == ()
    other.close()


def test_cancelling_leaves_an_older_archive_alone(store: HistoryStore, tmp_path: Path) -> None:
    filled(store)
    path = tmp_path / "all.zip"
    path.write_bytes(b"older")
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        store.archive.write(path, Work(cancel))
    assert path.read_bytes() == b"older"
    assert [each.name for each in tmp_path.glob(".*part")] == []


@pytest.mark.parametrize("kind", ["empty", "text", "zip", "manifest", "newer", "tables", "cut", "bomb"])
def test_what_is_no_archive_is_told_and_changes_nothing(
    store: HistoryStore, tmp_path: Path, kind: str
) -> None:
    filled(store)
    good, path = tmp_path / "good.zip", tmp_path / "strange.zip"
    store.archive.write(good, Work())
    manifest = {"format": "maskroom-history", "version": 2 if kind == "newer" else 1}
    if kind in ("empty", "text"):
        path.write_bytes(b"" if kind == "empty" else b"not a zip at all")
    elif kind == "cut":
        path.write_bytes(good.read_bytes()[:-30])
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("hello.txt", "hello")
            if kind in ("newer", "tables", "bomb"):
                archive.writestr("history.sqlite", "no tables" if kind != "bomb" else b"\0" * 50_000_000)
                archive.writestr("manifest.json", json.dumps(manifest))
            if kind == "manifest":
                archive.writestr("manifest.json", "[")
                archive.writestr("history.sqlite", "")
    before = store.list()
    with pytest.raises(MaskroomError) as caught:
        store.archive.read(path, Work())
    assert caught.value.hint
    assert store.list() == before
    if kind != "tables" and kind != "bomb":
        assert isinstance(caught.value, InputError)
