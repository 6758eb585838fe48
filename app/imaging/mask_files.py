"""Masks as files: reading any picture as coverage, and writing coverage as a PNG in any convention."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from app.base.errors import MaskError, OutputError, PhotographError, from_os_error
from app.base.files import write_atomically
from app.base.geometry import Size
from app.base.states import MaskConvention
from app.base.text import tr
from app.imaging.arrays import U8, Samples, as_u8, to_eight_bits
from app.imaging.codecs import encode_png
from app.imaging.load import load_photograph
from app.imaging.masks import invert as inverted
from app.imaging.photograph import Channels, Photograph
from app.imaging.sources import Source


def load_mask(
    source: Source,
    size: Size,
    convention: MaskConvention | None = None,
    invert: bool = False,
    *,
    name: str | None = None,
) -> U8:
    """Coverage (H, W), 255 = edit, of a mask file for a picture of `size`.

    Without a convention transparent means edit where alpha varies, else white does. Colour profiles play no
    part: a mask is numbers. White counts as far as it is opaque.

    Raises:
        ValueError: the convention is IGNORED, which says nothing about a file.
        MaskError: no usable picture, another size, no transparency where it is asked for, or nothing to edit.
    """
    if convention is MaskConvention.IGNORED:
        raise ValueError("a mask file is never ignored")
    try:
        photograph = load_photograph(source, name=name)
    except PhotographError as error:
        raise MaskError(error.message, error.hint, details=error.details) from error
    check_size(photograph.name, photograph.samples, size)
    coverage = _coverage(photograph, convention)
    if invert:
        coverage = inverted(coverage)
    if not coverage.any():
        raise MaskError(
            tr("“{name}”: the mask marks nothing to edit.", name=photograph.name),
            tr("Invert it, or say which pixels of it mean edit."),
        )
    return coverage


def check_size(name: str, mask: Samples, size: Size) -> None:
    """Raise `MaskError` when the mask called `name`, (H, W) or (H, W, C), is of another size than the picture."""
    height, width = mask.shape[:2]
    if (width, height) != (size.width, size.height):
        raise MaskError(
            tr(
                "“{name}”: the mask has {mask} pixels, the picture {picture}.",
                name=name,
                mask=f"{width} × {height}",
                picture=f"{size.width} × {size.height}",
            ),
            tr("Use a mask of the picture's own size."),
        )


def _coverage(photograph: Photograph, convention: MaskConvention | None) -> U8:
    values = to_eight_bits(photograph.samples)
    alpha = as_u8(np.ascontiguousarray(values[..., -1])) if photograph.has_alpha else None
    if convention is None:
        varies = alpha is not None and alpha.min() != alpha.max()
        convention = MaskConvention.TRANSPARENT if varies else MaskConvention.WHITE
    if convention is MaskConvention.WHITE:
        lightness = _lightness(values, photograph.channels)
        if alpha is None:
            return lightness
        return as_u8(cv2.multiply(lightness, alpha, scale=1 / 255))
    if alpha is None:
        raise MaskError(
            tr("“{name}”: the mask has no transparency.", name=photograph.name),
            tr("Use a file with an alpha channel, or the convention “white”."),
        )
    return alpha if convention is MaskConvention.OPAQUE else inverted(alpha)


def _lightness(values: U8, channels: Channels) -> U8:
    if values.ndim == 2:
        return values.copy()
    if channels.is_gray:
        return as_u8(np.ascontiguousarray(values[..., 0]))
    return as_u8(cv2.cvtColor(np.ascontiguousarray(values[..., :3]), cv2.COLOR_RGB2GRAY))


def save_mask(coverage: U8, path: Path, convention: MaskConvention = MaskConvention.WHITE) -> None:
    """Write coverage (H, W) as a PNG in one step: grey, or with an alpha channel where the convention has one.

    The colours beside an alpha channel are the grey picture, for programs that look at nothing else.

    Raises:
        ValueError: the convention is IGNORED, which says nothing about a file.
        OutputError: the name has another ending than .png, or the file cannot be written.
    """
    if path.suffix.lower() != ".png":
        raise OutputError(tr("“{name}”: masks are written as PNG.", name=path.name), tr("End it in .png."))
    data = encode_png(_picture(coverage, convention), level=6)
    try:
        write_atomically(path, lambda file: file.write(data))
    except OSError as error:
        raise from_os_error(error, path.name, kind=OutputError) from error


def _picture(coverage: U8, convention: MaskConvention) -> U8:
    match convention:
        case MaskConvention.WHITE:
            return coverage
        case MaskConvention.TRANSPARENT:
            return np.dstack((coverage, coverage, coverage, inverted(coverage)))
        case MaskConvention.OPAQUE:
            return np.dstack((coverage, coverage, coverage, coverage))
        case MaskConvention.IGNORED:
            raise ValueError("a mask file is never ignored")
