"""Which parts of a mask are worth drawing, and which of them in one plain colour: tiles, joined into rectangles."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from app.base.geometry import Rect
from app.imaging.arrays import U8, Bool
from app.imaging.masks import plain_value

_UNKNOWN = -2


def occupied_rects(occupied: Bool, tile: int, within: Rect) -> list[Rect]:
    """Disjoint rectangles that cover exactly the occupied tiles that touch `within`, all in document pixels.

    Runs of a row are joined with equal runs of the row above, so that a full mask is one rectangle.
    The rectangles reach over whole tiles, also beyond `within` and beyond a document whose size is no
    multiple of `tile`.
    """
    rows, columns = occupied.shape
    first_row, last_row = max(0, within.y // tile), min(rows, -(-within.bottom // tile))
    first, last = max(0, within.x // tile), min(columns, -(-within.right // tile))
    if first_row >= last_row or first >= last:
        return []
    window = occupied[first_row:last_row, first:last]
    if window.all():
        # As nearly always under a brush.
        return [_tiles(first, first_row, last, last_row, tile)]
    if not window.any():
        return []
    # Most rows are like the one above: those are looked at once for all of them.
    starts = [0, *(np.flatnonzero((window[1:] != window[:-1]).any(axis=1)) + 1).tolist(), len(window)]
    padded = np.zeros((len(starts) - 1, window.shape[1] + 2), np.bool_)
    padded[:, 1:-1] = window[starts[:-1]]
    bands_at, edges = np.nonzero(padded[:, 1:] != padded[:, :-1])
    done: list[Rect] = []
    latest: dict[tuple[int, int], Rect] = {}
    for band, left, right in zip(
        bands_at[::2].tolist(), edges[::2].tolist(), edges[1::2].tolist(), strict=True
    ):
        top, bottom = first_row + starts[band], first_row + starts[band + 1]
        run = _tiles(first + left, top, first + right, bottom, tile)
        above = latest.get((left, right))
        if above is not None and above.bottom == run.y:
            run = above.united(run)
        elif above is not None:
            done.append(above)
        latest[left, right] = run
    return [*done, *latest.values()]


class PlainTiles:
    """Which tiles of a mask have one value all over, looked up when it is asked and kept until it may change."""

    def __init__(self, coverage: U8, occupied: Bool, tile: int) -> None:
        """Watch over `coverage` (H, W); tiles that are not `occupied` hold only 0."""
        self._coverage = coverage
        self._occupied = occupied
        self._tile = tile
        self.changes = 0
        """How often something was forgotten."""
        self._values: NDArray[np.int16] = np.full(occupied.shape, _UNKNOWN, np.int16)

    def forget(self, rects_doc: Iterable[Rect]) -> None:
        """Pixels of these rectangles may have changed."""
        self.changes += 1
        tile = self._tile
        for rect in rects_doc:
            rows = slice(max(0, rect.y // tile), -(-rect.bottom // tile))
            self._values[rows, max(0, rect.x // tile) : -(-rect.right // tile)] = _UNKNOWN

    def plain_rects(self, within: Rect) -> list[tuple[Rect, int]]:
        """Disjoint rectangles over whole tiles that touch `within`, and the value, not 0, of all their pixels."""
        tile = self._tile
        rows = slice(max(0, within.y // tile), max(0, -(-within.bottom // tile)))
        columns = slice(max(0, within.x // tile), max(0, -(-within.right // tile)))
        window = self._values[rows, columns]
        for row, column in zip(
            *np.nonzero((window == _UNKNOWN) & self._occupied[rows, columns]), strict=True
        ):
            window[row, column] = self._find(rows.start + int(row), columns.start + int(column))
        found = []
        for value in sorted({*window[window > 0].tolist()}):
            same = (self._values == value) & self._occupied
            found += [(rect, int(value)) for rect in occupied_rects(same, tile, within)]
        return found

    def _find(self, row: int, column: int) -> int:
        tile = self._tile
        return plain_value(self._coverage[row * tile : (row + 1) * tile, column * tile : (column + 1) * tile])


def _tiles(left: int, top: int, right: int, bottom: int, tile: int) -> Rect:
    return Rect.from_edges(left * tile, top * tile, right * tile, bottom * tile)
