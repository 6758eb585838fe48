"""Memory that this process and the worker both see: a mapped temporary file whose space is there beforehand.

Writing to a mapped page that the file system cannot supply kills the process, and a container's `/dev/shm`
is often small. So the space is reserved first, and where it does not fit a file in the temporary folder does.

On Linux the file loses its name as soon as it is made, and the other side reaches it through `/proc`: however
either process ends, nothing is left behind. Elsewhere the name goes when the other side has opened it.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import sys
import tempfile
from pathlib import Path

import numpy as np

from app.base.errors import EngineError
from app.base.text import tr
from app.imaging.arrays import U8


class SharedBlock:
    """A mapped file of bytes. The maker closes it; the other side opens it by its path."""

    def __init__(self, path: Path, size: int, *, create: bool) -> None:
        self.path = path
        self._named = True
        self._file = path.open("r+b")
        try:
            if create:
                self._go_nameless()
                _reserve(self._file.fileno(), size)
            self._map = mmap.mmap(self._file.fileno(), size)
        except BaseException:
            self._file.close()
            raise
        if not create:
            self._file.close()

    @classmethod
    def create(cls, size: int) -> SharedBlock:
        """A block of `size` bytes, in memory where the system has room for it.

        Raises:
            EngineError: there is no room at all.
        """
        folders = [Path("/dev/shm")] if sys.platform == "linux" else []
        problem: OSError | None = None
        for folder in (*folders, Path(tempfile.gettempdir())):
            try:
                handle, name = tempfile.mkstemp(prefix="maskroom-", suffix=".pixels", dir=folder)
            except OSError as error:
                problem = error
                continue
            os.close(handle)
            try:
                return cls(Path(name), size, create=True)
            except OSError as error:
                problem = error
                Path(name).unlink(missing_ok=True)
        raise EngineError(
            tr("There is no room to hand the picture to the healing engine."),
            tr("Free some memory or some space in the temporary folder."),
            details=repr(problem),
        )

    @classmethod
    def attach(cls, path: Path, size: int) -> SharedBlock:
        """The block that another process made at `path`; its name is gone afterwards where the system allows.

        With the name gone, nothing is left behind however either process ends.
        """
        block = cls(path, size, create=False)
        block.unlink()
        return block

    def _go_nameless(self) -> None:
        """Take the name away already now, where the other side can do without."""
        open_file = Path(f"/proc/{os.getpid()}/fd/{self._file.fileno()}")
        if sys.platform == "linux" and os.access(open_file, os.R_OK | os.W_OK):
            self.unlink()
            self.path, self._named = open_file, False

    def array(self, offset: int, shape: tuple[int, ...]) -> U8:
        """The bytes from `offset` on as a writable uint8 array of `shape`. Drop it before `close`."""
        count = int(np.prod(shape))
        return np.frombuffer(self._map, np.uint8, count, offset).reshape(shape)

    def unlink(self) -> None:
        """Take the name away. Windows refuses while the file is mapped; `close` tries once more."""
        if self._named:
            with contextlib.suppress(PermissionError):
                self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let the memory go."""
        with contextlib.suppress(BufferError):  # an array over it lives on and keeps the mapping
            self._map.close()
        self._file.close()
        self.unlink()


def _reserve(descriptor: int, size: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
        return
    block = bytes(1 << 20)
    for start in range(0, size, len(block)):
        os.write(descriptor, block[: size - start])
