"""Makes a new database out of a damaged one: every row that can still be read, and what the last copy has besides.

The damaged file is never changed; it stays beside the new one under another name. Knows the tables only by
what the schema says of them. Everything here blocks, and nobody else may have the database open.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from app.base.errors import StoreError, from_os_error
from app.base.files import sync_folder
from app.history.faults import damaged, from_sqlite_error
from app.history.schema import bring_up_to_date

BACKUP_SUFFIX = ".backup"
"""Of the copy beside the database, see `back_up`."""
MOST_FAILURES = 50_000
"""Reads of one table that may fail before the rest of it is given up: a lost root page fails them all."""
PAGE = 4096
"""Bytes; SQLite's own choice, which nobody changes here."""
LARGEST_ROWID = 1 << 40
TOLD_TABLE = "entries"


def backup_of(database: Path) -> Path:
    """Where the last copy of a database lies, or would lie."""
    return database.with_name(database.name + BACKUP_SUFFIX)


@dataclass(frozen=True, slots=True)
class Salvage:
    """What became of a damaged database."""

    entries: int
    """In the new database."""
    aside: Path | None
    """Where the damaged file is now; None when there was none."""


def back_up(database: Path) -> None:
    """Write a copy of a sound database beside it, in one step.

    Raises:
        StoreError: the database is damaged, or the copy cannot be written. An older copy is then as it was.
    """
    fresh = database.with_name(database.name + ".backup-new")
    try:
        fresh.unlink(missing_ok=True)
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(fresh)) as target:
            if source.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                raise damaged(database, "quick_check")
            source.backup(target, pages=1000)
            # A copy is one file, without a log beside it.
            target.execute("PRAGMA journal_mode = DELETE")
        _sync(fresh)
        fresh.replace(backup_of(database))
    except sqlite3.Error as error:
        raise from_sqlite_error(error, database) from error
    except OSError as error:
        raise from_os_error(error, str(database), kind=StoreError) from error


def rebuild(database: Path, now: datetime) -> Salvage:
    """Put a new database in the place of a damaged one; `now` becomes part of the damaged one's new name.

    Raises:
        StoreError: another program has it open, or the new one cannot be written. All is then as it was.
    """
    _see_that_nobody_uses(database)
    fresh = database.with_name(database.name + ".rebuilt")
    try:
        for left in (fresh, *_beside(fresh)):
            left.unlink(missing_ok=True)
        with closing(sqlite3.connect(fresh, isolation_level=None)) as target:
            target.execute("PRAGMA foreign_keys = ON")
            bring_up_to_date(target)
            _copy(database, target, "REPLACE")
            for donor in (backup_of(database), fresh):
                with _with_first_page_of(donor, database) as patched:
                    _copy(patched, target, "IGNORE")
            _copy(backup_of(database), target, "IGNORE")
            entries = int(target.execute(f"SELECT count(*) FROM {TOLD_TABLE}").fetchone()[0])  # noqa: S608
        _sync(fresh)
        aside = _put_aside(database, now)
        fresh.replace(database)
        sync_folder(database.parent)
    except sqlite3.Error as error:
        raise from_sqlite_error(error, fresh) from error
    except OSError as error:
        raise from_os_error(error, str(database), kind=StoreError) from error
    return Salvage(entries, aside)


def _see_that_nobody_uses(database: Path) -> None:
    """Raises StoreError when another connection holds the database, as far as a damaged one can tell."""
    if not database.is_file():
        return
    with closing(sqlite3.connect(database, timeout=0.5, isolation_level=None)) as connection:
        try:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise from_sqlite_error(error, database) from error


def _put_aside(database: Path, now: datetime) -> Path | None:
    """Give a damaged file a second name, and its log the name that belongs to it."""
    if not database.exists():
        return None
    stem = f"{database.stem}-damaged-{now:%Y%m%d-%H%M%S}"
    aside = database.with_name(f"{stem}{database.suffix}")
    number = 1
    while aside.exists():
        number += 1
        aside = database.with_name(f"{stem}-{number}{database.suffix}")
    # A second name and not another one: at no moment is there no database, whatever happens.
    os.link(database, aside)
    for old, new in zip(_beside(database), _beside(aside), strict=True):
        if old.exists():
            old.replace(new)
    return aside


def _beside(database: Path) -> tuple[Path, ...]:
    """The log and the index of the log."""
    return tuple(database.with_name(database.name + suffix) for suffix in ("-wal", "-shm"))


@contextlib.contextmanager
def _with_first_page_of(donor: Path, database: Path) -> Iterator[Path]:
    """A copy of a database whose first page cannot be read, with that of another database of the same tables.

    The first page tells where all others begin. Without it nothing can be read, although everything else may be
    whole. The path leads nowhere where the first page is sound, or no other can take its place.
    """
    patched = database.with_name(database.name + ".patched")
    try:
        if donor.is_file() and database.is_file() and not _knows_its_tables(database):
            page = bytearray(donor.read_bytes()[:PAGE])
            shutil.copyfile(database, patched)
            pages = patched.stat().st_size // PAGE
            # See "The Database Header" of SQLite's file format: a log may be beside it, so many pages, none free.
            page[18:20] = b"\2\2"
            page[28:32] = pages.to_bytes(4, "big")
            page[32:40] = bytes(8)
            page[92:96] = page[24:28]
            with patched.open("rb+") as file:
                file.write(page)
            for log, copy in zip(_beside(database)[:1], _beside(patched), strict=False):
                if log.exists():
                    shutil.copyfile(log, copy)
        yield patched
    finally:
        for path in (patched, *_beside(patched)):
            path.unlink(missing_ok=True)


def _knows_its_tables(database: Path) -> bool:
    with closing(sqlite3.connect(database)) as connection:
        try:
            row = connection.execute(
                "SELECT count(*) FROM sqlite_schema WHERE name = ?", (TOLD_TABLE,)
            ).fetchone()
        except sqlite3.Error:
            return False
    return bool(row[0])


def _copy(old: Path, target: sqlite3.Connection, known: str) -> None:
    """Put every row of `old` that can be read into `target`: REPLACE or IGNORE those that it has."""
    if not old.is_file():
        return
    with closing(sqlite3.connect(old, isolation_level=None)) as source:
        source.execute("PRAGMA query_only = ON")
        names = [
            name
            for (name, sql) in target.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'")
            if sql and sql.rstrip().endswith(("STRICT", "STRICT, WITHOUT ROWID"))
        ]
        # What refers to entries comes behind them.
        for name in sorted(names, key=lambda name: (name != TOLD_TABLE, names.index(name))):
            _copy_table(name, source, target, known)


def _copy_table(name: str, source: sqlite3.Connection, target: sqlite3.Connection, known: str) -> None:
    kept = _columns(name, target)
    try:
        found = _columns(name, source)
    except sqlite3.Error:
        return
    shared = [column for column in kept if column in found]
    if not shared:
        return
    columns, marks = ", ".join(shared), ", ".join("?" * len(shared))
    insert = f"INSERT OR {known} INTO {name} ({columns}) VALUES ({marks})"  # noqa: S608 - the schema's own names
    target.execute("BEGIN")
    for row in _rows(name, shared, source, target):
        # What is no row of ours, because a damaged page was read as one, or belongs to a lost entry.
        with contextlib.suppress(sqlite3.IntegrityError, sqlite3.ProgrammingError, OverflowError):
            target.execute(insert, row)
    target.execute("COMMIT")


def _columns(name: str, connection: sqlite3.Connection) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({name})")]


def _rows(
    name: str, columns: Sequence[str], source: sqlite3.Connection, target: sqlite3.Connection
) -> Iterator[tuple[Any, ...]]:
    """The readable rows of a table; some may come twice."""
    picked = ", ".join(columns)
    if _has_rowid(name, target):
        yield from _by_rowid(name, picked, source)
        return
    yield from _read(f"SELECT {picked} FROM {name}", (), source)  # noqa: S608
    if "entry_id" in columns:
        # Where the walk through the table breaks off, the index still leads to the rows of each entry.
        by_entry = f"SELECT {picked} FROM {name} WHERE entry_id = ?"  # noqa: S608
        for (id,) in target.execute(f"SELECT id FROM {TOLD_TABLE}").fetchall():  # noqa: S608
            yield from _read(by_entry, (id,), source)


def _has_rowid(name: str, connection: sqlite3.Connection) -> bool:
    (sql,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (name,)).fetchone()
    return "WITHOUT ROWID" not in sql


def _read(sql: str, values: tuple[Any, ...], source: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    """The rows of a query, up to where it fails."""
    with contextlib.suppress(sqlite3.Error, UnicodeDecodeError):
        yield from source.execute(sql, values)


def _by_rowid(name: str, picked: str, source: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    """The rows of all pages that can be read: what fails as a whole is read in halves."""
    select = f"SELECT {picked} FROM {name} WHERE rowid BETWEEN ? AND ?"  # noqa: S608
    try:
        last = source.execute(f"SELECT max(rowid) FROM {name}").fetchone()[0] or 0  # noqa: S608
    except sqlite3.Error:
        last = LARGEST_ROWID
    ranges, failures = [(0, last)], 0
    while ranges and failures < MOST_FAILURES:
        low, high = ranges.pop()
        try:
            rows = source.execute(select, (low, high)).fetchall()
        except (sqlite3.Error, UnicodeDecodeError):
            failures += 1
            if low < high:
                middle = (low + high) // 2
                ranges += [(middle + 1, high), (low, middle)]
            continue
        yield from rows


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
