"""Files that are no photographs: each is refused with a sentence that names it and the reason."""

from __future__ import annotations

import contextlib
import io
import os
import struct
import sys
import threading
import time
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from app.base.errors import PhotographError
from app.base.geometry import Size
from app.imaging.load import Limits, load_photograph, load_preview, probe
from app.imaging.photograph import Channels
from tests.imaging.pictures import (
    encoded,
    exif_block,
    matrix_profile,
    noise,
    png_chunk,
    png_of_size,
    png_with,
    smooth,
)

FORMATS = ["PNG", "JPEG", "WEBP", "TIFF", "AVIF", "GIF", "BMP"]


def refusal(source: Path | bytes, **options: object) -> str:
    with pytest.raises(PhotographError) as caught:
        load_photograph(source, name="odd.png", **options)
    assert "odd.png" in caught.value.message
    assert caught.value.hint
    return caught.value.message


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("share", [0.15, 0.5, 0.9, 0.99])
def test_truncated_files_are_refused(file_format: str, share: float) -> None:
    data = encoded(Image.fromarray(noise(Channels.RGB, height=60, width=70)), file_format)
    message = refusal(data[: int(len(data) * share)])
    assert "cut short" in message or "damaged" in message


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_truncated_deep_files_are_refused(bits: int, share: float) -> None:
    samples = noise(Channels.RGB, bits, height=60, width=70)
    for suffix in (".png", ".tif"):
        data = cv2.imencode(suffix, samples)[1].tobytes()
        refusal(data[: int(len(data) * share)])
    file = io.BytesIO()
    tifffile.imwrite(file, samples, photometric="rgb", compression="zlib")
    refusal(file.getvalue()[: int(len(file.getvalue()) * share)])


def test_progressive_jpegs_that_end_early_are_refused() -> None:
    data = encoded(Image.fromarray(smooth(200, 200)), "JPEG", progressive=True, quality=95)
    assert "cut short" in refusal(data[: int(len(data) * 0.8)])


# Pillow warns of damaged tags, which is for the log.
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(max_examples=150)
@given(
    file_format=st.sampled_from(FORMATS),
    at=st.integers(0, 4000),
    value=st.integers(0, 255),
    length=st.integers(1, 8),
)
def test_damage_anywhere_gives_a_picture_or_a_refusal(
    file_format: str, at: int, value: int, length: int
) -> None:
    data = bytearray(
        encoded(Image.fromarray(noise(Channels.RGB, height=20, width=20)), file_format, exif=exif_block(6))
    )
    at %= len(data)
    data[at : at + length] = bytes([value]) * len(data[at : at + length])
    for read in (load_photograph, probe):
        with contextlib.suppress(PhotographError):
            read(bytes(data), limits=Limits(max_pixels=1_000_000))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"hello, this is a letter", "not a picture"),
        (b"\x89PNG\r\n\x1a\n", "cut short"),
        (b"\xff\xd8\xff", "damaged"),
        (b"8BPS" + bytes(100), "Photoshop"),
        (b"\0\0\0\x18ftypheic" + bytes(100), "HEIC"),
        (b"%PDF-1.7", "PDF"),
        (b"II*\0\x08\0\0\0\0\0\0\0\0\0", "damaged"),
        (b"BM" + bytes(60), "damaged"),
    ],
)
def test_what_is_no_picture_is_told_apart(data: bytes, reason: str) -> None:
    assert reason in refusal(data)


def test_pictures_without_pixels_are_refused() -> None:
    assert "no pixels" in refusal(png_of_size(0, 10))


@pytest.mark.parametrize("file_format", FORMATS)
def test_too_many_pixels_are_refused_by_the_header(file_format: str) -> None:
    data = encoded(Image.fromarray(smooth(40, 50)), file_format)
    assert "megapixels" in refusal(data, limits=Limits(max_pixels=1999))
    load_photograph(data, limits=Limits(max_pixels=2000))


def test_bombs_are_refused_before_anything_is_allocated() -> None:
    began = time.perf_counter()
    assert "megapixels" in refusal(png_of_size(60000, 60000))
    canvas = (16382).to_bytes(3, "little")
    webp = b"VP8X" + struct.pack("<I", 10) + bytes(4) + canvas + canvas
    assert "megapixels" in refusal(b"RIFF" + struct.pack("<I", len(webp) + 4) + b"WEBP" + webp)
    bmp = bytearray(encoded(Image.fromarray(smooth(4, 4)), "BMP"))
    bmp[18:26] = struct.pack("<ii", 60000, 60000)
    assert "megapixels" in refusal(bytes(bmp))
    gif = bytearray(encoded(Image.fromarray(smooth(4, 4)), "GIF"))
    gif[6:10] = struct.pack("<HH", 60000, 60000)
    assert "megapixels" in refusal(bytes(gif))
    assert time.perf_counter() - began < 2


def test_a_picture_with_less_data_than_its_header_says_is_refused() -> None:
    refusal(png_of_size(3000, 3000))


@pytest.mark.parametrize("kind", [b"iCCP", b"zTXt", b"iTXt"])
def test_chunks_that_inflate_without_end_do_no_harm(kind: bytes) -> None:
    packed = zlib.compress(bytes(80_000_000))
    body = {
        b"iCCP": b"profile\0\0" + packed,
        b"zTXt": b"Comment\0\0" + packed,
        b"iTXt": b"XML:com.adobe.xmp\0\1\0\0\0" + packed,
    }[kind]
    png = encoded(Image.fromarray(noise(Channels.RGB)), "PNG")
    photograph = load_photograph(png_with(png, png_chunk(kind, body)))
    assert np.array_equal(photograph.samples, noise(Channels.RGB))
    assert photograph.metadata.icc is None
    assert photograph.metadata.xmp is None
    assert bool(photograph.notes) == (kind != b"zTXt")


@pytest.mark.parametrize(
    "exif", [b"nonsense", b"II*\0\xff\xff\xff\x7f", b"MM\0*\0\0\0\x08\xff\xff", b"II*\0"]
)
@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP"])
def test_unreadable_exif_is_dropped_and_said(file_format: str, exif: bytes) -> None:
    data = encoded(Image.fromarray(smooth(20, 30)), file_format, exif=b"Exif\0\0" + exif)
    photograph = load_photograph(data)
    assert photograph.metadata.exif is None
    assert any("EXIF" in note for note in photograph.notes)


def test_unreadable_exif_of_an_avif_is_dropped_and_said() -> None:
    good = encoded(Image.fromarray(smooth(20, 30)), "AVIF", exif=exif_block())
    make = good.index(b"Camera")
    start = good.rindex(b"II*\0", 0, make)
    photograph = load_photograph(good[:start] + b"junk" + good[start + 4 :])
    assert photograph.metadata.exif is None
    assert any("EXIF" in note for note in photograph.notes)


@pytest.mark.parametrize("profile", [b"nonsense", matrix_profile()[:200], matrix_profile(kind="GRAY")])
def test_profiles_that_do_not_fit_are_dropped_and_said(profile: bytes) -> None:
    data = encoded(Image.fromarray(smooth(20, 30)), "JPEG", icc_profile=profile)
    photograph = load_photograph(data)
    assert photograph.metadata.icc is None
    assert photograph.shares_working
    assert any("profile" in note for note in photograph.notes)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.uint32, np.int16])
def test_tiffs_of_other_numbers_are_refused_with_a_way_out(dtype: type) -> None:
    file = io.BytesIO()
    tifffile.imwrite(file, np.ones((8, 8, 3), dtype), photometric="rgb")
    with pytest.raises(PhotographError) as caught:
        load_photograph(file.getvalue(), name="deep.tif")
    assert "deep.tif" in caught.value.message
    assert "16 bit" in caught.value.hint


def test_tiffs_that_no_decoder_knows_are_not_called_damaged() -> None:
    file = io.BytesIO()
    tifffile.imwrite(file, np.ones((8, 8, 3), np.uint16), photometric="cielab")
    assert "Lab colours of 16 bits per channel cannot be read" in refusal(file.getvalue())


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "none.png")
    assert "folder" in refusal(tmp_path)
    assert "name" in refusal(Path("a\0b.png"))
    assert "path" in refusal(Path(__file__) / "inside.png")


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes with names")
def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    finished = threading.Event()

    def read() -> None:
        assert "pipe" in refusal(pipe)
        finished.set()

    threading.Thread(target=read, daemon=True).start()
    assert finished.wait(5)
    assert "device" in refusal(Path("/dev/zero"))


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret.png"
    path.write_bytes(b"x")
    path.chmod(0)
    assert "denied" in refusal(path)


def test_files_of_too_many_bytes_are_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.tif"
    with path.open("wb") as file:
        file.truncate(1 << 33)
    assert "too large" in refusal(path)


def test_previews_refuse_as_loading_does() -> None:
    with pytest.raises(PhotographError):
        load_preview(b"nothing", Size(10, 10))
