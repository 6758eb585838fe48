"""Which parts of a mask are worth drawing: occupied tiles, joined into few rectangles. Knows no pixels."""

from __future__ import annotations

import numpy as np

from app.base.geometry import Rect
from app.imaging.arrays import Bool


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
    if not window.any():
        return []
    if window.all():
        return [_tiles(first, first_row, last, last_row, tile)]
    done: list[Rect] = []
    open_runs: dict[tuple[int, int], int] = {}
    for row, cells in enumerate(window, first_row):
        edges = np.flatnonzero(np.diff(cells, prepend=False, append=False)) + first
        runs = {(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)}
        done += [_tiles(a, top, b, row, tile) for (a, b), top in open_runs.items() if (a, b) not in runs]
        open_runs = {run: open_runs.get(run, row) for run in runs}
    done += [_tiles(a, top, b, last_row, tile) for (a, b), top in open_runs.items()]
    return done


def _tiles(left: int, top: int, right: int, bottom: int, tile: int) -> Rect:
    return Rect.from_edges(left * tile, top * tile, right * tile, bottom * tile)
