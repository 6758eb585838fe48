"""The instant engine: cv2.inpaint, which draws the nearest colours into the hole.

M. Bertalmio, A. Bertozzi, G. Sapiro: Navier-Stokes, Fluid Dynamics, and Image and Video Inpainting (CVPR 2001);
A. Telea: An Image Inpainting Technique Based on the Fast Marching Method (2004).
A smear for anything wide or textured, as good as patches for hairlines on smooth ground; always present.
"""

from __future__ import annotations

import cv2
import numpy as np

from app.imaging.arrays import U8, as_u8
from app.imaging.masks import max_inner_distance

KINDS = ((cv2.INPAINT_NS, 3.0), (cv2.INPAINT_TELEA, 3.0), (cv2.INPAINT_NS, 8.0), (cv2.INPAINT_TELEA, 8.0))
"""Method and radius in pixels by `seed % 4`: nothing here is drawn by lot, and variants should differ."""
HAIRLINE_PX = 2.0
"""Greatest distance of a hairline's pixels from its edge."""
SMOOTH_LEVELS = 2.2
"""Mean |Laplacian| of luma beside the hole up to which the ground counts as smooth. With both limits the result
has 0.5–0.8 of Telea's patch distance and keeps the texture energy; beyond them patches are clearly better."""
_BESIDE_PX = 6
_BLURRED_IN_PX = 2


def fill(picture: U8, hole: U8, seed: int = 0) -> U8:
    """`picture` (h, w, 3) with every pixel where `hole` (h, w) is not 0 replaced; the others bit for bit."""
    method, radius = KINDS[seed % len(KINDS)]
    return as_u8(cv2.inpaint(picture, hole, radius, method))


def is_as_good(picture: U8, hole: U8) -> bool:
    """Whether a smooth fill is all that `hole` (h, w) needs: hairlines, on ground without texture of its own."""
    if max_inner_distance(hole) > HAIRLINE_PX:
        return False
    away = cv2.distanceTransform((hole == 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_3)
    beside = (away > _BLURRED_IN_PX) & (away <= _BESIDE_PX)
    if not beside.any():
        return True
    luma = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    texture = np.abs(cv2.Laplacian(luma, cv2.CV_32F))
    return float(texture[beside].mean()) <= SMOOTH_LEVELS
