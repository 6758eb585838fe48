"""Replies on disk: what a provider sends is safe here from its first byte until the history has it.

A reply being received is a `.part`; once it is whole and synced it is a `.reply`. Whoever stored its images
releases it. What is left after a crash can be read again, a `.part` as far as it makes sense: the last byte may
have come a moment before the program was killed.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from app.base.errors import StoreError, from_os_error
from app.base.files import sync_folder

log = logging.getLogger(__name__)

_NAME = re.compile(r"(?P<job>[A-Za-z0-9_-]+)-(?P<call>\d+)\.(?:part|reply)")

WHOLE = ".reply"


class Spool:
    """The folder of replies. Small writes go to the page cache at once; syncing belongs off the event loop."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self, job_id: str, call: int) -> SpoolFile:
        """A new file for the reply to call number `call` of a job; where the disk refuses, it is memory only."""
        name = f"{job_id}-{call}.part"
        if not _NAME.fullmatch(name):
            raise ValueError(f"no job id: {job_id!r}")
        path = self._folder / name
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            return SpoolFile(path, path.open("wb"))
        except OSError as error:
            log.warning("the reply to %s is kept in memory: %r", job_id, error)
            return SpoolFile(path, None)

    def release(self, job_id: str) -> None:
        """Forget the replies of a job: its images are stored elsewhere."""
        for _call, path in self._of(job_id):
            with contextlib.suppress(OSError):
                path.unlink()

    def bodies(self, job_id: str) -> tuple[tuple[bytes, bool], ...]:
        """What came for a job in the order of its calls, each with whether it is known to be whole.

        Raises StoreError.
        """
        try:
            return tuple((path.read_bytes(), path.suffix == WHOLE) for _call, path in self._of(job_id))
        except OSError as error:
            raise from_os_error(error, str(self._folder), kind=StoreError) from error

    def holds_reply(self, job_id: str) -> bool:
        """Whether any whole body of a job is here."""
        return any(path.suffix == WHOLE for _call, path in self._of(job_id))

    def holds_anything(self, job_id: str) -> bool:
        """Whether any byte of a reply to a job is here, whole or not."""
        with contextlib.suppress(FileNotFoundError):
            return any(path.stat().st_size for _call, path in self._of(job_id))
        return False

    def _of(self, job_id: str) -> list[tuple[int, Path]]:
        """The files of a job with the number of the call, in the order of the calls."""
        try:
            names = [(_NAME.fullmatch(path.name), path) for path in self._folder.iterdir()]
        except OSError:
            return []
        return sorted((int(match["call"]), path) for match, path in names if match and match["job"] == job_id)


class SpoolFile:
    """One reply while it comes in; a context manager that leaves nothing behind unless `keep` was called.

    A reply is paid for when it comes. So a disk that refuses it, full or broken, is no reason to let go of it:
    the bytes are in memory, too, and whoever gets them stores them elsewhere or says that it cannot.
    """

    def __init__(self, path: Path, file: BinaryIO | None) -> None:
        self._path = path
        self._file = file
        self._data = bytearray()

    def __enter__(self) -> SpoolFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._drop()

    @property
    def size(self) -> int:
        return len(self._data)

    def write(self, data: bytes) -> None:
        """Append; when this returns, the bytes outlive this process, unless the disk refuses them."""
        self._data += data
        if self._file is None:
            return
        try:
            self._file.write(data)
            self._file.flush()
        except OSError as error:
            self._give_up(error)

    def keep(self) -> bytes:
        """Sync the whole reply, keep it on disk until it is released, and give its bytes."""
        if self._file is not None:
            whole = self._path.with_suffix(WHOLE)
            try:
                os.fsync(self._file.fileno())
                self._file.close()
                self._path.replace(whole)
                sync_folder(whole.parent)
            except OSError as error:
                self._give_up(error)
        return bytes(self._data)

    def _give_up(self, error: OSError) -> None:
        log.warning("%s is kept in memory: %r", self._path.name, error)
        self._drop()

    def _drop(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)
        self._file = None
