"""What a file says about its picture before a pixel is decoded: size, turn, depth, profile, metadata."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    TiffImagePlugin,
    WebPImagePlugin,
)

from app.base.geometry import Size
from app.base.text import tr
from app.imaging import exif, jpeg_segments, png_chunks, tiff_pages
from app.imaging.sources import Limits, Unreadable, check_size, sniff


@dataclass(frozen=True, slots=True)
class Header:
    """A file's description of its picture, with the parsed structure its decoder goes on from."""

    format: str
    """PNG, JPEG, WEBP, TIFF, AVIF, GIF or BMP."""
    stored: Size
    """As the pixels are stored, before they are turned upright."""
    bits: int
    """Per sample as it will be loaded: 8 or 16."""
    orientation: int
    """1–8 as in EXIF; what turns the stored pixels upright."""
    icc: bytes | None
    exif: bytes | None
    """Already upright: see `exif.make_upright`."""
    xmp: bytes | None
    dpi: tuple[float, float] | None
    notes: tuple[str, ...]
    parsed: png_chunks.PngFile | jpeg_segments.JpegFile | tiff_pages.TiffFile | ImageFile.ImageFile

    @property
    def size(self) -> Size:
        """Of the upright picture."""
        if self.orientation >= 5:
            return Size(self.stored.height, self.stored.width)
        return self.stored


def read_header(data: bytes, limits: Limits) -> Header:
    """Read the header of any supported format, and refuse what is too large before anything is allocated.

    Raises:
        Unreadable: no picture, not supported, too large or damaged; other exceptions on malformed files.
    """
    file_format = sniff(data)
    if file_format == "PNG":
        return _png(data, limits)
    if file_format == "JPEG":
        return _jpeg(data, limits)
    if file_format == "TIFF":
        return _tiff(data, limits)
    return _by_pillow(data, file_format, limits)


def open_pillow(data: bytes, file_format: str) -> ImageFile.ImageFile:
    """A Pillow image of that very format, nothing decoded yet.

    The plug-in is called by its name, since Pillow's own `open` would try every plug-in. Pillow's limit
    of pixels, which is one for the whole process, is lifted: `Limits` is the one that counts, and is held
    against every header before anything is decoded.
    """
    Image.MAX_IMAGE_PIXELS = None
    openers: dict[str, Callable[[io.BytesIO], ImageFile.ImageFile]] = {
        "WEBP": WebPImagePlugin.WebPImageFile,
        "AVIF": AvifImagePlugin.AvifImageFile,
        "GIF": GifImagePlugin.GifImageFile,
        "BMP": BmpImagePlugin.BmpImageFile,
        "TIFF": TiffImagePlugin.TiffImageFile,
    }
    return openers[file_format](io.BytesIO(data))


def _png(data: bytes, limits: Limits) -> Header:
    file = png_chunks.parse(data)
    size = Size(file.width, file.height)
    check_size(size, limits)
    notes = file.notes + _first_frame_note(file.is_animated)
    bits = 16 if file.depth == 16 else 8
    return _header("PNG", size, bits, file.icc, file.exif, file.xmp, file.dpi, notes, file)


def _jpeg(data: bytes, limits: Limits) -> Header:
    file = jpeg_segments.parse(data)
    size = Size(file.width, file.height)
    check_size(size, limits)
    if file.precision != 8 or file.components not in (1, 3, 4):
        raise Unreadable(
            tr(
                "its kind of JPEG ({bits} bits, {count} channels) is not supported",
                bits=file.precision,
                count=file.components,
            ),
            tr("Save it as an ordinary JPEG, or as PNG, first."),
        )
    return _header("JPEG", size, 8, file.icc, file.exif, file.xmp, file.dpi, (), file)


def _tiff(data: bytes, limits: Limits) -> Header:
    file = tiff_pages.parse(data)
    size = Size(file.width, file.height)
    check_size(size, limits)
    notes: tuple[str, ...] = ()
    if file.has_more_pages:
        notes = (tr("Only the first page was opened."),)
    try:
        block = tiff_pages.exif_of(open_pillow(data, "TIFF"))
    except (OSError, SyntaxError, ValueError, LookupError, TypeError, struct.error):
        block = None
        notes = (*notes, _exif_note())
    bits = 16 if file.bits == 16 else 8
    orientation = file.orientation if 1 <= file.orientation <= 8 else 1
    return Header("TIFF", size, bits, orientation, file.icc, block, file.xmp, file.dpi, notes, file)


def _by_pillow(data: bytes, file_format: str, limits: Limits) -> Header:
    if file_format == "WEBP":
        # libwebp allocates the canvas as soon as a decoder is made.
        check_size(_webp_size(data), limits)
    notes: tuple[str, ...] = ()
    try:
        image = open_pillow(data, file_format)
    except (SyntaxError, ValueError, LookupError, TypeError, struct.error):
        if file_format != "AVIF":
            raise
        # Pillow takes the EXIF of this format apart as soon as it opens it, and gives up on a damaged one.
        image = open_pillow(_without_exif_item(data), file_format)
        notes = (_exif_note(),)
    size = Size(*image.size)
    check_size(size, limits)
    info = image.info
    notes += _first_frame_note(bool(getattr(image, "is_animated", False)))
    if file_format == "AVIF" and _avif_depth(data) > 8:
        notes += (tr("Its {bits} bits per channel were reduced to 8.", bits=_avif_depth(data)),)
    dpi = info.get("dpi")
    return _header(
        file_format,
        size,
        8,
        info.get("icc_profile") or None,
        info.get("exif") or None,
        info.get("xmp") or None,
        (float(dpi[0]), float(dpi[1])) if dpi else None,
        notes,
        image,
    )


def _avif_depth(data: bytes) -> int:
    """Bits per channel by the first pixel information box (ISO/IEC 23008-12, section 6.5.6); 8 without one."""
    at = data.find(b"pixi", 0, max(data.find(b"mdat"), 0))
    count = data[at + 8] if at >= 0 else 0
    return max(data[at + 9 : at + 9 + count], default=8)


def _without_exif_item(data: bytes) -> bytes:
    """An AVIF file whose EXIF item has a type that nobody knows (ISO/IEC 14496-12, item information)."""
    picture_at = data.find(b"mdat")
    head = data[: max(picture_at, 0)]
    return head.replace(b"Exif", b"none") + data[len(head) :]


def _webp_size(data: bytes) -> Size:
    """The canvas by the first chunk (RFC 9649, section 2.5 on)."""
    kind = data[12:16]
    if kind == b"VP8X":
        return Size(
            int.from_bytes(data[24:27], "little") + 1,
            int.from_bytes(data[27:30], "little") + 1,
        )
    if kind == b"VP8L":
        packed = struct.unpack_from("<I", data, 21)[0]
        return Size((packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1)
    width, height = struct.unpack_from("<HH", data, 26)
    return Size(width & 0x3FFF, height & 0x3FFF)


def _header(
    file_format: str,
    stored: Size,
    bits: int,
    icc: bytes | None,
    block: bytes | None,
    xmp: bytes | None,
    dpi: tuple[float, float] | None,
    notes: tuple[str, ...],
    parsed: png_chunks.PngFile | jpeg_segments.JpegFile | ImageFile.ImageFile,
) -> Header:
    orientation = 1
    if block is not None:
        try:
            upright = exif.make_upright(block)
        except ValueError:
            block = None
            notes = (*notes, _exif_note())
        else:
            block, orientation = upright.exif, upright.orientation
            if dpi is None:
                dpi = upright.dpi
    if dpi is not None and orientation >= 5:
        dpi = dpi[1], dpi[0]
    return Header(file_format, stored, bits, orientation, icc, block, xmp, dpi, notes, parsed)


def _exif_note() -> str:
    return tr("Its EXIF metadata could not be read and was left out.")


def _first_frame_note(is_animated: bool) -> tuple[str, ...]:
    return (tr("Only the first frame of the animation was opened."),) if is_animated else ()
