"""Image files named by the SHA-256 of their content: written once, whole or not at all, never changed.

Knows nothing of who names them; `app.history.store` decides when one may go.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import threading
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from app.base.errors import StoreError, from_os_error
from app.base.files import sync_folder, write_atomically
from app.base.text import tr

SHA256 = re.compile(r"[0-9a-f]{64}")


def _content_name(data: bytes) -> str:
    """The SHA-256 of `data` in hex: the name of its file."""
    return hashlib.sha256(data).hexdigest()


class ContentFiles:
    """The files below one folder, `ab/abcd…` each. Safe for many threads and processes at once.

    Between `put` and `claim` a file is held: `remove` leaves it alone, because a row is about to name it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._held: Counter[str] = Counter()

    def path(self, sha256: str) -> Path:
        """Where the file of that content lies, or would lie.

        Raises:
            StoreError: `sha256` is none.
        """
        if not SHA256.fullmatch(sha256):
            raise StoreError(tr("The history names a file that cannot be."), details=repr(sha256))
        return self._folder / sha256[:2] / sha256

    def put(self, data: bytes) -> str:
        """Keep and hold `data` and return its SHA-256; when this returns, it outlives a power cut.

        Raises:
            StoreError: it could not be written, for instance because the disk is full.
        """
        sha256 = _content_name(data)
        path = self.path(sha256)
        with self._lock:
            self._held[sha256] += 1
        try:
            if not (path.is_file() and path.stat().st_size == len(data)):
                if not path.parent.is_dir():
                    path.parent.mkdir(parents=True, exist_ok=True)
                    sync_folder(self._folder)
                write_atomically(path, lambda file: file.write(data))
        except OSError as error:
            self.claim([sha256])
            raise from_os_error(error, str(self._folder), kind=StoreError) from error
        return sha256

    def claim(self, names: Iterable[str]) -> None:
        """End the hold of one `put` of each: a row names them now."""
        with self._lock:
            for name in names:
                self._held[name] -= 1
                if self._held[name] <= 0:
                    del self._held[name]

    def require(self, names: Iterable[str]) -> None:
        """See that the files are there before a row names them.

        Raises:
            StoreError: one was never put, or another process has cleared it away since.
        """
        missing = [name for name in names if not self.path(name).is_file()]
        if missing:
            raise StoreError(
                tr("An image of the history is missing."),
                tr("Try again."),
                details=str(missing),
                retryable=True,
            )

    def read(self, sha256: str) -> bytes:
        """The content, checked against its name.

        Raises:
            StoreError: the file is missing, unreadable or damaged.
        """
        path = self.path(sha256)
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise StoreError(
                tr("An image of the history is missing."),
                tr("Put “{path}” back from a backup; the rest of the history is not affected.", path=path),
                details=repr(error),
            ) from error
        except OSError as error:
            raise from_os_error(error, str(path), kind=StoreError) from error
        if _content_name(data) != sha256:
            raise StoreError(
                tr("An image of the history is damaged."),
                tr("Put “{path}” back from a backup; the rest of the history is not affected.", path=path),
                details=f"{len(data)} bytes of another content",
            )
        return data

    def sizes(self) -> dict[str, int]:
        """The bytes of every file there is, by its name.

        Raises:
            StoreError: the folder cannot be read.
        """
        found: dict[str, int] = {}
        try:
            for folder in self._folder.iterdir() if self._folder.is_dir() else ():
                with os.scandir(folder) as entries:
                    for entry in entries:
                        if SHA256.fullmatch(entry.name):
                            # A file that goes at this moment counts no more.
                            with contextlib.suppress(FileNotFoundError):
                                found[entry.name] = entry.stat().st_size
        except OSError as error:
            raise from_os_error(error, str(self._folder), kind=StoreError) from error
        return found

    def remove(self, sha256: str) -> None:
        """Delete the file unless it is held; one that is gone, or that the system keeps open, stays so."""
        with self._lock:
            if sha256 not in self._held:
                with contextlib.suppress(OSError):
                    self.path(sha256).unlink(missing_ok=True)
