"""Reading a picture through a map, once: from its own grid straight to the grid where it is wanted.

Each resampling costs sharpness, and a second one by a fraction of a pixel most of all. So every step that
moves a picture only changes the map, and the pixels are read when all is known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from app.base.cancel import CancelToken
from app.base.geometry import Rect, Size
from app.imaging.arrays import F32, U8, Bool
from app.imaging.registration import Affine
from app.imaging.spread import as_f32

ROWS = 256
"""Rows that are read at a time: bounds the memory, and polls for cancelling."""
FINER = 1.25
"""Pixels of the picture per wanted pixel from which on they are averaged, not only sampled."""
SLACK = 2.0
"""Pixels beyond the picture's border where its mirror image will do."""


@dataclass(frozen=True, slots=True, eq=False)
class Warp:
    """Where each place of a plane of `size` looks in a picture; continuous coordinates, x before y."""

    size: Size
    matrix: Affine
    field: F32 | None = None
    """(h, w, 2) of any size: what is added to a place, in pixels of the plane, before the matrix."""

    @property
    def density(self) -> float:
        """Pixels of the picture per pixel of the plane, along a side."""
        return math.sqrt(abs(float(np.linalg.det(self.matrix[:2, :2]))))

    def places(self, rows: Rect, finer: int = 1) -> tuple[F32, F32]:
        """x and y in the picture, as pixel indices, of the pixels in `rows`; `finer` times as many a side."""
        step = 1.0 / finer
        x = as_f32(rows.x + (np.arange(rows.width * finer) + 0.5) * step)[np.newaxis]
        y = as_f32(rows.y + (np.arange(rows.height * finer) + 0.5) * step)[:, np.newaxis]
        if self.field is not None:
            moved = self._field(rows, finer)
            x, y = x + moved[..., 0], y + moved[..., 1]
        m = self.matrix.astype(np.float32)
        to_x = m[0, 0] * x + m[0, 1] * y + (m[0, 2] - np.float32(0.5))
        to_y = m[1, 0] * x + m[1, 1] * y + (m[1, 2] - np.float32(0.5))
        return as_f32(to_x), as_f32(to_y)

    def _field(self, rows: Rect, finer: int) -> F32:
        """The field's values at the pixels of `rows`, (h, w, 2)."""
        assert self.field is not None
        height, width = self.field.shape[:2]
        scale_x, scale_y = width / self.size.width / finer, height / self.size.height / finer
        turn = np.array(
            [
                [scale_x, 0, rows.x * scale_x * finer + 0.5 * scale_x - 0.5],
                [0, scale_y, rows.y * scale_y * finer + 0.5 * scale_y - 0.5],
            ]
        )
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        size = (rows.width * finer, rows.height * finer)
        return as_f32(cv2.warpAffine(self.field, turn, size, flags=flags, borderMode=cv2.BORDER_REPLICATE))


def read_through(picture: U8, warp: Warp, cancel: CancelToken | None = None) -> tuple[U8, Bool | None]:
    """`picture` (H, W, 3) or (H, W, 4) seen through `warp`: (h, w, 3|4), and where it is not covered by it.

    Lanczos; alpha weights the colours. The second is (h, w), None where all is covered.

    Raises:
        Cancelled: `cancel` was cancelled.
    """
    size = warp.size
    channels = picture.shape[2]
    source = _premultiplied(picture) if channels == 4 else picture
    result = np.empty((size.height, size.width, channels), np.uint8)
    bare = np.zeros((size.height, size.width), np.bool_)
    finer = math.ceil(warp.density) if warp.density > FINER else 1
    for top in range(0, size.height, ROWS):
        if cancel is not None:
            cancel.check()
        rows = Rect(0, top, size.width, min(ROWS, size.height - top))
        x, y = warp.places(rows, finer)
        read = cv2.remap(source, x, y, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REFLECT)
        if finer > 1:
            read = cv2.resize(read, (rows.width, rows.height), interpolation=cv2.INTER_AREA)
        result[rows.slices] = _straight(as_f32(read)) if channels == 4 else read
        outside = (
            (x < -SLACK)
            | (y < -SLACK)
            | (x > picture.shape[1] - 1 + SLACK)
            | (y > picture.shape[0] - 1 + SLACK)
        )
        bare[rows.slices] = outside[::finer, ::finer]
    return result, bare if bare.any() else None


def _premultiplied(picture: U8) -> F32:
    values = picture.astype(np.float32)
    values[..., :3] *= values[..., 3:] / np.float32(255)
    return values


def _straight(values: F32) -> U8:
    alpha = np.clip(values[..., 3:], 0, 255)
    values[..., :3] *= np.float32(255) / np.maximum(alpha, 0.5)
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
