"""The last difference of tone at a mask's edge, carried smoothly into the mask.

It uses no pixel of the document from inside the mask, so that what the edit removed can never shine through:
the reason why it stands here in the place of a wide feather, of a pyramid or of Poisson blending.
"""

from __future__ import annotations

import cv2
import numpy as np

from app.imaging.arrays import F32, Bool
from app.imaging.spread import as_f32, smoothed, spread

BAND = 12
"""Pixels outside the mask that tell the difference."""
OUTLIER = 6.0
"""Deviations (of the median kind) beyond which a pixel does not vote."""
SMOOTH = 3.0
SWEEPS = 60
MOST_SPREAD = 30.0
"""Deviation of the differences, in levels, beyond which the two pictures do not show the same."""
MOST_TONE = 48.0
"""Levels of difference beyond which it is no drift, but another thing."""
LEAST_BAND = 32
"""Pixels of the band below which nothing can be told."""


def membrane(document: F32, reply: F32, mask: Bool, edited: Bool) -> F32 | None:
    """What to add to `reply` (h, w, 3) so that it meets `document` at the edge of `mask` (h, w): (h, w, 3).

    In `edited` (h, w) the two may show different things, so nothing there counts, in `mask` or not.
    None where the mask has too little surroundings.
    """
    away = as_f32(cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE))
    band = (away > 0) & (away <= BAND) & ~edited
    if np.count_nonzero(band) < LEAST_BAND:
        return None
    difference = as_f32(document - reply)
    inside = difference[band]
    middle = np.median(inside, axis=0)
    spread_of = np.median(np.abs(inside - middle), axis=0) * 1.4826
    if spread_of.max() > MOST_SPREAD or np.abs(middle).max() > MOST_TONE:
        return None
    votes = (np.abs(difference - middle) <= OUTLIER * np.maximum(spread_of, 1.0)).all(axis=2)
    weight = as_f32(np.where(band & votes, 1.0 / (1.0 + np.square(away / 6.0)), 0.0))
    calm, ground = smoothed(difference, weight, SMOOTH)
    known = as_f32((ground > 0.02) & ~mask & ~edited)
    field = spread(calm, known)
    return _relaxed(field, known)


def _relaxed(field: F32, known: F32) -> F32:
    """Jacobi's sweeps towards Laplace's equation where `field` is not known, from coarse to fine."""
    kernel = np.array([[0, 0.25, 0], [0.25, 0, 0.25], [0, 0.25, 0]], np.float32)
    free = (1 - known)[..., np.newaxis]
    for _sweep in range(SWEEPS):
        means = as_f32(cv2.filter2D(field, -1, kernel, borderType=cv2.BORDER_REPLICATE))
        field = field + (means - field) * free
    return as_f32(field)
