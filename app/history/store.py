"""The history: every request as it was sent and everything that came back, kept on disk.

An entry is written before its request is sent and a result before it is shown. The window, the command
line and the server share one store. All methods block and are safe to call from any thread.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from app.base.errors import InternalError, MaskroomError, UsageError
from app.base.rate_limits import RateLimits
from app.base.states import TRANSITIONS, JobState
from app.base.text import tr
from app.base.work import Work
from app.history.archive import Archive
from app.history.catalogue import Catalogue
from app.history.database import Database
from app.history.files import ContentFiles
from app.history.ids import IdSource, timestamp
from app.history.marks import Marks
from app.history.owner import is_alive, this_process
from app.history.prompts import PromptBook
from app.history.reading import Reader
from app.history.rows import (
    json_column,
    rate_limits_column,
    result_columns,
)
from app.history.schema import bring_up_to_date
from app.history.space import CleanPlan, Space
from app.history.spending import Spending
from app.history.statements import files_of, files_of_result, insert, unknown, update, write_entry
from app.history.types import HistoryEntry, HistoryResult

DATABASE_NAME = "history.sqlite"
IMAGES_NAME = "images"

INTERRUPT = """
    UPDATE entries SET state = 'interrupted'
    WHERE state IN ('queued', 'running', 'receiving') AND owner IN (SELECT value FROM json_each(?))
    AND id NOT IN (SELECT value FROM json_each(?))
"""

DELETE_UNLESS_DEAR = """
    DELETE FROM entries WHERE id = :id
    AND state IN ('done', 'failed', 'cancelled', 'interrupted')
    AND NOT EXISTS (SELECT 1 FROM results WHERE entry_id = :id AND (starred OR applied))
    AND NOT EXISTS (SELECT 1 FROM parents JOIN results ON results.id = parents.result_id
                    WHERE results.entry_id = :id)
"""

PAST_SECONDS = """
    SELECT seconds FROM (SELECT * FROM entries ORDER BY created DESC, id DESC LIMIT 500)
    WHERE provider = ? AND model = ? AND n = ? AND state = 'done' AND seconds IS NOT NULL LIMIT 9
"""
"""Only among the newest entries: a model that was never used is not searched for in all of them."""

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
        self._reader = Reader(self._database)
        self.catalogue = Catalogue(self._database, self._reader)
        self.marks = Marks(self._database, self.now)
        self.prompts = PromptBook(self._database)
        self.spending = Spending(self._database)
        self.space = Space(self._database, self._files)
        self.archive = Archive(self._database, self._files, self.add)
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
            self._files.require(files_of(entry))
            write_entry(connection, entry, self._owner)
        self._files.claim(files_of(entry))

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
        usage: Mapping[str, Any] | None = None,
    ) -> None:
        """Move an entry on; what is None or empty stays as it was. The state it already has may be given again.

        Raises:
            InternalError: that state cannot follow the present one.
            InputError: there is no such entry.
        """
        with self._database.transaction() as connection:
            row = connection.execute("SELECT state FROM entries WHERE id = ?", (id,)).fetchone()
            if row is None:
                raise unknown(id)
            before = JobState(row["state"])
            if state is not before and state not in TRANSITIONS[before]:
                raise InternalError(
                    tr("A request lost its way."), details=f"entry {id}: {before.value} to {state.value}"
                )
            update(
                connection,
                "entries",
                id,
                {
                    "state": state.value,
                    "seconds": seconds,
                    "request_id": error.request_id if error and request_id is None else request_id,
                    "request_ids": json.dumps(request_ids) if request_ids else None,
                    "rate_limits": rate_limits_column(rate_limits),
                    "usage": json_column(usage),
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
            self._files.require(files_of_result(result))
            insert(connection, "results", result_columns(result))
        self._files.claim(files_of_result(result))

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
        starred: bool | None = None,
    ) -> None:
        """Add what became known of a result after it was received; what is None stays as it was.

        Raises:
            InputError: there is no such result.
        """
        with self._database.transaction() as connection:
            row = connection.execute("SELECT thumbnail_sha256 FROM results WHERE id = ?", (id,)).fetchone()
            if row is None:
                raise unknown(id)
            names = [thumbnail_sha256] if thumbnail_sha256 is not None else []
            self._files.require(names)
            update(
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
                    "starred": None if starred is None else int(starred),
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
        return self._reader.get(id)

    def entry_of_result(self, result_id: str) -> HistoryEntry:
        """The entry that a result belongs to.

        Raises:
            InputError: there is no such result.
        """
        return self._reader.entry_of_result(result_id)

    def entries(self, ids: Sequence[str]) -> tuple[HistoryEntry, ...]:
        """The entries of these ids in this order, without those that are gone."""
        return self._reader.entries(ids)

    def list(self, limit: int = 200, before: HistoryEntry | None = None) -> tuple[HistoryEntry, ...]:
        """At most `limit` entries, newest first; with `before` those that follow it in that order."""
        return self._reader.list(limit, before)

    def past_seconds(self, provider: str, model: str, n: int) -> tuple[float, ...]:
        """How long the last few requests of this kind took, newest first; empty where there were none."""
        return tuple(row["seconds"] for row in self._database.rows(PAST_SECONDS, (provider, model, n)))

    def search(self, text: str, limit: int = 200) -> tuple[HistoryEntry, ...]:
        """The entries whose prompt, revised prompts, note and tags hold every word of `text`, newest first.

        A word may be only begun; case and accents do not count. Without a word in it, the same as `list`.
        """
        return self._reader.search(text, limit)

    def delete(self, id: str) -> None:
        """Delete an entry for good, with its results and the files that nothing else names.

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
        self._clear_away(files_of(entry))

    def clean(self, plan: CleanPlan, work: Work | None = None) -> int:
        """Delete for good what `plan` names; returns how many entries that were.

        What was starred, applied or built upon since the plan was made stays.

        Raises:
            Cancelled: it was cancelled; what went is gone, the rest is whole.
            StoreError: the disk refuses.
        """
        done = 0
        for place, id in enumerate(plan.ids):
            if work is not None:
                work.step(place / len(plan.ids))
            found = self._reader.entries([id])
            if not found:
                continue
            with self._database.transaction() as connection:
                gone = connection.execute(DELETE_UNLESS_DEAR, {"id": id}).rowcount
            if gone:
                self._clear_away(files_of(found[0]))
                done += 1
        return done

    def abandoned(self) -> tuple[HistoryEntry, ...]:
        """The entries that a process left unfinished when it died, newest first.

        Called before `interrupt_unfinished`, so that replies found in the spool can still be taken in.
        """
        return self._reader.unfinished_of(self._dead_owners())

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
        return tuple(owner for owner in self._reader.unfinished_owners() if not is_alive(owner))

    def _clear_away(self, names: Iterable[str]) -> None:
        """Delete those of the files that no row names and nobody is about to name.

        In a transaction, although no row changes: so no process can add a name between look and deletion.
        """
        with self._database.transaction() as connection:
            for name in set(names):
                if connection.execute(NAMED, {"name": name}).fetchone() is None:
                    self._files.remove(name)
