"""Display tables: the very bits that LittleCMS gives, for every colour; sRGB costs nothing; alpha stays."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from app.base.cancel import Cancelled, CancelToken
from app.base.errors import InputError
from app.imaging.arrays import to_eight_bits
from app.imaging.display import DisplayTable
from app.imaging.photograph import Channels
from tests.imaging.pictures import matrix_profile, noise, srgb_profile, swapped_profile, table_profile


@pytest.fixture(scope="module")
def swapped() -> DisplayTable:
    return DisplayTable.build(swapped_profile())


def test_a_display_of_srgb_needs_nothing() -> None:
    table = DisplayTable.build(srgb_profile())
    assert table.is_identity
    assert table.name.startswith("sRGB")
    pixels = to_eight_bits(noise(Channels.RGBA))
    assert np.array_equal(table.converted(pixels), pixels)


def test_every_colour_becomes_what_littlecms_makes_of_it(swapped: DisplayTable) -> None:
    assert not swapped.is_identity
    assert swapped.name == "Red and green swapped"
    rgb = to_eight_bits(noise(Channels.RGB, height=301, width=403))
    transform = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"),
        ImageCms.ImageCmsProfile(io.BytesIO(swapped_profile())),
        "RGB",
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    expected = np.asarray(transform.apply(Image.fromarray(rgb)))
    assert np.array_equal(swapped.converted_rgb(rgb), expected)
    assert np.abs(expected.astype(int) - rgb[..., [1, 0, 2]]).max() <= 12


def test_alpha_is_kept_and_parts_of_larger_arrays_are_taken(swapped: DisplayTable) -> None:
    bgra = to_eight_bits(noise(Channels.RGBA, height=70, width=90))
    whole = swapped.converted(bgra)
    assert np.array_equal(whole[..., 3], bgra[..., 3])
    out = np.zeros_like(bgra)
    swapped.convert(bgra[10:60, 20:80], out[10:60, 20:80])
    assert np.array_equal(out[10:60, 20:80], whole[10:60, 20:80])
    assert not out[:10].any()


@pytest.mark.parametrize(
    "icc",
    [b"", b"nonsense" * 30, matrix_profile(kind="GRAY"), table_profile("RGB", {}), table_profile("CMYK", {})],
)
def test_what_is_no_profile_of_a_display_is_refused_in_a_sentence(icc: bytes) -> None:
    with pytest.raises(InputError) as caught:
        DisplayTable.build(icc)
    assert caught.value.message.endswith(".")
    assert caught.value.hint


def test_making_a_table_can_be_cancelled() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        DisplayTable.build(swapped_profile(), token)
