"""Small pictures to bytes and back."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from app.base.errors import PhotographError
from app.base.geometry import Size
from app.imaging.codecs import decode_picture, encode_png, encode_png_quickly, thumbnail
from app.imaging.load import load_photograph
from app.imaging.photograph import Channels, Metadata
from tests.imaging.pictures import encoded, exif_block, matrix_profile, noise, smooth


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("channels", list(Channels))
@pytest.mark.parametrize("level", [0, 1, 9])
def test_pngs_hold_every_kind_of_samples(channels: Channels, bits: int, level: int) -> None:
    samples = noise(channels, bits)
    data = encode_png(samples, level)
    rgb = decode_picture(data)
    expected = samples.reshape(13, 17, -1)
    eight = expected if bits == 8 else (expected.astype(int) * 255 + 32767) // 65535
    assert np.array_equal(rgb[..., 0], eight[..., 0])
    assert rgb.shape[2] == (4 if channels.has_alpha else 3)
    assert encode_png(samples[..., np.newaxis] if samples.ndim == 2 else samples, level) == data


@settings(max_examples=40)
@given(
    st.sampled_from(list(Channels)),
    st.sampled_from([8, 16]),
    st.integers(1, 150),
    st.integers(1, 90),
    st.booleans(),
)
def test_pngs_made_quickly_are_read_by_others(
    channels: Channels, bits: int, height: int, width: int, described: bool
) -> None:
    samples = noise(channels, bits, height, width)
    metadata = Metadata(icc=matrix_profile(1.0), dpi=(300.0, 150.0)) if described else Metadata()
    with Image.open(io.BytesIO(encode_png_quickly(samples, metadata))) as image:
        image.load()
        assert image.info.get("icc_profile") == metadata.icc
        if bits == 8:
            assert np.array_equal(np.asarray(image), samples)
    back = load_photograph(bytes(encode_png_quickly(samples[:, ::-1], metadata)), name="quick.png")
    assert back.samples.dtype == samples.dtype
    assert np.array_equal(back.samples, samples[:, ::-1])


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "AVIF", "TIFF", "GIF", "BMP"])
def test_pictures_are_known_by_their_bytes(file_format: str) -> None:
    rgb = decode_picture(encoded(Image.fromarray(smooth(40, 50)), file_format))
    assert rgb.shape == (40, 50, 3)
    assert rgb.flags.c_contiguous
    assert np.abs(rgb.astype(int) - smooth(40, 50)).mean() < 8


def test_pictures_come_upright_and_in_srgb() -> None:
    data = encoded(
        Image.fromarray(np.full((20, 30, 3), 128, np.uint8)),
        "PNG",
        exif=exif_block(6),
        icc_profile=matrix_profile(1.0),
    )
    rgb = decode_picture(data)
    assert rgb.shape == (30, 20, 3)
    assert np.abs(rgb.astype(int) - 188).max() <= 1


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(PhotographError, match="reply"):
        decode_picture(b"<html>", name="reply")
    with pytest.raises(PhotographError, match="megapixels"):
        decode_picture(encode_png(smooth(20, 20)), max_pixels=399)


def test_thumbnails_fit_and_are_never_enlarged() -> None:
    with Image.open(io.BytesIO(thumbnail(smooth(60, 120), Size(40, 40)))) as image:
        assert image.size == (40, 20)
        assert np.abs(np.asarray(image.resize((120, 60))).astype(int) - smooth(60, 120)).mean() < 4
    with Image.open(io.BytesIO(thumbnail(smooth(10, 12), Size(40, 40)))) as image:
        assert image.size == (12, 10)
