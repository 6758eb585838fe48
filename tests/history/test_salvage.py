"""A damaged database is rebuilt from what can be read, and from its last copy; nothing of the old is thrown away."""

import random
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from app.base.errors import StoreError
from app.base.states import JobState
from app.history.salvage import back_up, backup_of, rebuild
from app.history.store import DATABASE_NAME, HistoryStore
from app.history.types import HistoryEntry
from tests.history.making import add_entry, add_result

NOW = datetime(2026, 5, 4, 3, 2, 1)
PAGE = 4096
COUNT = 100


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, HistoryEntry]]:
    """A folder with entries, two results each, and what they are."""
    folder = tmp_path_factory.mktemp("made")
    store = HistoryStore(folder)
    store.open()
    for number in range(COUNT):
        entry = add_entry(store, f"prompt {number} " * 12, source=b"one photograph", state=JobState.DONE)
        for index in range(2):
            add_result(store, entry, index, revised_prompt=f"revised {number}", seed=2**64 - 1 - number)
    known = {entry.id: entry for entry in store.list(1000)}
    store.close()
    return folder, known


@pytest.fixture
def filled(
    made: tuple[Path, dict[str, HistoryEntry]], tmp_path: Path
) -> tuple[Path, dict[str, HistoryEntry]]:
    """The same, to be damaged."""
    shutil.copytree(made[0], tmp_path / "history")
    return tmp_path / "history", made[1]


def spoil(path: Path, pages: list[int]) -> bytes:
    content = bytearray(path.read_bytes())
    chance = random.Random(3)
    for page in pages:
        content[page * PAGE : (page + 1) * PAGE] = chance.randbytes(PAGE)
    path.write_bytes(content)
    return bytes(content)


def entries_of(folder: Path) -> dict[str, HistoryEntry]:
    store = HistoryStore(folder)
    store.open()
    found = {entry.id: entry for entry in store.list(1000)}
    assert {entry.id for entry in store.search("prompt", 1000)} == set(found)
    store.close()
    with closing(sqlite3.connect(folder / DATABASE_NAME)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    return found


def test_a_sound_database_comes_through_whole(filled: tuple[Path, dict[str, HistoryEntry]]) -> None:
    folder, known = filled
    before = (folder / DATABASE_NAME).read_bytes()
    found = rebuild(folder / DATABASE_NAME, NOW)
    assert found.entries == COUNT
    assert found.aside == folder / "history-damaged-20260504-030201.sqlite"
    assert found.aside.read_bytes() == before
    assert entries_of(folder) == known
    again = rebuild(folder / DATABASE_NAME, NOW)
    assert again.aside == folder / "history-damaged-20260504-030201-2.sqlite"


@pytest.mark.parametrize("seed", range(6))
def test_only_what_stood_on_a_damaged_page_is_lost(
    filled: tuple[Path, dict[str, HistoryEntry]], seed: int
) -> None:
    folder, known = filled
    path = folder / DATABASE_NAME
    pages = path.stat().st_size // PAGE
    # Not the first, where the schema stands: that is the test below.
    chosen = random.Random(seed).sample(range(20, pages), 2)
    spoilt = spoil(path, chosen)
    found = rebuild(path, NOW)
    assert found.aside is not None
    assert found.aside.read_bytes() == spoilt
    kept = entries_of(folder)
    assert len(kept) >= COUNT - 25
    for id, entry in kept.items():
        results = entry.results
        assert known[id].results[: len(results)] == results or set(results) <= set(known[id].results)
        assert entry.prompt == known[id].prompt
    assert sum(len(entry.results) for entry in kept.values()) >= 2 * COUNT - 100
    if not set(chosen) & set(range(20)):
        assert found.entries == len(kept)


@pytest.mark.parametrize("damage", ["nothing", "zeros", "garbage", "gone", "first page"])
def test_where_nothing_can_be_read_the_copy_brings_all_back(
    filled: tuple[Path, dict[str, HistoryEntry]], damage: str
) -> None:
    folder, known = filled
    path = folder / DATABASE_NAME
    back_up(path)
    match damage:
        case "nothing":
            path.write_bytes(b"")
        case "zeros":
            path.write_bytes(bytes(8 * PAGE))
        case "garbage":
            path.write_bytes(b"no database at all " * 1000)
        case "gone":
            path.unlink()
        case _:
            spoil(path, [0])
    found = rebuild(path, NOW)
    assert (found.aside is None) == (damage == "gone")
    assert entries_of(folder) == known


@pytest.mark.parametrize("copy", ["none", "an empty one", "an older one"])
def test_without_its_first_page_all_the_others_are_read(
    filled: tuple[Path, dict[str, HistoryEntry]], tmp_path: Path, copy: str
) -> None:
    folder, known = filled
    path = folder / DATABASE_NAME
    if copy == "an empty one":
        store = HistoryStore(tmp_path / "empty")
        store.open()
        store.close()
        back_up(tmp_path / "empty" / DATABASE_NAME)
        shutil.copy(backup_of(tmp_path / "empty" / DATABASE_NAME), backup_of(path))
    elif copy == "an older one":
        back_up(path)
        store = HistoryStore(folder)
        store.open()
        for number in range(20):
            added = add_entry(store, f"prompt {number} later", state=JobState.DONE)
            known = {**known, added.id: added}
        store.close()
    spoilt = spoil(path, [0])
    found = rebuild(path, NOW)
    assert found.entries == len(known)
    assert found.aside is not None
    assert found.aside.read_bytes() == spoilt
    assert entries_of(folder) == known
    assert sorted(each.name for each in folder.glob("*patched*")) == []


def test_what_came_after_the_copy_is_read_from_the_damaged_file(
    filled: tuple[Path, dict[str, HistoryEntry]],
) -> None:
    folder, known = filled
    path = folder / DATABASE_NAME
    back_up(path)
    store = HistoryStore(folder)
    store.open()
    newer = add_entry(store, "a prompt newer than the copy", state=JobState.DONE)
    changed = next(iter(known))
    store.mark_applied(known[changed].results[0].id)
    store.close()
    rebuild(path, NOW)
    kept = entries_of(folder)
    assert set(kept) == {*known, newer.id}
    assert kept[changed].results[0].applied


def test_a_log_that_breaks_off_costs_only_what_was_in_it(tmp_path: Path) -> None:
    store = HistoryStore(tmp_path / "live")
    store.open()
    first = [add_entry(store, f"prompt {number}", state=JobState.DONE).id for number in range(5)]
    store.close()
    store.open()
    for number in range(5, 40):
        add_entry(store, f"prompt {number}", state=JobState.DONE)
    # As a kill leaves it: with the log beside it.
    shutil.copytree(tmp_path / "live", tmp_path / "dead")
    store.close()
    log = tmp_path / "dead" / f"{DATABASE_NAME}-wal"
    content = log.read_bytes()
    log.write_bytes(content[: len(content) // 2 + 77])
    (tmp_path / "dead" / f"{DATABASE_NAME}-shm").unlink()
    kept = entries_of(tmp_path / "dead")
    assert set(first) <= set(kept)
    assert 5 < len(kept) < 40


def test_a_damaged_database_does_not_replace_a_sound_copy(
    filled: tuple[Path, dict[str, HistoryEntry]],
) -> None:
    folder, _ = filled
    path = folder / DATABASE_NAME
    back_up(path)
    sound = backup_of(path).read_bytes()
    spoil(path, list(range(5, 30)))
    with pytest.raises(StoreError, match="damaged") as caught:
        back_up(path)
    assert caught.value.commands == ("history.rebuild",)
    assert backup_of(path).read_bytes() == sound


def test_a_database_in_use_is_left_alone(filled: tuple[Path, dict[str, HistoryEntry]]) -> None:
    folder, known = filled
    other = HistoryStore(folder)
    other.open()
    other.list()
    with pytest.raises(StoreError, match="busy"):
        rebuild(folder / DATABASE_NAME, NOW)
    assert {entry.id for entry in other.list(1000)} == set(known)
    other.close()
    assert not list(folder.glob("*damaged*"))
