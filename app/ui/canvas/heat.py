"""The map of what a model changed outside the mask, as a picture that lies over the photograph.

A dark veil takes brightness and colour off the photograph, so that the map reads the same on white snow and on a
night sky; change shines through it from violet over red to yellow. The painted part stays clear. Made in a thread.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from app.base.cancel import CancelToken
from app.base.geometry import Rect
from app.imaging.arrays import U8, as_u8
from app.imaging.pyramid import Pyramid
from app.ui.canvas.patches import GRID
from app.ui.canvas.scene import Picture

MOST_LEVELS = 64
"""Change from which on a pixel is as bright as the map gets, in levels of 255."""
_LONGEST = 1024
"""Cells of the map's longer side, at most."""
_VEIL = (18, 18, 18, 165)
"""RGBA where nothing changed."""
_STOPS = ((0.0, (96, 60, 220)), (0.35, (236, 40, 120)), (0.7, (255, 130, 20)), (1.0, (255, 240, 90)))
"""RGB of small, of larger and of the largest change; brighter and brighter."""
_ALPHA = (170, 235)
"""Of small and of the largest change."""


@dataclass(frozen=True, slots=True, eq=False)
class Heat:
    """How much a model changed each part of a region."""

    plane: U8
    """(h, w) of any size: change beyond the noise in levels of 255."""
    rect_doc: Rect
    """The document pixels that the plane covers."""
    region: Rect
    """The document pixels that were sent."""
    coverage: U8
    """(h, w) of `region`; the map spares what is > 0."""


def heat_colours() -> U8:
    """(256, 4) RGBA with straight alpha for change from 0 to `MOST_LEVELS` and beyond."""
    places = np.linspace(0.0, 1.0, 256)
    table = np.empty((256, 4), np.uint8)
    for channel in range(3):
        stops = [colour[channel] for _, colour in _STOPS]
        table[:, channel] = np.interp(places, [place for place, _ in _STOPS], stops).round()
    table[:, 3] = np.interp(places, (0.0, 1.0), _ALPHA).round()
    table[0] = _VEIL
    return table


def heat_picture(heat: Heat, *, cancel: CancelToken) -> Picture:
    """The map over its region.

    Raises:
        Cancelled: it is no longer wanted.
    """
    region = heat.region
    halvings = max(0, math.ceil(math.log2(max(region.width, region.height) / _LONGEST)))
    step = 1 << halvings
    # On the document's own grid, so that its levels lie on those of the photograph.
    left, top = region.x // GRID * GRID, region.y // GRID * GRID
    columns, rows = -(-(region.right - left) // step), -(-(region.bottom - top) // step)
    change = _sampled(heat.plane, heat.rect_doc, left, top, step, columns, rows)
    spared = _sampled(heat.coverage, region, left, top, step, columns, rows)
    cancel.check()
    scaled = as_u8(np.minimum(change.astype(np.uint16) * 255 // MOST_LEVELS, 255).astype(np.uint8))
    bgra = heat_colours()[scaled][..., [2, 1, 0, 3]]
    bgra[..., 3] = np.where(spared > 0, np.uint8(0), bgra[..., 3])
    pyramid = Pyramid.build(np.ascontiguousarray(bgra), cancel, straight_alpha=True)
    rect_doc = Rect(left, top, columns * step, rows * step)
    return Picture.wrapping(pyramid.levels, rect_doc, opaque=False, shown_doc=region, covers=False)


def _sampled(plane: U8, covered: Rect, left: int, top: int, step: int, columns: int, rows: int) -> U8:
    """A plane over the document pixels `covered`, at the middle of each cell of `step` document pixels.

    Beyond it is what stands at its edge.
    """
    height, width = plane.shape
    across, down = width / covered.width, height / covered.height
    matrix = np.array(
        [
            [step * across, 0.0, (left + step / 2 - covered.x) * across - 0.5],
            [0.0, step * down, (top + step / 2 - covered.y) * down - 0.5],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return as_u8(cv2.warpAffine(plane, matrix, (columns, rows), flags=flags, borderMode=cv2.BORDER_REPLICATE))
