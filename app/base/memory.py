"""Gives memory that was freed back to the system, where the C library would keep it for later."""

from __future__ import annotations

import sys

_ARENA_MAX = -8
"""Of `mallopt`."""


def share_one_heap() -> None:
    """Have all threads take memory from one heap; once, at the start.

    glibc gives threads heaps of their own, and what is freed at the end of such a heap is not given back by
    `malloc_trim`, unlike that of the first: whether a decoder's buffer stayed was a matter of chance. Threads
    here ask for large blocks seldom and for small ones under the interpreter's lock, so none waits for another.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        set_option(ctypes.c_int(_ARENA_MAX), ctypes.c_int(1))


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
