"""Where a reply shows what the photograph shows: there the photograph's own pixels serve, with their own grain.

A wide soft edge hides any seam, but lets what the edit removed shine through. So the edge is only wide where
both pictures agree as well inside the mask as they do outside of it, and what shines through is the same.
"""

from __future__ import annotations

import cv2
import numpy as np

from app.imaging.arrays import F32, Bool
from app.imaging.spread import as_f32, blurred, smoothed

SIGMA = 3.0
"""Pixels over which the pictures are compared."""
SURE, NEVER = 2.0, 3.0
"""Difference, in times of that outside, up to which two pictures are the same, and from which they differ."""
MOST_NOISE = 8.0
"""Levels: a larger difference outside does not excuse one inside."""
SURE_TONE, NEVER_TONE = 1.5, 4.0
"""The same for the mean difference, which keeps its sign: levels."""
TONE_SIGMA = 4.0
CLEARLY, MOST_CLEARLY = 5.0, 20.0
"""Times the usual difference, and levels at most, from which a pixel is beyond doubt another thing."""
CLOSE_SIGMA = 1.5


def agreement(document: F32, reply: F32, mask: Bool, around: Bool) -> F32:
    """How far `reply` shows what `document` shows, both (h, w, 3): 1 the same, 0 another thing; (h, w).

    `around` (h, w) are pixels outside the `mask` near its edge, by which the usual difference is known.
    """
    if not around.any():
        return np.zeros(mask.shape, np.float32)
    difference = reply - document
    mean = np.full((1, 3), 1 / 3, np.float32)
    apart = np.sqrt(blurred(as_f32(cv2.transform(difference * difference, mean)), SIGMA))
    apart /= np.float32(np.clip(np.median(apart[around]), 1.0, MOST_NOISE))
    tone = np.abs(blurred(difference, TONE_SIGMA)).max(axis=2)
    same = np.clip((NEVER - apart) / (NEVER - SURE), 0, 1)
    same *= np.clip((NEVER_TONE - tone) / (NEVER_TONE - SURE_TONE), 0, 1)
    # One pixel that differs makes its surroundings differ: a thin line must not be eaten at its edges.
    low = cv2.erode(as_f32(same), np.ones((5, 5), np.uint8))
    return blurred(as_f32(low), SIGMA)


def agreement_close(document: F32, reply: F32, mask: Bool, around: Bool) -> F32:
    """As `agreement`, up to 2 px from what clearly differs: for the margin by which a mask was grown.

    It looks less far, so a faint difference that `agreement` would see may pass: use it near the edge only.
    """
    if not around.any():
        return np.zeros(mask.shape, np.float32)
    difference = reply - document
    apart = np.sqrt(np.square(difference).mean(axis=2))
    usual = max(1.0, float(np.median(apart[around])))
    differs = mask & (apart > min(CLEARLY * usual, MOST_CLEARLY))
    distance = as_f32(cv2.distanceTransform((~differs).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE))
    tone, _ground = smoothed(difference, as_f32(~differs), CLOSE_SIGMA)
    off = np.abs(tone).max(axis=2)
    off /= np.float32(np.clip(np.median(off[around]), 1.0, MOST_NOISE / 2))
    same = np.clip((NEVER_TONE - off) / (NEVER_TONE - SURE_TONE), 0, 1) * np.clip((distance - 1) / 2, 0, 1)
    return as_f32(same)
