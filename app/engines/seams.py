"""Closes the slight step that can remain along a hole's edge; it shows on smooth and out-of-focus ground.

Both sides are led to the edge by the straight line through two strips beside it. Their gap, as far as it is
slow along the edge and more than the texture there explains, is taken off the fill and fades inwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from app.imaging.arrays import F32, U8, Bool
from app.imaging.masks import bounds, size_of
from app.imaging.spread import as_f32

TOLERANCE = 16.0
"""Levels. A step far above it is where two things meet, and no seam."""
STRIP_PX = 3.0
FADE_PX = 18.0
"""How deep the correction reaches."""
SLOW_PX = 6.0
"""Sigma along the edge of what counts as slow."""
_LEAST_SHARE = 0.02
"""Of what is seen around a pixel, that must lie in the strips for them to tell anything."""
_NEARLY_NOTHING = 1e-3


def close_seam(filled: U8, hole: U8) -> U8:
    """`filled` (h, w, 3) without a step at the edge of `hole` (h, w, > 0); outside bit for bit the same."""
    area = bounds(hole).expanded(round(2 * STRIP_PX) + 1).intersected(size_of(hole).rect)
    inside = hole[area.slices] > 0
    if inside.all():
        return filled
    picture = filled[area.slices].astype(np.float32)
    depth = _depth(inside)
    ours = _led_to_edge(picture, depth)
    theirs = _led_to_edge(picture, _depth(~inside))
    step = ours.value - theirs.value
    size = np.abs(step).max(axis=2)
    explained = (ours.variance + theirs.variance) / np.maximum(np.square(size), _NEARLY_NOTHING)
    trust = np.exp(-np.square(size / TOLERANCE)) * np.clip(1.0 - explained, 0.0, 1.0)
    trust[np.minimum(ours.share, theirs.share) < _LEAST_SHARE] = 0.0
    fade = np.square(np.clip(1.0 - depth / FADE_PX, 0.0, 1.0))
    correction = step * (trust * fade)[..., None]
    result = filled.copy()
    corrected = np.rint(picture[inside] - correction[inside])
    result[area.slices][inside] = np.clip(corrected, 0, 255).astype(np.uint8)
    return result


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """What one side foretells for the edge nearest to each pixel."""

    value: F32
    """(h, w, 3) levels."""
    variance: F32
    """(h, w): of `value`, from the texture in the strip."""
    share: F32
    """(h, w): how much of the strip is near."""


def _led_to_edge(picture: F32, depth: F32) -> _Side:
    near = ((depth > 0) & (depth <= STRIP_PX)).astype(np.float32)
    far = ((depth > STRIP_PX) & (depth <= 2 * STRIP_PX)).astype(np.float32)
    first, share = _mean(picture, near)
    second, _ = _mean(picture, far)
    rest = (picture.mean(axis=2) - first.mean(axis=2))[..., None]
    spread, _ = _mean(as_f32(np.square(rest)), near)
    # The strips' middles lie half a strip and one and a half inside: the line through them meets the edge here.
    value = 1.5 * first - 0.5 * second
    samples = np.maximum(share * (4.0 * np.pi * SLOW_PX**2), 1.0)
    return _Side(as_f32(value), as_f32(4.0 * spread[..., 0] / samples), share)


def _mean(values: F32, weight: F32) -> tuple[F32, F32]:
    """The mean of `values` (h, w, c) around each pixel, weighted by `weight` (h, w), and the weight there."""
    mass = as_f32(cv2.GaussianBlur(weight, (0, 0), SLOW_PX))
    total = cv2.GaussianBlur(as_f32(values * weight[..., None]), (0, 0), SLOW_PX).reshape(values.shape)
    return as_f32(total / np.maximum(mass, _NEARLY_NOTHING)[..., None]), mass


def _depth(where: Bool) -> F32:
    """For each pixel of `where` how far from the others it lies; 0 for those."""
    return as_f32(cv2.distanceTransform(where.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5))
