"""Filled shapes: exact coverage of a polygon, and adding, taking away or intersecting it with a mask."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from app.base.geometry import EMPTY, Point, Rect, Size
from app.document.mask import MaskEdit
from app.imaging.arrays import U8, as_u8

_SUBPIXELS = 4
"""Samples per pixel and axis along a polygon's edge."""
_CELL = 128
"""Cells without an edge are all in or all out; only the others are measured in sub-pixels."""
_SHIFT = 4
"""Binary digits after the point in the coordinates that cv2 draws."""


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A filled area of the document."""

    rect: Rect
    """Contains the whole shape; inside the document."""
    coverage: U8 | None = None
    """(h, w) of `rect`, 255 = inside; None when all of `rect` is inside."""


def rectangle_between(first: Point, second: Point, size: Size) -> Rect:
    """The whole pixels between two corners, each moved to the nearest pixel corner, inside `size`."""
    xs, ys = sorted((first.x, second.x)), sorted((first.y, second.y))
    near = [math.floor(value + 0.5) for value in (xs[0], ys[0], xs[1], ys[1])]
    return Rect.from_edges(*near).intersected(size.rect)


def polygon(points: Sequence[Point], size: Size) -> Shape:
    """The closed polygon through `points`; where it crosses itself, areas enclosed twice are outside.

    Coverage is the part of each pixel that is inside, to about 1/16: cv2.fillPoly at 4 x 4 sub-pixels in the
    cells that hold an edge. fillPoly fills all sub-pixels that the outline touches; counting these by half
    leaves no bias. Where nothing is enclosed in the document the shape's rectangle is empty.
    """
    rect = Rect.around(points).intersected(size.rect)
    if rect.is_empty or len(points) < 3:
        return Shape(EMPTY)
    corners = np.array([(point.x - rect.x, point.y - rect.y) for point in points], np.float64)
    coverage = np.empty((rect.height, rect.width), np.uint8)
    inside, edges = _cells(corners, rect.size)
    for cell in rect.size.rect.tiles(_CELL):
        row, column = cell.y // _CELL, cell.x // _CELL
        area = cell.intersected(rect.size.rect)
        if edges[row, column]:
            coverage[area.slices] = _measured(corners, area)
        else:
            coverage[area.slices] = inside[row, column]
    return Shape(rect, coverage)


def _cells(corners: NDArray[np.float64], size: Size) -> tuple[U8, U8]:
    """For each cell whether its centre is inside (255), and whether an edge may pass through it (255)."""
    shape = -(-size.height // _CELL), -(-size.width // _CELL)
    inside, edges = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    cells = _drawn(corners / _CELL)
    cv2.fillPoly(inside, [cells], 255, shift=_SHIFT)
    # A line three cells wide also covers the rounding of its coordinates.
    cv2.polylines(edges, [cells], True, 255, thickness=3, shift=_SHIFT)
    return inside, edges


def _measured(corners: NDArray[np.float64], area: Rect) -> U8:
    fine = np.zeros((area.height * _SUBPIXELS, area.width * _SUBPIXELS), np.uint8)
    outline = _drawn((corners - (area.x, area.y)) * _SUBPIXELS)
    cv2.fillPoly(fine, [outline], 255, shift=_SHIFT)
    cv2.polylines(fine, [outline], True, 128, shift=_SHIFT)
    return as_u8(cv2.resize(fine, (area.width, area.height), interpolation=cv2.INTER_AREA))


def _drawn(corners: NDArray[np.float64]) -> NDArray[np.int32]:
    """Corners as cv2 draws them: fixed point, integers at pixel centres."""
    return np.rint((corners - 0.5) * (1 << _SHIFT)).astype(np.int32)


def add(edit: MaskEdit, shape: Shape) -> Rect:
    """Cover the shape; returns the rectangle of all changes, which the caller marks."""
    target = edit.view(shape.rect)
    if shape.coverage is None:
        target[...] = 255
    elif not shape.rect.is_empty:
        cv2.max(target, shape.coverage, target)
    return shape.rect


def subtract(edit: MaskEdit, shape: Shape) -> Rect:
    """Uncover the shape; returns the rectangle of all changes, which the caller marks."""
    target = edit.view(shape.rect)
    if shape.coverage is None:
        target[...] = 0
    elif not shape.rect.is_empty:
        cv2.min(target, as_u8(cv2.bitwise_not(shape.coverage)), target)
    return shape.rect


def intersect(edit: MaskEdit, shape: Shape) -> Rect:
    """Keep only what is inside the shape; returns the rectangle of all changes, which the caller marks."""
    before = edit.bounds()
    target = edit.view(before)
    common = before.intersected(shape.rect)
    if common.is_empty:
        target[...] = 0
        return before
    kept = target[common.relative_to(before).slices].copy()
    if shape.coverage is not None:
        cv2.min(kept, shape.coverage[common.relative_to(shape.rect).slices], kept)
    target[...] = 0
    target[common.relative_to(before).slices] = kept
    return before
