"""The levels of a picture as a display must be sent them: converted tile by tile, once, and kept.

A thread converts ahead (`fill`); what is drawn before it gets there is converted where it is drawn. Then drawing
costs what it costs without, a stroke over it included.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from PySide6.QtGui import QImage

from app.base.cancel import CancelToken
from app.base.geometry import Rect, Size
from app.imaging.arrays import U8, Bool
from app.imaging.display import DisplayTable

TILE = 256
"""Edge of a tile, in pixels of its level."""
_MOST_AHEAD = 40_000_000
"""Levels of more pixels are converted only where they are looked at: they would take as much memory again."""


class DisplayLevels:
    """Converted copies of pyramid levels, (h, w, 4) BGRA each, and which of their tiles are up to date."""

    def __init__(self, levels: Sequence[U8], table: DisplayTable, form: QImage.Format) -> None:
        self._levels = tuple(levels)
        self._table = table
        self._form = form
        self._shown: dict[int, tuple[U8, QImage]] = {}
        self._done: dict[int, Bool] = {}
        self._lock = threading.Lock()
        self._changes = 0

    def image(self, level: int, part: Rect) -> QImage:
        """The image of a level, which is right in `part` (pixels of the level) and perhaps elsewhere."""
        if level not in self._shown:
            with self._lock:
                self._make(level)
        done = self._done[level]
        rows, columns = _tiles(part, done)
        if not done[rows, columns].all():
            with self._lock:
                for row, column in _missing(done, rows, columns):
                    cell = self._cell(level, row, column)
                    self._table.convert(self._levels[level][cell], self._shown[level][0][cell])
                    done[row, column] = True
        return self._shown[level][1]

    def fill(self, cancel: CancelToken) -> None:
        """Convert all that is not converted yet, the smallest level first; for a thread.

        Raises:
            Cancelled: `cancel` was cancelled.
        """
        for level in reversed(range(len(self._levels))):
            source = self._levels[level]
            if source.shape[0] * source.shape[1] > _MOST_AHEAD:
                continue
            with self._lock:
                self._make(level)
            done, (target, _) = self._done[level], self._shown[level]
            for row, column in list(_missing(done, slice(None), slice(None))):
                cancel.check()
                cell = self._cell(level, row, column)
                # Without the lock, so that who draws never waits: what changed meanwhile does not count.
                before = self._changes
                tile = self._table.converted(source[cell])
                with self._lock:
                    if before == self._changes and not done[row, column]:
                        target[cell] = tile
                        done[row, column] = True

    def forget(self, rects: Iterable[Rect]) -> None:
        """Pixels of these rectangles (of level 0) changed, and with them those of the other levels."""
        with self._lock:
            self._changes += 1
            for rect in rects:
                part = rect
                for level in range(len(self._levels)):
                    if level in self._done:
                        rows, columns = _tiles(part, self._done[level])
                        self._done[level][rows, columns] = False
                    part = part.halved()

    def _make(self, level: int) -> None:
        if level in self._shown:
            return
        source = self._levels[level]
        height, width = source.shape[:2]
        target: U8 = np.empty(source.shape, np.uint8)
        self._done[level] = np.zeros((-(-height // TILE), -(-width // TILE)), np.bool_)
        self._shown[level] = target, QImage(target.data, width, height, target.strides[0], self._form)

    def _cell(self, level: int, row: int, column: int) -> tuple[slice, slice]:
        height, width = self._levels[level].shape[:2]
        return Rect(column * TILE, row * TILE, TILE, TILE).intersected(Size(width, height).rect).slices


def _missing(done: Bool, rows: slice, columns: slice) -> Iterator[tuple[int, int]]:
    """Rows and columns of the tiles that are not up to date."""
    first_row, first_column = rows.start or 0, columns.start or 0
    for row, column in zip(*np.nonzero(~done[rows, columns]), strict=True):
        yield first_row + int(row), first_column + int(column)


def _tiles(part: Rect, done: Bool) -> tuple[slice, slice]:
    """The tiles that `part` touches."""
    height, width = done.shape
    return (
        slice(min(max(0, part.y // TILE), height), min(max(0, -(-part.bottom // TILE)), height)),
        slice(min(max(0, part.x // TILE), width), min(max(0, -(-part.right // TILE)), width)),
    )
