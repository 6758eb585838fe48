"""Resampling: sizes, alpha, and coverage that never vanishes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.geometry import Size
from app.imaging.photograph import Channels
from app.imaging.resample import reduce_coverage, resize_picture, resize_soft
from tests.imaging.pictures import noise, smooth

sizes = st.builds(Size, st.integers(1, 40), st.integers(1, 40))


@given(here=sizes, there=sizes, seed=st.integers(0, 20))
def test_every_covered_pixel_covers_all_it_becomes(here: Size, there: Size, seed: int) -> None:
    coverage = np.random.default_rng(seed).choice(
        np.array([0, 0, 0, 0, 1, 90, 255], np.uint8), (here.height, here.width)
    )
    reduced = reduce_coverage(coverage, there)
    assert reduced.shape == (there.height, there.width)
    for y, x in zip(*np.nonzero(coverage), strict=True):
        rows = slice(y * there.height // here.height, -(-(y + 1) * there.height // here.height))
        columns = slice(x * there.width // here.width, -(-(x + 1) * there.width // here.width))
        assert (reduced[rows, columns] >= coverage[y, x]).all()
    assert reduced.max() == coverage.max()


def test_far_from_coverage_nothing_is_covered() -> None:
    coverage = np.zeros((100, 100), np.uint8)
    coverage[50, 50] = 1
    reduced = reduce_coverage(coverage, Size(33, 33))
    assert (reduced > 0).sum() == 1


@pytest.mark.parametrize("channels", [Channels.RGB, Channels.RGBA])
@pytest.mark.parametrize("size", [Size(17, 13), Size(8, 5), Size(50, 40), Size(8, 40), Size(1, 1)])
def test_pictures_get_the_size_that_was_asked_for(channels: Channels, size: Size) -> None:
    resized = resize_picture(noise(channels), size)
    assert resized.shape == (size.height, size.width, channels.count)
    assert resized.dtype == np.uint8


def test_the_same_size_is_the_same_picture_but_not_the_same_array() -> None:
    picture = noise(Channels.RGB)
    copy = resize_picture(picture, Size(17, 13))
    assert np.array_equal(copy, picture)
    assert not np.shares_memory(copy, picture)


def test_down_and_up_again_keeps_a_smooth_picture() -> None:
    picture = smooth(120, 160)
    there = resize_picture(picture, Size(80, 60))
    back = resize_picture(there, Size(160, 120))
    assert np.abs(back.astype(int) - picture).max() <= 4


def test_invisible_colours_do_not_bleed() -> None:
    picture = np.zeros((40, 40, 4), np.uint8)
    picture[:, :20] = (200, 100, 50, 255)
    picture[:, 20:] = (0, 255, 0, 0)
    small = resize_picture(picture, Size(13, 13)).astype(int)
    seen = small[small[..., 3] > 40]
    # Lanczos rings at the edge by a few levels; unweighted colours would bring green to 170.
    assert np.abs(seen[:, :3] - (200, 100, 50)).max() <= 20


def test_soft_coverage_keeps_its_sum() -> None:
    coverage = np.zeros((60, 60), np.uint8)
    coverage[10:40, 20:50] = 255
    assert resize_soft(coverage, Size(20, 20)).mean() == pytest.approx(coverage.mean(), abs=0.5)
    assert resize_soft(coverage, Size(120, 120)).mean() == pytest.approx(coverage.mean(), abs=0.5)
    assert np.array_equal(resize_soft(coverage, Size(60, 60)), coverage)
