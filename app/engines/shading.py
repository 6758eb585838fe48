"""Evens out the shading of a fill over smooth ground: sky, walls, skin, backdrops.

Patches that match well may still be a few levels lighter or darker than what they continue; together they
make clouds in a clear sky. Where the surroundings are smooth, the slow part of the fill is led back to what
the surroundings foretell. Texture and structures stay; on textured ground nothing happens.
"""

from __future__ import annotations

import cv2
import numpy as np

from app.imaging.arrays import F32, U8, Bool
from app.imaging.spread import as_f32

WORK_SIDE = 192
"""The slow part is handled at this size; it has nothing finer."""
TOLERANCE = 24.0
"""Levels. A deviation far above it is a structure and no shading."""
SLOW_PX = 3.0
"""Sigma of what counts as slow, in pixels of the reduced picture."""
CALM_SHARE = 0.35
"""The roughness of the surroundings is told by their calmer part; the rest may be other things."""
CALM_TO_SIGMA = 2.2
"""1 / the `CALM_SHARE` quantile of |N(0, 1)|."""
FEWEST_AROUND = 32
_NEARLY_NOTHING = 1e-3


def even_out(filled: U8, hole: U8) -> U8:
    """`filled` (h, w, 3) with its shading inside `hole` (h, w, > 0) corrected; outside bit for bit the same."""
    height, width = hole.shape
    scale = min(1.0, WORK_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    known = (hole == 0).astype(np.float32)
    share = as_f32(cv2.resize(known, size, interpolation=cv2.INTER_AREA))
    whole = as_f32(cv2.resize(filled.astype(np.float32), size, interpolation=cv2.INTER_AREA))
    seen = as_f32(cv2.resize(filled * known[..., None], size, interpolation=cv2.INTER_AREA))
    own = (whole - seen) / np.maximum(1.0 - share, _NEARLY_NOTHING)[..., None]
    seen /= np.maximum(share, _NEARLY_NOTHING)[..., None]
    correction = _correction(seen, as_f32(own), share)
    if correction is None:
        return filled
    full = cv2.resize(correction, (width, height), interpolation=cv2.INTER_LINEAR)
    result = filled.copy()
    where = hole > 0
    result[where] = np.clip(np.rint(filled[where] - full[where]), 0, 255).astype(np.uint8)
    return result


def _correction(seen: F32, own: F32, share: F32) -> F32 | None:
    """What to take off the fill, (h, w, 3) levels, from the reduced known part, fill, and known share."""
    inside, part = share < 0.5, share < 0.98
    if inside.all() or not inside.any():
        return None
    depth = float(cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5).max())
    away = cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    around = ~inside & (away <= max(6.0, depth))
    if np.count_nonzero(around) < FEWEST_AROUND:
        return None
    roughness = _roughness(seen, around, max(2.0, depth / 2.0))
    calm = CALM_TO_SIGMA * float(np.quantile(roughness[around], CALM_SHARE))
    # What stands out from the surroundings says nothing about the ground between.
    foretold = _membrane(seen, ~inside & ((roughness < 3.0 * calm + 2.0) | ~around))
    deviation = as_f32((own - foretold) * part[..., None])
    weight = part.astype(np.float32)
    size = np.abs(_blurred(deviation, weight, 0.8)).max(axis=2)
    slight = inside & (size < TOLERANCE)
    if not slight.any():
        return None
    usual = float(np.sqrt(np.square(size[slight]).mean()))
    gain = 1.0 - (calm / max(usual, _NEARLY_NOTHING)) ** 2
    if gain <= 0.0:
        return None
    shading = as_f32(np.exp(-np.square(size / TOLERANCE)) * weight)
    trust = _smooth(shading, SLOW_PX) / np.maximum(_smooth(weight, SLOW_PX), _NEARLY_NOTHING)
    return as_f32(_blurred(deviation, shading, SLOW_PX) * (gain * trust)[..., None])


def _roughness(values: F32, where: Bool, sigma: float) -> F32:
    """How far each pixel stands out from its surroundings of `sigma` px, slopes aside: (h, w) levels."""
    flat = values - _plane(values, where)
    return as_f32(np.abs(flat - _blurred(as_f32(flat), where.astype(np.float32), sigma)).max(axis=2))


def _plane(values: F32, where: Bool) -> F32:
    """The plane through `values` `where`, outliers left aside: (h, w, 3)."""
    rows, columns = np.nonzero(where)
    basis = np.stack((np.ones(len(rows)), columns, rows), axis=1)
    points = values[where].astype(np.float64)
    keep = np.ones(len(points), np.bool_)
    plane = np.zeros((3, 3))
    for _ in range(5):
        plane = np.asarray(np.linalg.lstsq(basis[keep], points[keep], rcond=None)[0], np.float64)
        miss = np.abs(points - basis @ plane).max(axis=1)
        keep = miss <= 2.0 * np.median(miss) + _NEARLY_NOTHING
    y, x = np.mgrid[: where.shape[0], : where.shape[1]][..., None]
    return as_f32(plane[0] + x * plane[1] + y * plane[2])


def _membrane(values: F32, known: Bool) -> F32:
    """`values` (h, w, 3) where `known`, spread smoothly over the rest.

    Push-pull (Gortler, Grzeszczuk, Szeliski, Cohen: The Lumigraph, SIGGRAPH 1996), smoothed at every level.
    """
    if known.all():
        return values
    height, width = known.shape
    weight = known.astype(np.float32)
    if max(height, width) <= 2 or not known.any():
        mean = (values * weight[..., None]).sum(axis=(0, 1)) / max(float(weight.sum()), _NEARLY_NOTHING)
        return np.where(known[..., None], values, as_f32(mean))
    half = ((width + 1) // 2, (height + 1) // 2)
    share = as_f32(cv2.resize(weight, half, interpolation=cv2.INTER_AREA))
    reduced = as_f32(cv2.resize(values * weight[..., None], half, interpolation=cv2.INTER_AREA))
    coarse = _membrane(
        as_f32(reduced / np.maximum(share, _NEARLY_NOTHING)[..., None]), share > _NEARLY_NOTHING
    )
    spread = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    result = np.where(known[..., None], values, as_f32(spread))
    for _ in range(12):
        result = np.where(known[..., None], values, as_f32(cv2.blur(result, (3, 3))))
    return result


def _blurred(values: F32, weight: F32, sigma: float) -> F32:
    """The mean of `values` (h, w, 3) around each pixel, weighted by `weight` (h, w)."""
    mass = np.maximum(_smooth(weight, sigma), _NEARLY_NOTHING)
    return as_f32(_smooth(as_f32(values * weight[..., None]), sigma) / mass[..., None])


def _smooth(plane: F32, sigma: float) -> F32:
    return as_f32(cv2.GaussianBlur(plane, (0, 0), sigma))
