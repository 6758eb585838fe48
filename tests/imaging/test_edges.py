"""The edge of coverage: exact on pixel edges, nothing lost when it is shown small, tiles that hold all of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.base.cancel import Cancelled, CancelToken
from app.base.geometry import Rect, Size
from app.imaging.arrays import U8
from app.imaging.edges import INNER, INSIDE, OUTER, TILE, Edge, rim
from app.imaging.masks import bounds

KINDS = {(True, False): INSIDE, (True, True): INNER, (False, True): OUTER, (False, False): 0}


def mask(width: int, height: int, seed: int, share: float) -> U8:
    """Soft specks, so dense that most sizes have plain parts, edges and single pixels."""
    draw = np.random.default_rng(seed)
    specks = draw.integers(1, 256, (height, width), np.uint8)
    specks[draw.random((height, width)) > share] = 0
    return specks


def edge_of(coverage: U8) -> Edge:
    rect = bounds(coverage)
    size = Size(coverage.shape[1], coverage.shape[0])
    return Edge.of(size, rect, np.ascontiguousarray(coverage[rect.slices]))


def kinds_by_hand(covered: np.ndarray) -> U8:
    height, width = covered.shape
    kinds = np.zeros((height, width), np.uint8)
    for y in range(height):
        for x in range(width):
            sides = [
                covered[row, column]
                for row, column in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1))
                if 0 <= row < height and 0 <= column < width
            ]
            kinds[y, x] = KINDS[bool(covered[y, x]), any(side != covered[y, x] for side in sides)]
    return kinds


masks = st.builds(
    mask, st.integers(1, 24), st.integers(1, 24), st.integers(0, 10**6), st.sampled_from([0.05, 0.5, 0.95])
)


@given(masks)
def test_every_pixel_beside_the_edge_is_found_and_no_other(coverage: U8) -> None:
    assert np.array_equal(rim((coverage > 0).astype(np.uint8)), kinds_by_hand(coverage > 0))


@given(masks, st.integers(0, 40), st.integers(0, 40), st.sampled_from([1, 2, 3, 7]))
@settings(max_examples=60)
def test_shown_larger_the_line_lies_on_both_sides_of_pixel_edges(
    specks: U8, x: int, y: int, times: int
) -> None:
    """Also past the document's border, which is no edge, and whatever part of it is asked for."""
    height, width = specks.shape
    coverage = np.zeros((height + 40, width + 40), np.uint8)
    coverage[y : y + height, x : x + width] = specks
    if not coverage.any():
        return
    low, high = -3 * times, (max(coverage.shape) + 3) * times
    indices = np.arange(low, high) // times
    shown = edge_of(coverage).rim_at(0, indices, indices)
    around = np.pad(coverage > 0, ((3, high // times - coverage.shape[0]), (3, high // times)), "edge")
    squares = np.kron(around[:, : len(indices) // times], np.ones((times, times), np.uint8))
    assert np.array_equal(shown, rim(squares.astype(np.uint8)))


@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 10**6), st.integers(0, 5))
@settings(max_examples=60)
def test_a_smaller_level_is_covered_wherever_anything_under_it_is(
    width: int, height: int, seed: int, level: int
) -> None:
    coverage = mask(width, height, seed, 0.01)
    if not coverage.any():
        return
    edge = edge_of(coverage)
    level = min(level, len(edge.levels) - 1)
    size = 1 << level
    padded = np.pad(coverage, ((0, -height % size), (0, -width % size)))
    blocks = padded.reshape(padded.shape[0] // size, size, padded.shape[1] // size, size).max((1, 3))
    shown = edge.rim_at(level, np.arange(blocks.shape[0]), np.arange(blocks.shape[1]))
    assert np.array_equal(shown, rim((blocks > 0).astype(np.uint8)))


@given(st.integers(0, 3 * TILE), st.integers(0, 2 * TILE), st.integers(1, TILE), st.integers(1, TILE))
@settings(max_examples=60)
def test_the_line_runs_only_through_tiles_that_say_so(x: int, y: int, width: int, height: int) -> None:
    size = Size(3 * TILE + 5, 2 * TILE + 9)
    rect = Rect(x, y, width, height).intersected(size.rect)
    if rect.is_empty:
        return
    coverage = np.zeros((size.height, size.width), np.uint8)
    coverage[rect.slices] = 1
    inner = rim(coverage) == INNER
    crossed = edge_of(coverage).crossed[0]
    for row, column in np.ndindex(crossed.shape):
        tile = inner[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
        assert crossed[row, column] == tile.any()


def test_a_full_mask_has_no_edge() -> None:
    edge = edge_of(np.full((200, 300), 9, np.uint8))
    assert not any(crossed.any() for crossed in edge.crossed)
    assert (edge.rim_at(0, np.arange(-5, 205), np.arange(-5, 305)) == INSIDE).all()


def test_an_edge_that_is_no_longer_wanted_is_given_up() -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        Edge.of(Size(900, 900), Rect(0, 0, 900, 900), np.ones((900, 900), np.uint8), cancel)
