"""A plane looked at in square blocks: what a block holds at most and at least, and where marked ones lie. Pure.

Most of a mask is the same far and wide. Where blocks tell so, nothing has to be computed pixel by pixel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np

from app.base.geometry import Rect
from app.imaging.arrays import U8, Bool, as_u8


def pooled(plane: U8, edge: int, combine: Callable[[U8, U8, U8], object]) -> U8:
    """cv2.max or cv2.min of each block of `edge` pixels; those at the right and lower end may be smaller."""
    rows = _pooled_rows(plane, edge, combine)
    return as_u8(cv2.transpose(_pooled_rows(as_u8(cv2.transpose(rows)), edge, combine)))


def _pooled_rows(plane: U8, edge: int, combine: Callable[[U8, U8, U8], object]) -> U8:
    reached = plane[::edge].copy()
    for row in range(1, min(edge, plane.shape[0])):
        rows = plane[row::edge]
        combine(reached[: len(rows)], rows, reached[: len(rows)])
    return reached


def runs(marked: Bool) -> Iterator[Rect]:
    """The marked cells of a grid, as rectangles one cell high that are as long as they can be."""
    height, width = marked.shape
    edges = np.zeros((height, width + 1), np.bool_)
    edges[:, 0], edges[:, -1] = marked[:, 0], marked[:, -1]
    np.not_equal(marked[:, 1:], marked[:, :-1], out=edges[:, 1:-1])
    ys, xs = (each.tolist() for each in np.nonzero(edges))
    for y, left, right in zip(ys[::2], xs[::2], xs[1::2], strict=True):
        yield Rect(left, y, right - left, 1)


def pixels(blocks: Rect, edge: int) -> Rect:
    """The pixels of a rectangle of blocks, of which those at the right and lower end of a plane may be less."""
    return Rect(blocks.x * edge, blocks.y * edge, blocks.width * edge, blocks.height * edge)
