"""Where coverage ends, at every zoom: the last covered pixels, and the uncovered ones beside them.

The edge is found among the pixels that are shown, when they are shown. A traced contour would have as many
points as the mask has corners; this costs what the view costs, and lies exactly on pixel edges. What can be
known beforehand is made once per mask, in a worker: the edge of every level as it is shown at the level's own
size, and which tiles it runs through.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from app.base.cancel import CancelToken
from app.base.geometry import Rect, Size
from app.imaging.arrays import U8, Bool, as_u8

TILE = 128
"""Pixels of a level across one cell of its `Edge.crossed`."""
OUTER = 1
INNER = 2
INSIDE = 3
_SMALLEST = 32
_CROSS = ((0, 1, 0), (1, 1, 1), (0, 1, 0))

Indices = NDArray[np.intp]


def rim(covered: U8) -> U8:
    """What every pixel of `covered`, (h, w) of 0 and 1, is to the edge of what is covered. (h, w).

    INNER is covered with an uncovered neighbour on one of its four sides, OUTER is uncovered with a covered one,
    INSIDE is covered all round, 0 is neither covered nor beside it. Beyond the array there is no edge.
    """
    cross = np.array(_CROSS, np.uint8)
    # The three planes are nested, so their sum counts how deep a pixel lies.
    depth = cv2.add(cv2.erode(covered, cross), covered)
    return as_u8(cv2.add(depth, cv2.dilate(covered, cross)))


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """The edge of a coverage in a document of size `document`. Pixels of coverage > 0 are covered.

    A pixel of level k stands for 2^k document pixels each way, counted from the document's corner, and is covered
    where one of them is: nothing that is covered is lost by being shown small. The document's border is no edge.
    """

    document: Size
    levels: tuple[U8, ...]
    """What each pixel of a level is to the edge, see `rim`, around all that is covered."""
    rects: tuple[Rect, ...]
    """Where each level lies, in its own pixels; all around it nothing is covered."""
    crossed: tuple[Bool, ...]
    """Of each level (rows, columns); True for the tiles of `TILE` of its pixels that hold INNER pixels."""

    @classmethod
    def of(cls, document: Size, rect: Rect, coverage: U8, cancel: CancelToken | None = None) -> Edge:
        """The edge of `coverage`, (rect.height, rect.width), which stands at `rect`.

        Raises:
            Cancelled: the token was cancelled.
        """
        levels: list[U8] = []
        rects: list[Rect] = []
        crossed: list[Bool] = []
        while True:
            if cancel is not None:
                cancel.check()
            level = len(levels)
            size = Size(_shrunk(document.width, level), _shrunk(document.height, level))
            around = rect.expanded(1).intersected(size.rect)
            covered = np.zeros((around.height, around.width), np.uint8)
            covered[rect.relative_to(around).slices] = _covered(coverage)
            levels.append(rim(covered))
            rects.append(around)
            crossed.append(_crossed(size, around, levels[-1]))
            if max(document.width, document.height) >> (level + 1) < _SMALLEST:
                return cls(document, tuple(levels), tuple(rects), tuple(crossed))
            coverage, rect = _halved(coverage, rect)

    def kinds_in(self, level: int, part: Rect) -> U8:
        """`rim` of the pixels of a level in `part`, which may reach beyond the document. Perhaps a view."""
        rect = self.rects[level]
        if rect.contains(part):
            return self.levels[level][part.relative_to(rect).slices]
        rows = np.arange(part.y, part.bottom)
        columns = np.arange(part.x, part.right)
        return self._picked(level, rows, columns)

    def rim_at(self, level: int, rows: Indices, columns: Indices) -> U8:
        """`rim` of the pixels of a level at the crossings of `rows` and `columns`. (len(rows), len(columns)).

        Both ascend by steps that differ by at most 1; they may repeat, and reach beyond the document, whose
        outermost pixels go on there. The first and last of each only see neighbours on their inner side.
        """
        begins = rows[1:] != rows[:-1]
        if (begins[1:] & begins[:-1]).any():
            return rim(_covered(self._picked(level, rows, columns), OUTER))
        return self._enlarged_rim(level, rows, columns, begins)

    def _enlarged_rim(self, level: int, rows: Indices, columns: Indices, begins: Bool) -> U8:
        """`rim_at` where each row of the level is seen twice at least: all but its first and last time it is alike.

        `begins` tells which of `rows`, but for the first of all, differ from the one before.
        """
        first, count = rows[0], int(rows[-1] - rows[0]) + 1
        covered = _covered(self._picked(level, np.arange(first, first + count), columns), OUTER)
        differs = covered[:, 1:] ^ covered[:, :-1]
        beside = np.zeros(covered.shape, np.uint8)
        beside[:, 1:] = differs
        beside[:, :-1] |= differs
        above = covered[1:] ^ covered[:-1]
        # Each row as it is in between, the first and the last time. Neither is looked at beyond the array.
        seen = np.empty((3, *covered.shape), np.uint8)
        seen[0] = beside
        np.bitwise_or(beside[1:], above, out=seen[1, 1:])
        np.bitwise_or(beside[:-1], above, out=seen[2, :-1])
        seen ^= covered * np.uint8(INSIDE)
        places = rows - first
        places[1:][begins] += count
        places[:-1][begins] += 2 * count
        return as_u8(seen.reshape(3 * count, len(columns)).take(places, axis=0))

    def _picked(self, level: int, rows: Indices, columns: Indices) -> U8:
        """What the pixels at those crossings are to the edge of the level itself."""
        rect, across = self.rects[level], _shrunk(self.document.width, level)
        down = _shrunk(self.document.height, level)
        rows = _within(rows, down) - rect.y
        columns = _within(columns, across) - rect.x
        if rows[0] >= 0 and rows[-1] < rect.height and columns[0] >= 0 and columns[-1] < rect.width:
            return picked(self.levels[level], rows, columns)
        kinds = np.zeros((len(rows), len(columns)), np.uint8)
        top, bottom = np.searchsorted(rows, (0, rect.height))
        left, right = np.searchsorted(columns, (0, rect.width))
        if top < bottom and left < right:
            kinds[top:bottom, left:right] = picked(self.levels[level], rows[top:bottom], columns[left:right])
        return kinds


def picked(plane: U8, rows: Indices, columns: Indices) -> U8:
    """The pixels of `plane` at the crossings of rows and columns that ascend as those of `rim_at` do.

    Perhaps a view of `plane`.
    """
    first, last = int(rows[0]), int(rows[-1]) + 1
    if last - first == len(rows) and columns[-1] - columns[0] + 1 == len(columns):
        # Each is wanted once, as at 100 %: nothing has to be picked.
        return plane[first:last, int(columns[0]) : int(columns[-1]) + 1]
    if last - first < len(rows):
        # Rows repeat: fewer are picked from than are wanted.
        return _columns(plane[first:last], columns).take(rows - first, axis=0)
    return _columns(plane[rows, int(columns[0]) : int(columns[-1]) + 1], columns - columns[0])


def _within(places: Indices, extent: int) -> Indices:
    """Ascending places, those outside [0, extent) as the nearest inside: mostly there are none."""
    if places[0] >= 0 and places[-1] < extent:
        return places
    return np.minimum(np.maximum(places, 0), extent - 1)


def _columns(plane: U8, columns: Indices) -> U8:
    """Some ascending columns of `plane`. Turned over, as whole rows are copied far faster than single pixels."""
    first, last = int(columns[0]), int(columns[-1]) + 1
    turned = as_u8(cv2.transpose(plane[:, first:last]))
    return as_u8(cv2.transpose(turned.take(columns - first, axis=0)))


def _covered(values: U8, beyond: int = 0) -> U8:
    """1 where a value is greater than `beyond`, else 0."""
    return as_u8((values > beyond).view(np.uint8))


def _shrunk(extent: int, level: int) -> int:
    """Pixels of a level that cover `extent` pixels of the document."""
    return -(-extent >> level)


def _halved(plane: U8, rect: Rect) -> tuple[U8, Rect]:
    """The next smaller level, and where it lies: the highest of each 2 x 2 pixels on the document's grid."""
    even = cv2.copyMakeBorder(
        plane, rect.y & 1, rect.bottom & 1, rect.x & 1, rect.right & 1, cv2.BORDER_CONSTANT, value=0
    )
    rows = np.maximum(even[0::2], even[1::2])
    smaller = as_u8(np.maximum(rows[:, 0::2], rows[:, 1::2]))
    return smaller, Rect(rect.x >> 1, rect.y >> 1, smaller.shape[1], smaller.shape[0])


def _crossed(size: Size, rect: Rect, kinds: U8) -> Bool:
    """The tiles of a level of `size` that hold INNER pixels; `kinds` stands at `rect`."""
    crossed = np.zeros((-(-size.height // TILE), -(-size.width // TILE)), np.bool_)
    rows = np.logical_or.reduceat(kinds == INNER, _starts(rect.y, rect.bottom), axis=0)
    found = np.logical_or.reduceat(rows, _starts(rect.x, rect.right), axis=1)
    row, column = rect.y // TILE, rect.x // TILE
    crossed[row : row + found.shape[0], column : column + found.shape[1]] = found
    return crossed


def _starts(low: int, high: int) -> list[int]:
    """Where each tile that has pixels of [low, high) begins, counted from `low`."""
    return [0, *(start - low for start in range((low // TILE + 1) * TILE, high, TILE))]
