"""The maximum over a disc on planes of many blocks, against exact distances."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.base.cancel import Cancelled, CancelToken
from app.imaging.arrays import U8
from app.imaging.discs import disc_border, disc_maximum


def by_distance(source: U8, radius: int) -> U8:
    """Level by level: what lies within `radius` of a pixel that has at least this level."""
    grown = source.copy()
    for level in np.unique(source[source > 0]).tolist():
        free = (source < level).astype(np.uint8)
        distance = cv2.distanceTransform(free, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        grown[distance <= radius + 1e-3] = np.maximum(grown[distance <= radius + 1e-3], level)
    return grown


def plane(seed: int, height: int, width: int, *, soft: bool) -> U8:
    """Some discs, rectangles and single pixels, of full and partial coverage, hard or soft at their rims."""
    random = np.random.default_rng(seed)
    drawn = np.zeros((height, width), np.uint8)
    for _ in range(random.integers(1, 6)):
        x, y = (int(random.integers(-20, side + 20)) for side in (width, height))
        reach, level = int(random.integers(0, 120)), int(random.choice([255, 255, 140, 60]))
        if random.random() < 0.6:
            cv2.circle(drawn, (x, y), reach, level, -1)
        else:
            cv2.rectangle(drawn, (x, y), (x + reach, y + 40), level, -1)
    if soft:
        # In few levels, as each costs the reference a distance transform.
        drawn = np.asarray(cv2.GaussianBlur(drawn, (0, 0), 7) // 24 * 24, np.uint8)
    return drawn


@settings(max_examples=40)
@given(
    st.integers(0, 2**20),
    st.integers(1, 400),
    st.integers(1, 600),
    st.sampled_from([1, 2, 5, 6, 7, 15, 16, 23, 40, 90, 250]),
    st.booleans(),
)
def test_every_radius_is_exact(seed: int, height: int, width: int, radius: int, soft: bool) -> None:
    source = plane(seed, height, width, soft=soft)
    before = source.copy()
    assert np.array_equal(disc_maximum(source, radius), by_distance(source, radius))
    assert np.array_equal(source, before)


@settings(max_examples=40)
@given(
    st.integers(0, 2**20),
    st.integers(1, 1500),
    st.integers(1, 700),
    st.integers(0, 12),
    st.integers(0, 12),
    st.booleans(),
)
def test_a_border_is_what_both_discs_leave(
    seed: int, height: int, width: int, outside: int, inside: int, soft: bool
) -> None:
    """Small discs are taken together, band by band."""
    source = plane(seed, height, width, soft=soft)
    before = source.copy()
    expected = np.minimum(disc_maximum(source, outside), disc_maximum(255 - source, inside))
    assert np.array_equal(disc_border(source, outside, inside), expected)
    assert np.array_equal(source, before)


def test_a_pixel_grows_to_all_pixels_within_every_radius() -> None:
    for radius in range(1, 161):
        ys, xs = np.mgrid[-radius - 1 : radius + 2, -radius - 1 : radius + 2]
        pixel = np.zeros(ys.shape, np.uint8)
        pixel[radius + 1, radius + 1] = 200
        within = ys**2 + xs**2 <= radius**2
        assert np.array_equal(disc_maximum(pixel, radius), np.where(within, 200, 0)), radius


@pytest.mark.parametrize("radius", [60.0, 150.5])
@pytest.mark.parametrize("px", [3, 48, 120])
def test_a_soft_disc_grows_at_every_level_by_what_was_asked_for(radius: float, px: int) -> None:
    ys, xs = np.mgrid[0:640, 0:640]
    distance = np.hypot(ys - 320, xs - 320)
    soft = np.clip((radius + 8 - distance) / 16 * 255, 0, 255).astype(np.uint8)
    grown = disc_maximum(soft, px)
    for level in (1, 64, 128, 255):
        before, after = (np.sqrt((each >= level).sum() / np.pi) for each in (soft, grown))
        assert abs(after - before - px) <= 0.5


def test_it_can_be_cancelled() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        disc_maximum(np.full((40, 40), 7, np.uint8), 5, token)
