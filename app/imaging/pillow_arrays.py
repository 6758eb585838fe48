"""Between numpy arrays and Pillow images, a few rows at a time.

Pillow copies pixels with the GIL held; in one piece that would freeze the window for every large photograph.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from app.imaging.arrays import U8, as_u8

_BYTES = 1 << 20
"""About how much is copied at a time: less than a millisecond."""


def to_array(image: Image.Image) -> U8:
    """The pixels of an image of mode L, LA, RGB or RGBA, as (H, W) or (H, W, 2–4)."""
    image.load()
    bands = len(image.getbands())
    height, width = image.height, image.width
    pixels = np.empty((height, width) if bands == 1 else (height, width, bands), np.uint8)
    rows = _rows(width * bands)
    for top in range(0, height, rows):
        strip = image.crop((0, top, width, min(top + rows, height)))
        pixels[top : top + rows] = np.asarray(strip)
    return as_u8(pixels)


def to_image(samples: U8) -> Image.Image:
    """An image of mode L, LA, RGB or RGBA with the samples (H, W) or (H, W, 2–4), strided views included."""
    height, width = samples.shape[:2]
    mode = ("L", "LA", "RGB", "RGBA")[(1 if samples.ndim == 2 else samples.shape[2]) - 1]
    image = Image.new(mode, (width, height))
    rows = _rows(samples[:1].nbytes)
    for top in range(0, height, rows):
        strip = np.ascontiguousarray(samples[top : top + rows])
        image.paste(Image.fromarray(strip), (0, top))
    return image


def _rows(bytes_a_row: int) -> int:
    return max(1, _BYTES // max(1, bytes_a_row))
