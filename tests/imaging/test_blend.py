"""Blending leaves what is not covered bit-identical."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.cancel import Cancelled, CancelToken
from app.imaging.blend import alpha_inside, blend
from app.imaging.photograph import Channels
from app.imaging.recipe import BlendMode
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


def test_blending_can_be_cancelled() -> None:
    token = CancelToken()
    token.cancel()
    base = noise(Channels.RGB)
    with pytest.raises(Cancelled):
        blend(base, base, np.full(base.shape[:2], 255, np.uint8), cancel=token)


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


def _luminosity(colour: np.ndarray) -> float:
    return float(colour @ (0.3, 0.59, 0.11))


def _set_luminosity(colour: np.ndarray, light: float) -> np.ndarray:
    """As the specification writes it, one colour at a time."""
    colour = colour + (light - _luminosity(colour))
    mean, low, high = _luminosity(colour), colour.min(), colour.max()
    if low < 0:
        colour = mean + (colour - mean) * mean / (mean - low)
    if high > 1:
        colour = mean + (colour - mean) * (1 - mean) / (high - mean)
    return colour


FORMULAS = {
    BlendMode.NORMAL: lambda cb, cs: cs,
    BlendMode.MULTIPLY: lambda cb, cs: cb * cs,
    BlendMode.SCREEN: lambda cb, cs: cb + cs - cb * cs,
    BlendMode.OVERLAY: lambda cb, cs: np.where(cb <= 0.5, 2 * cb * cs, 1 - 2 * (1 - cb) * (1 - cs)),
    BlendMode.LIGHTEN: np.maximum,
    BlendMode.DARKEN: np.minimum,
    BlendMode.LUMINOSITY: lambda cb, cs: _set_luminosity(cb, _luminosity(cs)) if len(cs) == 3 else cs,
    BlendMode.COLOUR: lambda cb, cs: _set_luminosity(cs, _luminosity(cb)) if len(cs) == 3 else cb,
}


@given(
    mode=st.sampled_from(BlendMode),
    channels=st.sampled_from(Channels),
    bits=st.sampled_from([8, 16]),
    opacity=st.sampled_from([0.4, 1.0]),
    seed=st.integers(0, 50),
)
def test_every_mode_is_the_specifications_formula(
    mode: BlendMode, channels: Channels, bits: int, opacity: float, seed: int
) -> None:
    base, patch = noise(channels, bits, seed=seed), noise(channels, bits, seed=seed + 1)
    alpha = np.random.default_rng(seed).choice(np.array([0, 0, 1, 128, 255], np.uint8), base.shape[:2])
    blended = blend(base, patch, alpha, opacity, mode)
    assert blended.dtype == base.dtype
    assert np.array_equal(blended[alpha == 0], base[alpha == 0])
    count = 1 if channels.is_gray else 3
    most = np.iinfo(base.dtype).max
    flat = [each.reshape(*alpha.shape, -1).astype(float) for each in (base, patch, blended)]
    for y, x in np.argwhere(alpha):
        below, above, found = (each[y, x] for each in flat)
        wanted = FORMULAS[mode](below[:count] / most, above[:count] / most) * most
        exact = below[:count] + (wanted - below[:count]) * (alpha[y, x] / 255 * opacity)
        # Single precision of the highest samples, and rounding.
        assert np.abs(found[:count] - exact).max() <= (0.51 if bits == 8 else 0.6)
        if mode is not BlendMode.NORMAL:
            assert np.array_equal(found[count:], below[count:])


@pytest.mark.parametrize(
    ("mode", "level"),
    [
        (BlendMode.MULTIPLY, 255),
        (BlendMode.SCREEN, 0),
        (BlendMode.LIGHTEN, 0),
        (BlendMode.DARKEN, 255),
    ],
)
def test_the_neutral_colour_of_a_mode_changes_nothing(mode: BlendMode, level: int) -> None:
    base = noise(Channels.RGB)
    patch = np.full_like(base, level)
    full = np.full(base.shape[:2], 255, np.uint8)
    assert np.array_equal(blend(base, patch, full, 1.0, mode), base)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_grey_source_gives_its_light_to_every_colour(level: int) -> None:
    base = np.array([[[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)
    full = np.full((1, 5), 255, np.uint8)
    blended = blend(base, np.full_like(base, level), full, 1.0, BlendMode.LUMINOSITY)
    lights = blended[0].astype(float) @ (0.3, 0.59, 0.11)
    assert np.abs(lights - level).max() < 1.0
