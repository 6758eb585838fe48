"""Files that are rare but right: each opens, and what was changed is said."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from app.base.geometry import Size
from app.imaging.load import load_photograph, load_preview
from app.imaging.photograph import Channels
from tests.imaging.pictures import encoded, exif_block, matrix_profile, noise, smooth, table_profile


def test_cmyk_is_converted_by_its_own_profile() -> None:
    # In this ink set plain cyan is a bright green, which no plain formula would give.
    profile = table_profile("CMYK", {(0, 0, 0, 0): (255, 128, 128), (1, 0, 0, 0): (225, 48, 208)})
    inks = np.zeros((32, 32, 4), np.uint8)
    inks[:16, :, 0] = 255
    picture = Image.frombytes("CMYK", (32, 32), inks.tobytes())
    for file_format, options in (("JPEG", {"quality": 100, "subsampling": 0}), ("TIFF", {})):
        photograph = load_photograph(encoded(picture, file_format, icc_profile=profile, **options))
        assert "by its colour profile" in photograph.notes[0]
        assert photograph.metadata.icc is None
        red, green, blue = photograph.samples[4, 4].astype(int)
        assert green > 200
        assert max(red, blue) < 140
        assert photograph.samples[28, 4].min() > 245


def test_cmyk_of_sixteen_bits_is_opened_and_said() -> None:
    inks = np.zeros((10, 12, 4), np.uint16)
    inks[:5, :, 3] = 65535
    file = io.BytesIO()
    tifffile.imwrite(file, inks, photometric="separated")
    photograph = load_photograph(file.getvalue())
    assert photograph.bits == 8
    assert photograph.samples[0, 0].max() < 30
    assert photograph.samples[9, 0].min() > 225
    assert any("reduced to 8" in note for note in photograph.notes)


@pytest.mark.parametrize("compression", ["group4", "tiff_lzw", "packbits", "tiff_adobe_deflate"])
def test_tiffs_of_one_bit_become_grey(compression: str) -> None:
    bits = np.random.default_rng(0).random((20, 30)) > 0.5
    photograph = load_photograph(encoded(Image.fromarray(bits), "TIFF", compression=compression))
    assert photograph.channels is Channels.GRAY
    assert np.array_equal(photograph.samples, np.where(bits, 255, 0))


@pytest.mark.parametrize("compression", ["tiff_lzw", "jpeg", "raw"])
def test_compressed_tiffs_open(compression: str) -> None:
    picture = Image.fromarray(smooth(40, 60))
    options = {"quality": 95} if compression == "jpeg" else {}
    photograph = load_photograph(encoded(picture, "TIFF", compression=compression, **options))
    assert photograph.channels is Channels.RGB
    assert np.abs(photograph.samples.astype(int) - smooth(40, 60)).mean() < (
        3 if compression == "jpeg" else 1e-9
    )


def test_palette_tiffs_become_rgb() -> None:
    palette = Image.fromarray(smooth(20, 30)).quantize(20)
    photograph = load_photograph(encoded(palette, "TIFF"))
    assert np.array_equal(photograph.samples, np.asarray(palette.convert("RGB")))


@pytest.mark.parametrize("options", [{"bigtiff": True}, {"tile": (16, 16)}, {"rowsperstrip": 3}])
@pytest.mark.parametrize("bits", [8, 16])
def test_tiffs_of_every_build_keep_their_samples(options: dict[str, object], bits: int) -> None:
    samples = noise(Channels.RGB, bits, height=37, width=41)
    bigtiff = bool(options.pop("bigtiff", False))
    file = io.BytesIO()
    with tifffile.TiffWriter(file, bigtiff=bigtiff) as writer:
        writer.write(samples, photometric="rgb", **options)
    assert np.array_equal(load_photograph(file.getvalue()).samples, samples)


def test_avif_of_more_than_eight_bits_is_said() -> None:
    deep = smooth(20, 30).astype(np.uint16) * 4
    done, data = cv2.imencode(".avif", deep, [cv2.IMWRITE_AVIF_DEPTH, 10])
    assert done
    photograph = load_photograph(data.tobytes())
    assert photograph.bits == 8
    assert any("10 bits" in note for note in photograph.notes)
    assert not load_photograph(encoded(Image.fromarray(smooth(20, 30)), "AVIF")).notes


def test_gifs_keep_their_transparency() -> None:
    picture = noise(Channels.RGBA, height=20, width=20)
    picture[..., 3] = np.where(np.arange(20) < 10, 0, 255)
    photograph = load_photograph(encoded(Image.fromarray(picture), "GIF"))
    assert photograph.channels is Channels.RGBA
    assert np.array_equal(photograph.samples[..., 3], picture[..., 3])


def test_a_phone_s_file_of_several_jpegs_opens_the_first() -> None:
    data = encoded(
        Image.fromarray(smooth(30, 40)),
        "MPO",
        save_all=True,
        append_images=[Image.new("RGB", (40, 30), "red")],
        quality=95,
    )
    assert np.abs(load_photograph(data).samples.astype(int) - smooth(30, 40)).mean() < 3


def test_what_follows_the_picture_is_ignored() -> None:
    for file_format in ("PNG", "JPEG", "WEBP", "GIF", "BMP"):
        data = encoded(Image.fromarray(smooth(20, 30)), file_format) + b"trailer" * 100
        assert load_photograph(data).size == Size(30, 20)


def test_the_name_plays_no_part(tmp_path: Path) -> None:
    path = tmp_path / "really-a-jpeg.png"
    path.write_bytes(encoded(Image.fromarray(smooth(20, 30)), "JPEG"))
    photograph = load_photograph(path)
    assert (photograph.format, photograph.name) == ("JPEG", "really-a-jpeg.png")


@pytest.mark.parametrize("profile", [None, matrix_profile(1.0, "GRAY"), matrix_profile(1.0)])
def test_grey_jpegs_have_grey_previews(profile: bytes | None) -> None:
    exif = b"Exif\0\0" + exif_block(8)
    grey = smooth(400, 600)[..., 0]
    data = encoded(Image.fromarray(grey), "JPEG", quality=95, icc_profile=profile, exif=exif)
    preview = load_preview(data, Size(100, 100))
    assert preview.shape == (100, 67, 4)
    assert np.array_equal(preview[..., 0], preview[..., 2])
    whole = load_preview(data, Size(400, 600))
    assert abs(float(preview.mean()) - float(whole.mean())) < 2


def test_the_smallest_pictures_open() -> None:
    for file_format in ("PNG", "JPEG", "WEBP", "TIFF", "AVIF", "GIF", "BMP"):
        photograph = load_photograph(encoded(Image.new("RGB", (1, 1), (200, 200, 200)), file_format))
        assert photograph.size == Size(1, 1)
        assert np.abs(photograph.samples.astype(int) - 200).max() <= 3
        preview = load_preview(encoded(Image.new("RGB", (1, 1)), file_format), Size(500, 500))
        assert preview.shape == (1, 1, 4)


def test_many_open_at_once() -> None:
    files = [
        encoded(Image.fromarray(noise(Channels.RGB, height=80, width=90, seed=seed)), file_format)
        for seed, file_format in enumerate(["PNG", "TIFF", "BMP", "PNG"] * 6)
    ]
    with ThreadPoolExecutor(8) as threads:
        for seed, photograph in enumerate(threads.map(load_photograph, files)):
            assert np.array_equal(photograph.samples, noise(Channels.RGB, height=80, width=90, seed=seed))
