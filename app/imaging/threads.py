"""Pieces of array work shared among a few threads, each with memory of its own. Pure.

cv2 and numpy free the interpreter lock while they compute, so two threads take little more than half of the time, as
long as a piece is worth a few dozen microseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from app.base.geometry import Size

Piece = TypeVar("Piece")

THREADS = 2
WORTH_THREADS = 1_000_000
"""Pixels from which work is shared among threads."""


def share(
    pieces: Sequence[Piece], worker: Callable[[], Callable[[Piece], object]], pixels: int = WORTH_THREADS
) -> None:
    """Have every piece done, in threads where all of them are as many `pixels` as are worth it.

    `worker` is called once by each thread and gives the function that does one piece: what it makes outside of that
    function, such as scratch memory, is used by one thread only. What a piece raises ends the work and is raised.
    """
    count = THREADS if pixels >= WORTH_THREADS else 1

    def every(first: int) -> None:
        do = worker()
        for piece in pieces[first::count]:
            do(piece)

    if count == 1:
        every(0)
        return
    with ThreadPoolExecutor(count, thread_name_prefix="pieces") as pool:
        for done in [pool.submit(every, first) for first in range(count)]:
            done.result()


def bands(size: Size, pixels: int) -> list[slice]:
    """Rows of a plane in pieces of about as many `pixels`."""
    step = max(1, pixels // max(1, size.width))
    return [slice(top, top + step) for top in range(0, size.height, step)]
