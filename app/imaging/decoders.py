"""From encoded bytes to upright samples, format by format: which library decodes what, and why.

JPEG goes to cv2 (the fastest, and it gives its memory back in one block), 16-bit colour to cv2 or tifffile
because Pillow would cut it to 8 bits, all the rest to Pillow. Every decoder used here releases the GIL.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np
from PIL import Image, ImageFile, JpegImagePlugin, PngImagePlugin

from app.base.text import tr
from app.imaging import jpeg_segments, png_chunks, tiff_pages
from app.imaging.arrays import U8, Samples, as_samples, as_u8, full_scale
from app.imaging.colour import foreign_to_srgb
from app.imaging.headers import Header, open_pillow
from app.imaging.pillow_arrays import to_array
from app.imaging.sources import Unreadable, damaged, truncated

_CMYK_COMPONENTS = 4
_PALETTE = 3
_REDUCED: Mapping[int, tuple[int, int]] = MappingProxyType(
    {
        2: (cv2.IMREAD_REDUCED_COLOR_2, cv2.IMREAD_REDUCED_GRAYSCALE_2),
        4: (cv2.IMREAD_REDUCED_COLOR_4, cv2.IMREAD_REDUCED_GRAYSCALE_4),
        8: (cv2.IMREAD_REDUCED_COLOR_8, cv2.IMREAD_REDUCED_GRAYSCALE_8),
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class Raster:
    """Decoded, upright samples.

    `pixels` are (H, W) or (H, W, 2–4), C-contiguous, in the order L, LA, RGB, RGBA, or BGR where `is_bgr`.
    """

    pixels: Samples
    is_bgr: bool = False
    notes: tuple[str, ...] = ()
    drops_icc: bool = False
    """The samples were converted to sRGB, so the file's profile no longer fits them."""


def decode(data: bytes, header: Header) -> Raster:
    """The samples of `data`, whose header was read and found within the limits.

    Raises:
        Unreadable: with the reason; other exceptions on malformed files.
    """
    parsed = header.parsed
    if isinstance(parsed, jpeg_segments.JpegFile):
        return _jpeg(data, header, parsed)
    if isinstance(parsed, png_chunks.PngFile):
        return _png(header, parsed)
    if isinstance(parsed, tiff_pages.TiffFile):
        return _tiff(data, header, parsed)
    return _turned(_from_pillow(parsed, header.icc), header.orientation)


def decode_reduced(data: bytes, factor: int, is_gray: bool) -> U8:
    """A JPEG decoded at 1/`factor` (2, 4 or 8) of its size, not turned upright: (h, w, 3) BGR, or (h, w).

    The discrete cosine transform gives these sizes for a fraction of a full decode.

    Raises:
        Unreadable: the data cannot be decoded.
    """
    colour, gray = _REDUCED[factor]
    return as_u8(_imdecode(data, (gray if is_gray else colour) | cv2.IMREAD_IGNORE_ORIENTATION))


def upright(pixels: Samples, orientation: int) -> Samples:
    """`pixels` turned and mirrored as EXIF orientation 1–8 says; contiguous, the same array for 1."""
    if orientation == 2:
        turned = cv2.flip(pixels, 1)
    elif orientation == 3:
        turned = cv2.rotate(pixels, cv2.ROTATE_180)
    elif orientation == 4:
        turned = cv2.flip(pixels, 0)
    elif orientation == 5:
        turned = cv2.transpose(pixels)
    elif orientation == 6:
        turned = cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE)
    elif orientation == 7:
        turned = cv2.flip(cv2.transpose(pixels), -1)
    elif orientation == 8:
        turned = cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE)
    else:
        return pixels
    return as_samples(turned)


def _turned(raster: Raster, orientation: int) -> Raster:
    return Raster(upright(raster.pixels, orientation), raster.is_bgr, raster.notes, raster.drops_icc)


def _imdecode(data: bytes, flags: int) -> Samples:
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if pixels is None:
        raise damaged()
    return as_samples(pixels)


def _jpeg(data: bytes, header: Header, file: jpeg_segments.JpegFile) -> Raster:
    if not file.is_complete:
        raise truncated()
    if file.components == _CMYK_COMPONENTS:
        image = JpegImagePlugin.JpegImageFile(io.BytesIO(data))
        return _turned(_foreign(image, header.icc), header.orientation)
    flag = cv2.IMREAD_GRAYSCALE if file.components == 1 else cv2.IMREAD_COLOR
    pixels = _imdecode(data, flag | cv2.IMREAD_IGNORE_ORIENTATION)
    return Raster(upright(pixels, header.orientation), is_bgr=pixels.ndim == 3)


def _png(header: Header, file: png_chunks.PngFile) -> Raster:
    if file.depth == 16:
        raster = _png_of_sixteen_bits(file)
    else:
        image = PngImagePlugin.PngImageFile(io.BytesIO(file.image))
        if file.colour_type == _PALETTE and file.transparency is not None:
            image.info["transparency"] = file.transparency
        raster = _from_pillow(image, None)
    if file.transparency is not None and file.colour_type in (0, 2):
        raster = Raster(_keyed_out(raster.pixels, file), False, raster.notes)
    return _turned(raster, header.orientation)


def _png_of_sixteen_bits(file: png_chunks.PngFile) -> Raster:
    pixels = _imdecode(file.image, cv2.IMREAD_UNCHANGED)
    if pixels.shape[:2] != (file.height, file.width) or pixels.dtype != np.uint16:
        raise damaged()
    if file.colour_type == 0:
        return Raster(pixels)
    if file.colour_type == 4:
        return Raster(as_samples(np.ascontiguousarray(pixels[..., [0, 3]])))
    order = cv2.COLOR_BGR2RGB if file.colour_type == 2 else cv2.COLOR_BGRA2RGBA
    return Raster(as_samples(cv2.cvtColor(pixels, order)))


def _keyed_out(pixels: Samples, file: png_chunks.PngFile) -> Samples:
    """Add alpha that is 0 where a pixel has the one colour that tRNS names, full elsewhere."""
    key = np.frombuffer(file.transparency or b"", ">u2").astype(np.uint32)
    colours = pixels.reshape(*pixels.shape[:2], -1)
    if key.size != colours.shape[2]:
        return pixels
    # Samples of fewer than 8 bits were spread over the whole range.
    key = key * full_scale(pixels) // ((1 << file.depth) - 1)
    visible = (colours != key).any(axis=2, keepdims=True)
    alpha = visible.astype(pixels.dtype) * pixels.dtype.type(full_scale(pixels))
    return as_samples(np.concatenate((colours, alpha), axis=2))


def _tiff(data: bytes, header: Header, info: tiff_pages.TiffFile) -> Raster:
    if info.lies_open:
        pixels, notes = tiff_pages.decode(data, info)
        return Raster(upright(pixels, header.orientation), notes=notes)
    if info.sample_format != 1 or info.bits > 16:
        raise tiff_pages.unsupported(info)
    photometrics = (tiff_pages.MIN_IS_WHITE, tiff_pages.MIN_IS_BLACK, tiff_pages.RGB)
    if info.bits == 16 and info.photometric in photometrics:
        return _tiff_of_sixteen_bits(data, header, info)
    try:
        image = open_pillow(data, "TIFF")
    except SyntaxError as error:
        # Pillow's word for a combination of tags that it does not know.
        raise tiff_pages.unsupported(info) from error
    image.seek(info.page)
    raster = _from_pillow(image, header.icc)
    # Pillow turns a TIFF upright by itself.
    if raster.pixels.shape[:2] != (header.size.height, header.size.width):
        raise damaged()
    if info.bits == 16:
        note = tr("Its 16 bits per channel were reduced to 8.")
        raster = Raster(raster.pixels, raster.is_bgr, (*raster.notes, note), raster.drops_icc)
    return raster


def _tiff_of_sixteen_bits(data: bytes, header: Header, info: tiff_pages.TiffFile) -> Raster:
    """Compressions that tifffile leaves to others (LZW …) by cv2, which reads first pages without planes."""
    if info.planar or info.page != 0 or info.samples not in (1, 3, 4):
        raise tiff_pages.unsupported(info)
    pixels = _imdecode(data, cv2.IMREAD_UNCHANGED)
    if pixels.dtype != np.uint16:
        raise tiff_pages.unsupported(info)
    # cv2 turns a TIFF upright by itself.
    if pixels.shape[:2] != (header.size.height, header.size.width):
        raise damaged()
    planes = pixels.reshape(*pixels.shape[:2], -1)
    if planes.shape[2] != info.samples:
        raise tiff_pages.unsupported(info)
    if info.samples >= 3:
        order = cv2.COLOR_BGR2RGB if info.samples == 3 else cv2.COLOR_BGRA2RGBA
        planes = as_samples(cv2.cvtColor(planes, order))
    arranged, notes = tiff_pages.arrange(planes, info)
    return Raster(arranged, notes=notes)


def _foreign(image: ImageFile.ImageFile, icc: bytes | None) -> Raster:
    mode = image.mode
    pixels, used = foreign_to_srgb(image, icc)
    if mode == "LAB":
        note = tr("Its Lab colours were converted to sRGB.")
    elif used:
        note = tr("Its {mode} colours were converted to sRGB by its colour profile.", mode=mode)
    else:
        note = tr("Its {mode} colours were converted to sRGB without a colour profile.", mode=mode)
    return Raster(pixels, notes=(note,), drops_icc=True)


def _from_pillow(image: ImageFile.ImageFile, icc: bytes | None) -> Raster:
    """Any 8-bit mode of Pillow as grey, RGB or either with straight alpha."""
    mode = image.mode
    if mode in ("CMYK", "LAB"):
        return _foreign(image, icc)
    if mode in ("I", "F") or mode.startswith("I;"):
        raise Unreadable(
            tr("its samples have more than 8 bits in a form that is not supported"),
            tr("Save it with 8 or 16 bits per channel first."),
        )
    see_through = image.has_transparency_data
    if mode in ("P", "PA"):
        wanted = "RGBA" if see_through else "RGB"
    elif mode in ("1", "L", "LA", "La"):
        wanted = "LA" if see_through else "L"
    else:
        wanted = "RGBA" if see_through else "RGB"
    picture: Image.Image = image
    if mode == "La":
        picture = image.convert("LA")
    elif mode != wanted:
        picture = image.convert(wanted)
    return Raster(to_array(picture))
