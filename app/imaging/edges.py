"""Where coverage ends, at every zoom: the last covered pixels, and the uncovered ones beside them.

The edge is found among the pixels that are shown, when they are shown. A traced contour would have as many
points as the mask has corners; this costs what the view costs, and lies exactly on pixel edges. What must be
known beforehand is made once per mask, in a worker: smaller levels, and which tiles the edge runs through.
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
"""Document pixels across one cell of `Edge.crossed`."""
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

    A pixel of level k stands for 2^k document pixels each way, counted from the document's corner, and holds
    their highest coverage: nothing that is covered is lost by being shown small. The document's border is
    no edge.
    """

    document: Size
    levels: tuple[U8, ...]
    """Coverage around all that is covered."""
    rects: tuple[Rect, ...]
    """Where each level lies, in its own pixels; all around it nothing is covered."""
    crossed: Bool
    """(rows, columns); True for the tiles of `TILE` document pixels that hold INNER pixels."""

    @classmethod
    def of(cls, document: Size, rect: Rect, coverage: U8, cancel: CancelToken | None = None) -> Edge:
        """The edge of `coverage`, (rect.height, rect.width), which stands at `rect`; it is kept, not copied.

        Raises:
            Cancelled: the token was cancelled.
        """
        levels, rects = [coverage], [rect]
        while max(document.width, document.height) >> len(levels) >= _SMALLEST:
            if cancel is not None:
                cancel.check()
            smaller, at = _halved(levels[-1], rects[-1])
            levels.append(smaller)
            rects.append(at)
        if cancel is not None:
            cancel.check()
        return cls(document, tuple(levels), tuple(rects), _crossed(document, rect, coverage))

    def rim_at(self, level: int, rows: Indices, columns: Indices) -> U8:
        """`rim` of the pixels of a level at the crossings of `rows` and `columns`. (len(rows), len(columns)).

        Both ascend by steps that differ by at most 1; they may repeat, and reach beyond the document, whose
        outermost pixels go on there. The first and last of each only see neighbours on their inner side.
        """
        rect, across = self.rects[level], _shrunk(self.document.width, level)
        down = _shrunk(self.document.height, level)
        covered = np.zeros((len(rows), len(columns)), np.uint8)
        rows = np.clip(rows, 0, down - 1) - rect.y
        columns = np.clip(columns, 0, across - 1) - rect.x
        top, bottom = np.searchsorted(rows, (0, rect.height))
        left, right = np.searchsorted(columns, (0, rect.width))
        if top < bottom and left < right:
            found = picked(self.levels[level], rows[top:bottom], columns[left:right])
            covered[top:bottom, left:right] = _covered(found)
        return rim(covered)


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
    return _columns(plane.take(rows, axis=0), columns)


def _columns(plane: U8, columns: Indices) -> U8:
    """Some ascending columns of `plane`. Turned over, as whole rows are copied far faster than single pixels."""
    first, last = int(columns[0]), int(columns[-1]) + 1
    turned = as_u8(cv2.transpose(plane[:, first:last]))
    return as_u8(cv2.transpose(turned.take(columns - first, axis=0)))


def _covered(coverage: U8) -> U8:
    """1 where there is any coverage, else 0."""
    return as_u8(cv2.threshold(coverage, 0, 1, cv2.THRESH_BINARY)[1])


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


def _crossed(document: Size, rect: Rect, coverage: U8) -> Bool:
    """The tiles of the document that hold covered pixels beside uncovered ones."""
    crossed = np.zeros((-(-document.height // TILE), -(-document.width // TILE)), np.bool_)
    around = rect.expanded(1).intersected(document.rect)
    covered = np.zeros((around.height, around.width), np.uint8)
    covered[rect.relative_to(around).slices] = _covered(coverage)
    inner = rim(covered) == INNER
    first_row, first_column = around.y // TILE, around.x // TILE
    rows = np.logical_or.reduceat(inner, _starts(around.y, around.bottom), axis=0)
    found = np.logical_or.reduceat(rows, _starts(around.x, around.right), axis=1)
    crossed[first_row : first_row + found.shape[0], first_column : first_column + found.shape[1]] = found
    return crossed


def _starts(low: int, high: int) -> list[int]:
    """Where each tile that has pixels of [low, high) begins, counted from `low`."""
    return [0, *(start - low for start in range((low // TILE + 1) * TILE, high, TILE))]
