"""Coverage operations against brute force and geometry."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from app.base.cancel import Cancelled, CancelToken
from app.base.geometry import EMPTY, Rect
from app.imaging import masks
from app.imaging.arrays import U8

coverages = hnp.arrays(
    np.uint8,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=24),
    elements=st.sampled_from([0, 0, 0, 0, 1, 100, 254, 255]),
)


def disc(radius: float, edge: int = 121) -> U8:
    ys, xs = np.mgrid[0:edge, 0:edge]
    inside = np.hypot(ys - edge // 2, xs - edge // 2) <= radius
    return np.where(inside, np.uint8(255), np.uint8(0))


def dilated(coverage: U8, px: int) -> U8:
    """The maximum over a disc, pixel by pixel of the disc."""
    height, width = coverage.shape
    padded = np.pad(coverage, px)
    grown = coverage.copy()
    for dy in range(-px, px + 1):
        for dx in range(-px, px + 1):
            if dx * dx + dy * dy <= px * px:
                shifted = padded[px + dy : px + dy + height, px + dx : px + dx + width]
                grown = np.maximum(grown, shifted)
    return grown


@given(coverages, st.integers(0, 6))
def test_growing_is_the_maximum_over_a_disc(coverage: U8, px: int) -> None:
    before = coverage.copy()
    assert np.array_equal(masks.grow(coverage, px), dilated(coverage, px))
    assert np.array_equal(coverage, before)


@given(coverages, st.integers(0, 6))
def test_shrinking_is_the_minimum_over_a_disc_and_leaves_the_border(coverage: U8, px: int) -> None:
    assert np.array_equal(masks.shrink(coverage, px), 255 - dilated(255 - coverage, px))


@pytest.mark.parametrize("px", [1, 4, 10, 25])
@pytest.mark.parametrize("radius", [3, 10.5, 30])
def test_a_grown_disc_has_the_radius_that_was_asked_for(radius: float, px: int) -> None:
    before, after = disc(radius), masks.grow(disc(radius), px)
    reached = math.sqrt((after > 0).sum() / math.pi) - math.sqrt((before > 0).sum() / math.pi)
    assert abs(reached - px) <= 0.5
    rows = np.flatnonzero(after.any(axis=1))
    assert rows[-1] - rows[0] == np.ptp(np.flatnonzero(before.any(axis=1))) + 2 * px


def test_growing_can_be_cancelled() -> None:
    token = CancelToken()
    token.cancel()
    soft = np.full((9, 9), 90, np.uint8)
    with pytest.raises(Cancelled):
        masks.grow(soft, 3, token)


@given(coverages, st.integers(0, 5))
def test_softening_stays_inside(coverage: U8, px: int) -> None:
    soft = masks.feather_inside(coverage, px)
    assert (soft <= coverage).all()
    assert not soft[coverage == 0].any()
    if px == 0:
        assert np.array_equal(soft, coverage)


def test_softening_is_a_ramp_of_its_width() -> None:
    coverage = np.zeros((21, 21), np.uint8)
    coverage[3:18, 3:18] = 255
    middle = masks.feather_inside(coverage, 2)[10].astype(int)
    assert list(middle[3:8]) == [40, 215, 255, 255, 255]
    assert list(middle[:3]) == [0, 0, 0]
    assert list(middle) == list(middle[::-1])


def test_the_border_of_the_picture_is_not_softened() -> None:
    coverage = np.zeros((10, 10), np.uint8)
    coverage[:, :5] = 255
    soft = masks.feather_inside(coverage, 2)
    assert (soft[:, :3] == 255).all()
    assert (soft[:, 4] < 255).all()
    assert (masks.feather_inside(np.full((5, 5), 255, np.uint8), 4) == 255).all()


def test_softening_can_be_cancelled() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        masks.feather_inside(disc(30), 8, token)


@given(coverages)
def test_bounds_hold_everything_and_nothing_more(coverage: U8) -> None:
    rect = masks.bounds(coverage)
    ys, xs = np.nonzero(coverage)
    if len(ys) == 0:
        assert rect == EMPTY
    else:
        assert rect == Rect.from_edges(xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)


@given(coverages, st.integers(0, 6))
def test_islands_hold_every_covered_pixel(coverage: U8, reach: int) -> None:
    found = masks.islands(coverage, reach)
    left = coverage.copy()
    for rect in found:
        assert masks.bounds(coverage[rect.slices]).size == rect.size
        left[rect.slices] = 0
    assert not left.any()
    assert list(found) == sorted(found, key=lambda rect: (rect.y, rect.x))


def test_islands_join_within_reach() -> None:
    coverage = np.zeros((20, 40), np.uint8)
    coverage[5:8, 5:8] = 255
    coverage[5:8, 17:20] = 1
    assert masks.islands(coverage, 0) == (Rect(5, 5, 3, 3), Rect(17, 5, 3, 3))
    assert len(masks.islands(coverage, 6)) == 2
    assert masks.islands(coverage, 10) == (Rect(5, 5, 15, 3),)


def test_inner_distance_is_half_the_width() -> None:
    coverage = np.zeros((50, 60), np.uint8)
    coverage[10:31, 5:55] = 7
    assert masks.max_inner_distance(coverage) == pytest.approx(11, abs=0.01)
    assert masks.max_inner_distance(np.zeros((4, 4), np.uint8)) == 0
    assert masks.max_inner_distance(np.full((30, 40), 255, np.uint8)) == 50


def test_inner_distance_counts_from_known_pixels_not_from_the_border() -> None:
    coverage = np.zeros((50, 50), np.uint8)
    coverage[:, :20] = 255
    assert masks.max_inner_distance(coverage) == pytest.approx(20, abs=0.01)


@settings(max_examples=20)
@given(coverages)
def test_inverting_twice_changes_nothing(coverage: U8) -> None:
    assert np.array_equal(masks.invert(masks.invert(coverage)), coverage)
    assert np.array_equal(masks.invert(coverage), 255 - coverage)
