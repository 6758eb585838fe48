"""Tiles of one value: found as they are now, whatever was looked up before."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.base.geometry import Rect
from app.ui.canvas.tiles import PlainTiles

TILE = 8
ALL = Rect(0, 0, 44, 30)
paints = st.tuples(
    st.builds(Rect, st.integers(0, 40), st.integers(0, 28), st.integers(1, 44), st.integers(1, 30)),
    st.sampled_from([0, 1, 200, 255]),
)


@given(st.lists(paints, max_size=6))
def test_plain_tiles_are_those_of_one_value_other_than_0(strokes: list[tuple[Rect, int]]) -> None:
    coverage = np.zeros((30, 44), np.uint8)
    occupied = np.zeros((4, 6), np.bool_)
    tiles = PlainTiles(coverage, occupied, TILE)
    for stroke, value in strokes:
        rect = stroke.intersected(ALL)
        coverage[rect.slices] = value
        for cell in rect.tiles(TILE):
            occupied[cell.y // TILE, cell.x // TILE] = True
        tiles.forget([rect])
        found = np.zeros((4, 6), np.int64)
        for part, value_there in tiles.plain_rects(ALL):
            for cell in part.tiles(TILE):
                assert found[cell.y // TILE, cell.x // TILE] == 0
                found[cell.y // TILE, cell.x // TILE] = value_there
        for row in range(4):
            for column in range(6):
                values = np.unique(
                    coverage[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
                )
                assert found[row, column] == (values[0] if len(values) == 1 else 0)
