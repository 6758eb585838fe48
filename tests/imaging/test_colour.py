"""Colour: what needs no conversion gets none, what does goes there and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.cancel import Cancelled, CancelToken
from app.imaging.arrays import to_eight_bits, to_sixteen_bits
from app.imaging.colour import ColourSpace, ProfileState, to_working
from app.imaging.photograph import Channels, Metadata
from app.imaging.shaper import read_shaper
from tests.imaging.pictures import (
    matrix_profile,
    noise,
    photograph,
    smooth,
    srgb_profile,
    table_profile,
)


def test_sixteen_bits_are_rounded_to_eight() -> None:
    every = np.arange(65536, dtype=np.uint16)
    eight = to_eight_bits(every)
    assert np.array_equal(eight, np.floor(every / 257 + 0.5).astype(np.uint8))
    assert np.array_equal(to_eight_bits(to_sixteen_bits(np.arange(256, dtype=np.uint8))), np.arange(256))


@given(channels=st.sampled_from(Channels), bits=st.sampled_from([8, 16]))
def test_without_a_profile_values_are_srgb(channels: Channels, bits: int) -> None:
    samples = noise(channels, bits)
    space = ColourSpace(None, channels)
    assert space.is_srgb
    rgb = space.to_srgb(samples)
    eight = to_eight_bits(samples).reshape(13, 17, -1)
    assert rgb.shape == (13, 17, 4 if channels.has_alpha else 3)
    assert np.array_equal(rgb[..., 0], eight[..., 0])
    if channels.has_alpha:
        assert np.array_equal(rgb[..., 3], eight[..., -1])
    back = space.from_srgb(np.ascontiguousarray(rgb[..., :3]), samples)
    assert back.dtype == samples.dtype
    assert back.shape == samples.shape
    assert np.array_equal(to_eight_bits(back), to_eight_bits(samples))
    if channels.has_alpha:
        assert np.array_equal(back[..., -1], samples[..., -1])


def test_srgb_profiles_need_no_conversion() -> None:
    space = ColourSpace(srgb_profile(), Channels.RGB)
    assert space.is_srgb
    assert space.state is ProfileState.USED


@pytest.mark.parametrize("bits", [8, 16])
def test_wide_colours_go_there_and_back(bits: int) -> None:
    space = ColourSpace(matrix_profile(), Channels.RGB)
    assert not space.is_srgb
    # Colours within sRGB, in the wide space.
    wide = space.from_srgb(smooth(40, 60), np.zeros((40, 60, 3), np.uint8 if bits == 8 else np.uint16))
    assert wide.dtype == (np.uint8 if bits == 8 else np.uint16)
    back = space.to_srgb(wide)
    assert np.abs(back.astype(int) - smooth(40, 60)).mean() < 1
    saturated = np.array([[[0, 255, 0]]], np.uint8)
    there = to_eight_bits(space.from_srgb(saturated, np.zeros((1, 1, 3), wide.dtype)))
    # sRGB's green in Adobe RGB (1998), by the two spaces' matrices.
    assert np.abs(there[0, 0].astype(int) - (144, 255, 60)).max() <= 3


def test_grey_profiles_are_used() -> None:
    space = ColourSpace(matrix_profile(1.0, "GRAY"), Channels.GRAY)
    assert not space.is_srgb
    samples = np.full((4, 5), 128, np.uint8)
    rgb = space.to_srgb(samples)
    assert rgb.shape == (4, 5, 3)
    # Half the light is 188 on the curve of sRGB.
    assert np.abs(rgb.astype(int) - 188).max() <= 1
    assert np.abs(space.from_srgb(rgb, samples).astype(int) - 128).max() <= 1


PRIMARIES = {
    "Display P3": ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)),
    "Adobe RGB": ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)),
    "ProPhoto": ((0.79767, 0.28804, 0.0), (0.13519, 0.71188, 0.0), (0.03134, 0.00009, 0.82491)),
}


@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.2])
@pytest.mark.parametrize("name", PRIMARIES)
@pytest.mark.parametrize("bits", [8, 16])
def test_a_patch_of_the_document_comes_back_from_srgb_as_it_was(name: str, gamma: float, bits: int) -> None:
    space = ColourSpace(matrix_profile(gamma, primaries=PRIMARIES[name]), Channels.RGB)
    # Colours that sRGB has and that are not near black, in the document's own space.
    rgb = np.random.default_rng(3).integers(64, 236, (60, 80, 3), np.uint8)
    patch = space.from_srgb(rgb, np.zeros((60, 80, 3), np.uint8 if bits == 8 else np.uint16))
    there = space.to_srgb(patch)
    back = space.from_srgb(there, patch)
    assert back.dtype == patch.dtype
    assert np.abs(to_eight_bits(back).astype(int) - to_eight_bits(patch)).max() <= (2 if bits == 8 else 0)
    if bits == 16:
        assert np.abs(there.astype(int) - rgb).max() <= 1


@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.2])
@pytest.mark.parametrize("kind", ["RGB", "GRAY"])
def test_sixteen_bits_go_the_same_way_as_eight(gamma: float, kind: str) -> None:
    channels = Channels.RGB if kind == "RGB" else Channels.GRAY
    space = ColourSpace(matrix_profile(gamma, kind), channels)
    eight = noise(channels, height=90, width=120)
    fine = space.to_srgb(to_sixteen_bits(to_eight_bits(eight)))
    assert np.abs(fine.astype(int) - space.to_srgb(eight)).max() <= 2
    rgb = noise(Channels.RGB, height=90, width=120)
    back = space.from_srgb(to_eight_bits(rgb), to_sixteen_bits(to_eight_bits(eight)))
    assert np.abs(to_eight_bits(back).astype(int) - space.from_srgb(to_eight_bits(rgb), eight)).max() <= 2


@pytest.mark.parametrize("kind", ["RGB", "GRAY"])
def test_shadows_in_linear_light_keep_their_steps(kind: str) -> None:
    """Eight bits of linear light have 12 steps for the darkest 64 of sRGB."""
    channels = Channels.RGB if kind == "RGB" else Channels.GRAY
    space = ColourSpace(matrix_profile(1.0, kind), channels)
    ramp = np.arange(0, 3600, dtype=np.uint16).reshape(1, -1)
    samples = np.dstack([ramp] * 3) if kind == "RGB" else ramp
    shown = space.to_srgb(samples)[0, :, 1]
    assert set(range(60)) <= set(shown.tolist())
    assert (np.diff(shown.astype(int)) >= 0).all()
    grey = np.repeat(np.arange(256, dtype=np.uint8).reshape(1, 256, 1), 3, axis=2)
    like = np.zeros((1, 256, 3) if kind == "RGB" else (1, 256), np.uint16)
    there = space.from_srgb(grey, like)
    assert (np.diff(there.reshape(256, -1)[:, 0].astype(int)) > 0).all()
    assert np.abs(space.to_srgb(there).astype(int) - grey).max() <= 1


def test_profiles_that_work_by_tables_have_no_curves_to_read() -> None:
    assert read_shaper(table_profile("RGB", {})) is None
    assert read_shaper(srgb_profile()) is not None
    for length in (0, 90, 131, 200, 300):
        assert read_shaper(matrix_profile()[:length]) is None


@given(st.binary(max_size=120), st.integers(0, 400))
def test_reading_curves_takes_any_bytes(noise_: bytes, place: int) -> None:
    icc = matrix_profile()
    read_shaper(icc[:place] + noise_ + icc[place + len(noise_) :])


def test_grey_pictures_may_have_rgb_profiles() -> None:
    assert ColourSpace(srgb_profile(), Channels.GRAY).is_srgb
    space = ColourSpace(matrix_profile(1.0), Channels.GRAY_ALPHA)
    samples = np.full((4, 5, 2), 128, np.uint8)
    assert np.abs(space.to_srgb(samples)[..., :3].astype(int) - 188).max() <= 1


@pytest.mark.parametrize(
    ("icc", "channels"),
    [
        (b"", Channels.RGB),
        (b"nonsense" * 40, Channels.RGB),
        (matrix_profile()[:300], Channels.RGB),
        (matrix_profile(kind="GRAY"), Channels.RGB),
    ],
)
def test_profiles_that_cannot_be_used_count_as_srgb(icc: bytes, channels: Channels) -> None:
    space = ColourSpace(icc, channels)
    assert space.state is ProfileState.UNREADABLE
    assert space.is_srgb
    assert np.array_equal(space.to_srgb(noise(channels)), noise(channels))


def test_profiles_that_lead_one_way_are_left_alone() -> None:
    # A camera's or scanner's profile: there is no way back into it.
    icc = table_profile("RGB", {(1, 1, 1): (255, 128, 128), (0, 1, 0): (200, 40, 200)})
    space = ColourSpace(icc, Channels.RGB)
    assert space.state is ProfileState.ONE_WAY
    samples = noise(Channels.RGB)
    assert np.array_equal(space.to_srgb(samples), samples)
    assert np.array_equal(space.from_srgb(samples, samples), samples)


@pytest.mark.parametrize("channels", list(Channels))
@pytest.mark.parametrize("profile", [None, matrix_profile(1.8)])
def test_the_working_picture_is_bgra(channels: Channels, profile: bytes | None) -> None:
    made = photograph(noise(channels, height=300), Metadata(icc=profile))
    working = to_working(made)
    rgb = ColourSpace(profile, channels).to_srgb(made.samples)
    assert np.array_equal(working[..., 2::-1], rgb[..., :3])
    expected = rgb[..., 3] if channels.has_alpha else np.full(rgb.shape[:2], 255)
    assert np.array_equal(working[..., 3], expected)
    assert working.flags.writeable
    out = np.empty_like(working)
    assert to_working(made, out) is out
    assert np.array_equal(out, working)


def test_converting_can_be_cancelled() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        to_working(photograph(noise(Channels.RGB)), cancel=token)
