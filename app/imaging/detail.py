"""What a picture that was sent smaller than it is lost of the photograph's sharpness, given back."""

from __future__ import annotations

import math

import cv2
import numpy as np

from app.base.cancel import CancelToken
from app.base.geometry import Size
from app.imaging.arrays import F32, U8, Bool, as_u8
from app.imaging.grain import missing_grain, texture_energy, weight_for
from app.imaging.likeness import carry_detail, find_matches
from app.imaging.masks import size_of
from app.imaging.recipe import Detail
from app.imaging.resample import reduce_coverage, resize_picture
from app.imaging.spread import as_f32

LARGEST = 1_000_000
"""Pixels at which likeness is searched."""
MOST_HOLE = 0.9
"""Share of the picture that may be new: what is left must be enough to learn from."""
NEAR = 0.85
"""Share of a texture's own strength that must be expected for it to be believed."""
MOST_GAIN, NEAR_BY = 1.25, 32
"""Times the sharpness lost around the mask that may be given back inside; and how far around, in pixels."""
FULL_SIZE = 0.95
"""Scale of the sending from which on nothing was lost that detail could be taken for."""


def with_detail(
    pixels: U8, document: U8, new: Bool, scale: float, how: Detail, cancel: CancelToken | None = None
) -> U8:
    """`pixels` (h, w, 3) with more fine detail where they are `new` (h, w), learnt from `document` elsewhere.

    `scale` (<= 1) is how much smaller they were sent. The same arguments give the same bytes.

    Raises:
        Cancelled: `cancel` was cancelled.
    """
    if how is Detail.OFF or not new.any() or np.count_nonzero(new) > MOST_HOLE * new.size:
        return pixels
    plain = as_f32(pixels)
    grain = missing_grain(plain, as_f32(document), ~new, scale)
    grain = as_f32(grain * _bound(plain, grain, as_f32(document), new))
    sharp = as_f32(plain + grain[..., np.newaxis])
    if how is Detail.TEXTURE and scale < FULL_SIZE:
        textured = as_f32(_with_texture(pixels, document, new, scale, cancel))
        sharp = _as_strong(plain, textured, grain, new, texture_energy(sharp, new))
    result = pixels.copy()
    result[new] = np.clip(np.rint(sharp[new]), 0, 255).astype(np.uint8)
    return result


def _bound(plain: F32, grain: F32, document: F32, new: Bool) -> float:
    """The weight (0–1) that keeps `grain` near what `plain` lost: as much, in proportion, as it lost around."""
    reach = 2 * NEAR_BY + 1
    around = (cv2.dilate(new.astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0) & ~new
    lost = texture_energy(document, around) / max(texture_energy(plain, around), 1e-3)
    most = MOST_GAIN * max(1.0, lost) * texture_energy(plain, new)
    if texture_energy(as_f32(plain + grain[..., np.newaxis]), new) <= most:
        return 1.0
    return min(1.0, weight_for(plain, grain, new, most))


def _as_strong(plain: F32, textured: F32, grain: F32, new: Bool, wanted: float) -> F32:
    """`textured` with less of its texture, or with grain besides, where it is far from the `wanted` energy."""
    found = texture_energy(textured, new)
    if found < wanted:
        return as_f32(textured + weight_for(textured, grain, new, wanted) * grain[..., np.newaxis])
    if found > wanted / NEAR:
        low, high = 0.0, 1.0
        for _round in range(5):
            share = (low + high) / 2
            mixed = as_f32(plain + (textured - plain) * share)
            low, high = (share, high) if texture_energy(mixed, new) < wanted / NEAR else (low, share)
        return as_f32(plain + (textured - plain) * low)
    return textured


def _with_texture(pixels: U8, document: U8, new: Bool, scale: float, cancel: CancelToken | None) -> U8:
    """Every new place takes the lost detail of the known place that looks most alike at the reduced size."""
    hole = new.astype(np.uint8)
    full = size_of(hole)
    small = _scaled(full, min(scale, math.sqrt(LARGEST / full.area)))
    joined = np.where(new[..., np.newaxis], pixels, document)
    reduced = as_u8(cv2.resize(joined, (small.width, small.height), interpolation=cv2.INTER_AREA))
    matches = find_matches(reduced, reduce_coverage(hole, small), 0, cancel)
    if matches is None:
        return pixels
    soft = resize_picture(resize_picture(document, _scaled(full, scale)), full)
    result = pixels.copy()
    carry_detail(result, hole, document, soft, pixels, matches, small, cancel)
    return result


def _scaled(size: Size, scale: float) -> Size:
    return Size(max(1, round(size.width * scale)), max(1, round(size.height * scale)))
