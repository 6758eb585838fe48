"""Coverage found in a picture or in a mask: by colour, by what encloses a place, along a line. Pure.

Pictures are (H, W, 4) uint8 BGRA as the document shows them. Every function returns the rectangle that holds all
it found, inside the picture, and the coverage (h, w) of it, 255 = selected; an empty rectangle for nothing.
The coverage may be a part of a larger plane. They are made to run in a thread: they poll their `Work` between
pieces and free the interpreter lock in cv2.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence

import cv2
import numpy as np

from app.base.geometry import EMPTY, Point, Rect, Size
from app.base.work import Work
from app.imaging import blocks, threads
from app.imaging.arrays import F32, U8
from app.imaging.flood import Alike, flood
from app.imaging.masks import bounds, size_of
from app.imaging.ranges import CELL, Ranges

Found = tuple[Rect, U8]
Colour = tuple[int, int, int, int]
"""BGRA, each 0–255."""

_BAND = 262144
"""Pixels that are worked on at a time: their channels stay in the cache, and in memory that is kept at hand."""
_SMOOTH_BAND = 196608
"""The same for smoothing."""
_FLOOD = 4 | cv2.FLOODFILL_MASK_ONLY | (255 << 8)


class GradientKind(enum.Enum):
    """How coverage falls off."""

    LINEAR = "linear"
    RADIAL = "radial"


def nothing() -> Found:
    """What is returned when nothing was found."""
    return EMPTY, np.empty((0, 0), np.uint8)


def colour_at(picture: U8, x: int, y: int, sample: int = 1) -> Colour:
    """The mean colour of the square of `sample` pixels around a pixel of the picture, which cuts it."""
    square = _square(picture, x, y, sample)
    blue, green, red, alpha = picture[square.slices].reshape(-1, 4).mean(axis=0)
    return round(blue), round(green), round(red), round(alpha)


def wand(
    picture: U8,
    ranges: Ranges,
    x: int,
    y: int,
    *,
    tolerance: int,
    contiguous: bool = True,
    sample: int = 1,
    smooth: bool = True,
    opaque: bool = False,
    work: Work | None = None,
) -> Found:
    """Pixels whose every channel differs by at most `tolerance`, 0–255, from the colour at pixel (x, y).

    `contiguous` keeps those that hang together with that place by their sides. `smooth` blurs the edge
    by a binomial filter over 3 x 3 pixels: half of the softness lies on each side of it.
    `ranges` are the picture's own, and `opaque` says that its alpha is 255 everywhere.
    """
    work = work or Work()
    if not size_of(picture).rect.contains_point(Point(x, y)):
        return nothing()
    colour = colour_at(picture, x, y, sample)[: 3 if opaque else 4]
    # Round what is smoothed there is nothing, or the picture ends and goes on as it was.
    margin = 1 if smooth else 0
    if contiguous:
        near = _square(picture, x, y, sample)
        area, found = flood(picture, ranges, colour, tolerance, near, (x, y), work, margin)
    else:
        area, found = _cropped(_alike(picture, ranges, colour, tolerance, work), margin)
    if area.is_empty:
        return nothing()
    if smooth:
        _smooth(found, work)
    return area, found


def colour_range(picture: U8, colours: Sequence[Colour], fuzziness: int, work: Work | None = None) -> Found:
    """Pixels by their likeness to the nearest of `colours`.

    The difference is the greatest among the channels. Coverage is full up to half of `fuzziness`, 1–255, and falls
    from there in a straight line to 0 at `fuzziness`.
    """
    work = work or Work()

    tables = [[_likeness(value, fuzziness) for value in colour] for colour in colours]

    def cover(rows: slice, target: U8, scratch: U8) -> None:
        planes, (alike, other) = list(scratch[:4]), scratch[4:]
        cv2.split(picture[rows], planes)
        target[...] = 0
        for table in tables:
            # The greatest difference is the least likeness.
            cv2.LUT(planes[0], table[0], alike)
            for plane, own in zip(planes[1:], table[1:], strict=True):
                cv2.LUT(plane, own, other)
                cv2.min(alike, other, alike)
            cv2.max(target, alike, target)

    coverage = _in_bands(size_of(picture), cover, work)
    return _cropped(coverage)


def enclosed(coverage: U8, x: int, y: int, work: Work | None = None) -> Found:
    """The area of a mask around pixel (x, y) that is less covered than everything round it.

    From the pixel on it spreads, by sides, to whatever is covered at least as much as where it comes from: up
    the soft rim of a stroke, along its ridge and never down on the other side. So a closed line of any softness
    holds it, no seam is left beside the line, and the picture's border closes what is open.
    """
    work = work or Work()
    size = size_of(coverage)
    if not size.rect.contains_point(Point(x, y)) or coverage[y, x] == 255:
        return nothing()
    work.step(0.0)
    reached = np.zeros((size.height + 2, size.width + 2), np.uint8)
    # cv2 asks for an image it may write to, and a mask changes under the hand that paints.
    _, _, _, box = cv2.floodFill(coverage.copy(), reached, (x, y), 0, 0, 255, _FLOOD)
    work.step(1.0)
    area = Rect(*box)
    return area, reached[1:-1, 1:-1][area.slices]


def gradient(size: Size, start: Point, end: Point, kind: GradientKind, work: Work | None = None) -> Found:
    """Coverage that falls from 255 at `start` to 0 at `end`; nothing when they are less than a pixel apart.

    Linear: across the line between them, full behind its start. Radial: by the distance from `start`.
    """
    work = work or Work()
    length = start.distance(end)
    if length < 1.0 or size.is_empty:
        return nothing()
    xs = np.arange(size.width, dtype=np.float32) + np.float32(0.5 - start.x)
    ys = np.arange(size.height, dtype=np.float32) + np.float32(0.5 - start.y)
    if kind is GradientKind.LINEAR:
        way = end - start
        xs *= np.float32(way.x / length**2)
        ys *= np.float32(way.y / length**2)
    else:
        xs, ys = (xs / np.float32(length)) ** 2, (ys / np.float32(length)) ** 2
    coverage = np.empty((size.height, size.width), np.uint8)
    for rows in threads.bands(size, _BAND):
        work.step(rows.start / size.height)
        way_down: F32 = ys[rows, np.newaxis] + xs[np.newaxis, :]
        if kind is GradientKind.RADIAL:
            cv2.sqrt(way_down, way_down)
        np.clip(way_down, 0.0, 1.0, out=way_down)
        cv2.convertScaleAbs(way_down, coverage[rows], -255.0, 255.0)
    return _cropped(coverage)


# Colours


def _likeness(value: int, fuzziness: int) -> U8:
    """Coverage for each level of a channel whose picked level is `value`."""
    difference = np.abs(np.arange(256) - value)
    return np.rint(255 * np.clip(2 - 2 * difference / fuzziness, 0, 1)).astype(np.uint8)


def _alike(picture: U8, ranges: Ranges, colour: tuple[int, ...], tolerance: int, work: Work) -> U8:
    """255 where no channel differs from `colour` by more than `tolerance`, else 0."""
    alike = Alike(picture, colour, tolerance)
    wholly, partly = alike.cells(ranges, work)
    coverage = np.empty(picture.shape[:2], np.uint8)
    blocks.write((~wholly).view(np.uint8), CELL, coverage)
    alike.look(partly & ~wholly, alike.size.rect, coverage, work)

    def worker() -> Callable[[slice], object]:
        # 0 becomes 255, and 1 becomes 0.
        return lambda rows: np.subtract(coverage[rows], 1, out=coverage[rows])

    threads.share(threads.bands(alike.size, _BAND), worker, coverage.size)
    return coverage


def _smooth(plane: U8, work: Work) -> None:
    """Put a plane through the binomial filter of 3 x 3, in place; beyond its border it goes on as it ends.

    Fresh memory for a large plane would take longer than the filter, and so would a search for where there is
    nothing to be smoothed. It is done in bands of rows; cv2 shares each among threads itself. A band's last row is
    written when the next band, which looks at it, has been read.
    """
    height, width = plane.shape
    rows = _rows(width, _SMOOTH_BAND)
    scratch = np.empty((rows + 2, width), np.uint8)
    last = np.empty((0, width), np.uint8)
    for top in range(0, height, rows):
        work.step(0.9 + 0.1 * top / height)
        end, first = min(top + rows, height), max(0, top - 1)
        piece = plane[first : end + 1]
        blurred = scratch[: len(piece)]
        cv2.GaussianBlur(piece, (3, 3), 0, blurred, borderType=cv2.BORDER_REPLICATE)
        blurred = blurred[top - first :]
        plane[top - len(last) : top] = last
        last = blurred[end - top - 1 : end - top].copy()
        plane[top : end - 1] = blurred[: end - top - 1]
    plane[height - len(last) :] = last


def _square(plane: U8, x: int, y: int, sample: int) -> Rect:
    return Rect(x - sample // 2, y - sample // 2, sample, sample).intersected(size_of(plane).rect)


# Planes


def _in_bands(size: Size, cover: Callable[[slice, U8, U8], object], work: Work) -> U8:
    """Have `cover` make the coverage of bands of rows, in threads; the plane of `size` of all of them.

    `cover` is given its rows, where their coverage goes, and six planes as large for its own use, one behind the
    other: to ask for fresh memory band by band would take longer than the work.
    """
    coverage = np.empty((size.height, size.width), np.uint8)

    def worker() -> Callable[[slice], object]:
        scratch = np.empty(6 * _rows(size.width, _BAND) * size.width, np.uint8)

        def make(rows: slice) -> None:
            work.step(rows.start / size.height)
            target = coverage[rows]
            cover(rows, target, scratch[: 6 * target.size].reshape(6, *target.shape))

        return make

    threads.share(threads.bands(size, _BAND), worker, size.area)
    return coverage


def _rows(width: int, pixels: int) -> int:
    """How many rows of a plane make a band of so many pixels."""
    return max(1, pixels // max(1, width))


def _cropped(coverage: U8, margin: int = 0) -> Found:
    """The part of a plane that holds all its coverage, and as many pixels round it."""
    area = bounds(coverage)
    if not area.is_empty:
        area = area.expanded(margin).intersected(size_of(coverage).rect)
    return area, coverage[area.slices]
