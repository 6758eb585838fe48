"""The maximum over a disc, exact for every radius, and fast where the mask is large and its edges are soft.

This is the grey-scale dilation by a flat disc (Serra, Image Analysis and Mathematical Morphology, 1982). A disc is
taken as many small squares of one size and a large one, and the maximum over a square as that over rows and columns
whose length is doubled step by step (Urbach and Wilkinson, IEEE Transactions on Image Processing 17, 2008). Where the
result is 0 or 255 without a doubt, which a small fraction of the resolution can tell, nothing is computed. A disc of
few pixels is taken pixel by pixel.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from app.base.cancel import CancelToken
from app.base.geometry import Rect, Size
from app.imaging import blocks, threads
from app.imaging.arrays import U8, Bool, as_u8

_BLOCK = 16
"""Pixels across one pixel of the coarse look."""
_TILE = 768
"""Pixels across one piece of work: smaller ones have more surroundings and calls, larger ones hold more that is
decided and do not fit into the processor's cache."""
_SMALL_TILE = 256
"""The same where little is open."""
_SMALL_RADIUS = 8
"""Up to this radius to take the maximum of all pixels takes less time than to look where nothing needs it."""
_BAND = 600_000
"""Pixels that are worked on at a time where all of them are."""
_LITTLE = 0.25
"""The part of a picture up to which that is said of it."""


Place = tuple[int, int]
"""y and x."""


@dataclass(frozen=True, slots=True)
class _Disc:
    """A disc as the squares that make it up, of whole pixels, as are its four outermost pixels."""

    radius: int
    edge: int
    """Of the small squares: a power of two."""
    side: int
    """Half of the large square's edge, rounded down: it reaches as far to all sides."""
    caps: tuple[tuple[Place, U8], ...]
    """What the large square leaves on each of its four sides: where that begins within the square round the disc, and
    1 where a small square has its upper left corner, else 0."""


def disc_maximum(source: U8, radius: int, cancel: CancelToken | None = None) -> U8:
    """For every pixel of `source` (H, W) the maximum over all pixels whose centres lie within `radius`.

    Beyond the array there is nothing. Returns a new array.

    Raises:
        Cancelled: the token was cancelled.
    """
    if radius <= 0 or source.size == 0:
        return source.copy()
    if radius <= _SMALL_RADIUS:
        return _small_maximum(source, radius, cancel)
    result = source.copy()
    full, open_ = _coarse_look(source, radius)
    blocks.fill(result, full, _BLOCK, 255)
    tile = _SMALL_TILE if open_.mean() < _LITTLE else _TILE
    parts = blocks.parts(open_, _BLOCK, tile, Size(source.shape[1], source.shape[0]).rect)
    disc = _disc(radius)

    def worker() -> Callable[[Rect], object]:
        def grow(part: Rect) -> None:
            if cancel is not None:
                cancel.check()
            result[part.slices] = _maximum(_surroundings(source, part, radius), part.size, disc)

        return grow

    threads.share(parts, worker, sum(part.expanded(radius).area for part in parts))
    return result


def disc_border(source: U8, outside: int, inside: int, cancel: CancelToken | None = None) -> U8:
    """The band along the edges of `source` (H, W), `outside` and `inside` pixels wide.

    For every pixel the smaller of the maximum over a disc of the one radius, and of 255 less the minimum over a disc
    of the other. Beyond the array there is no edge. Returns a new array.

    Raises:
        Cancelled: the token was cancelled.
    """
    if source.size == 0:
        return source.copy()
    if max(outside, inside) > _SMALL_RADIUS:
        result = disc_maximum(source, outside, cancel)
        # All but the shrunk mask is what is not covered, grown.
        cv2.min(result, disc_maximum(as_u8(cv2.bitwise_not(source)), inside, cancel), result)
        return result
    outer, inner = _pixels(outside), _pixels(inside)

    def find(part: U8, own: slice, target: U8) -> None:
        shrunk = cv2.erode(part, inner)[own]
        cv2.min(cv2.dilate(part, outer)[own], cv2.bitwise_not(shrunk, shrunk), target)

    return _in_bands(source, max(outside, inside), find, cancel)


def _small_maximum(source: U8, radius: int, cancel: CancelToken | None) -> U8:
    """The same for a disc of few pixels, by taking the maximum of them all."""
    disc = _pixels(radius)

    def find(part: U8, own: slice, target: U8) -> None:
        target[...] = cv2.dilate(part, disc)[own]

    return _in_bands(source, radius, find, cancel)


def _pixels(radius: int) -> U8:
    """1 where the pixels of a disc are, in the square round it."""
    across = np.arange(-radius, radius + 1)
    return (across[:, np.newaxis] ** 2 + across**2 <= radius * radius).astype(np.uint8)


def _in_bands(
    source: U8, reach: int, find: Callable[[U8, slice, U8], None], cancel: CancelToken | None
) -> U8:
    """What `find` makes of `source`, band by band.

    It is given a band with the `reach` pixels above and below that it is made of, which rows of that are its own, and
    where to write what it finds for them.
    """
    result = np.empty_like(source)

    def worker() -> Callable[[slice], object]:
        def fill(rows: slice) -> None:
            if cancel is not None:
                cancel.check()
            top = max(0, rows.start - reach)
            target = result[rows]
            own = slice(rows.start - top, rows.start - top + len(target))
            find(source[top : rows.stop + reach], own, target)

        return fill

    threads.share(threads.bands(Size(source.shape[1], source.shape[0]), _BAND), worker, source.size)
    return result


def _coarse_look(source: U8, radius: int) -> tuple[Bool, Bool]:
    """Per block: True where all of the result is 255; True where it can only be known by looking closer."""
    high, low = blocks.extremes(source, _BLOCK)
    # By how much the distance of two pixels may differ from that of the middles of their blocks.
    slack = math.sqrt(2.0)
    reached = blocks.distance(high == 255) <= radius / _BLOCK - slack
    full = reached | (low == 255)
    empty = blocks.distance(high > 0) > radius / _BLOCK + slack
    return full, ~(full | empty)


def _disc(radius: int) -> _Disc:
    """The disc of the pixels whose centres lie within `radius`, at least 1, of the middle one.

    The upper cap is laid out, and turned to the other sides. Below the top row, which is a single pixel, every row is
    wide enough for a small square.
    """
    side = math.isqrt(radius * radius // 2)
    second = 2 * math.isqrt(2 * radius - 1) + 1
    edge = 1 << (min(second, 2 * side + 1).bit_length() - 1)
    depth, count = radius - side, 2 * radius + 2 - edge
    cap = np.zeros((depth, count), np.uint8)
    covered = np.zeros((depth + edge, 2 * radius + 1), np.bool_)
    for y in range(1, depth):
        half = math.isqrt(radius * radius - (radius - y) ** 2)
        row = covered[y, radius - half : radius + half + 1]
        while not row.all():
            x = radius + min(int(np.argmin(row)) - half, half + 1 - edge)
            cap[y, x] = 1
            covered[y : y + edge, x : x + edge] = True
    far = count - depth
    turned = [((0, 0), cap), ((far, 0), cap[::-1]), ((0, 0), cap.T), ((0, far), cap.T[:, ::-1])]
    caps = tuple((place, as_u8(np.ascontiguousarray(each))) for place, each in turned) if cap.any() else ()
    return _Disc(radius, edge, side, caps)


def _maximum(around: U8, size: Size, disc: _Disc) -> U8:
    """The maximum over the disc for each pixel of a part of this `size`, of which `around` is the surroundings."""
    radius, edge, side = disc.radius, disc.edge, disc.side
    small = _window(around, 1, edge)
    # A square that begins at each pixel as far from the part's own as the large one does.
    first, beyond = radius - side, 2 * side + 1 - edge
    inner = small[first : first + size.height + beyond, first : first + size.width + beyond]
    best = _window(inner, edge, 2 * side + 1)
    if best is inner:
        best = best.copy()
    for (y, x), cap in disc.caps:
        piece = small[y : y + size.height + len(cap) - 1, x : x + size.width + cap.shape[1] - 1]
        # The maximum over many squares in one call, which keeps it in registers.
        cv2.max(best, cv2.dilate(piece, cap, anchor=(0, 0))[: size.height, : size.width], best)
    for y, x in ((0, radius), (2 * radius, radius), (radius, 0), (radius, 2 * radius)):
        cv2.max(best, around[y : y + size.height, x : x + size.width], best)
    return best


def _window(plane: U8, reached: int, edge: int) -> U8:
    """The maximum over the square of `edge` pixels that begins at each pixel, where there is one.

    `plane` holds it for squares of `reached` pixels, and is returned itself if these are the ones.
    """
    for axis in (1, 0):
        table, length = plane, reached
        while length < edge:
            step = min(length, edge - length)
            table, length = _doubled(table, step, axis), length + step
        plane = table
    return plane


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
