"""Opening: a new store, one of another version, a damaged one, and one that cannot be written."""

import gzip
import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from app.base.errors import StoreError
from app.base.rate_limits import RateLimits
from app.base.states import JobState
from app.history.schema import VERSION
from app.history.store import DATABASE_NAME, HistoryStore
from tests.history.making import add_entry, add_result


def database_of(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(folder / DATABASE_NAME)


def test_a_new_store_is_strict_and_written_ahead(store: HistoryStore, tmp_path: Path) -> None:
    with closing(database_of(tmp_path / "history")) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert database.execute("PRAGMA user_version").fetchone() == (VERSION,)
        tables = {
            row[1]: row[5]
            for row in database.execute("PRAGMA table_list")
            if row[2] == "table" and not row[1].startswith("sqlite_")
        }
        names = ("entries", "parents", "results", "reference_images", "tags", "prompts", "removed_costs")
        assert tables == dict.fromkeys(names, 1)
        [(sql,)] = database.execute("SELECT sql FROM sqlite_schema WHERE name = 'entries'").fetchall()
        assert all(f"'{state.value}'" in sql for state in JobState)
        unfinished = database.execute(
            "SELECT sql FROM sqlite_schema WHERE name = 'entries_unfinished'"
        ).fetchone()[0]
        assert {state for state in JobState if f"'{state.value}'" in unfinished} == {
            state for state in JobState if not state.is_final
        }


def test_opening_again_changes_nothing(store: HistoryStore, tmp_path: Path) -> None:
    entry = add_entry(store)
    store.open()
    second = HistoryStore(tmp_path / "history")
    second.open()
    assert second.list() == (entry,)
    second.close()


@pytest.mark.parametrize("column", ["source_sha256", "picture_sha256", "mask_sha256"])
def test_looking_for_names_reads_no_whole_table(store: HistoryStore, tmp_path: Path, column: str) -> None:
    with closing(database_of(tmp_path / "history")) as database:
        plan = database.execute(f"EXPLAIN QUERY PLAN SELECT 1 FROM entries WHERE {column} = 'x'").fetchall()
    assert all("INDEX" in row[3] for row in plan), plan


def test_a_store_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    """The file was written by the program when its `user_version` was 1."""
    old = gzip.decompress((Path(__file__).parent / "version_1.sqlite.gz").read_bytes())
    (tmp_path / DATABASE_NAME).write_bytes(old)
    with closing(database_of(tmp_path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (1,)
        before = database.execute("SELECT id, prompt, request_id, parameters FROM entries").fetchall()
        results = database.execute("SELECT *, 0 FROM results").fetchall()
    store = HistoryStore(tmp_path)
    store.open()
    found = {entry.id: entry for entry in store.list()}
    assert [(id, found[id].prompt, found[id].request_id) for id, *_ in before] == [row[:3] for row in before]
    assert found["done"].request_ids == ("req-1",)
    assert found["failed"].request_ids == ("req-2",)
    assert found["cut-off"].request_ids == ()
    assert all(entry.rate_limits is None for entry in found.values())
    assert found["done"].parameters == {"seed": 7, "strength": 0.5}
    assert found["done"].results[0].seed == 2**64 - 1
    assert [entry.id for entry in store.search("dark boat")] == ["done"]
    store.interrupt_unfinished()
    limits = RateLimits(remaining=3)
    store.set_state("done", JobState.DONE, request_ids=("req-1", "req-9"), rate_limits=limits)
    add_entry(store, "a new one")
    store.close()
    store.open()
    assert store.get("done").rate_limits == limits
    assert store.get("cut-off").state is JobState.INTERRUPTED
    store.close()
    with closing(database_of(tmp_path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert database.execute("SELECT * FROM results").fetchall() == results


def test_a_store_of_the_second_version_is_brought_up_to_date(tmp_path: Path) -> None:
    """The file was written by the program when its `user_version` was 2."""
    old = gzip.decompress((Path(__file__).parent / "version_2.sqlite.gz").read_bytes())
    (tmp_path / DATABASE_NAME).write_bytes(old)
    with closing(database_of(tmp_path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (2,)
        before = database.execute("SELECT id, prompt, request_ids, form, state FROM entries").fetchall()
        results = database.execute("SELECT *, 0 FROM results").fetchall()
        links = database.execute("SELECT * FROM parents").fetchall()
    store = HistoryStore(tmp_path)
    store.open()
    found = {entry.id: entry for entry in store.list()}
    assert [
        (e.id, e.prompt, list(e.request_ids), dict(e.form), e.state.value)
        for e in (found[row[0]] for row in before)
    ] == [(id, prompt, json.loads(ids), json.loads(form), state) for id, prompt, ids, form, state in before]
    assert [(e.recipe, e.usage, e.note, e.tags, e.deleted) for e in found.values()] == [
        ({}, None, None, (), None)
    ] * 5
    done = found["done"]
    assert done.rate_limits == RateLimits(60, 12, "1s")
    assert [reference.name for reference in done.references] == ["lamp.png"]
    assert [(result.applied, result.starred) for result in done.results] == [(False, False), (True, False)]
    assert [entry.id for entry in store.search("dark boat")] == ["done"]
    assert [entry.id for entry in store.search("boat")] == ["grown", "done"]
    store.set_state("done", JobState.DONE, usage={"input_tokens": 12, "details": {"image": 3}})
    store.close()
    store.open()
    assert store.get("done").usage == {"input_tokens": 12, "details": {"image": 3}}
    store.close()
    with closing(database_of(tmp_path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("SELECT * FROM results").fetchall() == results
        assert database.execute("SELECT * FROM parents").fetchall() == links
        assert database.execute(
            "SELECT text, saved, used, last_used FROM prompts ORDER BY text"
        ).fetchall() == [
            ("a blue door", 0, 1, found["cut-off"].created),
            ("a green hill", 0, 1, found["failed"].created),
            ("a red boat", 0, 2, found["grown"].created),
        ]


def test_what_was_paid_stays_known_when_an_entry_goes_for_good(store: HistoryStore, tmp_path: Path) -> None:
    entry = add_entry(store, state=JobState.DONE)
    paid = add_result(store, entry, 0, cost_amount=0.04, cost_currency="USD", cost_estimated=False)
    add_result(store, entry, 1)
    store.delete(entry.id)
    with closing(database_of(tmp_path / "history")) as database:
        assert database.execute("SELECT * FROM removed_costs").fetchall() == [
            (paid.id, entry.created, "local", "auto", "d1", "boat.jpg", entry.source_sha256, 0.04, "USD", 0)
        ]


def test_a_newer_store_is_left_alone(store: HistoryStore, tmp_path: Path) -> None:
    store.close()
    with closing(database_of(tmp_path / "history")) as database:
        database.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = (tmp_path / "history" / DATABASE_NAME).read_bytes()
    with pytest.raises(StoreError, match="newer version") as caught:
        store.open()
    assert "Update" in caught.value.hint
    assert (tmp_path / "history" / DATABASE_NAME).read_bytes() == before


@pytest.mark.parametrize("content", [b"this is no database at all, but a longer text " * 40, bytes(8192)])
def test_a_file_that_is_no_database_is_told_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / DATABASE_NAME
    path.write_bytes(content)
    with pytest.raises(StoreError, match="damaged") as caught:
        HistoryStore(tmp_path).open()
    assert str(path) in caught.value.hint
    assert caught.value.commands == ("history.rebuild",)
    assert path.read_bytes() == content


def test_a_database_of_another_program_is_told_and_kept(tmp_path: Path) -> None:
    with closing(database_of(tmp_path)) as database:
        database.execute("CREATE TABLE entries (id)")
    with pytest.raises(StoreError):
        HistoryStore(tmp_path).open()
    with closing(database_of(tmp_path)) as database:
        tables = database.execute("SELECT name FROM sqlite_schema").fetchall()
    assert tables == [("entries",)]


def test_a_malformed_database_is_told_and_kept(store: HistoryStore, tmp_path: Path) -> None:
    for number in range(40):
        add_entry(store, f"prompt {number} " * 30)
    store.close()
    path = tmp_path / "history" / DATABASE_NAME
    content = bytearray(path.read_bytes())
    for start in range(4096, len(content), 4096):
        content[start : start + 2000] = b"\xaa" * 2000
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()

    def use() -> None:
        store.open()
        store.list()

    with pytest.raises(StoreError, match="damaged"):
        use()
    store.close()
    assert hashlib.sha256(path.read_bytes()).hexdigest() == digest


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError) as caught:
        HistoryStore(tmp_path / "file" / "history").open()
    assert "not a folder" in caught.value.message or "exist" in caught.value.message


def test_a_database_that_is_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).mkdir()
    with pytest.raises(StoreError, match="cannot be opened"):
        HistoryStore(tmp_path).open()
