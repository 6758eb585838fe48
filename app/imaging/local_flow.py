"""Small local displacements between two pictures that already lie on each other as a whole."""

from __future__ import annotations

import cv2
import numpy as np

from app.base.cancel import CancelToken
from app.imaging.arrays import F32, U8, Bool
from app.imaging.registration import likeness, misfit
from app.imaging.spread import as_f32, blurred, leaning, spread

SIGMA = 20.0
"""Smoothness of what the search found, in pixels of the plane that is judged."""
FINE_SIGMA = 14.0
"""The same for its refinement."""
ROUNDS = 4
DAMPING = np.float32(0.02)
"""Share of the mean texture below which a place says nothing of its own."""
LEAST_GAIN = 0.15
"""By how much the misfit near the mask must fall; less is noise that is fitted, and harms."""
NEAR = 64
"""Pixels around the mask that are judged."""
MARGIN = 6
"""Pixels around the mask where what is new in it may have pulled on what was found."""
MOST = 12.0
"""Pixels: larger displacements are no drift."""
DETAIL_SIGMA = 4.0
LEAST_LIKENESS = 0.3
"""Correlation of detail below which the two do not show the same, and bending would only smear."""
LEAST_SIDE = 32
COARSER = 4
"""The field is so smooth that it is kept at a fraction of the size."""


def local_flow(document: F32, reply: F32, unmasked: Bool, cancel: CancelToken | None = None) -> F32 | None:
    """Where `reply` shows what `document` shows, both luma (h, w): (h / 4, w / 4, 2) as x, y in pixels to add.

    Judged where `unmasked`; continued smoothly into the mask. None where it does not help by much.

    Raises:
        Cancelled: `cancel` was cancelled.
    """
    if min(document.shape) < LEAST_SIDE:
        return None
    away = as_f32(cv2.distanceTransform(unmasked.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5))
    near = unmasked & (away <= NEAR)
    if not near.any():
        return None
    limit = (1 - LEAST_GAIN) * misfit(document, reply, near)
    if likeness(document, reply, near) < LEAST_LIKENESS:
        return None
    field = _searched(document, reply, unmasked, away)
    if misfit(document, displaced(reply, field), near) > limit:
        return None
    for _round in range(ROUNDS):
        if cancel is not None:
            cancel.check()
        field = field + _step(document, displaced(reply, field), away)
    if misfit(document, displaced(reply, field), near) > limit:
        return None
    small = (-(-field.shape[1] // COARSER), -(-field.shape[0] // COARSER))
    return as_f32(cv2.resize(field, small, interpolation=cv2.INTER_AREA))


def _searched(document: F32, reply: F32, unmasked: Bool, away: F32) -> F32:
    """The displacements by dense inverse search (Kroeger et al., 2016), made smooth: (h, w, 2)."""
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    search.setFinestScale(1)
    search.setPatchSize(12)
    search.setPatchStride(4)
    search.setVariationalRefinementIterations(0)
    # What stands in the mask may be another thing in either: nothing of it may pull on what is around.
    known = as_f32(unmasked)
    one, other = (_bytes(spread(plane[..., np.newaxis], known)[..., 0]) for plane in (document, reply))
    flow = as_f32(search.calc(one, other, np.zeros((*document.shape, 2), np.float32)))
    trusted = (away > MARGIN) & (np.abs(flow).max(axis=2) < MOST)
    texture = blurred(np.square(document - blurred(document, 3.0)), 3.0)
    weight = as_f32(np.where(trusted, texture / (texture + 9.0), 0.0))
    height, width = document.shape
    small = (-(-width // COARSER), -(-height // COARSER))
    mass = as_f32(cv2.resize(weight, small, interpolation=cv2.INTER_AREA))
    total = as_f32(cv2.resize(flow * weight[..., np.newaxis], small, interpolation=cv2.INTER_AREA))
    mean = as_f32(total / np.maximum(mass, 1e-6)[..., np.newaxis])
    calm, ground = leaning(mean, mass, SIGMA / COARSER)
    field = blurred(spread(np.clip(calm, -MOST, MOST), as_f32(np.minimum(ground * 20, 1))), 2.0)
    return as_f32(cv2.resize(field, (width, height), interpolation=cv2.INTER_LINEAR))


def _step(document: F32, reply: F32, away: F32) -> F32:
    """What is still to be added, by the brightness that is left (Lucas and Kanade, 1981): (h, w, 2).

    Texture weighs by its direction: along an edge nothing is known, and the surroundings decide.
    """
    one, other = (plane - blurred(plane, DETAIL_SIGMA) for plane in (document, reply))
    mean = (one + other) / 2
    left = one - other
    along = as_f32(cv2.Sobel(mean, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8))
    down = as_f32(cv2.Sobel(mean, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8))
    known = away > MARGIN / 2
    usual = np.float32(np.percentile(np.abs(left[known]), 70) * 4.5 + 1.5) if known.any() else np.float32(1)
    weight = known / (1 + np.square(left / usual))
    tensor = blurred(
        as_f32(np.stack((weight * along * along, weight * along * down, weight * down * down), axis=2)),
        FINE_SIGMA,
    )
    pull = blurred(as_f32(np.stack((weight * along * left, weight * down * left), axis=2)), FINE_SIGMA)
    damping = DAMPING * (tensor[..., 0] + tensor[..., 2]).mean() + np.float32(1e-6)
    xx, xy, yy = tensor[..., 0] + damping, tensor[..., 1], tensor[..., 2] + damping
    determinant = xx * yy - xy * xy
    step = np.stack(
        (
            (yy * pull[..., 0] - xy * pull[..., 1]) / determinant,
            (xx * pull[..., 1] - xy * pull[..., 0]) / determinant,
        ),
        axis=2,
    )
    return blurred(as_f32(np.clip(step, -1, 1)), DETAIL_SIGMA)


def displaced(plane: F32, field: F32) -> F32:
    """`plane` (h, w[, n]) read at each pixel plus the `field` (any size, 2), which is in pixels of the plane."""
    height, width = plane.shape[:2]
    full = as_f32(cv2.resize(field, (width, height), interpolation=cv2.INTER_LINEAR))
    x = full[..., 0] + np.arange(width, dtype=np.float32)
    y = full[..., 1] + np.arange(height, dtype=np.float32)[:, np.newaxis]
    return as_f32(cv2.remap(plane, x, y, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REFLECT))


def _bytes(plane: F32) -> U8:
    return np.clip(np.rint(plane), 0, 255).astype(np.uint8)
