"""Sees to it that memory that is freed goes back to the system, where the C library would keep it for later."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctypes import CDLL

LARGE_BLOCK = 4 << 20
"""Bytes from which on a block of memory is the system's again the moment it is freed."""
_M_MMAP_THRESHOLD = -3


def keep_large_blocks_apart() -> None:
    """Have every large block mapped by itself from now on; to be called once, at the start of a process.

    A photograph, its candidates and what was made on the way are blocks of tens of megabytes. glibc raises
    its threshold with each one that is freed, up to 32 MB, and from then on takes such blocks from the heaps
    of its threads, which do not shrink as long as anything lives above. Elsewhere nothing is done.
    """
    library = _glibc()
    if library is not None:
        library.mallopt(_M_MMAP_THRESHOLD, LARGE_BLOCK)


def give_back_free_memory() -> None:
    """Return freed memory of all threads to the system; takes a few milliseconds, so call it in a worker.

    Decoding a photograph frees as much as it leaves, in blocks of every size; `malloc_trim` is the C
    library's own way out. Elsewhere than with glibc nothing is done.
    """
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)


def _glibc() -> CDLL | None:
    """The C library of this process, where it is glibc."""
    if not sys.platform.startswith("linux"):
        return None
    import ctypes

    library = ctypes.CDLL(None)
    return library if hasattr(library, "gnu_get_libc_version") else None
