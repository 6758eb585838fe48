"""Filled shapes: exact coverage of polygons and ellipses, and adding, taking away or intersecting it with a mask."""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from app.base.geometry import EMPTY, Point, Rect, Size
from app.document.mask import MaskEdit
from app.imaging.arrays import U8, as_u8

F64 = NDArray[np.float64]


class Combine(enum.Enum):
    """What a shape does to the mask."""

    ADD = "add"
    SUBTRACT = "subtract"
    INTERSECT = "intersect"


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A filled area of the document."""

    rect: Rect
    """Contains the whole shape; inside the document."""
    coverage: U8 | None = None
    """(h, w) of `rect`, 255 = inside; None when all of `rect` is inside."""


def rectangle_between(first: Point, second: Point, size: Size) -> Rect:
    """The whole pixels between two corners, each moved to the nearest pixel corner, inside `size`."""
    return whole_box(first, second).intersected(size.rect)


def whole_box(first: Point, second: Point) -> Rect:
    """The whole pixels between two corners, each moved to the nearest pixel corner."""
    xs, ys = sorted((first.x, second.x)), sorted((first.y, second.y))
    near = [math.floor(value + 0.5) for value in (xs[0], ys[0], xs[1], ys[1])]
    return Rect.from_edges(*near)


def ellipse(box: Rect, size: Size) -> Shape:
    """The ellipse that touches the four sides of `box`, inside a document of `size`.

    It is filled as a polygon of the ellipse's very area, whose sides leave it by less than a hundredth of a pixel.
    """
    if box.is_empty:
        return Shape(EMPTY)
    across, down = box.width / 2, box.height / 2
    count = max(24, 4 * math.ceil(math.sqrt(max(across, down)) * 6.0))
    turn = 2 * math.pi / count
    # A polygon with its corners on the line would lie inside it.
    wider = math.sqrt(turn / math.sin(turn))
    angles = turn * np.arange(count)
    xs = box.centre.x + wider * across * np.cos(angles)
    ys = box.centre.y + wider * down * np.sin(angles)
    return polygon([Point(x, y) for x, y in zip(xs.tolist(), ys.tolist(), strict=True)], size)


def polygon(points: Sequence[Point], size: Size) -> Shape:
    """The closed polygon through `points`, inside a document of `size`; an area enclosed twice is inside too.

    Coverage is the exact part of each pixel that is inside, by the signed areas that every piece of the outline
    adds to its pixel and to all pixels right of it (the method of the FreeType and font-rs rasterisers). The
    work follows the length of the outline; between two of its pixels in a row coverage is constant. Where
    nothing is enclosed in the document the shape's rectangle is empty.
    """
    rect = Rect.around(points).intersected(size.rect)
    if rect.is_empty or len(points) < 3:
        return Shape(EMPTY)
    corners = np.array([(point.x - rect.x, point.y - rect.y) for point in points], np.float64)
    x0, y0, x1, y1 = _pieces(corners)
    middle_x, middle_y = (x0 + x1) / 2, (y0 + y1) / 2
    counted = (middle_y >= 0) & (middle_y < rect.height) & (y0 != y1)
    rise = (y1 - y0)[counted]
    # What lies left of the rectangle acts on all of it, what lies right of it only on a spare column.
    across = np.clip(middle_x[counted], 0, rect.width)
    columns = np.floor(across).astype(np.int64)
    stride = rect.width + 1
    places, piece_of = np.unique(
        np.floor(middle_y[counted]).astype(np.int64) * stride + columns, return_inverse=True
    )
    own = np.bincount(piece_of, rise * (columns + 1 - across), places.size)
    passed_on = np.cumsum(np.bincount(piece_of, rise, places.size))
    own[1:] += passed_on[:-1]
    # Runs over all pixels in reading order: one pixel of the outline, then those up to the next one.
    ends = np.append(places, rect.height * stride)
    lengths = np.empty(2 * places.size + 1, np.int64)
    lengths[0], lengths[1::2], lengths[2::2] = ends[0], 1, np.diff(ends) - 1
    values = np.zeros(lengths.size, np.float64)
    values[1::2], values[2::2] = own, passed_on
    levels = np.rint(np.minimum(np.abs(values), 1.0) * 255.0).astype(np.uint8)
    rows = np.repeat(levels, lengths).reshape(rect.height, stride)
    return Shape(rect, np.ascontiguousarray(rows[:, :-1]))


def _pieces(corners: F64) -> tuple[F64, F64, F64, F64]:
    """The closed outline cut at all pixel borders: starts and ends (x0, y0, x1, y1) of pieces within one pixel."""
    start, way = corners, np.roll(corners, -1, axis=0) - corners
    edges, shares = [np.arange(len(start))], [np.zeros(len(start))]
    for axis in (0, 1):
        low = np.minimum(start[:, axis], start[:, axis] + way[:, axis])
        high = np.maximum(start[:, axis], start[:, axis] + way[:, axis])
        first = np.floor(low).astype(np.int64) + 1
        count = np.maximum(np.ceil(high).astype(np.int64) - first, 0)
        edge = np.repeat(np.arange(len(start)), count)
        border = np.arange(edge.size) - np.repeat(np.cumsum(count) - count, count) + first[edge]
        edges.append(edge)
        shares.append(np.clip((border - start[edge, axis]) / way[edge, axis], 0.0, 1.0))
    edge, share = np.concatenate(edges), np.concatenate(shares)
    order = np.lexsort((share, edge))
    edge, share = edge[order], share[order]
    cut = start[edge] + way[edge] * share[:, np.newaxis]
    following = np.roll(cut, -1, axis=0)
    return cut[:, 0], cut[:, 1], following[:, 0], following[:, 1]


def combine(edit: MaskEdit, shape: Shape, how: Combine) -> Rect:
    """Change the mask by the shape; returns the rectangle of all changes, which the caller marks."""
    match how:
        case Combine.ADD:
            return add(edit, shape)
        case Combine.SUBTRACT:
            return subtract(edit, shape)
        case Combine.INTERSECT:
            return intersect(edit, shape)


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
