"""From samples and metadata to the bytes of a file, one function per format. Decides nothing: see `save`.

Samples are (H, W) or (H, W, 2–4) as L, LA, RGB or RGBA; strided views are fine.
"""

from __future__ import annotations

import io
import os
from typing import IO

import numpy as np

from app.imaging import png_chunks, tiff_pages
from app.imaging.arrays import U8, Samples, as_u8
from app.imaging.exif import PREFIX
from app.imaging.photograph import Metadata
from app.imaging.pillow_arrays import to_image

_FULL_COLOUR_FROM = 90
"""From this quality on colour has the same resolution as lightness (4:4:4)."""
_DEFLATE_LEVEL = 4
"""Of PNG and TIFF: 3 % larger than 6 on photographs, in less than half the time."""
_WEBP_METHOD = 4
_AVIF_SPEED = 6
_MAX_DENSITY = 65535


def encode_png_file(samples: Samples, metadata: Metadata) -> bytes:
    """PNG, 8 or 16 bits, with everything in `metadata`."""
    if samples.dtype == np.uint16:
        return png_chunks.encode_sixteen_bits(samples.astype(np.uint16, copy=False), metadata, _DEFLATE_LEVEL)
    file = io.BytesIO()
    to_image(as_u8(samples)).save(file, "PNG", compress_level=_DEFLATE_LEVEL)
    return png_chunks.with_metadata(file.getvalue(), metadata)


def encode_tiff(samples: Samples, metadata: Metadata) -> bytes:
    """TIFF with Deflate, 8 or 16 bits, with everything in `metadata`."""
    return tiff_pages.encode(samples, metadata, _DEFLATE_LEVEL)


def encode_jpeg(samples: U8, metadata: Metadata, quality: int) -> bytes:
    """Baseline JPEG of grey or RGB; EXIF and XMP must fit into a segment each."""
    dpi = metadata.dpi if metadata.dpi is not None and max(metadata.dpi) <= _MAX_DENSITY else None
    with _file_in_memory() as file:
        to_image(samples).save(
            file,
            "JPEG",
            quality=quality,
            subsampling="4:4:4" if quality >= _FULL_COLOUR_FROM else "4:2:0",
            icc_profile=metadata.icc,
            exif=PREFIX + metadata.exif if metadata.exif is not None else b"",
            xmp=metadata.xmp or b"",
            **({} if dpi is None else {"dpi": dpi}),
        )
        file.seek(0)
        return file.read()


def _file_in_memory() -> IO[bytes]:
    """A file of the system's own, in memory, where it has such: Pillow encodes into that without the GIL."""
    make = getattr(os, "memfd_create", None)
    return io.BytesIO() if make is None else os.fdopen(make("maskroom"), "w+b")


def encode_webp(samples: U8, metadata: Metadata, quality: int, lossless: bool) -> bytes:
    """WebP of RGB or RGBA; lossless keeps the colours of invisible pixels too."""
    file = io.BytesIO()
    to_image(samples).save(
        file,
        "WEBP",
        quality=quality,
        method=_WEBP_METHOD,
        lossless=lossless,
        exact=lossless,
        icc_profile=metadata.icc or b"",
        exif=metadata.exif or b"",
        xmp=metadata.xmp or b"",
    )
    return file.getvalue()


def encode_avif(samples: U8, metadata: Metadata, quality: int) -> bytes:
    """AVIF of grey, RGB or RGBA, 8 bits, full range."""
    file = io.BytesIO()
    if samples.ndim == 2:
        subsampling = "4:0:0"
    else:
        subsampling = "4:4:4" if quality >= _FULL_COLOUR_FROM else "4:2:0"
    to_image(samples).save(
        file,
        "AVIF",
        quality=quality,
        subsampling=subsampling,
        speed=_AVIF_SPEED,
        icc_profile=metadata.icc or b"",
        exif=metadata.exif or b"",
        xmp=metadata.xmp or b"",
    )
    return file.getvalue()
