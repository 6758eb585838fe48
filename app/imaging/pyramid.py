"""Halved copies of a picture or a mask for drawing it small, kept up to date rectangle by rectangle.

Level 0 is the array it was built over, shared and never written. Level k + 1 has ceil(n / 2) pixels a side
and is the mean of 2x2 pixels of level k, rounded half up; an odd last row or column counts twice. Updating
a rectangle gives the same bits as building anew.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import cv2
import numpy as np

from app.base.cancel import CancelToken
from app.base.geometry import Rect
from app.imaging.arrays import U8

SMALLEST_SIDE = 64
"""No further level is made once the longer side is this short."""
_ALONE = 90_000
"""Target pixels that are updated at a time: few enough that cv2 asks no other threads. Waking them takes longer than
the work under a brush, and they then keep the processor from those with which the window is drawn."""
_ROWS = 512
"""Target rows between two looks at the cancel token."""


class Pyramid:
    """The levels of one array: uint8 (H, W), or (H, W, 4) BGRA.

    With `straight_alpha` colours are weighted by their alpha, as a picture with transparency needs: else the
    colours of invisible pixels would shine through.
    """

    def __init__(self, levels: tuple[U8, ...], straight_alpha: bool) -> None:
        self._levels = levels
        self._straight_alpha = straight_alpha

    @classmethod
    def build(cls, base: U8, cancel: CancelToken | None = None, *, straight_alpha: bool = False) -> Pyramid:
        """Make all levels over `base`, which becomes level 0 without a copy.

        Every page of the levels is touched here, so no later stroke pays for it.

        Raises:
            Cancelled: `cancel` was cancelled.
        """
        levels = [base]
        while max(levels[-1].shape[:2]) > SMALLEST_SIDE:
            height, width = levels[-1].shape[:2]
            shape = (-(-height // 2), -(-width // 2), *base.shape[2:])
            levels.append(np.empty(shape, np.uint8))
        pyramid = cls(tuple(levels), straight_alpha and base.ndim == 3)
        for source, target in itertools.pairwise(levels):
            for top in range(0, target.shape[0], _ROWS):
                if cancel is not None:
                    cancel.check()
                pyramid._halve(source[2 * top : 2 * (top + _ROWS)], target[top : top + _ROWS])
        return pyramid

    @property
    def levels(self) -> tuple[U8, ...]:
        """The arrays, largest first; each is written in place by `update`."""
        return self._levels

    def update(self, rect: Rect, first: int = 1, last: int | None = None) -> None:
        """Bring levels `first` to `last` up to date after the pixels of `rect` (level 0) changed.

        `last` is the smallest without being told. The levels before `first` are up to date already.
        """
        height, width = self._levels[0].shape[:2]
        rect = rect.intersected(Rect(0, 0, width, height)).halved(first - 1)
        if rect.is_empty:
            return
        end = len(self._levels) if last is None else last + 1
        for source, target in itertools.pairwise(self._levels[first - 1 : end]):
            rect = rect.halved()
            height = max(1, _ALONE // rect.width)
            for top in range(rect.y, rect.bottom, height):
                part = Rect(rect.x, top, rect.width, min(height, rect.bottom - top))
                doubled = Rect(part.x * 2, part.y * 2, part.width * 2, part.height * 2)
                self._halve(source[doubled.slices], target[part.slices])

    def level_for(self, scale: float) -> int:
        """The level to draw at `scale` view pixels per pixel of level 0: its own scale is then in (0.5, 1].

        At 1 and above it is level 0; below the smallest level's scale it is the smallest.
        """
        if scale >= 1.0:
            return 0
        mantissa, exponent = math.frexp(scale)  # scale = mantissa * 2**exponent, 0.5 <= mantissa < 1
        level = 1 - exponent if mantissa == 0.5 else -exponent
        return min(level, len(self._levels) - 1)

    def _halve(self, source: U8, target: U8) -> None:
        halve = _halve_straight if self._straight_alpha else _halve_plain
        height, width = source.shape[0] // 2, source.shape[1] // 2
        if height and width:
            halve(source[: 2 * height, : 2 * width], target[:height, :width])
        if source.shape[1] % 2:
            column = _padded(source[:, -1:], source.shape[0] % 2, 1)
            halve(column, target[:, width:])
        if source.shape[0] % 2 and width:
            row = _padded(source[-1:, : 2 * width], 1, 0)
            halve(row, target[height:, :width])


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """A quick reduced picture of a photograph, (h, w, 4) BGRA, on a pyramid: made in a worker, shown at once."""

    levels: tuple[U8, ...]
    opaque: bool

    @classmethod
    def of(cls, picture: U8) -> Preview:
        opaque = bool((picture[..., 3] == 255).all())
        return cls(Pyramid.build(picture, straight_alpha=not opaque).levels, opaque)


def _padded(strip: U8, bottom: int, right: int) -> U8:
    edges = [(0, bottom), (0, right), (0, 0)][: strip.ndim]
    return np.pad(strip, edges, mode="edge")


def _halve_plain(source: U8, target: U8) -> None:
    """Write into `target` the mean of each 2x2 block of `source`, whose sides are even."""
    size = (target.shape[1], target.shape[0])
    halved = cv2.resize(source, size, dst=target, interpolation=cv2.INTER_AREA)
    if halved.base is not target and halved is not target and not np.shares_memory(halved, target):
        target[...] = halved.reshape(target.shape)


def _halve_straight(source: U8, target: U8) -> None:
    """As `_halve_plain` for BGRA with straight alpha: each colour counts by its alpha."""
    alpha = source[..., 3].astype(np.uint32)
    weight = _block_sum(alpha)
    for channel in range(3):
        total = _block_sum(source[..., channel] * alpha)
        plain = _block_sum(source[..., channel].astype(np.uint32))
        seen = (total + weight // 2) // np.maximum(weight, 1)
        target[..., channel] = np.where(weight > 0, seen, (plain + 2) >> 2)
    target[..., 3] = (weight + 2) >> 2


def _block_sum(
    plane: np.ndarray[tuple[int, ...], np.dtype[np.uint32]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint32]]:
    rows = plane[::2] + plane[1::2]
    summed: np.ndarray[tuple[int, ...], np.dtype[np.uint32]] = rows[:, ::2] + rows[:, 1::2]
    return summed
