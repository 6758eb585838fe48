"""Whether a picture that came back stands where it was cut from, and if not, how it lies: one affine map.

Coordinates are continuous: the first pixel's centre is at 0.5. A map takes a place in the document's plane to
the place in the reply's plane that shows the same.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from app.base.cancel import CancelToken
from app.imaging.arrays import F32, Bool
from app.imaging.spread import as_f32, blurred

Affine = NDArray[np.float64]
"""(3, 3), the last row 0 0 1."""

LEVELS = (256, 1024)
"""Long sides at which the fit is made, one after the other."""
ROUNDS = 60
LEAST_AGREEMENT = 0.5
"""Correlation below which the two pictures do not show the same."""
SURE_AGREEMENT = 0.97
MOST_SHIFT, MOST_SCALE = 0.03, 0.04
"""Share of the long side, and of the size: what a model may do by mistake."""
SURE_SHIFT, SURE_SCALE = 0.08, 0.15
"""The same where the agreement is beyond doubt."""
LEAST_GAIN = 0.02
"""By how much the misfit of fine detail must fall."""
DETAIL_SIGMA = 3.0
FINE_SIGMA = 4.0
"""What is coarser has no say in the last fit."""


def register(document: F32, reply: F32, unmasked: Bool, cancel: CancelToken | None = None) -> Affine | None:
    """The map from `document` to `reply`, both luma (h, w), judged where `unmasked` (h, w); None: none helps.

    ECC (Evangelidis and Psarakis, 2008). OpenCV masks its input picture and not the template, so the reply
    is the template: otherwise an object that the edit removed would pull the fit.

    Raises:
        Cancelled: `cancel` was cancelled.
    """
    long_side = max(document.shape)
    found = np.eye(3)
    agreement = 0.0
    for level in LEVELS:
        if level >= 2 * long_side and level != LEVELS[0]:
            break
        if cancel is not None:
            cancel.check()
        factor = min(1.0, level / long_side)
        step = _fit(document, reply, unmasked, found, factor)
        if step is None:
            return None
        found, agreement = step
    if cancel is not None:
        cancel.check()
    if not _is_plausible(found, agreement, document.shape):
        return None
    found, after = _refined(document, reply, unmasked, found)
    return found if after <= (1 - LEAST_GAIN) * misfit(document, reply, unmasked) else None


def _refined(document: F32, reply: F32, unmasked: Bool, found: Affine) -> tuple[Affine, float]:
    """`found` fitted to detail alone, where that is better, and the misfit that is left.

    A lighting that changes over the picture pulls whole luma along its slope; detail does not know it.
    """
    left = misfit(document, warped(reply, found), unmasked)
    factor = min(1.0, LEVELS[-1] / max(document.shape))
    one, other = (as_f32(plane - blurred(plane, FINE_SIGMA)) for plane in (document, reply))
    step = _fit(one, other, unmasked, found, factor)
    if step is None or not _is_plausible(step[0], SURE_AGREEMENT, document.shape):
        return found, left
    fine_left = misfit(document, warped(reply, step[0]), unmasked)
    return (step[0], fine_left) if fine_left < left else (found, left)


def warped(plane: F32, found: Affine, outside: float | None = None) -> F32:
    """`plane` (h, w) or (h, w, n) seen through the map `found`, at the same size.

    Beyond its border there is its mirror image, or the value `outside`.
    """
    height, width = plane.shape[:2]
    index = _shifted(found, -0.5)[:2]
    flags = cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP
    if outside is not None:
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return as_f32(cv2.warpAffine(plane, index, (width, height), flags=flags, borderValue=(outside,)))
    return as_f32(cv2.warpAffine(plane, index, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT))


def misfit(document: F32, reply: F32, where: Bool) -> float:
    """Mean |difference| of the fine detail of two luma planes (h, w): what a drift of tone does not touch."""
    difference = document - reply
    return float(np.abs(difference - blurred(difference, DETAIL_SIGMA))[where].mean())


def likeness(document: F32, reply: F32, where: Bool) -> float:
    """Correlation (-1 to 1) of the fine detail of two luma planes (h, w); 0 where there is none."""
    one, other = ((plane - blurred(plane, DETAIL_SIGMA))[where] for plane in (document, reply))
    norm = float(np.linalg.norm(one)) * float(np.linalg.norm(other))
    return float(np.dot(one, other)) / norm if norm > 0 else 0.0


def _fit(
    document: F32, reply: F32, unmasked: Bool, start: Affine, factor: float
) -> tuple[Affine, float] | None:
    """One level of the fit from `start`; None where the pictures give it nothing to hold on to."""
    size = (max(8, round(document.shape[1] * factor)), max(8, round(document.shape[0] * factor)))
    scale = np.diag([size[0] / document.shape[1], size[1] / document.shape[0], 1.0])
    template = _resized(reply, size)
    moving = _resized(document, size)
    mask = cv2.resize(unmasked.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA)
    mask = (np.asarray(mask) == 255).astype(np.uint8)
    guess = scale @ np.linalg.inv(start) @ np.linalg.inv(scale)
    matrix = as_f32(_shifted(guess, -0.5)[:2]).copy()
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, ROUNDS, 1e-6)
    try:
        agreement, matrix_found = cv2.findTransformECC(
            template, moving, matrix, cv2.MOTION_AFFINE, criteria, mask, 5
        )
    except cv2.error:
        return None
    full = np.vstack((np.asarray(matrix_found, np.float64), [0, 0, 1]))
    back = np.linalg.inv(scale) @ _shifted(full, 0.5) @ scale
    if not np.isfinite(back).all() or abs(np.linalg.det(back)) < 0.25:
        return None
    return np.asarray(np.linalg.inv(back), np.float64), float(agreement)


def _resized(plane: F32, size: tuple[int, int]) -> F32:
    if plane.shape == (size[1], size[0]):
        return plane
    return as_f32(cv2.resize(plane, size, interpolation=cv2.INTER_AREA))


def _shifted(matrix: Affine, by: float) -> Affine:
    """The same map between coordinates whose origin is moved by `by` px (±0.5: pixel indices)."""
    there = np.array([[1, 0, by], [0, 1, by], [0, 0, 1]])
    return np.asarray(there @ matrix @ np.linalg.inv(there), np.float64)


def _is_plausible(found: Affine, agreement: float, shape: tuple[int, ...]) -> bool:
    if agreement < LEAST_AGREEMENT:
        return False
    sure = agreement >= SURE_AGREEMENT
    most_shift = (SURE_SHIFT if sure else MOST_SHIFT) * max(shape)
    most_scale = SURE_SCALE if sure else MOST_SCALE
    centre = np.array([shape[1] / 2, shape[0] / 2, 1.0])
    shift = np.hypot(*(found @ centre - centre)[:2])
    return bool(shift <= most_shift and np.abs(found[:2, :2] - np.eye(2)).max() <= most_scale)
