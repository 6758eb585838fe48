"""The history: every request as it was sent and everything that came back, kept on disk.

An entry is written before its request is sent and a result before it is shown. The window, the command
line and the server share one store. All methods block and are safe to call from any thread.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from app.base.errors import InputError, InternalError, MaskroomError, UsageError
from app.base.rate_limits import RateLimits
from app.base.states import TRANSITIONS, JobState
from app.base.text import tr
from app.history.database import Database
from app.history.files import ContentFiles
from app.history.ids import IdSource, timestamp
from app.history.owner import is_alive, this_process
from app.history.rows import (
    Column,
    entry_columns,
    entry_from_row,
    match_expression,
    rate_limits_column,
    result_columns,
    result_from_row,
    storable_text,
)
from app.history.schema import bring_up_to_date
from app.history.types import HistoryEntry, HistoryReference, HistoryResult

DATABASE_NAME = "history.sqlite"
IMAGES_NAME = "images"

NEWEST = "SELECT * FROM entries ORDER BY created DESC, id DESC LIMIT ?"

OLDER = "SELECT * FROM entries WHERE (created, id) < (?, ?) ORDER BY created DESC, id DESC LIMIT ?"

MATCHING = """
    SELECT * FROM entries INDEXED BY entries_by_time
    WHERE +seq IN (SELECT rowid FROM words WHERE words MATCH ?)
    ORDER BY created DESC, id DESC LIMIT ?
"""
"""Walks from the newest until there are enough: a common word matches most of the table, and sorting that
costs far more than looking each up among the matches."""

UNFINISHED_OWNERS = "SELECT DISTINCT owner FROM entries WHERE state IN ('queued', 'running', 'receiving')"

UNFINISHED_OF = """
    SELECT * FROM entries
    WHERE state IN ('queued', 'running', 'receiving') AND owner IN (SELECT value FROM json_each(?))
    ORDER BY created DESC, id DESC
"""

INTERRUPT = """
    UPDATE entries SET state = 'interrupted'
    WHERE state IN ('queued', 'running', 'receiving') AND owner IN (SELECT value FROM json_each(?))
    AND id NOT IN (SELECT value FROM json_each(?))
"""

PAST_SECONDS = """
    SELECT seconds FROM (SELECT * FROM entries ORDER BY created DESC, id DESC LIMIT 500)
    WHERE provider = ? AND model = ? AND n = ? AND state = 'done' AND seconds IS NOT NULL LIMIT 9
"""
"""Only among the newest entries: a model that was never used is not searched for in all of them."""

RESULTS_OF = """
    SELECT * FROM results WHERE entry_id IN (SELECT value FROM json_each(?)) ORDER BY position
"""

PARENTS_OF = """
    SELECT * FROM parents WHERE entry_id IN (SELECT value FROM json_each(?)) ORDER BY position
"""

REFERENCES_OF = """
    SELECT * FROM reference_images WHERE entry_id IN (SELECT value FROM json_each(?)) ORDER BY position
"""

NAMED = """
    SELECT 1 FROM entries WHERE source_sha256 = :name OR picture_sha256 = :name OR mask_sha256 = :name
    UNION ALL
    SELECT 1 FROM results WHERE received_sha256 = :name OR thumbnail_sha256 = :name
    UNION ALL
    SELECT 1 FROM reference_images WHERE sha256 = :name
    LIMIT 1
"""
"""One row when any entry or result names the file."""


class HistoryStore:
    """The entries, results and image files below one folder."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._ids = IdSource(clock)
        self._database = Database(folder / DATABASE_NAME)
        self._files = ContentFiles(folder / IMAGES_NAME)
        self._owner = ""

    def open(self) -> None:
        """Create the store or bring an older one up to date.

        Raises:
            StoreError: it cannot be written, is damaged, or was written by a newer Maskroom.
        """
        self._owner = this_process()
        self._database.open(bring_up_to_date)

    def close(self) -> None:
        """Let go of the database; may be called at any time and more than once."""
        self._database.close()

    def new_id(self) -> str:
        """An id for an entry or a result; ids sort by the time they were made."""
        return self._ids.next()

    def now(self) -> str:
        """The time, as `HistoryEntry.created` tells it."""
        return timestamp(self._clock())

    def put_file(self, data: bytes) -> str:
        """Keep `data` and return its SHA-256. Call it before each row that names it, even if put before.

        Raises:
            StoreError: the disk is full or cannot be written.
        """
        return self._files.put(data)

    def read_file(self, sha256: str) -> bytes:
        """The content of a file.

        Raises:
            StoreError: it is missing or damaged.
        """
        return self._files.read(sha256)

    def file_path(self, sha256: str) -> Path:
        """Where a file lies, for those who only read."""
        return self._files.path(sha256)

    def add(self, entry: HistoryEntry) -> None:
        """Write a new entry, as this process's own, with the results that it has.

        Raises:
            StoreError: a file that it names was not put, the id is taken, or the disk refuses.
        """
        with self._database.transaction() as connection:
            self._files.require(_files_of(entry))
            _insert(connection, "entries", entry_columns(entry, self._owner))
            for position, parent in enumerate(entry.parents):
                _insert(
                    connection, "parents", {"entry_id": entry.id, "position": position, "result_id": parent}
                )
            for position, reference in enumerate(entry.references):
                columns: dict[str, Column] = {
                    "entry_id": entry.id,
                    "position": position,
                    "sha256": reference.sha256,
                    "name": storable_text(reference.name),
                }
                _insert(connection, "reference_images", columns)
            for result in entry.results:
                _insert(connection, "results", result_columns(result))
        self._files.claim(_files_of(entry))

    def set_state(
        self,
        id: str,
        state: JobState,
        *,
        error: MaskroomError | None = None,
        seconds: float | None = None,
        request_id: str | None = None,
        request_ids: tuple[str, ...] = (),
        rate_limits: RateLimits | None = None,
    ) -> None:
        """Move an entry on; what is None or empty stays as it was. The state it already has may be given again.

        Raises:
            InternalError: that state cannot follow the present one.
            InputError: there is no such entry.
        """
        with self._database.transaction() as connection:
            row = connection.execute("SELECT state FROM entries WHERE id = ?", (id,)).fetchone()
            if row is None:
                raise _unknown(id)
            before = JobState(row["state"])
            if state is not before and state not in TRANSITIONS[before]:
                raise InternalError(
                    tr("A request lost its way."), details=f"entry {id}: {before.value} to {state.value}"
                )
            _update(
                connection,
                "entries",
                id,
                {
                    "state": state.value,
                    "seconds": seconds,
                    "request_id": error.request_id if error and request_id is None else request_id,
                    "request_ids": json.dumps(request_ids) if request_ids else None,
                    "rate_limits": rate_limits_column(rate_limits),
                    "error_code": error.code if error else None,
                    "error_message": error.message if error else None,
                    "error_hint": error.hint if error else None,
                },
            )

    def add_result(self, result: HistoryResult) -> None:
        """Write a received image of an entry.

        Raises:
            StoreError: a file that it names was not put, the entry is unknown, or the disk refuses.
        """
        with self._database.transaction() as connection:
            self._files.require(_files_of_result(result))
            _insert(connection, "results", result_columns(result))
        self._files.claim(_files_of_result(result))

    def update_result(
        self,
        id: str,
        *,
        thumbnail_sha256: str | None = None,
        outside_changed_pixels: int | None = None,
        leak: float | None = None,
        cost_amount: float | None = None,
        cost_currency: str | None = None,
        cost_estimated: bool | None = None,
        applied: bool | None = None,
    ) -> None:
        """Add what became known of a result after it was received; what is None stays as it was.

        Raises:
            InputError: there is no such result.
        """
        with self._database.transaction() as connection:
            row = connection.execute("SELECT thumbnail_sha256 FROM results WHERE id = ?", (id,)).fetchone()
            if row is None:
                raise _unknown(id)
            names = [thumbnail_sha256] if thumbnail_sha256 is not None else []
            self._files.require(names)
            _update(
                connection,
                "results",
                id,
                {
                    "thumbnail_sha256": thumbnail_sha256,
                    "outside_changed_pixels": outside_changed_pixels,
                    "leak": leak,
                    "cost_amount": cost_amount,
                    "cost_currency": cost_currency,
                    "cost_estimated": None if cost_estimated is None else int(cost_estimated),
                    "applied": None if applied is None else int(applied),
                },
            )
        self._files.claim(names)
        if names and row["thumbnail_sha256"] is not None:
            self._clear_away([row["thumbnail_sha256"]])

    def mark_applied(self, result_id: str) -> None:
        """Remember that a result was put on the photograph."""
        self.update_result(result_id, applied=True)

    def get(self, id: str) -> HistoryEntry:
        """The entry of that id.

        Raises:
            InputError: there is none.
        """
        return self._one("SELECT * FROM entries WHERE id = ?", id)

    def entry_of_result(self, result_id: str) -> HistoryEntry:
        """The entry that a result belongs to.

        Raises:
            InputError: there is no such result.
        """
        return self._one(
            "SELECT * FROM entries WHERE id = (SELECT entry_id FROM results WHERE id = ?)", result_id
        )

    def list(self, limit: int = 200, before: HistoryEntry | None = None) -> tuple[HistoryEntry, ...]:
        """At most `limit` entries, newest first; with `before` those that follow it in that order."""
        if before is None:
            return self._entries(NEWEST, limit)
        return self._entries(OLDER, before.created, before.id, limit)

    def past_seconds(self, provider: str, model: str, n: int) -> tuple[float, ...]:
        """How long the last few requests of this kind took, newest first; empty where there were none."""
        return tuple(row["seconds"] for row in self._database.rows(PAST_SECONDS, (provider, model, n)))

    def search(self, text: str, limit: int = 200) -> tuple[HistoryEntry, ...]:
        """The entries whose prompt and revised prompts hold every word of `text`, newest first.

        A word may be only begun; case and accents do not count. Without a word in it, the same as `list`.
        """
        expression = match_expression(text)
        if not expression:
            return self.list(limit)
        return self._entries(MATCHING, expression, limit)

    def delete(self, id: str) -> None:
        """Delete an entry with its results, and the files that nothing else names.

        Raises:
            InputError: there is no such entry.
            UsageError: its request is still on its way in a living process.
        """
        entry = self.get(id)
        owners = self._database.rows("SELECT owner FROM entries WHERE id = ?", (id,))
        if not entry.state.is_final and any(is_alive(row["owner"]) for row in owners):
            raise UsageError(tr("This request is still on its way."), tr("Cancel it first."))
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM entries WHERE id = ?", (id,))
        self._clear_away(_files_of(entry))

    def abandoned(self) -> tuple[HistoryEntry, ...]:
        """The entries that a process left unfinished when it died, newest first.

        Called before `interrupt_unfinished`, so that replies found in the spool can still be taken in.
        """
        return self._entries(UNFINISHED_OF, json.dumps(self._dead_owners()))

    def interrupt_unfinished(self, but: Iterable[str] = ()) -> int:
        """Mark what dead processes left queued, running or receiving as interrupted; returns how many.

        The entries whose ids are in `but` stay as they are, for a later start.
        """
        dead = self._dead_owners()
        if not dead:
            return 0
        with self._database.transaction() as connection:
            return connection.execute(INTERRUPT, (json.dumps(dead), json.dumps(list(but)))).rowcount

    def _dead_owners(self) -> tuple[str, ...]:
        owners = (row["owner"] for row in self._database.rows(UNFINISHED_OWNERS))
        return tuple(owner for owner in owners if not is_alive(owner))

    def _one(self, sql: str, id: str) -> HistoryEntry:
        entries = self._entries(sql, storable_text(id))
        if not entries:
            raise _unknown(id)
        return entries[0]

    def _entries(self, sql: str, *values: Column) -> tuple[HistoryEntry, ...]:
        """The entries whose rows `sql` selects, in its order, with all that belongs to them, from one moment."""
        with self._database.snapshot():
            rows = self._database.rows(sql, values)
            ids = json.dumps([row["id"] for row in rows])
            result_rows = self._database.rows(RESULTS_OF, (ids,))
            parent_rows = self._database.rows(PARENTS_OF, (ids,))
            reference_rows = self._database.rows(REFERENCES_OF, (ids,))
        results: dict[str, list[HistoryResult]] = {}
        for row in result_rows:
            results.setdefault(row["entry_id"], []).append(result_from_row(row))
        parents: dict[str, list[str]] = {}
        for row in parent_rows:
            parents.setdefault(row["entry_id"], []).append(row["result_id"])
        references: dict[str, list[HistoryReference]] = {}
        for row in reference_rows:
            found = HistoryReference(row["name"], row["sha256"])
            references.setdefault(row["entry_id"], []).append(found)
        return tuple(
            entry_from_row(
                row,
                parents.get(row["id"], ()),
                references.get(row["id"], ()),
                results.get(row["id"], ()),
            )
            for row in rows
        )

    def _clear_away(self, names: Iterable[str]) -> None:
        """Delete those of the files that no row names and nobody is about to name.

        In a transaction, although no row changes: so no process can add a name between look and deletion.
        """
        with self._database.transaction() as connection:
            for name in set(names):
                if connection.execute(NAMED, {"name": name}).fetchone() is None:
                    self._files.remove(name)


def _files_of(entry: HistoryEntry) -> tuple[str, ...]:
    own: tuple[str, ...] = (entry.source_sha256, entry.picture_sha256, entry.mask_sha256)
    own += tuple(reference.sha256 for reference in entry.references)
    return (*own, *(name for result in entry.results for name in _files_of_result(result)))


def _files_of_result(result: HistoryResult) -> tuple[str, ...]:
    if result.thumbnail_sha256 is None:
        return (result.received_sha256,)
    return (result.received_sha256, result.thumbnail_sha256)


def _insert(connection: sqlite3.Connection, table: str, columns: dict[str, Column]) -> None:
    """Insert one row; table and column names are this package's own."""
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(columns.values()))  # noqa: S608


def _update(connection: sqlite3.Connection, table: str, id: str, columns: dict[str, Column]) -> None:
    """Set the columns that are not None; table and column names are this package's own."""
    known = {name: value for name, value in columns.items() if value is not None}
    if known:
        setters = ", ".join(f"{name} = ?" for name in known)
        connection.execute(f"UPDATE {table} SET {setters} WHERE id = ?", (*known.values(), id))  # noqa: S608


def _unknown(id: str) -> InputError:
    return InputError(
        tr("The history has nothing of the id “{id}”.", id=id),
        tr("“maskroom history list” shows what it has."),
        code="unknown_id",
    )
