"""Which parts of a mask are worth drawing: tiles, joined into rectangles."""

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
    padded = np.zeros((window.shape[0], window.shape[1] + 2), np.bool_)
    padded[:, 1:-1] = window
    rows_at, edges = np.nonzero(padded[:, 1:] != padded[:, :-1])
    done: list[Rect] = []
    latest: dict[tuple[int, int], Rect] = {}
    for row, left, right in zip(
        rows_at[::2].tolist(), edges[::2].tolist(), edges[1::2].tolist(), strict=True
    ):
        run = _tiles(first + left, first_row + row, first + right, first_row + row + 1, tile)
        above = latest.get((left, right))
        if above is not None and above.bottom == run.y:
            run = above.united(run)
        elif above is not None:
            done.append(above)
        latest[left, right] = run
    return [*done, *latest.values()]


def _tiles(left: int, top: int, right: int, bottom: int, tile: int) -> Rect:
    return Rect.from_edges(left * tile, top * tile, right * tile, bottom * tile)
