"""Shows a turned or mirrored view: what stands upright elsewhere is composed aside and laid down turned.

Every part is drawn upright at the view's own scale into a small workplace, with all that belongs to a frame,
and turned from there. Quarter turns and mirrors move pixels and blend none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import cv2
import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage, QPainter, QTransform

from app.base.geometry import Point, Rect, Size
from app.imaging.arrays import U8, as_u8
from app.ui.canvas.view_transform import FIXED_POINT, ViewTransform

Compose = Callable[[QImage, ViewTransform, Sequence[Rect]], None]
"""Draws rectangles of an image as an upright view shows them."""

_CELL = 480
"""View pixels a side that are turned at a time."""
_REACH = 2
"""Upright pixels around a cell that the filter may read."""
_SIDE = math.ceil(_CELL * math.sqrt(2.0)) + 2 * _REACH + 2
_LANES = 8
"""The raster engine filters so many pixels of a row at once, and those left over more finely."""
_ROTATIONS = (cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE)
_STEP_BIAS = 1e-7
_ORIGIN_BIAS = 0.25


class Turner:
    """Draws parts of turned views; keeps the workplace from one time to the next."""

    def __init__(self) -> None:
        self._places: list[U8] = []

    def draw(
        self,
        pixels: U8,
        view: ViewTransform,
        rects_view: Sequence[Rect],
        compose: Compose,
        *,
        smooth: bool,
    ) -> None:
        """Draw these rectangles of `pixels`, (h, w, 4), the memory of a frame; `view` is snapped."""
        level = ViewTransform(angle=view.angle, mirror=view.mirror, origin=view.origin)
        move = self._move_pixels if view.is_square else partial(self._turn_pixels, smooth=smooth)
        for rect in rects_view:
            for cell in _cells(rect):
                pixels[cell.slices] = move(level, cell, partial(self._compose, view.scale, compose))

    def _move_pixels(self, level: ViewTransform, cell: Rect, upright: Callable[[Rect], U8]) -> U8:
        drawn = upright(level.rect_to_doc(cell))
        if level.mirror:
            drawn = as_u8(cv2.flip(drawn, 1))
        quarters = round(level.angle / 90.0) % 4
        return as_u8(cv2.rotate(drawn, _ROTATIONS[quarters - 1])) if quarters else drawn

    def _turn_pixels(
        self, level: ViewTransform, cell: Rect, upright: Callable[[Rect], U8], *, smooth: bool
    ) -> U8:
        # A whole workplace is turned, so that the last pixels in a row are drawn as all others are.
        wide = Rect(cell.x, cell.y, -(-cell.width // _LANES) * _LANES, cell.height)
        source = level.rect_to_doc(wide).expanded(_REACH)
        drawn, turned = _wrapped(upright(source)), self._place(1, wide.size)
        image = _wrapped(turned)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.setTransform(_placing(level.panned(-cell.x, -cell.y), source))
        painter.drawImage(QPoint(0, 0), drawn)
        painter.end()
        return turned[:, : cell.width]

    def _compose(self, scale: float, compose: Compose, upright: Rect) -> U8:
        """The pixels of a rectangle of the upright view whose origin is the document's corner."""
        place = self._place(0, upright.size)
        shifted = ViewTransform(scale, origin=Point(float(-upright.x), float(-upright.y)))
        compose(_wrapped(place), shifted, [upright.size.rect])
        return place

    def _place(self, index: int, size: Size) -> U8:
        """The corner of one of the two workplaces."""
        if not self._places:
            self._places = [np.empty((_SIDE, _SIDE, 4), np.uint8) for _ in range(2)]
        return self._places[index][: size.height, : size.width]


def _placing(level: ViewTransform, upright: Rect) -> QTransform:
    """From the pixels of the workplace, which shows `upright`, to view pixels.

    The steps through the workplace are whole numbers of the raster engine's fixed point, so that a pixel is the
    same wherever one begins to draw. Over a whole screen that is a turn by a few hundredths of a pixel.
    """
    a, b, c, d = level.matrix
    # The inverse of a turn, mirrored or not, is its transpose.
    across = [_whole(each) for each in (a, c)]
    down = [_whole(each) for each in (b, d)]
    x = -(across[0] * level.origin.x + across[1] * level.origin.y) - upright.x
    y = -(down[0] * level.origin.x + down[1] * level.origin.y) - upright.y
    bias = _ORIGIN_BIAS / FIXED_POINT
    back = QTransform(across[0], down[0], across[1], down[1], x + bias, y + bias)
    placing, _ = back.inverted()
    return placing


def _whole(step: float) -> float:
    """The nearest step that the fixed point holds exactly, and a trace more so that it is not cut to one less."""
    steps = round(step * FIXED_POINT)
    return (steps + math.copysign(_STEP_BIAS, steps)) / FIXED_POINT if steps else 0.0


def _cells(rect: Rect) -> Iterator[Rect]:
    """Parts of a rectangle that fit the workplace."""
    for top in range(rect.y, rect.bottom, _CELL):
        for left in range(rect.x, rect.right, _CELL):
            yield Rect(left, top, min(_CELL, rect.right - left), min(_CELL, rect.bottom - top))


def _wrapped(pixels: U8) -> QImage:
    """An image on a part of an array, (h, w, 4), without a copy."""
    height, width = pixels.shape[:2]
    whole = pixels.base if pixels.base is not None else pixels
    assert isinstance(whole, np.ndarray)
    return QImage(whole.data, width, height, pixels.strides[0], QImage.Format.Format_RGB32)
