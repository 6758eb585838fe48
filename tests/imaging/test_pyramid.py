"""Pyramids: sizes, exact means, and updates that equal building anew."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.base.cancel import Cancelled, CancelToken
from app.base.geometry import Rect
from app.imaging.arrays import U8
from app.imaging.pyramid import Pyramid


def base(height: int, width: int, channels: int, seed: int = 3) -> U8:
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def halved(level: U8) -> U8:
    """The plain definition: repeat the last odd row and column, mean of 2x2, half up."""
    edges = [(0, level.shape[0] % 2), (0, level.shape[1] % 2), (0, 0)][: level.ndim]
    wide = np.pad(level, edges, mode="edge").astype(np.int64)
    return ((wide[::2, ::2] + wide[1::2, ::2] + wide[::2, 1::2] + wide[1::2, 1::2] + 2) >> 2).astype(np.uint8)


@pytest.mark.parametrize("channels", [1, 4])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 200), (131, 1), (65, 129), (128, 256), (2100, 70)])
def test_every_level_is_the_mean_of_the_one_before(height: int, width: int, channels: int) -> None:
    source = base(height, width, channels)
    pyramid = Pyramid.build(source)
    assert pyramid.levels[0] is source
    for above, below in zip(pyramid.levels, pyramid.levels[1:], strict=False):
        assert np.array_equal(below, halved(above))
    assert max(pyramid.levels[-1].shape[:2]) <= 64


@settings(max_examples=60)
@given(
    height=st.integers(1, 150),
    width=st.integers(1, 150),
    channels=st.sampled_from([1, 4]),
    straight=st.booleans(),
    corners=st.tuples(*[st.integers(-10, 160)] * 4),
)
def test_an_update_equals_building_anew(
    height: int, width: int, channels: int, straight: bool, corners: tuple[int, int, int, int]
) -> None:
    source = base(height, width, channels)
    pyramid = Pyramid.build(source, straight_alpha=straight)
    rect = Rect.from_edges(*corners).intersected(Rect(0, 0, width, height))
    source[rect.slices] = base(rect.height, rect.width, channels, seed=8)
    pyramid.update(Rect.from_edges(*corners))
    for kept, built in zip(
        pyramid.levels, Pyramid.build(source, straight_alpha=straight).levels, strict=True
    ):
        assert np.array_equal(kept, built)


def test_colours_of_invisible_pixels_do_not_shine_through() -> None:
    source = np.zeros((100, 100, 4), np.uint8)
    source[...] = (0, 0, 255, 0)
    source[::2, ::2] = (10, 200, 30, 255)
    level = Pyramid.build(source, straight_alpha=True).levels[1]
    assert (level == (10, 200, 30, 64)).all()


@pytest.mark.parametrize(
    ("scale", "level"),
    [(16.0, 0), (1.0, 0), (0.51, 0), (0.5, 1), (0.3, 1), (0.25, 2), (0.13, 2), (0.001, 4)],
)
def test_the_level_to_draw_is_shown_at_more_than_half_and_at_most_its_size(scale: float, level: int) -> None:
    pyramid = Pyramid.build(base(600, 1000, 1))
    assert len(pyramid.levels) == 5
    assert pyramid.level_for(scale) == level


def test_building_can_be_cancelled() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        Pyramid.build(base(200, 200, 1), token)
