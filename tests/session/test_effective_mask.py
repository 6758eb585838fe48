"""The mask that counts: grown exactly, cut at the borders, and found again in any region."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.geometry import Rect, Size
from app.session.effective_mask import effective_mask
from app.session.form import automatic_grow


def test_nothing_painted_is_no_mask() -> None:
    document = Size(20, 10)
    assert effective_mask(document, Rect(0, 0, 0, 0), np.zeros((0, 0), np.uint8), 4) is None
    assert effective_mask(document, document.rect, np.zeros((10, 20), np.uint8), 4) is None


@given(st.integers(0, 39), st.integers(0, 29), st.integers(1, 12), st.integers(1, 12), st.integers(0, 6))
def test_growing_adds_exactly_the_distance_inside_the_document(
    x: int, y: int, width: int, height: int, grow: int
) -> None:
    document = Size(40, 30)
    rect = Rect(x, y, width, height).intersected(document.rect)
    painted = np.full((rect.height, rect.width), 255, np.uint8)
    mask = effective_mask(document, rect, painted, grow)
    assert mask is not None
    assert mask.rect == rect.expanded(grow).intersected(document.rect)
    ys, xs = np.mgrid[0 : document.height, 0 : document.width]
    dx = np.maximum(np.maximum(rect.x - xs, xs - (rect.right - 1)), 0)
    dy = np.maximum(np.maximum(rect.y - ys, ys - (rect.bottom - 1)), 0)
    expected = np.hypot(dx, dy) <= grow
    assert np.array_equal(mask.within(document.rect) > 0, expected)
    assert mask.covered_pixels == int(expected.sum())


def test_a_region_shows_the_same_coverage() -> None:
    document = Size(50, 40)
    painted = np.arange(1, 13, dtype=np.uint8).reshape(3, 4) * 20
    mask = effective_mask(document, Rect(10, 20, 4, 3), painted, 0)
    assert mask is not None
    region = Rect(5, 15, 20, 20)
    within = mask.within(region)
    assert within.shape == (20, 20)
    assert np.array_equal(within[5:8, 5:9], painted)
    assert int(within.astype(int).sum()) == int(painted.astype(int).sum())


@pytest.mark.parametrize(("size", "pixels"), [(Size(500, 300), 4), (Size(6000, 4000), 12)])
def test_automatic_growth_follows_the_photograph(size: Size, pixels: int) -> None:
    assert automatic_grow(size) == pixels
