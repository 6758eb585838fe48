"""Blending leaves what is not covered bit-identical."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.imaging.blend import alpha_inside, blend
from app.imaging.photograph import Channels
from tests.imaging.pictures import noise


@given(
    channels=st.sampled_from(Channels),
    bits=st.sampled_from([8, 16]),
    opacity=st.sampled_from([0.0, 0.3, 1.0]),
    seed=st.integers(0, 50),
)
def test_uncovered_samples_stay_and_covered_ones_become_the_patch(
    channels: Channels, bits: int, opacity: float, seed: int
) -> None:
    base = noise(channels, bits, seed=seed)
    patch = noise(channels, bits, seed=seed + 1)
    alpha = np.random.default_rng(seed).choice(np.array([0, 0, 1, 128, 254, 255], np.uint8), base.shape[:2])
    blended = blend(base, patch, alpha, opacity)
    assert blended.dtype == base.dtype
    assert np.array_equal(blended[alpha == 0], base[alpha == 0])
    if opacity == 1.0:
        assert np.array_equal(blended[alpha == 255], patch[alpha == 255])
    weight = alpha.astype(float).reshape(*alpha.shape, *[1] * (base.ndim - 2)) / 255 * opacity
    exact = base + (patch.astype(float) - base) * weight
    assert np.abs(blended - exact).max() <= 0.51


def test_a_strided_base_is_left_alone() -> None:
    bgra = noise(Channels.RGBA)
    before = bgra.copy()
    view = bgra[..., 2::-1]
    patch = noise(Channels.RGB, seed=4)
    blended = blend(view, patch, np.full(view.shape[:2], 255, np.uint8))
    assert np.array_equal(blended, patch)
    assert blended.flags.c_contiguous
    assert np.array_equal(bgra, before)


def test_arrays_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError):
        blend(noise(Channels.RGB), noise(Channels.RGB, 16), np.zeros((13, 17), np.uint8))


def test_the_weight_of_a_patch_is_soft_inside_only() -> None:
    coverage = np.zeros((12, 12), np.uint8)
    coverage[2:10, 2:10] = 200
    alpha = alpha_inside(coverage, 2)
    assert not alpha[coverage == 0].any()
    assert 0 < alpha[2, 5] < 200
    assert alpha[5, 5] == 200
