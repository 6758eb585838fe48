"""A hole too large for full resolution: filled at a reduced size, then given the photograph's own detail.

The reduced fill decides what stands where. Everything finer is copied from the known places that look most
alike at the reduced size: full = enlarged fill + (photograph - enlarged reduced photograph) of the match.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from app.base.cancel import CancelToken
from app.base.geometry import Size
from app.imaging.arrays import U8, as_u8
from app.imaging.likeness import carry_detail, find_matches
from app.imaging.masks import size_of
from app.imaging.resample import reduce_coverage

MOST_HOLE = 0.75
"""Share of the reduced picture that may be hole."""


def fill_capped(
    picture: U8,
    hole: U8,
    scale: float,
    fill: Callable[[U8, U8], U8],
    seed: int = 0,
    cancel: CancelToken | None = None,
) -> U8:
    """`picture` (h, w, 3) with its `hole` (h, w, > 0) filled by way of `scale` (< 1) times its size.

    `fill` fills a picture's hole at the reduced size. Outside the hole the same bits.

    Raises:
        Cancelled: `cancel` was set; and whatever `fill` raises.
    """
    full = size_of(hole)
    small, small_hole = _reduced_hole(hole, scale)
    if small == full:
        return fill(picture, hole)
    reduced = as_u8(cv2.resize(picture, (small.width, small.height), interpolation=cv2.INTER_AREA))
    filled = fill(reduced, small_hole)
    matches = find_matches(filled, small_hole, seed, cancel)
    enlarged = as_u8(cv2.resize(filled, (full.width, full.height), interpolation=cv2.INTER_CUBIC))
    result = picture.copy()
    if matches is None:
        where = hole > 0
        result[where] = enlarged[where]
        return result
    carry_detail(result, hole, picture, enlarged, enlarged, matches, small, cancel)
    return result


def _reduced_hole(hole: U8, scale: float) -> tuple[Size, U8]:
    """`hole` by way of `scale`, or larger where a fine net would close over what is known between its strokes."""
    full = size_of(hole)
    while scale < 1.0:
        small = Size(max(1, round(full.width * scale)), max(1, round(full.height * scale)))
        reduced = reduce_coverage(hole, small)
        if np.count_nonzero(reduced) <= MOST_HOLE * small.area:
            return small, reduced
        scale *= 1.5
    return full, hole
