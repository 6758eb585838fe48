"""Exporting: samples, profile and metadata come back; losses are said; nothing is half written."""

from __future__ import annotations

import io
import os
import resource
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from app.base.errors import ExitCode, OutputError
from app.base.geometry import Size
from app.imaging.load import load_photograph
from app.imaging.photograph import Channels, Metadata
from app.imaging.save import ExportOptions, FileFormat, Saved, format_for, on_white, save_photograph
from tests.imaging.pictures import (
    encoded,
    exif_block,
    matrix_profile,
    noise,
    photograph,
    smooth,
    srgb_profile,
)

XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
LOSSLESS = ExportOptions(lossless=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exports")


@settings(max_examples=120)
@given(
    file_format=st.sampled_from([FileFormat.PNG, FileFormat.TIFF, FileFormat.WEBP]),
    channels=st.sampled_from(Channels),
    bits=st.sampled_from([8, 16]),
    size=st.builds(Size, st.integers(1, 40), st.integers(1, 40)),
    seed=st.integers(0, 99),
)
def test_lossless_formats_give_the_same_samples_back(
    folder: Path, file_format: FileFormat, channels: Channels, bits: int, size: Size, seed: int
) -> None:
    if bits == 16 and not file_format.keeps_16_bit:
        bits = 8
    samples = noise(channels, bits, size.height, size.width, seed)
    path = folder / f"made{file_format.suffixes[0]}"
    saved = save_photograph(photograph(samples), path, LOSSLESS)
    assert saved == Saved(path, file_format, lossy=False, notes=())
    back = load_photograph(path)
    if file_format is FileFormat.WEBP and channels.is_gray:
        # WebP has no grey: every channel holds it.
        grey = samples if samples.ndim == 2 else samples[..., 0]
        assert all(np.array_equal(back.samples[..., index], grey) for index in range(3))
        return
    if file_format is FileFormat.WEBP and channels is Channels.RGBA and (samples[..., 3] == 255).all():
        assert np.array_equal(back.samples, samples[..., : back.samples.shape[2]])
        return
    assert back.channels is channels
    assert back.bits == bits
    assert np.array_equal(back.samples, samples)


def test_a_photograph_that_was_opened_comes_back_unchanged(tmp_path: Path) -> None:
    source = encoded(
        Image.fromarray(noise(Channels.RGB)),
        "PNG",
        icc_profile=srgb_profile(),
        exif=exif_block(6),
        dpi=(200, 200),
    )
    opened = load_photograph(source, name="source.png")
    assert opened.shares_working
    save_photograph(opened, tmp_path / "copy.png")
    back = load_photograph(tmp_path / "copy.png")
    assert np.array_equal(back.samples, opened.samples)
    assert back.metadata == opened.metadata


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("file_format", list(FileFormat))
def test_profile_and_metadata_are_carried_over(tmp_path: Path, file_format: FileFormat, bits: int) -> None:
    metadata = Metadata(matrix_profile(), exif_block(), XMP, (240.0, 240.0))
    samples = smooth(30, 40) if bits == 8 else smooth(30, 40).astype(np.uint16) * 257
    path = tmp_path / f"made{file_format.suffixes[0]}"
    saved = save_photograph(photograph(samples, metadata), path)
    back = load_photograph(path).metadata
    assert back.icc == metadata.icc
    assert back.xmp == XMP
    assert back.exif is not None
    exif = Image.Exif()
    exif.load(b"Exif\0\0" + back.exif)
    assert exif[0x010F].rstrip("\0") == "Camera"
    assert exif.get(0x0112, 1) == 1
    inner = exif.get_ifd(0x8769)
    assert (inner[0xA002], inner[0xA003]) == (640, 480)
    if file_format not in (FileFormat.TIFF, FileFormat.AVIF):
        assert back.exif == metadata.exif
    if file_format in (FileFormat.PNG, FileFormat.JPEG, FileFormat.TIFF):
        assert back.dpi == pytest.approx((240, 240), rel=1e-3)
    rounded = bits == 16 and not file_format.keeps_16_bit
    assert any("rounded" in note for note in saved.notes) == rounded


def test_tiffs_hold_one_well_formed_page(tmp_path: Path) -> None:
    samples = noise(Channels.RGBA, 16)
    path = tmp_path / "made.tif"
    save_photograph(photograph(samples, Metadata(matrix_profile(), exif_block(), XMP, (72.0, 72.0))), path)
    with tifffile.TiffFile(path) as file:
        assert len(file.pages) == 1
        page = file.pages[0]
        assert np.array_equal(page.asarray(), samples)
        assert page.tags["ExtraSamples"].value == (2,)
        assert page.tags["ExifTag"].value["MakerNote"] == bytes(range(40))
    with Image.open(path) as image:
        assert image.info["icc_profile"] == matrix_profile()
        assert image.getexif().get_ifd(0x8769)[0xA002] == 640


@pytest.mark.parametrize(
    ("name", "options", "lossy"),
    [
        ("a.png", ExportOptions(), False),
        ("a.TIF", ExportOptions(), False),
        ("a.tiff", ExportOptions(), False),
        ("a.jpg", ExportOptions(), True),
        ("a.jpeg", LOSSLESS, True),
        ("a.webp", ExportOptions(), True),
        ("a.webp", LOSSLESS, False),
        ("a.avif", LOSSLESS, True),
    ],
)
def test_whether_it_lost_anything_is_told(
    tmp_path: Path, name: str, options: ExportOptions, lossy: bool
) -> None:
    made = photograph(noise(Channels.RGB))
    saved = save_photograph(made, tmp_path / name, options)
    assert saved.lossy == lossy
    assert np.array_equal(load_photograph(tmp_path / name).samples, made.samples) == (not lossy)
    assert saved.format is format_for(Path(name))


@pytest.mark.parametrize("file_format", [FileFormat.JPEG, FileFormat.WEBP, FileFormat.AVIF])
def test_quality_is_heeded(tmp_path: Path, file_format: FileFormat) -> None:
    made = photograph(
        np.asarray(Image.fromarray(noise(Channels.RGB, height=20, width=20)).resize((200, 200)))
    )
    path = tmp_path / f"made{file_format.suffixes[0]}"
    sizes, errors = [], []
    for quality in (40, 75, 95):
        save_photograph(made, path, ExportOptions(quality))
        sizes.append(path.stat().st_size)
        errors.append(np.abs(load_photograph(path).samples.astype(int) - made.samples).mean())
    assert sizes == sorted(sizes)
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 3


def test_colour_has_full_resolution_at_high_quality(tmp_path: Path) -> None:
    for quality, layers in ((90, (1, 1)), (89, (2, 2))):
        save_photograph(photograph(smooth(40, 40)), tmp_path / "a.jpg", ExportOptions(quality))
        with Image.open(tmp_path / "a.jpg") as image:
            assert image.layer[0][1:3] == layers


@given(bits=st.sampled_from([8, 16]), channels=st.sampled_from([Channels.GRAY_ALPHA, Channels.RGBA]))
def test_transparency_is_laid_on_white(bits: int, channels: Channels) -> None:
    samples = noise(channels, bits)
    top = (1 << bits) - 1
    samples[0, 0, -1], samples[0, 1, -1] = 0, top
    flat = on_white(samples)
    share = samples[..., -1:].astype(float) / top
    exact = samples[..., :-1] * share + top * (1 - share)
    assert np.abs(flat.reshape(exact.shape) - exact).max() <= 0.5 + 1e-6
    assert (flat[0, 0] == top).all()
    assert np.array_equal(flat[0, 1], samples[0, 1, 0] if flat.ndim == 2 else samples[0, 1, :3])


def test_what_a_format_cannot_hold_is_said(tmp_path: Path) -> None:
    saved = save_photograph(photograph(noise(Channels.RGBA, 16)), tmp_path / "a.jpg")
    assert saved.lossy
    assert "8 bits" in saved.notes[0]
    assert "white" in saved.notes[1]
    deep = save_photograph(photograph(noise(Channels.RGB, 16)), tmp_path / "a.webp", LOSSLESS)
    assert deep.lossy
    long = Metadata(exif=exif_block() + bytes(70_000), xmp=XMP + b" " * 70_000)
    jpeg = save_photograph(photograph(smooth(9, 9), long), tmp_path / "b.jpg")
    assert len(jpeg.notes) == 2
    assert load_photograph(tmp_path / "b.jpg").metadata.exif is None
    png = save_photograph(photograph(smooth(9, 9), long), tmp_path / "b.png")
    assert png.notes == ()
    assert load_photograph(tmp_path / "b.png").metadata.xmp == long.xmp


@pytest.mark.parametrize("name", ["a.tif", "a.avif"])
def test_damaged_exif_does_not_keep_a_picture_from_being_written(tmp_path: Path, name: str) -> None:
    metadata = Metadata(exif=b"junk" + exif_block()[4:])
    saved = save_photograph(photograph(smooth(9, 9), metadata), tmp_path / name)
    assert any("EXIF" in note for note in saved.notes)
    assert load_photograph(tmp_path / name).size == Size(9, 9)


def test_a_grey_profile_is_converted_where_there_is_no_grey(tmp_path: Path) -> None:
    profile = matrix_profile(1.8, "GRAY")
    made = photograph(smooth(20, 30)[..., 0], Metadata(icc=profile))
    saved = save_photograph(made, tmp_path / "a.webp", LOSSLESS)
    assert any("grey profile" in note for note in saved.notes)
    assert load_photograph(tmp_path / "a.webp").metadata.icc is None
    save_photograph(made, tmp_path / "a.png")
    back = load_photograph(tmp_path / "a.png")
    assert back.metadata.icc == profile
    assert np.array_equal(back.samples, made.samples)


def refusal(path: Path, made: np.ndarray | None = None) -> str:
    with pytest.raises(OutputError) as caught:
        save_photograph(photograph(smooth(8, 8) if made is None else made), path)
    assert path.name in caught.value.message
    assert caught.value.hint
    assert caught.value.exit_code is ExitCode.USAGE
    return caught.value.message


def test_where_nothing_can_be_written_is_told(tmp_path: Path) -> None:
    assert "ending" in refusal(tmp_path / "a.gif")
    assert "ending" in refusal(tmp_path / "a")
    assert "does not exist" in refusal(tmp_path / "none" / "a.png")
    (tmp_path / "folder.png").mkdir()
    assert "it is a folder" in refusal(tmp_path / "folder.png")
    assert "name" in refusal(tmp_path / f"{'a' * 300}.png")
    (tmp_path / "file").write_bytes(b"")
    refusal(tmp_path / "file" / "a.png")


@pytest.mark.skipif(sys.platform == "win32", reason="no links and pipes")
def test_links_are_followed_and_devices_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "target.png"
    target.write_bytes(b"old")
    (tmp_path / "link.png").symlink_to(target)
    save_photograph(photograph(smooth(8, 8)), tmp_path / "link.png")
    assert (tmp_path / "link.png").is_symlink()
    assert load_photograph(target).size == Size(8, 8)
    os.mkfifo(tmp_path / "pipe.png")
    assert "pipe" in refusal(tmp_path / "pipe.png")
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    refusal(tmp_path / "loop.png")


@pytest.mark.skipif(sys.platform == "win32", reason="no limits of that kind")
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        refusal(path, noise(Channels.RGB))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("name", "side"), [("a.jpg", 65536), ("a.webp", 16384), ("a.avif", 65536)])
def test_pictures_too_large_for_a_format_are_refused_with_advice(
    tmp_path: Path, name: str, side: int
) -> None:
    assert "at most" in refusal(tmp_path / name, np.zeros((1, side), np.uint8))
    assert not (tmp_path / name).exists()


def test_strided_samples_are_written_as_they_look(tmp_path: Path) -> None:
    bgra = noise(Channels.RGBA)
    made = replace(photograph(noise(Channels.RGB)), samples=bgra[..., 2::-1])
    for name in ("a.png", "a.tif"):
        save_photograph(made, tmp_path / name)
        assert np.array_equal(load_photograph(tmp_path / name).samples, bgra[..., 2::-1])


def test_other_programs_read_what_is_written(tmp_path: Path) -> None:
    save_photograph(photograph(noise(Channels.GRAY, 16)), tmp_path / "a.png")
    with Image.open(io.BytesIO((tmp_path / "a.png").read_bytes())) as image:
        assert np.array_equal(np.asarray(image), noise(Channels.GRAY, 16))
