"""Replies on disk: what a provider sends is safe here from its first byte until the history has it.

A reply being received is a `.part`; once it is whole and synced it is a `.reply`. Whoever stored its images
releases it. What is left after a crash can be read again, a `.part` as far as it makes sense: the last byte may
have come a moment before the program was killed.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from app.base.errors import StoreError, from_os_error
from app.base.files import sync_folder

_NAME = re.compile(r"(?P<job>[A-Za-z0-9_-]+)-(?P<call>\d+)\.(?:part|reply)")

WHOLE = ".reply"


class Spool:
    """The folder of replies. Small writes go to the page cache at once; syncing belongs off the event loop."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self, job_id: str, call: int) -> SpoolFile:
        """A new file for the reply to call number `call` of a job. Raises StoreError."""
        name = f"{job_id}-{call}.part"
        if not _NAME.fullmatch(name):
            raise ValueError(f"no job id: {job_id!r}")
        path = self._folder / name
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            return SpoolFile(path, path.open("wb"))
        except OSError as error:
            raise from_os_error(error, str(path), kind=StoreError) from error

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
    """One reply while it comes in; a context manager that leaves nothing behind unless `keep` was called."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = file
        self.size = 0

    def __enter__(self) -> SpoolFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    def write(self, data: bytes) -> None:
        """Append; when this returns, the bytes outlive this process. Raises StoreError."""
        try:
            self._file.write(data)
            self._file.flush()
        except OSError as error:
            raise from_os_error(error, str(self._path), kind=StoreError) from error
        self.size += len(data)

    def keep(self) -> bytes:
        """Sync the whole reply, keep it until it is released, and give its bytes. Raises StoreError."""
        whole = self._path.with_suffix(WHOLE)
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._path.replace(whole)
            sync_folder(whole.parent)
            return whole.read_bytes()
        except OSError as error:
            raise from_os_error(error, str(self._path), kind=StoreError) from error
