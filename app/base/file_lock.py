"""One process at a time: a lock that the system itself lets go when its holder ends, however it ends."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

PATIENCE = 10.0
"""Seconds to wait for another holder before giving up."""
_STEP = 0.01


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of the file `path`, which is made where it is missing and stays, empty.

    Raises:
        OSError: the file cannot be made, or somebody else holds the lock for longer than `PATIENCE` seconds.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                _take(handle)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(_STEP)
        yield
    finally:
        # Closing lets go of the lock, too. The file stays: another may be waiting for this very one.
        os.close(handle)


def take(path: Path) -> Callable[[], None] | None:
    """Take the lock of the file `path` at once; the function that lets go of it, or None where another holds it.

    Raises:
        OSError: the file cannot be made.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(handle)
    except OSError:
        os.close(handle)
        return None
    return lambda: os.close(handle)


def _take(handle: int) -> None:
    """Take the lock of an open file at once, or raise OSError."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
