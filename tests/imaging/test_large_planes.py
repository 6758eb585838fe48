"""What is done in pieces and in two threads on large planes, against the same done in one piece."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.base.cancel import Cancelled, CancelToken
from app.imaging import mask_operations, masks, threads
from app.imaging.arrays import U8
from app.imaging.discs import disc_maximum

HEIGHT, WIDTH = 1201, 1403
seeds = st.integers(0, 2**16)


def scattered(seed: int, dots: int = 1500) -> U8:
    """Dots and rings all over a plane that is worth two threads, so that nothing of it is plain for long."""
    random = np.random.default_rng(seed)
    plane = np.zeros((HEIGHT, WIDTH), np.uint8)
    for _ in range(dots):
        place = int(random.integers(WIDTH)), int(random.integers(HEIGHT))
        thickness = int(random.choice([-1, 1, 3]))
        cv2.circle(plane, place, int(random.integers(0, 30)), int(random.choice([255, 255, 140])), thickness)
    return plane


def distances(plane: U8) -> np.ndarray:
    """How far every pixel is from the nearest that is 0."""
    covered = (plane > 0).astype(np.uint8)
    return cv2.distanceTransform(covered, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)


@settings(max_examples=10)
@given(seeds, st.sampled_from([3, 7, 24, 60]))
def test_the_maximum_over_a_disc(seed: int, radius: int) -> None:
    random = np.random.default_rng(seed)
    source = np.zeros((HEIGHT, WIDTH), np.uint8)
    source[random.integers(0, HEIGHT, 700), random.integers(0, WIDTH, 700)] = random.choice([140, 255], 700)
    expected = np.zeros_like(source)
    for level in (140, 255):
        expected[distances((source < level).astype(np.uint8)) <= radius + 1e-3] = level
    assert np.array_equal(disc_maximum(source, radius), expected)


@settings(max_examples=10)
@given(seeds)
def test_filled_holes(seed: int) -> None:
    plane = scattered(seed)
    expected = plane.copy()
    for level in mask_operations.hole_levels(plane):
        less = np.pad((plane < level).astype(np.uint8), 1, constant_values=1)
        cv2.floodFill(less, None, (0, 0), 0, flags=4)
        expected[less[1:-1, 1:-1] == 1] = np.maximum(expected[less[1:-1, 1:-1] == 1], level)
    assert (expected != plane).any()
    assert np.array_equal(mask_operations.fill_holes(plane), expected)


@settings(max_examples=8)
@given(seeds, st.sampled_from([2, 5, 9, 40, 130]))
def test_a_feathered_mask(seed: int, px: int) -> None:
    plane = scattered(seed, 60)
    in_pieces = mask_operations.feather(plane, px)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threads, "THREADS", 1)
        patch.setattr(mask_operations, "_BAND", plane.size)
        assert np.array_equal(mask_operations.feather(plane, px), in_pieces)


@settings(max_examples=8)
@given(seeds, st.sampled_from([1, 6, 40, 200]))
def test_an_edge_softened_inside(seed: int, px: int) -> None:
    plane = cv2.bitwise_not(scattered(seed, 300))
    share = np.clip((distances(plane) - np.float32(0.5)) / np.float32(px), 0, 1)
    expected = plane * (share * share * (3 - 2 * share))
    assert np.abs(masks.feather_inside(plane, px) - expected).max() <= 0.501


def test_softening_ends_between_two_pieces_when_it_is_no_longer_wanted() -> None:
    class Soon(CancelToken):
        """Cancelled by the third look at it."""

        looks = 0

        def check(self) -> None:
            Soon.looks += 1
            if Soon.looks >= 3:
                self.cancel()
            super().check()

    plane = cv2.bitwise_not(scattered(1))
    with pytest.raises(Cancelled):
        masks.feather_inside(plane, 20, Soon())
