"""Opening photographs of every kind: samples, turning, metadata, previews."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from app.base.cancel import Cancelled, CancelToken
from app.base.geometry import Size
from app.imaging.colour import to_working
from app.imaging.load import load_photograph, load_preview, probe
from app.imaging.photograph import Channels, Photograph
from tests.imaging.pictures import (
    encoded,
    exif_block,
    matrix_profile,
    noise,
    png_chunk,
    png_with,
    smooth,
    srgb_profile,
)


def opened(data: bytes) -> Photograph:
    return load_photograph(data, name="made")


@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "BMP"])
@pytest.mark.parametrize("channels", list(Channels))
def test_lossless_formats_keep_their_samples(channels: Channels, file_format: str) -> None:
    if file_format == "BMP" and channels is Channels.GRAY_ALPHA:
        pytest.skip("BMP has no grey with alpha")
    samples = noise(channels)
    photograph = opened(encoded(Image.fromarray(samples), file_format))
    if file_format == "BMP" and channels is Channels.RGBA:
        # An ordinary BMP of 32 bits has no alpha.
        assert photograph.channels in (Channels.RGB, Channels.RGBA)
        assert np.array_equal(photograph.samples[..., :3], samples[..., :3])
        return
    assert photograph.channels is channels
    assert np.array_equal(photograph.samples, samples)
    assert not photograph.samples.flags.writeable
    assert photograph.format == file_format
    assert photograph.size == Size(17, 13)
    assert photograph.notes == ()


def test_the_samples_of_webp_and_avif_are_rgb() -> None:
    samples = noise(Channels.RGBA)
    photograph = opened(encoded(Image.fromarray(samples), "WEBP", lossless=True, exact=True))
    assert photograph.channels is Channels.RGBA
    assert np.array_equal(photograph.samples, samples)
    grey = opened(encoded(Image.fromarray(smooth(40, 60)[..., 0]), "AVIF", quality=95))
    assert grey.channels is Channels.GRAY


def test_an_opaque_srgb_photograph_keeps_its_pixels_once() -> None:
    samples = noise(Channels.RGB)
    photograph = opened(encoded(Image.fromarray(samples), "PNG", icc_profile=srgb_profile()))
    assert photograph.shares_working
    working = to_working(photograph)
    assert np.shares_memory(working, photograph.samples)
    assert not working.flags.writeable
    assert np.array_equal(working[..., :3], samples[..., ::-1])
    assert (working[..., 3] == 255).all()
    copy = to_working(photograph, np.empty((13, 17, 4), np.uint8))
    assert np.array_equal(copy, working)
    assert not np.shares_memory(copy, working)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF"])
def test_every_photograph_stands_upright(file_format: str, orientation: int) -> None:
    # What the camera stored is the upright picture turned the other way round.
    upright = Image.fromarray(smooth(40, 64))
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    stored = upright if orientation == 1 else upright.transpose(Image.Transpose(back[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(stored, file_format, exif=exif, quality=95)
    photograph = opened(data)
    assert photograph.size == Size(64, 40)
    assert np.abs(photograph.samples.astype(int) - smooth(40, 64)).mean() < 3
    kept = Image.Exif()
    if photograph.metadata.exif is not None:
        kept.load(b"Exif\0\0" + photograph.metadata.exif)
    assert kept.get(0x0112, 1) == 1
    assert probe(data).size == Size(64, 40)


def tiff(samples: np.ndarray, **options: object) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, samples, photometric=options.pop("photometric", "rgb"), **options)
    return file.getvalue()


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_sixteen_bit_tiffs_stand_upright(orientation: int) -> None:
    samples = noise(Channels.RGB, 16)
    photograph = opened(tiff(samples, extratags=[(274, "H", 1, orientation, True)]))
    assert photograph.bits == 16
    assert np.array_equal(photograph.samples, np.rot90(samples, {1: 0, 3: 2, 6: 3}[orientation]))


def test_lzw_tiffs_of_sixteen_bits_keep_their_samples() -> None:
    samples = noise(Channels.RGB, 16)
    done, data = cv2.imencode(".tif", samples[..., ::-1].copy(), [cv2.IMWRITE_TIFF_COMPRESSION, 5])
    assert done
    assert np.array_equal(opened(data.tobytes()).samples, samples)
    grey = noise(Channels.GRAY, 16)
    turned = encoded(Image.fromarray(grey), "TIFF", compression="tiff_lzw", tiffinfo={274: 6})
    assert np.array_equal(opened(turned).samples, np.rot90(grey, 3))


@pytest.mark.parametrize("channels", list(Channels))
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("compression", [None, "zlib", "packbits"])
def test_tiffs_of_every_layout_keep_their_samples(
    channels: Channels, order: str, planar: bool, bits: int, compression: str | None
) -> None:
    samples = noise(channels, bits)
    if planar and channels is Channels.GRAY:
        pytest.skip("one plane is one plane")
    data = tiff(
        np.moveaxis(samples, 2, 0).copy() if planar else samples,
        photometric="minisblack" if channels.is_gray else "rgb",
        planarconfig="separate" if planar else ("contig" if samples.ndim == 3 else None),
        extrasamples=["unassalpha"] if channels.has_alpha else None,
        byteorder=order,
        compression="zlib" if compression == "zlib" else None,
    )
    photograph = opened(data)
    assert photograph.channels is channels
    assert photograph.samples.dtype == samples.dtype
    assert np.array_equal(photograph.samples, samples)


def test_white_is_zero_tiffs_are_inverted() -> None:
    samples = noise(Channels.GRAY, 16)
    assert np.array_equal(opened(tiff(samples, photometric="miniswhite")).samples, 65535 - samples)


def test_premultiplied_tiffs_become_straight() -> None:
    straight = np.zeros((4, 4, 4), np.uint16)
    straight[...] = (40000, 20000, 0, 32768)
    premultiplied = straight.copy()
    premultiplied[..., :3] = straight[..., :3].astype(np.uint32) * 32768 // 65535
    photograph = opened(tiff(premultiplied, extrasamples=["assocalpha"]))
    assert np.abs(photograph.samples.astype(int) - straight).max() <= 2


def test_further_tiff_channels_are_left_out_and_named() -> None:
    samples = np.random.default_rng(1).integers(0, 256, (9, 8, 5), dtype=np.uint8)
    photograph = opened(tiff(samples, extrasamples=["unspecified", "unspecified"]))
    assert photograph.channels is Channels.RGB
    assert np.array_equal(photograph.samples, samples[..., :3])
    assert "2 extra channels" in photograph.notes[0]


def test_the_first_full_page_is_opened() -> None:
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        writer.write(noise(Channels.RGB, height=4, width=4), photometric="rgb", subfiletype=1)
        writer.write(noise(Channels.RGB), photometric="rgb")
        writer.write(noise(Channels.RGB, seed=5), photometric="rgb")
    photograph = opened(file.getvalue())
    assert np.array_equal(photograph.samples, noise(Channels.RGB))
    assert any("first page" in note for note in photograph.notes)


def test_sixteen_bit_pngs_keep_their_samples() -> None:
    for channels in (Channels.GRAY, Channels.RGB, Channels.RGBA):
        samples = noise(channels, 16)
        swapped = samples if samples.ndim == 2 else samples[..., [2, 1, 0, 3][: samples.shape[2]]]
        photograph = opened(cv2.imencode(".png", np.ascontiguousarray(swapped))[1].tobytes())
        assert photograph.channels is channels
        assert np.array_equal(photograph.samples, samples)
    # Grey with the one transparent value 7.
    grey = noise(Channels.GRAY, 16)
    grey[3, 4] = 7
    keyed = png_with(cv2.imencode(".png", grey)[1].tobytes(), png_chunk(b"tRNS", b"\0\7"))
    photograph = opened(keyed)
    assert photograph.channels is Channels.GRAY_ALPHA
    assert np.array_equal(photograph.samples[..., 0], grey)
    assert np.array_equal(photograph.samples[..., 1], np.where(grey == 7, 0, 65535))


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_shallow_grey_pngs_are_spread_over_the_whole_range(bits: int) -> None:
    top = (1 << bits) - 1
    values = np.random.default_rng(0).integers(0, top + 1, (9, 16), dtype=np.uint8)
    palette = Image.fromarray(values)
    palette = palette.convert("P") if bits > 1 else Image.fromarray(values.astype(bool))
    if bits > 1:
        palette.putpalette([shade for value in range(top + 1) for shade in [value * 255 // top] * 3])
    photograph = opened(encoded(palette, "PNG", bits=bits))
    grey = photograph.samples if photograph.samples.ndim == 2 else photograph.samples[..., 0]
    assert photograph.channels is (Channels.RGB if bits > 1 else Channels.GRAY)
    assert np.array_equal(grey, values * (255 // top))


def test_palettes_become_rgb_and_keep_their_transparency() -> None:
    samples = noise(Channels.RGB, height=8, width=8)
    palette = Image.fromarray(samples).quantize(16)
    plain = opened(encoded(palette, "PNG"))
    assert plain.channels is Channels.RGB
    assert np.array_equal(plain.samples, np.asarray(palette.convert("RGB")))
    clear = opened(encoded(palette, "PNG", transparency=bytes([0, 128] + [255] * 14)))
    assert clear.channels is Channels.RGBA
    index = np.asarray(palette)
    assert np.array_equal(clear.samples[..., 3], np.where(index == 0, 0, np.where(index == 1, 128, 255)))


def test_the_transparent_colour_of_an_rgb_png() -> None:
    samples = noise(Channels.RGB)
    samples[2, 3] = (1, 2, 3)
    photograph = opened(encoded(Image.fromarray(samples), "PNG", transparency=(1, 2, 3)))
    assert photograph.channels is Channels.RGBA
    assert np.array_equal(photograph.samples[..., :3], samples)
    assert photograph.samples[2, 3, 3] == 0
    assert (photograph.samples[..., 3] == 0).sum() == 1


@pytest.mark.parametrize("file_format", ["GIF", "PNG", "WEBP"])
def test_of_an_animation_the_first_frame_is_opened(file_format: str) -> None:
    first, second = Image.fromarray(smooth(20, 30)), Image.new("RGB", (30, 20), "red")
    data = encoded(first, file_format, save_all=True, append_images=[second], duration=100, quality=95)
    photograph = opened(data)
    assert photograph.channels is Channels.RGB
    assert np.abs(photograph.samples.astype(int) - smooth(20, 30)).mean() < 12
    assert any("first frame" in note for note in photograph.notes)


def test_cmyk_is_converted_and_said() -> None:
    colours = np.zeros((32, 32, 3), np.uint8)
    colours[:16] = (250, 250, 250)
    colours[16:] = (20, 20, 20)
    for file_format in ("JPEG", "TIFF"):
        photograph = opened(encoded(Image.fromarray(colours).convert("CMYK"), file_format))
        assert photograph.channels is Channels.RGB
        assert photograph.shares_working
        assert "CMYK" in photograph.notes[0]
        assert photograph.samples[4, 4].min() > 220
        assert photograph.samples[28, 4].max() < 60


def test_lab_is_converted_and_said() -> None:
    colours = smooth(24, 24)
    to_lab = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    photograph = opened(encoded(to_lab.apply(Image.fromarray(colours)), "TIFF"))
    assert np.abs(photograph.samples.astype(int) - colours).mean() < 3
    assert "Lab" in photograph.notes[0]


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF"])
def test_profile_and_metadata_are_kept(file_format: str) -> None:
    profile = matrix_profile()
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
    options: dict[str, object] = {"icc_profile": profile, "exif": exif_block()}
    if file_format == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", xmp.decode(), zip=True)
        options["pnginfo"] = info
    elif file_format == "TIFF":
        options["tiffinfo"] = {700: xmp}
        options["exif"] = None
    else:
        options["xmp"] = xmp
        options["exif"] = b"Exif\0\0" + exif_block()
    if file_format != "AVIF":
        options["dpi"] = (150, 150)
    photograph = opened(encoded(Image.fromarray(smooth(30, 40)), file_format, **options))
    assert photograph.metadata.icc == profile
    assert photograph.metadata.xmp == xmp
    if file_format != "TIFF":
        assert b"Camera" in (photograph.metadata.exif or b"")
        assert bytes(range(40)) in (photograph.metadata.exif or b"")
    dpi = photograph.metadata.dpi
    assert dpi is not None
    assert dpi[0] == pytest.approx(300 if file_format in ("WEBP", "AVIF") else 150, rel=0.01)
    assert not photograph.shares_working


@settings(max_examples=25)
@given(
    width=st.integers(8, 200),
    height=st.integers(8, 200),
    bound=st.integers(1, 220),
    orientation=st.sampled_from([1, 6, 3]),
)
def test_previews_are_upright_and_large_enough(width: int, height: int, bound: int, orientation: int) -> None:
    data = encoded(Image.fromarray(smooth(height, width)), "JPEG", exif=b"Exif\0\0" + exif_block(orientation))
    preview = load_preview(data, Size(bound, bound))
    size = probe(data).size
    fitted = size.fitted_into(Size(bound, bound))
    assert preview.shape[2] == 4
    assert preview.shape[1] >= 0.8 * fitted.width
    assert preview.shape[0] >= 0.8 * fitted.height
    assert preview.shape[1] <= size.width
    assert preview.shape[0] <= size.height


def test_a_preview_shows_what_the_photograph_shows() -> None:
    exif = b"Exif\0\0" + exif_block(6)
    data = encoded(
        Image.fromarray(smooth(800, 1200)), "JPEG", exif=exif, icc_profile=matrix_profile(), quality=95
    )
    assert probe(data).has_quick_preview
    working = to_working(load_photograph(data))
    preview = load_preview(data, Size(300, 300))
    assert preview.shape == (300, 200, 4)
    small = np.asarray(Image.fromarray(working).resize((200, 300), Image.Resampling.BOX)).astype(int)
    assert np.abs(preview - small).mean() < 2


def test_other_formats_have_previews_too() -> None:
    data = encoded(Image.fromarray(smooth(80, 120)), "PNG")
    assert not probe(data).has_quick_preview
    assert load_preview(data, Size(30, 30)).shape == (20, 30, 4)


def test_loading_can_be_cancelled() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        load_photograph(encoded(Image.fromarray(smooth(9, 9)), "PNG"), cancel=token)


def test_the_header_tells_what_will_be_loaded() -> None:
    info = probe(tiff(noise(Channels.RGB, 16)))
    assert (info.size, info.format, info.bits) == (Size(17, 13), "TIFF", 16)


def test_the_samples_that_ship_open(samples: Path) -> None:
    for path in samples.glob("*.[pj]*g"):
        photograph = load_photograph(path)
        with Image.open(path) as expected:
            assert photograph.name == path.name
            assert np.array_equal(photograph.samples, np.asarray(expected))
