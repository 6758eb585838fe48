"""Gives memory that was freed back to the system, where the C library would keep it for later."""

from __future__ import annotations

import sys

_ARENA_MAX, _MMAP_MAX, _TRIM_THRESHOLD = -8, -4, -1
"""Of `mallopt`."""
_MOST = 2**31 - 1


def share_one_heap() -> None:
    """Have all threads take memory from one heap, which keeps what is freed; once, at the start.

    glibc gives threads heaps of their own, and what is freed at the end of such a heap is not given back by
    `malloc_trim`, unlike that of the first: whether a decoder's buffer stayed was a matter of chance. Threads
    here ask for large blocks seldom and for small ones under the interpreter's lock, so none waits for another.

    Blocks above 32 MB it would map one by one. To unmap one takes the system 20 ms and more, and whoever asks it
    for memory meanwhile waits, the window's thread included; a mask of 50 megapixels is such a block. So all of
    them come from the heap, and go back to the system by `give_back_free_memory` only, when nobody works.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        for option, value in ((_ARENA_MAX, 1), (_MMAP_MAX, 0), (_TRIM_THRESHOLD, _MOST)):
            set_option(ctypes.c_int(option), ctypes.c_int(value))


def give_back_free_memory() -> None:
    """Return freed memory of all threads to the system; takes a few milliseconds, so call it in a worker.

    Decoding a photograph frees as much as it leaves, and the heap keeps all of it, see `share_one_heap`;
    `malloc_trim` is glibc's own way out, in the middle of the heap, too. Elsewhere nothing is done.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(ctypes.c_size_t(0))
