"""Holes of the four kinds that healing is judged by, drawn into any size of picture from a seed."""

from __future__ import annotations

import enum

import cv2
import numpy as np

from app.imaging.arrays import U8


class Hole(enum.Enum):
    """Scratches, text, a blob of about 5 % and an object of about 15 % of the picture."""

    SCRATCH = "scratch"
    TEXT = "text"
    BLOB = "blob5"
    OBJECT = "obj15"

    @property
    def is_thin(self) -> bool:
        return self in (Hole.SCRATCH, Hole.TEXT)


def draw_hole(kind: Hole, height: int, width: int, seed: int = 0) -> U8:
    """(h, w) coverage, 0 or 255."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((height, width), np.uint8)
    match kind:
        case Hole.SCRATCH:
            _scratches(mask, rng)
        case Hole.TEXT:
            _text(mask)
        case Hole.BLOB:
            _blob(mask, 0.05, rng)
        case Hole.OBJECT:
            _blob(mask, 0.15, rng)
    return mask


def _scratches(mask: U8, rng: np.random.Generator) -> None:
    """Wavy lines of 2–6 px per 512 px of picture."""
    height, width = mask.shape
    scale = max(1.0, min(height, width) / 512)
    for _ in range(9):
        start, end = rng.uniform((0, 0), (width, height), (2, 2))
        along = np.linspace(0, 1, 40)[:, None]
        sway = np.sin(along * rng.uniform(2, 9) + rng.uniform(0, 6)) * rng.uniform(2, 14) * scale
        points = (start + (end - start) * along + sway).astype(np.int32)
        cv2.polylines(mask, [points], isClosed=False, color=255, thickness=round(rng.uniform(2, 6) * scale))


def _text(mask: U8) -> None:
    height, width = mask.shape
    size = width / 420
    line = round(52 * size)
    for row, y in enumerate(range(line, height, line)):
        text = ("Copyright Maskroom sample", "do not copy this picture")[row % 2]
        place = (round(6 * size), y)
        cv2.putText(mask, text, place, cv2.FONT_HERSHEY_DUPLEX, size, 255, max(2, round(4 * size)))


def _blob(mask: U8, share: float, rng: np.random.Generator) -> None:
    """One roundish shape with a wavy outline, somewhere around the middle."""
    height, width = mask.shape
    radius = np.sqrt(share * height * width / np.pi)
    angles = np.linspace(0, 2 * np.pi, 240, endpoint=False)
    wave = sum(rng.uniform(-0.12, 0.12) * np.cos(k * angles + rng.uniform(0, 6)) for k in range(2, 6))
    stretch = rng.uniform(0.8, 1.25)
    centre = np.array([width, height]) * rng.uniform(0.4, 0.6, 2)
    reach = radius * (1 + wave)
    points = np.stack((np.cos(angles) * reach * stretch, np.sin(angles) * reach / stretch), axis=1) + centre
    cv2.fillPoly(mask, [points.astype(np.int32)], 255)
