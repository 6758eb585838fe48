"""Reads entries with all that belongs to them. Changes nothing."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence

from app.history.database import Database
from app.history.rows import Column, entry_from_row, match_expression, result_from_row, storable_text
from app.history.statements import unknown
from app.history.types import HistoryEntry, HistoryReference, HistoryResult

NEWEST = """
    SELECT * FROM entries WHERE deleted IS NULL ORDER BY created DESC, id DESC LIMIT ?
"""

OLDER = """
    SELECT * FROM entries WHERE deleted IS NULL AND (created, id) < (?, ?)
    ORDER BY created DESC, id DESC LIMIT ?
"""

MATCHING = """
    SELECT * FROM entries INDEXED BY entries_shown
    WHERE deleted IS NULL AND +seq IN (SELECT rowid FROM words WHERE words MATCH ?)
    ORDER BY created DESC, id DESC LIMIT ?
"""
"""Walks from the newest until there are enough: a common word matches most of the table, and sorting that
costs far more than looking each up among the matches."""

ENTRIES_OF = "SELECT * FROM entries WHERE id IN (SELECT value FROM json_each(?))"

UNFINISHED_OWNERS = "SELECT DISTINCT owner FROM entries WHERE state IN ('queued', 'running', 'receiving')"

UNFINISHED_OF = """
    SELECT * FROM entries
    WHERE state IN ('queued', 'running', 'receiving') AND owner IN (SELECT value FROM json_each(?))
    ORDER BY created DESC, id DESC
"""

RESULTS_OF = """
    SELECT * FROM results WHERE entry_id IN (SELECT value FROM json_each(?)) ORDER BY position
"""

PARENTS_OF = """
    SELECT * FROM parents WHERE entry_id IN (SELECT value FROM json_each(?)) ORDER BY position
"""

REFERENCES_OF = """
    SELECT * FROM reference_images WHERE entry_id IN (SELECT value FROM json_each(?)) ORDER BY position
"""

TAGS_OF = "SELECT * FROM tags WHERE entry_id IN (SELECT value FROM json_each(?)) ORDER BY tag"


class Reader:
    """Queries over one database. What lies in the bin is in no list and no search, but is found by its id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, id: str) -> HistoryEntry:
        """The entry of that id. Raises InputError when there is none."""
        return self._one("SELECT * FROM entries WHERE id = ?", id)

    def entry_of_result(self, result_id: str) -> HistoryEntry:
        """The entry that a result belongs to. Raises InputError when there is no such result."""
        return self._one(
            "SELECT * FROM entries WHERE id = (SELECT entry_id FROM results WHERE id = ?)", result_id
        )

    def list(self, limit: int, before: HistoryEntry | None) -> tuple[HistoryEntry, ...]:
        """At most `limit` entries, newest first; with `before` those that follow it in that order."""
        if before is None:
            return self._entries(NEWEST, limit)
        return self._entries(OLDER, before.created, before.id, limit)

    def search(self, text: str, limit: int) -> tuple[HistoryEntry, ...]:
        """The entries that hold every word of `text`, newest first; without a word in it, as `list`."""
        expression = match_expression(text)
        return self._entries(MATCHING, expression, limit) if expression else self.list(limit, None)

    def entries(self, ids: Sequence[str]) -> tuple[HistoryEntry, ...]:
        """The entries of these ids in this order, without those that are gone."""
        found = {entry.id: entry for entry in self._entries(ENTRIES_OF, json.dumps(list(ids)))}
        return tuple(found[id] for id in ids if id in found)

    def unfinished_owners(self) -> tuple[str, ...]:
        """Who has entries that are queued, running or receiving."""
        return tuple(row["owner"] for row in self._database.rows(UNFINISHED_OWNERS))

    def unfinished_of(self, owners: Iterable[str]) -> tuple[HistoryEntry, ...]:
        """The unfinished entries of these owners, newest first."""
        return self._entries(UNFINISHED_OF, json.dumps(list(owners)))

    def _one(self, sql: str, id: str) -> HistoryEntry:
        entries = self._entries(sql, storable_text(id))
        if not entries:
            raise unknown(id)
        return entries[0]

    def _entries(self, sql: str, *values: Column) -> tuple[HistoryEntry, ...]:
        """The entries whose rows `sql` selects, in its order, with all that belongs to them, from one moment."""
        with self._database.snapshot():
            rows = self._database.rows(sql, values)
            ids = (json.dumps([row["id"] for row in rows]),)
            result_rows = self._database.rows(RESULTS_OF, ids)
            parent_rows = self._database.rows(PARENTS_OF, ids)
            reference_rows = self._database.rows(REFERENCES_OF, ids)
            tag_rows = self._database.rows(TAGS_OF, ids)
        results: defaultdict[str, list[HistoryResult]] = defaultdict(list)
        for row in result_rows:
            results[row["entry_id"]].append(result_from_row(row))
        parents: defaultdict[str, list[str]] = defaultdict(list)
        for row in parent_rows:
            parents[row["entry_id"]].append(row["result_id"])
        references: defaultdict[str, list[HistoryReference]] = defaultdict(list)
        for row in reference_rows:
            references[row["entry_id"]].append(HistoryReference(row["name"], row["sha256"]))
        tags: defaultdict[str, list[str]] = defaultdict(list)
        for row in tag_rows:
            tags[row["entry_id"]].append(row["tag"])
        return tuple(
            entry_from_row(row, parents[id], references[id], results[id], tags[id])
            for row in rows
            for id in (row["id"],)
        )
