"""Opening photographs: the header, a quick small preview, and the whole picture with its own samples.

Input is never trusted: every fault of a file becomes a `PhotographError` that names the file and the reason.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from app.base.cancel import CancelToken
from app.base.geometry import Size
from app.base.text import tr
from app.imaging.arrays import U8, Samples, as_samples, as_u8
from app.imaging.colour import ColourSpace, ProfileState, to_working
from app.imaging.decoders import Raster, decode, decode_reduced, upright
from app.imaging.headers import Header, read_header
from app.imaging.jpeg_segments import JpegFile
from app.imaging.photograph import Channels, Metadata, Photograph, from_bgra
from app.imaging.sources import Limits, Source, read_source, source_name, telling

_FACTORS = (8, 4, 2)
_ENOUGH = 0.85
"""A preview this much of the size that is wanted is enlarged rather than decoded at twice the cost."""
_ROWS = 512


@dataclass(frozen=True, slots=True)
class PhotographInfo:
    """What the header says."""

    size: Size
    """Upright."""
    format: str
    bits: int
    """Per sample as it will be loaded: 8 or 16."""
    has_quick_preview: bool
    """`load_preview` takes a fraction of the time of `load_photograph`; else it decodes everything."""


def probe(source: Source, *, name: str | None = None, limits: Limits = Limits()) -> PhotographInfo:
    """Read the header only.

    Raises:
        PhotographError: no picture, too large, or damaged where the header stands.
    """
    called = name or source_name(source)
    data = read_source(source, called, limits)
    with telling(called):
        header = read_header(data, limits)
    return PhotographInfo(header.size, header.format, header.bits, _is_reducible(header))


def load_preview(source: Source, bounds: Size, *, name: str | None = None, limits: Limits = Limits()) -> U8:
    """A small picture for the first paint: (h, w, 4) BGRA, sRGB, upright, alpha straight.

    Its size has the photograph's aspect and is about what fits into `bounds`. JPEG is decoded at a half, a
    quarter or an eighth of its size.

    Raises:
        PhotographError: as `load_photograph`.
    """
    called = name or source_name(source)
    data = read_source(source, called, limits)
    with telling(called):
        header = read_header(data, limits)
        factor = _factor(header, bounds)
        wanted = header.size.fitted_into(bounds)
        if factor == 1:
            return _reduced(to_working(_photograph(data, header, called, None)), wanted)
        pixels = decode_reduced(data, factor, _components(header) == 1)
        return _bgra_of(_reduced(as_u8(upright(pixels, header.orientation)), wanted), header.icc)


def load_photograph(
    source: Source,
    *,
    name: str | None = None,
    limits: Limits = Limits(),
    cancel: CancelToken | None = None,
) -> Photograph:
    """Decode a photograph whole: upright, in its own channels, depth and colour space, with its metadata.

    Blocks for the time of a decode; call it in a worker. `name` replaces the file's name in what is told.

    Raises:
        PhotographError: no usable picture; the message names the file and the reason.
        Cancelled: `cancel` was cancelled.
    """
    called = name or source_name(source)
    data = read_source(source, called, limits)
    with telling(called):
        header = read_header(data, limits)
        return _photograph(data, header, called, cancel)


def _photograph(data: bytes, header: Header, name: str, cancel: CancelToken | None) -> Photograph:
    if cancel is not None:
        cancel.check()
    raster = decode(data, header)
    if cancel is not None:
        cancel.check()
    notes = header.notes + raster.notes
    channels = Channels.of(raster.pixels)
    icc = None if raster.drops_icc else header.icc
    space = ColourSpace(icc, channels)
    if space.state is ProfileState.UNREADABLE:
        icc = None
        notes = (*notes, tr("Its colour profile could not be used; sRGB was taken in its place."))
    elif space.state is ProfileState.ONE_WAY:
        notes = (*notes, tr("Its colour profile cannot be converted into; colours are shown without it."))
    metadata = Metadata(icc, header.exif, header.xmp, header.dpi)
    if channels is Channels.RGB and raster.pixels.dtype == np.uint8 and space.is_srgb:
        return from_bgra(_bgra(raster, cancel), metadata, name, header.format, notes)
    samples = _in_rgb_order(raster)
    samples.flags.writeable = False
    return Photograph(samples, channels, metadata, name, header.format, notes)


def _bgra(raster: Raster, cancel: CancelToken | None) -> U8:
    """Opaque BGRA of an 8-bit RGB or BGR raster, slice by slice."""
    height, width = raster.pixels.shape[:2]
    order = cv2.COLOR_BGR2BGRA if raster.is_bgr else cv2.COLOR_RGB2BGRA
    target = np.empty((height, width, 4), np.uint8)
    for top in range(0, height, _ROWS):
        if cancel is not None:
            cancel.check()
        cv2.cvtColor(raster.pixels[top : top + _ROWS], order, dst=target[top : top + _ROWS])
    return target


def _in_rgb_order(raster: Raster) -> Samples:
    if raster.is_bgr:
        return as_samples(cv2.cvtColor(raster.pixels, cv2.COLOR_BGR2RGB))
    return raster.pixels


def _reduced(pixels: U8, wanted: Size) -> U8:
    """`pixels` at the `wanted` size where they are larger, before the conversions that cost by the pixel."""
    if pixels.shape[1] <= wanted.width or pixels.shape[0] <= wanted.height:
        return pixels
    return as_u8(cv2.resize(pixels, (wanted.width, wanted.height), interpolation=cv2.INTER_AREA))


def _bgra_of(pixels: U8, icc: bytes | None) -> U8:
    """The working picture of a reduced decode, (h, w) or (h, w, 3) BGR, in sRGB."""
    space = ColourSpace(icc, Channels.of(pixels))
    if space.is_srgb and pixels.ndim == 3:
        return as_u8(cv2.cvtColor(pixels, cv2.COLOR_BGR2BGRA))
    samples = pixels if pixels.ndim == 2 else as_u8(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))
    return as_u8(cv2.cvtColor(space.to_srgb(samples), cv2.COLOR_RGB2BGRA))


def _components(header: Header) -> int:
    """Of a JPEG; 0 for other formats."""
    return header.parsed.components if isinstance(header.parsed, JpegFile) else 0


def _is_reducible(header: Header) -> bool:
    return _components(header) in (1, 3)


def _factor(header: Header, bounds: Size) -> int:
    """The strongest reduction whose result is still about as large as what fits into `bounds`."""
    if not _is_reducible(header):
        return 1
    wanted = header.size.fitted_into(bounds)
    for factor in _FACTORS:
        if header.size.width >= factor * wanted.width * _ENOUGH and header.size.height >= (
            factor * wanted.height * _ENOUGH
        ):
            return factor
    return 1


__all__ = ["Limits", "PhotographInfo", "load_photograph", "load_preview", "probe"]
