"""The maximum over a disc, exact for every radius, and fast where the mask is large and its edges are soft.

This is the grey-scale dilation by a flat disc (Serra, Image Analysis and Mathematical Morphology, 1982). A disc
is taken as rows and columns, and the maximum over each as that of two windows whose length is a power of two
(Urbach and Wilkinson, IEEE Transactions on Image Processing 17, 2008). Where the result is 0 or 255
without a doubt, which a small fraction of the resolution can tell, nothing is computed.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np

from app.base.cancel import CancelToken
from app.base.geometry import Rect, Size
from app.imaging import blocks, threads
from app.imaging.arrays import U8, Bool, as_u8

_BLOCK = 32
"""Pixels across one pixel of the coarse look; half of it for a wide disc, where looking closer is dear."""
_WIDE = 48
_TILE = 512
"""Pixels across one piece of work: smaller ones cost more calls, larger ones hold more that is decided and do not
fit into the processor's cache."""
_SMALL = 5
"""Up to this radius the disc's pixels are so few that they are taken one by one."""


def disc_maximum(source: U8, radius: int, cancel: CancelToken | None = None) -> U8:
    """For every pixel of `source` (H, W) the maximum over all pixels whose centres lie within `radius`.

    Beyond the array there is nothing. Returns a new array.

    Raises:
        Cancelled: the token was cancelled.
    """
    result = source.copy()
    if radius <= 0 or source.size == 0:
        return result
    edge = _BLOCK if radius < _WIDE else _BLOCK // 2
    full, open_ = _coarse_look(source, radius, edge)
    row = np.full((edge, source.shape[1]), 255, np.uint8)
    for y, first, end in blocks.runs(full):
        box = result[y * edge : (y + 1) * edge, first * edge : end * edge]
        box[...] = row[: box.shape[0], : box.shape[1]]
    parts = blocks.parts(open_, edge, _TILE, Size(source.shape[1], source.shape[0]).rect)
    halves = [math.isqrt(radius * radius - dy * dy) for dy in range(radius + 1)]

    def worker() -> Callable[[Rect], object]:
        def grow(part: Rect) -> None:
            if cancel is not None:
                cancel.check()
            _raise_to_maximum(source, result, part, halves)

        return grow

    threads.share(parts, worker, sum(part.area for part in parts))
    return result


def _coarse_look(source: U8, radius: int, edge: int) -> tuple[Bool, Bool]:
    """Per block: True where all of the result is 255; True where it can only be known by looking closer."""
    high, low = blocks.highest(source, edge), blocks.lowest(source, edge)
    # By how much the distance of two pixels may differ from that of the middles of their blocks.
    slack = math.sqrt(2.0)
    reached = blocks.distance(high == 255) <= radius / edge - slack
    full = reached | (low == 255)
    empty = blocks.distance(high > 0) > radius / edge + slack
    return full, ~(full | empty)


def _raise_to_maximum(source: U8, result: U8, part: Rect, halves: list[int]) -> None:
    """Raise `part` of the result to the maximum over the disc whose row dy reaches `halves[dy]` to both sides.

    The disc is a square and four caps: two of rows, and two of columns, which are the rows turned round.
    """
    radius = len(halves) - 1
    around = _surroundings(source, part, radius)
    covered = Rect(*cv2.boundingRect(around))
    if covered.is_empty:
        return
    if radius <= _SMALL:
        result[part.slices] = cv2.dilate(around, _disc(halves))[radius:-radius, radius:-radius]
        return
    target, side = result[part.slices], math.isqrt(radius * radius // 2)
    for axis in (0, 1):
        _lay_caps(around, covered, target, halves, side, axis)
    corner = radius - side
    square = _window(around[corner : corner + part.height + 2 * side], 2 * side + 1, 1)
    square = square[:, corner : corner + part.width]
    cv2.max(target, _window(square, 2 * side + 1, 0), target)


def _disc(halves: list[int]) -> U8:
    """1 for the pixels of a disc, else 0, (2r + 1, 2r + 1)."""
    radius = len(halves) - 1
    across = np.abs(np.arange(-radius, radius + 1))
    return as_u8((across[np.newaxis, :] <= np.array(halves)[across][:, np.newaxis]).astype(np.uint8))


def _lay_caps(around: U8, covered: Rect, target: U8, halves: list[int], side: int, axis: int) -> None:
    """Raise `target` to the maximum over the rows (axis 1) or columns (axis 0) farther out than `side`.

    `around` is the target's surroundings as far as the disc's radius; in it only `covered` holds anything.
    """
    radius, (height, width) = len(halves) - 1, target.shape
    # Counted along and aside of the axis; plain numbers, as this is done for every pixel of the radius.
    low, end, low_aside, end_aside = covered.x, covered.right, covered.y, covered.bottom
    size, size_aside = width, height
    if not axis:
        low, end, low_aside, end_aside = low_aside, end_aside, low, end
        size, size_aside = size_aside, size
    table, length, maximum = around, 1, cv2.max
    for across in range(radius, side, -1):
        half = halves[across]
        while 2 * length <= 2 * half + 1:
            table, length = _doubled(table, length, axis), 2 * length
        if radius - half >= end or radius + half + size <= low:
            continue
        for aside in (radius - across, radius + across):
            if aside >= end_aside or aside + size_aside <= low_aside:
                continue
            for along in {radius - half, radius + half + 1 - length}:
                if along < end and along + size + length > low:
                    y, x = (aside, along) if axis else (along, aside)
                    maximum(target, table[y : y + height, x : x + width], target)


def _window(plane: U8, length: int, axis: int) -> U8:
    """The maximum over the `length` pixels that begin at each, along an axis, where there are so many."""
    table, reached = plane, 1
    while 2 * reached <= length:
        table, reached = _doubled(table, reached, axis), 2 * reached
    return _doubled(table, length - reached, axis) if reached < length else table


def _doubled(table: U8, step: int, axis: int) -> U8:
    """The maximum of each pixel and the one `step` further along an axis, where there is one."""
    if axis:
        return as_u8(cv2.max(table[:, :-step], table[:, step:]))
    return as_u8(cv2.max(table[:-step], table[step:]))


def _surroundings(source: U8, part: Rect, reach: int) -> U8:
    """A copy of `part` with `reach` pixels all round it, 0 beyond the source."""
    wanted = part.expanded(reach)
    there = wanted.intersected(Size(source.shape[1], source.shape[0]).rect)
    around = np.zeros((wanted.height, wanted.width), np.uint8)
    around[there.relative_to(wanted).slices] = source[there.slices]
    return around
