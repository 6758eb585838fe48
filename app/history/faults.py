"""What SQLite's errors mean for the user: the one place that turns them into a `StoreError`."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from app.base.errors import RELOCATE, StoreError
from app.base.text import tr

LEAST_ROOM = 1 << 20
"""Bytes; with less than this a disk is full."""
REBUILD = "history.rebuild"
"""The id of the command that makes a new database of what can be read."""


def from_sqlite_error(error: sqlite3.Error, path: Path) -> StoreError:
    """The error that tells in words why the database at `path` could not be used. The file stays as it is."""
    extended = getattr(error, "sqlite_errorcode", None)
    code = None if extended is None else extended & 0xFF
    details = f"{type(error).__name__} {getattr(error, 'sqlite_errorname', '')}: {error}"
    if code == sqlite3.SQLITE_IOERR and _is_full(path.parent):
        # The log's index is mapped into memory: where no room is left for it, SQLite knows only of a fault.
        code = sqlite3.SQLITE_FULL
    match code:
        case sqlite3.SQLITE_FULL:
            return StoreError(
                tr("The history cannot be written: the disk is full."),
                tr("Free some space, then try again; or let the data move to another folder."),
                details=details,
                retryable=True,
                commands=(RELOCATE,),
            )
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreError(
                tr("The history is busy: another program holds it."),
                tr("Try again in a moment."),
                details=details,
                retryable=True,
            )
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_ERROR:
            return damaged(path, details)
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return StoreError(
                tr("The history in “{folder}” cannot be opened for writing.", folder=path.parent),
                tr("Change the folder's permissions, or choose another folder."),
                details=details,
                commands=(RELOCATE,),
            )
        case sqlite3.SQLITE_IOERR:
            return StoreError(
                tr("The disk that holds the history reported a fault."),
                tr("Check the disk and its connection, then try again."),
                details=details,
                retryable=True,
            )
    return StoreError(tr("The history could not be read or written."), details=details)


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < LEAST_ROOM
    except OSError:
        return False


def damaged(path: Path, details: str) -> StoreError:
    """The error for a database at `path` that does not hold what it should."""
    return StoreError(
        tr("The history's database is damaged."),
        tr(
            "Rebuild it (also: “maskroom history rebuild”). All that can be read is kept, the images stay where "
            "they are, and “{path}” is kept under another name.",
            path=path,
        ),
        details=details,
        commands=(REBUILD,),
    )
