"""Tiles: what was kept comes back to the bit, constant tiles cost nothing, and areas become few rectangles."""

import threading

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.base.geometry import Rect, Size, united
from app.document.tiles import TILE, Plane, TileSnapshot, merged_tiles, tiles_of
from app.document.undo import no_wait
from tests.document.making import exact_occupancy

SIZE = Size(700, 600)


def busy_plane(seed: int = 1) -> Plane:
    """One tile of noise, one half full, one full, the rest empty."""
    pixels = np.zeros((SIZE.height, SIZE.width), np.uint8)
    pixels[:TILE, :TILE] = np.random.default_rng(seed).integers(0, 256, (TILE, TILE), dtype=np.uint8)
    pixels[:TILE, TILE : TILE + 99] = 255
    pixels[TILE : 2 * TILE, :TILE] = 255
    return Plane(pixels)


def every_tile(plane: Plane) -> list[tuple[int, int]]:
    rows, columns = plane.occupied.shape
    return [(row, column) for row in range(rows) for column in range(columns)]


def test_occupancy_is_read_from_the_pixels() -> None:
    plane = busy_plane()
    assert plane.occupied.tolist() == [[True, True, False], [True, False, False], [False, False, False]]


def test_restoring_gives_back_the_bits_and_what_undoes_it() -> None:
    plane = busy_plane()
    before = plane.pixels.copy()
    kept = TileSnapshot()
    for tile in every_tile(plane):
        kept.keep(plane, tile)
    plane.pixels[100:500, 200:650] = 77
    plane.occupied[...] = exact_occupancy(plane.pixels)
    after = plane.pixels.copy()
    inverse = kept.restore(plane)
    assert np.array_equal(plane.pixels, before)
    assert np.array_equal(plane.occupied, exact_occupancy(before))
    inverse.restore(plane)
    assert np.array_equal(plane.pixels, after)
    assert np.array_equal(plane.occupied, exact_occupancy(after))


def test_constant_tiles_cost_nothing_and_others_shrink() -> None:
    plane = busy_plane()
    kept = TileSnapshot()
    for tile in [(0, 2), (1, 0), (2, 2)]:
        kept.keep(plane, tile)
    assert len(kept) == 3
    assert kept.nbytes == 0
    kept.keep(plane, (0, 1))
    assert kept.nbytes == TILE * TILE
    kept.compress(no_wait)
    assert 0 < kept.nbytes < TILE * TILE // 50


def test_noise_that_does_not_shrink_stays_as_it_is() -> None:
    plane = busy_plane()
    before = plane.pixels.copy()
    kept = TileSnapshot()
    kept.keep(plane, (0, 0))
    kept.compress(no_wait)
    assert kept.nbytes == TILE * TILE
    plane.pixels[:TILE, :TILE] = 3
    kept.restore(plane)
    assert np.array_equal(plane.pixels, before)


def test_a_tile_is_kept_once() -> None:
    plane = busy_plane()
    kept = TileSnapshot()
    assert kept.keep(plane, (0, 0))
    first = plane.pixels.copy()
    plane.pixels[:10, :10] = 0
    assert not kept.keep(plane, (0, 0))
    kept.restore(plane)
    assert np.array_equal(plane.pixels, first)


def test_unchanged_tiles_are_dropped_and_occupancy_settles() -> None:
    plane = busy_plane()
    kept = TileSnapshot()
    for tile in every_tile(plane):
        kept.keep(plane, tile)
        plane.occupied[tile] = True
    plane.pixels[300, 20] = 254
    plane.pixels[0, 600] = 1
    kept.drop_unchanged(plane)
    assert kept.rects(SIZE) == merged_tiles([(1, 0), (0, 2)], SIZE)
    assert np.array_equal(plane.occupied, exact_occupancy(plane.pixels))


def test_compressing_in_another_thread_loses_nothing() -> None:
    plane = busy_plane()
    before = plane.pixels.copy()
    kept = TileSnapshot()
    for tile in every_tile(plane):
        kept.keep(plane, tile)
    plane.pixels[...] = np.random.default_rng(5).integers(0, 3, plane.pixels.shape, dtype=np.uint8)
    plane.occupied[...] = True
    after = plane.pixels.copy()
    for _ in range(40):
        worker = threading.Thread(target=kept.compress, args=(no_wait,))
        worker.start()
        inverse = kept.restore(plane)
        assert np.array_equal(plane.pixels, before)
        worker.join()
        kept = inverse
        before, after = after, before


@given(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6))))
def test_merged_tiles_cover_each_tile_once(tiles: set[tuple[int, int]]) -> None:
    size = Size(7 * TILE - 3, 7 * TILE - 100)
    counts = np.zeros((7, 7), int)
    area = 0
    for rect in merged_tiles(tiles, size):
        assert not rect.is_empty
        assert size.rect.contains(rect)
        area += rect.area
        for cell in rect.tiles(TILE):
            counts[cell.y // TILE, cell.x // TILE] += 1
    assert {(int(row), int(column)) for row, column in zip(*np.nonzero(counts), strict=True)} == tiles
    assert counts.max() <= 1
    expected = sum(
        min(TILE, size.height - row * TILE) * min(TILE, size.width - column * TILE) for row, column in tiles
    )
    assert area == expected


def test_merged_tiles_are_few() -> None:
    full = [(row, column) for row in range(5) for column in range(4)]
    assert merged_tiles(full, Size(1000, 1200)) == (Size(1000, 1200).rect,)


def test_a_stroke_keeps_the_tiles_that_it_changed_wherever_in_them() -> None:
    plane = busy_plane()
    kept = TileSnapshot()
    for tile in every_tile(plane):
        kept.keep(plane, tile)
    plane.occupied[...] = True
    plane.pixels[TILE + TILE // 2, TILE + TILE // 2] = 9
    plane.pixels[2 * TILE, 0] = 9
    plane.pixels[TILE : 2 * TILE, :TILE] = 0
    kept.drop_unchanged(plane)
    assert kept.rects(SIZE) == merged_tiles([(1, 0), (1, 1), (2, 0)], SIZE)
    assert np.array_equal(plane.occupied, exact_occupancy(plane.pixels))


@given(st.integers(0, 700), st.integers(0, 700), st.integers(0, 600), st.integers(0, 600))
def test_the_tiles_of_a_rectangle_are_the_cells_that_it_touches(
    x: int, y: int, width: int, height: int
) -> None:
    rect = Rect(x, y, width, height)
    cells = list(rect.tiles(TILE))
    assert list(tiles_of(rect)) == [(cell.y // TILE, cell.x // TILE) for cell in cells]
    assert rect.on_grid(TILE) == (united(cells) if cells else rect)


@given(
    st.integers(-50, 50), st.integers(-50, 50), st.integers(1, 60), st.integers(1, 60), st.integers(1, 900)
)
def test_bands_cover_a_rectangle_in_its_whole_width(
    x: int, y: int, width: int, height: int, pixels: int
) -> None:
    rect = Rect(x, y, width, height)
    bands = list(rect.bands(pixels))
    assert [band.y for band in bands[1:]] == [band.bottom for band in bands[:-1]]
    assert united(bands) == rect
    assert sum(band.area for band in bands) == rect.area
    assert all(band.height == 1 or band.area <= pixels for band in bands)
    assert all(band.area + width > pixels for band in bands[:-1])
