"""Occupied tiles as rectangles: all of them, nothing else, and no pixel twice."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from app.base.geometry import Rect
from app.imaging.arrays import Bool
from app.ui.canvas.tiles import occupied_rects

TILE = 4
grids = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=7))
windows = st.builds(Rect, st.integers(-9, 30), st.integers(-9, 30), st.integers(0, 40), st.integers(0, 40))


@given(grids, windows)
def test_the_rectangles_are_the_occupied_tiles_that_touch_the_window(grid: Bool, window: Rect) -> None:
    drawn = np.zeros((grid.shape[0] * TILE, grid.shape[1] * TILE), np.uint8)
    for rect in occupied_rects(grid, TILE, window):
        assert Rect(0, 0, drawn.shape[1], drawn.shape[0]).contains(rect)
        drawn[rect.slices] += 1
    tiles = {
        (cell.y // TILE, cell.x // TILE)
        for cell in window.tiles(TILE)
        if 0 <= cell.y < drawn.shape[0] and 0 <= cell.x < drawn.shape[1]
    }
    expected = np.zeros_like(grid)
    for tile in tiles:
        expected[tile] = grid[tile]
    assert np.array_equal(drawn, np.kron(expected, np.ones((TILE, TILE), np.uint8)))


def test_a_full_block_is_one_rectangle() -> None:
    grid = np.zeros((6, 8), np.bool_)
    grid[1:5, 2:7] = True
    assert occupied_rects(grid, TILE, Rect(0, 0, 32, 24)) == [Rect(8, 4, 20, 16)]
