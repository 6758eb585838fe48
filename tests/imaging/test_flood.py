"""The flood by cells against a flood over the whole picture: the same bits, however ragged the way is."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.base.cancel import Cancelled, CancelToken
from app.base.geometry import Rect
from app.base.work import Work
from app.imaging.arrays import U8
from app.imaging.flood import BLOCK, REACHED, Bodies, flood, spread
from app.imaging.ranges import CELL, Ranges

TILE = 4 * CELL


def reference(picture: U8, colour: tuple[int, ...], tolerance: int, x: int, y: int) -> U8:
    """What cv2 floods at once in what is alike, (H, W)."""
    differs = np.abs(picture[..., : len(colour)].astype(np.int16) - np.array(colour, np.int16)).max(axis=2)
    chosen = np.where(differs <= tolerance, 255, 0).astype(np.uint8)
    reached = np.zeros((chosen.shape[0] + 2, chosen.shape[1] + 2), np.uint8)
    if chosen[y, x]:
        cv2.floodFill(chosen, reached, (x, y), 0, 0, 0, 4 | cv2.FLOODFILL_MASK_ONLY | (255 << 8))
    return reached[1:-1, 1:-1]


@given(
    seed=st.integers(0, 2**16),
    width=st.sampled_from((1, 3, TILE - 1, TILE, TILE + 1, 2 * TILE + 77)),
    height=st.sampled_from((1, 2, TILE, TILE + 5, 2 * TILE + 1)),
    share=st.sampled_from((0.3, 0.58, 0.6, 0.62, 0.7, 0.95, 1.0)),
    channels=st.sampled_from((3, 4)),
)
def test_finds_what_a_flood_over_the_whole_picture_finds(
    seed: int, width: int, height: int, share: float, channels: int
) -> None:
    random = np.random.default_rng(seed)
    # About the share at which noise hangs together, ways are as winding as they can be.
    alike = random.random((height, width)) < share
    picture = random.integers(90, 111, (height, width, 4), np.uint8)
    picture[~alike, random.integers(0, channels)] = 200
    x, y = int(random.integers(width)), int(random.integers(height))
    colour = (100, 100, 100, 100)[:channels]
    area, found = flood(picture, Ranges(picture), colour, 10, Rect(x, y, 1, 1), (x, y), Work())
    whole = np.zeros((height, width), np.uint8)
    whole[area.slices] = found
    assert np.array_equal(whole, reference(picture, colour, 10, x, y))
    if not area.is_empty:
        assert all(line.any() for line in (found[0], found[-1], found[:, 0], found[:, -1]))


def test_a_spiral_through_many_cells_is_followed_to_its_end() -> None:
    picture = np.full((3 * TILE, 3 * TILE, 4), 255, np.uint8)
    for turn in range(0, 3 * TILE // 2, 20):
        low, high = turn, 3 * TILE - 1 - turn
        cv2.rectangle(picture, (low, low), (high, high), (0, 0, 0, 255))
        cv2.line(picture, (low, low + 2), (low, low + 3), (255, 255, 255, 255))
        if turn:
            cv2.line(picture, (low, low + 1), (low - 20, low + 1), (0, 0, 0, 255))
    colour = (0, 0, 0)
    _, found = flood(picture, Ranges(picture), colour, 0, Rect(0, 0, 1, 1), (0, 0), Work())
    assert np.count_nonzero(found) == np.count_nonzero(reference(picture, colour, 0, 0, 0))


places = st.tuples(st.integers(0, 5 * TILE - 1), st.integers(0, 4 * TILE - 1))


@settings(max_examples=30)
@given(st.lists(places, min_size=2, max_size=6), st.lists(places, max_size=4), st.integers(1, 15))
def test_ways_of_one_pixel_between_plain_areas_are_followed(
    way: list[tuple[int, int]], plains: list[tuple[int, int]], off: int
) -> None:
    picture = np.full((4 * TILE, 5 * TILE, 4), 255, np.uint8)
    for x, y in plains:
        cv2.rectangle(picture, (x, y), (x + TILE, y + TILE // 2), (0, 0, 0, 255), -1)
    corners = [(x // BLOCK * BLOCK + off, y // BLOCK * BLOCK + off) for x, y in way]
    for (x, y), (to_x, to_y) in itertools.pairwise(corners):
        cv2.polylines(picture, [np.array([(x, y), (to_x, y), (to_x, to_y)])], False, (0, 0, 0, 255))
    x, y = corners[0]
    area, found = flood(picture, Ranges(picture), (0, 0, 0), 0, Rect(x, y, 1, 1), (x, y), Work())
    whole = np.zeros(picture.shape[:2], np.uint8)
    whole[area.slices] = found
    assert all(whole[y, x] for x, y in corners)
    assert np.array_equal(whole, reference(picture, (0, 0, 0), 0, x, y))


edges = st.sampled_from((0, 1, CELL - 1, CELL, CELL + 1, 2 * CELL, 3 * CELL - 1, 3 * CELL, 3 * CELL + 9))


@given(edges, edges, edges, edges)
def test_pixels_round_the_find_are_told_wherever_cells_end(
    left: int, top: int, width: int, height: int
) -> None:
    picture = np.full((3 * CELL + 9, 3 * CELL + 9, 4), 255, np.uint8)
    whole = Rect(0, 0, picture.shape[1], picture.shape[0])
    alike = Rect(left, top, width, height).intersected(whole)
    assume(not alike.is_empty)
    picture[alike.slices] = 0
    place = Rect(alike.right - 1, alike.bottom - 1, 1, 1)
    area, found = flood(picture, Ranges(picture), (0, 0, 0), 9, place, (place.x, place.y), Work(), margin=1)
    assert area == alike.expanded(1).intersected(whole)
    assert found.shape == (area.height, area.width)
    assert np.count_nonzero(found) == alike.area
    assert (found[alike.relative_to(area).slices] == REACHED).all()


@given(
    st.integers(0, 2**16), st.integers(1, 14), st.integers(1, 14), st.sampled_from((0.5, 0.6, 0.7, 0.8, 0.95))
)
def test_bodies_are_reached_by_their_rims(seed: int, width: int, height: int, share: float) -> None:
    random = np.random.default_rng(seed)
    solid = random.random((height, width)) < share
    plane = np.where(solid.repeat(BLOCK, 0).repeat(BLOCK, 1), 0, 1).astype(np.uint8)
    for _ in range(4):
        # Ways of a pixel's width, which come close to bodies or meet them.
        y, x = int(random.integers(plane.shape[0])), int(random.integers(plane.shape[1]))
        plane[y] = np.where(random.random(plane.shape[1]) < 0.95, 0, plane[y])
        plane[:, x] = 0
    plane[solid.repeat(BLOCK, 0).repeat(BLOCK, 1)] = 0
    ys, xs = np.nonzero(plane == 0)
    at = int(random.integers(len(ys)))
    x, y = int(xs[at]), int(ys[at])
    expected = np.pad(plane, 1, constant_values=1)
    cv2.floodFill(
        expected[1:-1, 1:-1], expected, (x, y), 0, 255, 255, 4 | cv2.FLOODFILL_MASK_ONLY | (255 << 8)
    )
    bodies = Bodies(solid)
    assert not (bodies.closed & ~solid).any()
    mask = np.pad(plane, 1, constant_values=1)
    mask[1:-1, 1:-1][bodies.closed.repeat(BLOCK, 0).repeat(BLOCK, 1)] = REACHED
    box = spread(mask, bodies, x, y)
    assert np.array_equal(mask, expected)
    assert box == Rect(*cv2.boundingRect((expected[1:-1, 1:-1] == 255).astype(np.uint8)))


def test_begins_at_the_nearest_pixel_of_the_sample_that_is_alike() -> None:
    picture = np.full((20, 20, 4), 10, np.uint8)
    picture[5:9, 11:14] = 100
    area, found = flood(picture, Ranges(picture), (100, 100, 100), 5, Rect(8, 4, 5, 5), (10, 6), Work())
    assert area == Rect(11, 5, 3, 4)
    assert found.all()
    area, found = flood(picture, Ranges(picture), (200, 200, 200), 5, Rect(8, 4, 5, 5), (10, 6), Work())
    assert area.is_empty
    assert found.size == 0


def test_ends_when_it_is_no_longer_wanted() -> None:
    picture = np.zeros((2 * TILE, 9, 4), np.uint8)
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        flood(picture, Ranges(picture), (0, 0, 0), 0, Rect(0, 0, 1, 1), (0, 0), Work(token))
