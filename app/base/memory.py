"""Gives memory that was freed back to the system, where the C library would keep it for later."""

from __future__ import annotations

import sys


def give_back_free_memory() -> None:
    """Return freed memory of all threads to the system; takes a few milliseconds, so call it in a worker.

    Decoding a photograph frees as much as it leaves. glibc raises its threshold with each large block that is
    freed, and from then on keeps such blocks; `malloc_trim` is its own way out. Elsewhere nothing is done.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(ctypes.c_size_t(0))
