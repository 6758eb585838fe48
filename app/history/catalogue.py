"""Which entries fit a filter, what there is to filter by, and which result grew from which. Changes nothing.

Answers with ids only, so that ten thousand rows cost milliseconds; `Reader.entries` gives those that are seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from app.history.database import Database
from app.history.reading import Reader
from app.history.rows import Column, match_expression, storable_text
from app.history.types import HistoryEntry, HistoryFacets, HistoryFilter

MOST_DOCUMENTS = 200
"""A longer list of photographs would be searched, not looked through."""
MOST_RELATIVES = 400
"""Entries of one tree of edits; beyond them it is cut off."""

COST = "(SELECT coalesce(sum(cost_amount), 0) FROM results WHERE entry_id = entries.id)"

MODELS = "SELECT DISTINCT provider, model FROM entries ORDER BY provider, model"

DOCUMENTS = """
    SELECT document_name FROM entries WHERE deleted IS NULL
    GROUP BY document_name ORDER BY max(created) DESC LIMIT ?
"""

TAGS = "SELECT DISTINCT tag FROM tags ORDER BY tag"

GROWN_FROM = """
    SELECT entry_id AS id FROM parents AS mine
    WHERE result_id IN (SELECT value FROM json_each(?))
    AND position = (SELECT max(position) FROM parents WHERE entry_id = mine.entry_id)
    ORDER BY entry_id
"""
"""The entries whose region was cut with one of the results on top."""


class Catalogue:
    """Answers about many entries at once."""

    def __init__(self, database: Database, reader: Reader) -> None:
        self._database = database
        self._reader = reader

    def rows(
        self, wanted: HistoryFilter, *, variants: bool = False, limit: int | None = None
    ) -> tuple[tuple[str, int], ...]:
        """The ids of the entries that fit, newest first, each with -1; all of them, or the first `limit` rows.

        With `variants` one row per result instead, with its place among the entry's results; -1 stands for an
        entry without a result.
        """
        conditions, values = _conditions(wanted)
        index = "" if wanted.in_bin or wanted.source_sha256 is not None else "INDEXED BY entries_shown"
        column, join = "-1", ""
        if variants:
            column = "coalesce(results.position, -1)"
            join = "LEFT JOIN results ON results.entry_id = entries.id"
            if wanted.starred:
                join += " AND results.starred = 1"
        order = "ORDER BY created DESC, entries.id DESC" + (", results.position" if variants else "")
        sql = f"SELECT entries.id, {column} FROM entries {index} {join} WHERE {conditions} {order} LIMIT ?"  # noqa: S608 - the parts are this file's own
        return tuple(self._database.tuples(sql, (*values, -1 if limit is None else limit)))

    def count(self, *, in_bin: bool = False) -> int:
        """How many entries there are outside the bin, or in it."""
        what = "NOT NULL" if in_bin else "NULL"
        (row,) = self._database.rows(f"SELECT count(*) FROM entries WHERE deleted IS {what}")  # noqa: S608
        return int(row[0])

    def facets(self) -> HistoryFacets:
        """What there is to filter by."""
        with self._database.snapshot():
            return HistoryFacets(
                tuple((row[0], row[1]) for row in self._database.rows(MODELS)),
                tuple(row[0] for row in self._database.rows(DOCUMENTS, (MOST_DOCUMENTS,))),
                tuple(row[0] for row in self._database.rows(TAGS)),
            )

    def family(self, entry_id: str) -> tuple[HistoryEntry, ...]:
        """An entry's whole tree of edits: what it grew from, and all that grew from the first of those.

        Each comes after the one that it grew from: `parents[-1]` is a result of it.

        Raises:
            InputError: there is no such entry.
        """
        first = self._reader.get(entry_id)
        seen = {first.id}
        while first.parents:
            above = self._owners([first.parents[-1]])
            if not above or above[0] in seen:
                break
            first = self._reader.get(above[0])
            seen.add(first.id)
        found, ids, generation = [first], {first.id}, [first]
        while generation and len(found) < MOST_RELATIVES:
            results = [result.id for entry in generation for result in entry.results]
            rows = self._database.rows(GROWN_FROM, (json.dumps(results),))
            new = [row["id"] for row in rows if row["id"] not in ids]
            generation = list(self._reader.entries(new[: MOST_RELATIVES - len(found)]))
            ids.update(new)
            found.extend(generation)
        return tuple(found)

    def _owners(self, results: Iterable[str]) -> list[str]:
        sql = "SELECT entry_id FROM results WHERE id IN (SELECT value FROM json_each(?))"
        return [row["entry_id"] for row in self._database.rows(sql, (json.dumps(list(results)),))]


def _conditions(wanted: HistoryFilter) -> tuple[str, list[Column]]:
    """The part of the query after WHERE, and its values."""
    parts = ["deleted IS NOT NULL" if wanted.in_bin else "deleted IS NULL"]
    values: list[Column] = []

    def add(condition: str, *more: Column) -> None:
        parts.append(condition)
        values.extend(storable_text(value) if isinstance(value, str) else value for value in more)

    expression = match_expression(wanted.text)
    if expression:
        # The plus keeps SQLite from sorting all that a common word matches: it walks from the newest.
        add("+seq IN (SELECT rowid FROM words WHERE words MATCH ?)", expression)
    for column in ("provider", "model", "document_name", "source_sha256"):
        value = getattr(wanted, column)
        if value is not None:
            add(f"{column} = ?", value)
    if wanted.states:
        marks = ", ".join("?" * len(wanted.states))
        add(f"state IN ({marks})", *(state.value for state in wanted.states))
    if wanted.since is not None:
        add("created >= ?", wanted.since)
    if wanted.starred:
        add("entries.id IN (SELECT entry_id FROM results WHERE starred = 1)")
    if wanted.tag is not None:
        add("entries.id IN (SELECT entry_id FROM tags WHERE tag = ?)", wanted.tag)
    if wanted.costs_more_than is not None:
        add(f"{COST} > ?", wanted.costs_more_than)
    if wanted.costs_at_most is not None:
        add("EXISTS (SELECT 1 FROM results WHERE entry_id = entries.id)")
        add(f"{COST} <= ?", wanted.costs_at_most)
    return " AND ".join(parts), values
