"""Two small pictures that show a mask convention: what was painted, and the mask as it would be sent."""

from __future__ import annotations

import cv2
import numpy as np

from app.base.geometry import Size
from app.base.states import MaskConvention
from app.gateways.encode import mask_picture
from app.imaging.arrays import U8
from app.session.mask_probe import probe_picture

SAMPLE = Size(132, 88)
TINT = (255, 0, 80)
SHARE = 0.5


def painted_sample(convention: MaskConvention) -> U8:
    """A scene with the part tinted that will be edited: a disc, or all of it where masks are ignored.

    (h, w, 3) RGB.
    """
    scene = probe_picture(SAMPLE)
    edited = _disc() if convention is not MaskConvention.IGNORED else np.full_like(_disc(), 255)
    share = SHARE * (edited[..., np.newaxis] / 255.0)
    return np.round(scene * (1 - share) + np.array(TINT) * share).astype(np.uint8)


def mask_sample(convention: MaskConvention, invert: bool) -> U8:
    """The mask of that disc as the provider gets it: (h, w, 3) RGB or (h, w, 4) RGBA."""
    return mask_picture(_disc(), convention, invert)


def _disc() -> U8:
    plane = np.zeros((SAMPLE.height, SAMPLE.width), np.uint8)
    cv2.circle(plane, (SAMPLE.width // 2, SAMPLE.height // 2), SAMPLE.height // 3, 255, -1)
    return plane
