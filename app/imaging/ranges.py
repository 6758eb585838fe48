"""What the pixels of a picture range between, cell by cell: it tells most of what is like a colour without a look.

Most of a picture changes slowly, so most cells are wholly like a colour or not at all, and only the others have to be
read. The ranges are made when they are first asked for, and then only where the picture has changed since.
"""

from __future__ import annotations

import threading

import numpy as np

from app.base.geometry import Rect, Size
from app.base.work import Work
from app.imaging import blocks, threads
from app.imaging.arrays import U8, Bool

_HALVINGS = 6
CELL = 1 << _HALVINGS
"""Edge of a cell in pixels. Those at the right and lower end of a picture may be smaller."""


class Ranges:
    """The least and the greatest level of each channel in each cell of a picture, (H, W, 4) BGRA."""

    def __init__(self, picture: U8) -> None:
        """Over `picture`, which is not looked at yet. Whoever writes to it says so by `mark`."""
        self._picture = picture
        shape = (-(-picture.shape[0] // CELL), -(-picture.shape[1] // CELL))
        self._lowest: U8 = np.empty((*shape, 4), np.uint8)
        self._highest: U8 = np.empty((*shape, 4), np.uint8)
        self._stale = np.ones(shape, np.bool_)
        self._marking = threading.Lock()
        self._reading = threading.Lock()

    def mark(self, rect: Rect) -> None:
        """The pixels of `rect` were written to. In any thread; does not wait for one that reads them."""
        cells = rect.halved(_HALVINGS)
        with self._marking:
            self._stale[cells.slices] = True

    def read(self, work: Work) -> tuple[U8, U8]:
        """The least and the greatest levels, (h, w, 4) each, after a look at what changed; in any thread.

        What is written meanwhile is looked at the next time.

        Raises:
            Cancelled: by `work`.
        """
        with self._reading:
            with self._marking:
                stale = self._stale.copy()
                self._stale[...] = False
            try:
                self._look(stale, work)
            except BaseException:
                with self._marking:
                    self._stale |= stale
                raise
            return self._lowest.copy(), self._highest.copy()

    def _look(self, stale: Bool, work: Work) -> None:
        whole = Size(self._picture.shape[1], self._picture.shape[0]).rect

        def look(run: tuple[int, int, int]) -> None:
            work.step(0.3 * run[0] / len(stale))
            row, first, end = run
            piece = self._picture[blocks.run_pixels(run, CELL).intersected(whole).slices]
            self._lowest[row : row + 1, first:end] = blocks.lowest(piece, CELL)
            self._highest[row : row + 1, first:end] = blocks.highest(piece, CELL)

        threads.share(list(blocks.runs(stale)), lambda: look, int(np.count_nonzero(stale)) * CELL**2)
