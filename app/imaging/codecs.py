"""Small pictures to bytes and back: what goes over the wire and into the history.

Files of the user go through `load` and `save`, which keep metadata; nothing here does.
"""

from __future__ import annotations

import numpy as np

from app.base.geometry import Size
from app.imaging import png_chunks
from app.imaging.arrays import U8, Samples, as_u8, joined
from app.imaging.colour import ColourSpace
from app.imaging.encoders import encode_jpeg, encode_webp
from app.imaging.load import Limits, load_photograph
from app.imaging.photograph import Metadata
from app.imaging.resample import resize_picture


def encode_png(array: Samples, level: int = 1) -> bytes:
    """A PNG without metadata of `array`: (H, W) or (H, W, 1–4) as L, LA, RGB or RGBA, 8 or 16 bits.

    `level` is zlib's effort, 0–9: 1 is nearly as small as 6 on photographs and several times as fast. Other
    threads run meanwhile.
    """
    samples = array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array
    return bytes(encode_png_quickly(samples, level=level))


def encode_png_quickly(samples: Samples, metadata: Metadata = Metadata(), level: int = 1) -> memoryview:
    """A PNG of (H, W) or (H, W, 2–4) as L, LA, RGB or RGBA, 8 or 16 bits, with everything in `metadata`.

    For a worker: other threads run meanwhile, which Pillow's and OpenCV's encoders do not allow.
    """
    return joined(png_chunks.png_parts(samples, metadata, level))


def encode_lossy(rgb: U8, media: str, quality: int) -> bytes:
    """A JPEG ("jpeg") or WebP ("webp") without metadata of `rgb`: (h, w, 3), for WebP also (h, w, 4).

    `quality` is 1–100. Alpha cannot go into a JPEG.
    """
    if media == "webp":
        return encode_webp(rgb, Metadata(), quality, lossless=False)
    return encode_jpeg(rgb, Metadata(), quality)


def decode_picture(data: bytes, max_pixels: int = 250_000_000, *, name: str | None = None) -> U8:
    """Any supported format by its first bytes, upright, as (h, w, 3) RGB or (h, w, 4) RGBA, sRGB, straight.

    `name` is what an error calls it.

    Raises:
        PhotographError: no usable picture, or of more than `max_pixels`.
    """
    photograph = load_photograph(data, name=name, limits=Limits(max_pixels=max_pixels))
    rgb = ColourSpace(photograph.metadata.icc, photograph.channels).to_srgb(photograph.samples)
    return as_u8(np.ascontiguousarray(rgb))


def thumbnail(rgb: U8, bounds: Size) -> bytes:
    """A PNG of `rgb` (h, w, 3 or 4) reduced to fit into `bounds`; never enlarged."""
    size = Size(rgb.shape[1], rgb.shape[0]).fitted_into(bounds)
    return encode_png(resize_picture(rgb, size), level=6)
