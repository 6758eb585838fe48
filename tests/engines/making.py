"""Pictures and holes for the engines' tests: small, seeded, with something to continue."""

from __future__ import annotations

import cv2
import numpy as np

from app.imaging.arrays import U8, as_u8


def textured(height: int, width: int, seed: int = 0) -> U8:
    """Soft noise over a slope: (h, w, 3)."""
    rng = np.random.default_rng(seed)
    noise = cv2.GaussianBlur(rng.normal(0, 60, (height, width, 3)), (0, 0), 1.2)
    slope = np.linspace(60, 190, width)[None, :, None]
    return np.clip(noise + slope, 0, 255).astype(np.uint8)


def sky(height: int, width: int, seed: int = 0) -> U8:
    """A clear gradient with a little grain: (h, w, 3)."""
    rng = np.random.default_rng(seed)
    down = np.linspace(0, 1, height)[:, None, None]
    colour = np.array([70.0, 110, 190]) * (1 - down) + np.array([190.0, 205, 225]) * down
    return np.clip(colour + rng.normal(0, 1.5, (height, width, 3)), 0, 255).astype(np.uint8)


def disc(height: int, width: int, centre: tuple[int, int], radius: int) -> U8:
    """Coverage of a disc around (x, y): (h, w), 0 or 255."""
    return as_u8(cv2.circle(np.zeros((height, width), np.uint8), centre, radius, (255,), -1))


def line(height: int, width: int, start: tuple[int, int], end: tuple[int, int], thickness: int) -> U8:
    """Coverage of a line from (x, y) to (x, y): (h, w), 0 or 255."""
    return as_u8(cv2.line(np.zeros((height, width), np.uint8), start, end, (255,), thickness))
