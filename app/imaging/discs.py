"""The maximum over a disc, exact for every radius, and fast where the mask is large and its edges are soft.

This is the grey-scale dilation by a flat disc (Serra, Image Analysis and Mathematical Morphology, 1982). A disc
is taken as its rows, and the maximum over a row as that of two windows whose length is a power of two
(Urbach and Wilkinson, IEEE Transactions on Image Processing 17, 2008). Where the result is 0 or 255
without a doubt, which a sixteenth of the resolution can tell, nothing is computed.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np

from app.base.cancel import CancelToken
from app.base.geometry import Rect, Size
from app.imaging.arrays import F32, U8, Bool, as_u8

_BLOCK = 16
"""Pixels across one pixel of the coarse look."""
_SLACK = _BLOCK * math.sqrt(2.0)
"""By how much the distance of two pixels may differ from that of the middles of their blocks."""
_TILE = 16
"""Blocks across one piece of work: smaller ones cost more calls, larger ones hold more that is decided."""


def disc_maximum(source: U8, radius: int, cancel: CancelToken | None = None) -> U8:
    """For every pixel of `source` (H, W) the maximum over all pixels whose centres lie within `radius`.

    Beyond the array there is nothing. Returns a new array.

    Raises:
        Cancelled: the token was cancelled.
    """
    result = source.copy()
    if radius <= 0 or source.size == 0:
        return result
    full, open_ = _coarse_look(source, radius)
    halves = [math.isqrt(radius * radius - dy * dy) for dy in range(radius + 1)]
    whole = Size(source.shape[1], source.shape[0]).rect
    all_blocks = Size(full.shape[1], full.shape[0]).rect
    for tile in all_blocks.tiles(_TILE):
        if cancel is not None:
            cancel.check()
        blocks = tile.intersected(all_blocks)
        undecided = open_[blocks.slices]
        if undecided.any():
            x, y, width, height = cv2.boundingRect(undecided.view(np.uint8))
            part = _pixels(Rect(x + blocks.x, y + blocks.y, width, height)).intersected(whole)
            _raise_to_maximum(source, result, part, halves)
        if full[blocks.slices].any():
            _fill(result, full, blocks)
    return result


def _coarse_look(source: U8, radius: int) -> tuple[Bool, Bool]:
    """Per block: True where all of the result is 255; True where it can only be known by looking closer."""
    high, low = _pooled(source, cv2.max), _pooled(source, cv2.min)
    reached = _block_distance(high == 255) <= (radius - _SLACK) / _BLOCK
    full = reached | (low == 255)
    empty = _block_distance(high > 0) > (radius + _SLACK) / _BLOCK
    return full, ~(full | empty)


def _pooled(source: U8, combine: Callable[[U8, U8, U8], object]) -> U8:
    """cv2.max or cv2.min of each block; those at the right and lower end may be smaller."""
    rows = _pooled_rows(source, combine)
    return as_u8(cv2.transpose(_pooled_rows(as_u8(cv2.transpose(rows)), combine)))


def _pooled_rows(source: U8, combine: Callable[[U8, U8, U8], object]) -> U8:
    pooled = source[::_BLOCK].copy()
    for row in range(1, min(_BLOCK, source.shape[0])):
        rows = source[row::_BLOCK]
        combine(pooled[: len(rows)], rows, pooled[: len(rows)])
    return pooled


def _block_distance(marked: Bool) -> F32:
    """How far each block is from the nearest marked one, in blocks; infinite when none is marked."""
    if not marked.any():
        return np.full(marked.shape, np.inf, np.float32)
    free = np.logical_not(marked).astype(np.uint8)
    return cv2.distanceTransform(free, cv2.DIST_L2, cv2.DIST_MASK_PRECISE).astype(np.float32, copy=False)


def _pixels(blocks: Rect) -> Rect:
    return Rect(blocks.x * _BLOCK, blocks.y * _BLOCK, blocks.width * _BLOCK, blocks.height * _BLOCK)


def _fill(result: U8, full: Bool, blocks: Rect) -> None:
    """Set the full blocks of a tile to 255."""
    marked = full[blocks.slices]
    target = result[_pixels(blocks).slices]
    if marked.all():
        target[...] = 255
        return
    for row in np.flatnonzero(marked.any(axis=1)).tolist():
        line = target[row * _BLOCK : (row + 1) * _BLOCK]
        edges = np.flatnonzero(np.diff(marked[row], prepend=False, append=False)).tolist()
        for first, end in zip(edges[::2], edges[1::2], strict=True):
            line[:, first * _BLOCK : end * _BLOCK] = 255


def _raise_to_maximum(source: U8, result: U8, part: Rect, halves: list[int]) -> None:
    """Raise `part` of the result to the maximum over the disc whose row dy reaches `halves[dy]` to both sides."""
    radius = len(halves) - 1
    around = _surroundings(source, part, radius)
    left, top, width, height = cv2.boundingRect(around)
    if not width:
        return
    # How far the nearest covered column is, and which rows hold anything: the rest of the disc finds nothing.
    gap = max(0, radius - (left + width - 1), left - (radius + part.width - 1))
    target = result[part.slices]
    columns, rows, maximum = part.width, part.height, cv2.max
    table, length = around, 1
    for dy in range(radius, -1, -1):
        half = halves[dy]
        if half < gap:
            continue
        while 2 * length <= 2 * half + 1:
            # The last columns keep a shorter window, which is never asked for.
            table = as_u8(maximum(table[:, :-length], table[:, length:]))
            length *= 2
        first, second = radius - half, radius + half + 1 - length
        for row in (radius - dy, radius + dy) if dy else (radius,):
            if top - rows < row < top + height:
                strip = table[row : row + rows]
                maximum(target, strip[:, first : first + columns], target)
                if second != first:
                    maximum(target, strip[:, second : second + columns], target)


def _surroundings(source: U8, part: Rect, reach: int) -> U8:
    """A copy of `part` with `reach` pixels all round it, 0 beyond the source."""
    wanted = part.expanded(reach)
    there = wanted.intersected(Size(source.shape[1], source.shape[0]).rect)
    around = np.zeros((wanted.height, wanted.width), np.uint8)
    around[there.relative_to(wanted).slices] = source[there.slices]
    return around
