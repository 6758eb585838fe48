"""One SQLite connection that many threads use in turn and other processes share the file with.

Knows pragmas, transactions and locks; nothing of what the tables mean.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from app.base.errors import StoreError, from_os_error
from app.base.text import tr
from app.history.faults import from_sqlite_error

BUSY_SECONDS = 10.0
"""How long to wait for another process that writes."""


class Database:
    """Opened and closed once; all errors of SQLite leave as `StoreError`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._problem: StoreError | None = None
        """Why it could not be opened: told again whenever it is asked for something."""

    def open(self, bring_up_to_date: Callable[[sqlite3.Connection], None]) -> None:
        """Open or create the file and let `bring_up_to_date` see to its tables.

        Raises:
            StoreError: the folder cannot be written, the file is damaged or no database, or a StoreError of
                `bring_up_to_date`. The file is never deleted.
        """
        try:
            self._open(bring_up_to_date)
        except StoreError as error:
            self._problem = error
            raise
        self._problem = None

    def _open(self, bring_up_to_date: Callable[[sqlite3.Connection], None]) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise from_os_error(error, str(self._path.parent), kind=StoreError) from error
        with self._lock, self._told():
            if self._connection is not None:
                return
            connection = sqlite3.connect(
                self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                connection.row_factory = sqlite3.Row
                connection.execute("PRAGMA foreign_keys = ON")
                # In WAL mode only FULL makes each commit outlive a power cut.
                connection.execute("PRAGMA synchronous = FULL")
                bring_up_to_date(connection)
                _switch_to_wal(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection

    def close(self) -> None:
        """Close the file; may be called at any time and more than once."""
        with self._lock, self._told():
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @property
    def bytes(self) -> int:
        """What the file takes on the disk, with its log."""
        paths = (self._path, self._path.with_name(self._path.name + "-wal"))
        return sum(path.stat().st_size for path in paths if path.exists())

    def copy_to(self, path: Path) -> None:
        """Write all tables as they are at this moment to a new file."""
        with self._lock, self._told():
            self._opened().execute("VACUUM INTO ?", (str(path),))

    def rows(self, sql: str, values: Sequence[Any] = ()) -> tuple[sqlite3.Row, ...]:
        """All rows of one query, from one moment."""
        with self._lock, self._told():
            return tuple(self._opened().execute(sql, values))

    def tuples(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """As `rows`, as plain tuples: for very many small rows."""
        with self._lock, self._told():
            cursor = self._opened().cursor()
            cursor.row_factory = None
            return cursor.execute(sql, values).fetchall()

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """All `rows` inside the block are from the same moment."""
        with self._lock, self._told():
            connection = self._opened()
            connection.execute("BEGIN")
            try:
                yield
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All writing inside the block happens, durably, or none of it. No other process writes meanwhile."""
        with self._lock, self._told():
            connection = self._opened()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # a full disk makes SQLite roll back by itself
                    connection.execute("ROLLBACK")
                raise

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            problem = self._problem
            if problem is None:
                raise StoreError(tr("The history is not open."), details=str(self._path))
            raise StoreError(
                problem.message, problem.hint, details=problem.details, commands=problem.commands
            )
        return self._connection

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise from_sqlite_error(error, self._path) from error


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Turn on the write-ahead log. A file system that cannot keep one goes on with SQLite's older journal.

    SQLite does not wait for other processes here, so this does.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.02)
