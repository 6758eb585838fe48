"""The instant engine: cv2.inpaint, which draws the nearest colours into the hole.

A. Telea (2004) and Bertalmio's Navier-Stokes method (2001). Good for hairlines on smooth ground, a smear for
anything wide or textured; always present.
"""

from __future__ import annotations

import cv2

from app.imaging.arrays import U8, as_u8

RADIUS = 3.0


def fill(picture: U8, hole: U8) -> U8:
    """`picture` (h, w, 3) with every pixel where `hole` (h, w) is not 0 replaced; the others bit for bit."""
    return as_u8(cv2.inpaint(picture, hole, RADIUS, cv2.INPAINT_NS))
