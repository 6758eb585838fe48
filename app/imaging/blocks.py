"""A plane looked at in square blocks: what a block holds at most and at least, and where marked ones lie. Pure.

Most of a mask is the same far and wide. Where blocks tell so, nothing has to be computed pixel by pixel.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from app.base.geometry import Rect, Size
from app.imaging import threads
from app.imaging.arrays import F32, U8, Bool, as_u8


def highest(plane: U8, edge: int) -> U8:
    """The maximum of each block of `edge` pixels; those at the right and lower end may be smaller.

    `plane` is (H, W), or (H, W, C) with up to four channels, each by itself. An edge of 1 gives the plane itself.
    """
    return _pooled(plane, edge, np.maximum)


def lowest(plane: U8, edge: int) -> U8:
    """The minimum of each block of `edge` pixels; those at the right and lower end may be smaller."""
    return _pooled(plane, edge, np.minimum)


def extremes(plane: U8, edge: int) -> tuple[U8, U8]:
    """The maximum and the minimum of each block, found side by side."""
    found: dict[np.ufunc, U8] = {}

    def pool(combine: np.ufunc) -> None:
        found[combine] = _pooled(plane, edge, combine)

    threads.share((np.maximum, np.minimum), lambda: pool, plane.size)
    return found[np.maximum], found[np.minimum]


def _pooled(plane: U8, edge: int, combine: np.ufunc) -> U8:
    if edge == 1:
        return plane
    rows = as_u8(cv2.transpose(_pooled_rows(plane, edge, combine)))
    return as_u8(cv2.transpose(_pooled_rows(rows, edge, combine)))


def _pooled_rows(plane: U8, edge: int, combine: np.ufunc) -> U8:
    height, *rest = plane.shape
    whole = height // edge
    reached = np.empty((-(-height // edge), *rest), np.uint8)
    combine.reduce(plane[: whole * edge].reshape(whole, edge, *rest), axis=1, out=reached[:whole])
    if whole < len(reached):
        combine.reduce(plane[whole * edge :], axis=0, out=reached[whole])
    return reached


def write(levels: U8, edge: int, plane: U8) -> None:
    """Give each block of a plane its level; those at the right and lower end may be smaller."""
    height, width = plane.shape
    rows = levels.repeat(edge, axis=1)[:, :width]
    whole = height // edge
    plane[: whole * edge].reshape(whole, edge, width)[...] = rows[:whole, np.newaxis]
    plane[whole * edge :] = rows[whole:]


def runs(marked: Bool) -> Iterator[tuple[int, int, int]]:
    """The marked cells of a grid: the row, the first column and the one behind the last of each that stand together.

    Plain numbers, as there may be thousands.
    """
    height, width = marked.shape
    edges = np.zeros((height, width + 1), np.bool_)
    edges[:, 0], edges[:, -1] = marked[:, 0], marked[:, -1]
    np.not_equal(marked[:, 1:], marked[:, :-1], out=edges[:, 1:-1])
    ys, xs = (each.tolist() for each in np.nonzero(edges))
    return zip(ys[::2], xs[::2], xs[1::2], strict=True)


def fill(plane: U8, marked: Bool, edge: int, level: int) -> None:
    """Give the pixels of the marked blocks one level."""
    for row, first, end in runs(marked):
        plane[row * edge : (row + 1) * edge, first * edge : end * edge] = level


def pixels(blocks: Rect, edge: int) -> Rect:
    """The pixels of a rectangle of blocks, of which those at the right and lower end of a plane may be less."""
    return Rect(blocks.x * edge, blocks.y * edge, blocks.width * edge, blocks.height * edge)


def run_pixels(run: tuple[int, int, int], edge: int) -> Rect:
    """The pixels of one of `runs`."""
    row, first, end = run
    return Rect(first * edge, row * edge, (end - first) * edge, edge)


def parts(marked: Bool, edge: int, tile: int, whole: Rect) -> list[Rect]:
    """The marked blocks of a plane `whole` as pieces of work: in each tile the rectangle that holds all of its own.

    `tile` is the edge of a tile in pixels and a multiple of `edge`.
    """
    grid = Size(marked.shape[1], marked.shape[0]).rect
    found = []
    for each in grid.tiles(tile // edge):
        cells = each.intersected(grid)
        inner = Rect(*cv2.boundingRect(marked[cells.slices].view(np.uint8)))
        if not inner.is_empty:
            found.append(pixels(inner.translated(cells.x, cells.y), edge).intersected(whole))
    return found


def distance(marked: Bool) -> F32:
    """How far each block is from the nearest marked one, in blocks; infinite when none is marked."""
    if not marked.any():
        return np.full(marked.shape, np.inf, np.float32)
    free = np.logical_not(marked).astype(np.uint8)
    return cv2.distanceTransform(free, cv2.DIST_L2, cv2.DIST_MASK_PRECISE).astype(np.float32, copy=False)
