"""Other sizes of pictures and of coverage. Pure; each function says which way it errs."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.base.geometry import Size
from app.imaging.arrays import U8, as_u8
from app.imaging.masks import size_of


def resize_picture(rgb: U8, size: Size) -> U8:
    """`rgb` (h, w, 3) or (h, w, 4) with straight alpha at `size`, by Lanczos; values 0–255.

    Reduced by Pillow, which widens the kernel with the factor (no aliasing), enlarged by cv2, which is
    sharper. Pictures with alpha always go through Pillow: it weights colours by alpha.
    """
    height, width = rgb.shape[:2]
    if (width, height) == (size.width, size.height):
        return rgb.copy()
    target = (size.width, size.height)
    if rgb.shape[2] == 3 and size.width >= width and size.height >= height:
        return as_u8(cv2.resize(np.ascontiguousarray(rgb), target, interpolation=cv2.INTER_LANCZOS4))
    picture = Image.fromarray(np.ascontiguousarray(rgb))
    return np.array(picture.resize(target, Image.Resampling.LANCZOS), dtype=np.uint8)


def resize_part(picture: U8, box: tuple[float, float, float, float], size: Size) -> U8:
    """The part `box` (left, top, right, bottom, in pixels) of `picture` (h, w, 3|4) at `size`, by Lanczos.

    Taken bit by bit where that is the part's own size. What lies around the box serves as border, and alpha
    weights the colours.
    """
    left, top, right, bottom = box
    height, width = picture.shape[:2]
    if all(float(edge).is_integer() for edge in box):
        inner = picture[int(top) : int(bottom), int(left) : int(right)]
        if inner.shape[:2] == (size.height, size.width):
            return np.array(inner, order="C")
    whole = Image.fromarray(np.ascontiguousarray(picture))
    inside = (max(0.0, left), max(0.0, top), min(right, width), min(bottom, height))
    target = (size.width, size.height)
    # Far reductions take a whole factor by plain means first: several times as fast, and as good.
    part = whole.resize(target, Image.Resampling.LANCZOS, box=inside, reducing_gap=3.0)
    return np.array(part, dtype=np.uint8)


def reduce_coverage(coverage: U8, size: Size) -> U8:
    """Coverage at `size` by the maximum over all pixels that a target pixel touches.

    Any coverage > 0 survives as > 0, and what is fully covered stays fully covered. Enlarging works as well.
    """
    return _pool(_pool(coverage, size.height, axis=0), size.width, axis=1)


def _pool(plane: U8, length: int, axis: int) -> U8:
    """Maximum along `axis` over [floor(i * n / length), ceil((i + 1) * n / length)) for each i < length."""
    count = plane.shape[axis]
    if count == length:
        return plane.copy()
    steps = np.arange(length, dtype=np.int64)
    starts = steps * count // length
    ends = -(-(steps + 1) * count // length)
    # reduceat takes pairs [start, end); the row of zeros stands for an end behind the last one.
    edges = [(0, 0), (0, 0)]
    edges[axis] = (0, 1)
    pairs: NDArray[np.int64] = np.column_stack((starts, ends)).ravel()
    pooled = np.maximum.reduceat(np.pad(plane, edges), pairs, axis=axis)
    return as_u8(np.ascontiguousarray(pooled[::2] if axis == 0 else pooled[:, ::2]))


def resize_soft(coverage: U8, size: Size) -> U8:
    """Coverage at `size` as the mean over the area of each pixel (bilinear where enlarged)."""
    here = size_of(coverage)
    if here == size:
        return coverage.copy()
    shrinks = size.width <= here.width and size.height <= here.height
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return as_u8(cv2.resize(coverage, (size.width, size.height), interpolation=way))
