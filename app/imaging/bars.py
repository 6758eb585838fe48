"""Plain bars that a model adds to a picture whose shape it could not make."""

from __future__ import annotations

import numpy as np

from app.base.geometry import Rect, Size
from app.imaging.arrays import U8
from app.imaging.masks import size_of

SAME_ASPECT = 0.02
TOLERANCE = 6
"""Levels that a bar's pixels may differ, after a JPEG."""


def without_bars(reply: U8, frame: Size) -> Rect:
    """The part of `reply` (H, W, 3|4) that shows a picture of the shape of `frame`.

    Bars are only believed where the reply has another shape than was sent, and has the right one without them.
    """
    size = size_of(reply[..., 0])
    if _is_like(size, frame):
        return size.rect
    top, bottom = _plain_rows(reply), _plain_rows(reply[::-1])
    left, right = _plain_rows(reply.swapaxes(0, 1)), _plain_rows(reply[:, ::-1].swapaxes(0, 1))
    upright = Rect.from_edges(0, top, size.width, size.height - bottom)
    sideways = Rect.from_edges(left, 0, size.width - right, size.height)
    for inner in (upright, sideways):
        if not inner.is_empty and inner != size.rect and _is_like(inner.size, frame):
            return inner
    return size.rect


def _is_like(size: Size, frame: Size) -> bool:
    return abs(size.aspect / frame.aspect - 1) <= SAME_ASPECT


def _plain_rows(picture: U8) -> int:
    """How many rows from the top on have the colour of the first one's middle."""
    colour = np.median(picture[0], axis=0)
    for row in range(picture.shape[0]):
        if np.abs(picture[row] - colour).max() > TOLERANCE:
            return row
    return int(picture.shape[0])
