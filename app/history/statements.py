"""The few statements that every writer of the history shares, and which files a row names."""

from __future__ import annotations

import sqlite3

from app.base.errors import InputError
from app.base.text import tr
from app.history.rows import Column, entry_columns, result_columns, storable_text
from app.history.types import HistoryEntry, HistoryResult


def insert(connection: sqlite3.Connection, table: str, columns: dict[str, Column]) -> None:
    """Insert one row; table and column names are this package's own."""
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(columns.values()))  # noqa: S608


def update(connection: sqlite3.Connection, table: str, id: str, columns: dict[str, Column]) -> None:
    """Set the columns that are not None; table and column names are this package's own."""
    known = {name: value for name, value in columns.items() if value is not None}
    if known:
        setters = ", ".join(f"{name} = ?" for name in known)
        connection.execute(f"UPDATE {table} SET {setters} WHERE id = ?", (*known.values(), id))  # noqa: S608


def write_entry(connection: sqlite3.Connection, entry: HistoryEntry, owner: str) -> None:
    """Insert an entry of a process with all that belongs to it. Its files are the caller's matter."""
    insert(connection, "entries", entry_columns(entry, owner))
    for position, parent in enumerate(entry.parents):
        insert(connection, "parents", {"entry_id": entry.id, "position": position, "result_id": parent})
    for position, reference in enumerate(entry.references):
        columns: dict[str, Column] = {
            "entry_id": entry.id,
            "position": position,
            "sha256": reference.sha256,
            "name": storable_text(reference.name),
        }
        insert(connection, "reference_images", columns)
    for tag in entry.tags:
        insert(connection, "tags", {"entry_id": entry.id, "tag": storable_text(tag)})
    for result in entry.results:
        insert(connection, "results", result_columns(result))


def files_of(entry: HistoryEntry) -> tuple[str, ...]:
    """The names of all files that an entry and its results need."""
    own: tuple[str, ...] = (entry.source_sha256, entry.picture_sha256, entry.mask_sha256)
    own += tuple(reference.sha256 for reference in entry.references)
    return (*own, *(name for result in entry.results for name in files_of_result(result)))


def files_of_result(result: HistoryResult) -> tuple[str, ...]:
    """The names of the files that a result needs."""
    if result.thumbnail_sha256 is None:
        return (result.received_sha256,)
    return (result.received_sha256, result.thumbnail_sha256)


def unknown(id: str) -> InputError:
    """The error for an id that no entry and no result has."""
    return InputError(
        tr("The history has nothing of the id “{id}”.", id=id),
        tr("“maskroom history list” shows what it has."),
        code="unknown_id",
    )
