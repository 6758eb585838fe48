"""Coverage found in a picture or in a mask: by colour, by what encloses a place, along a line. Pure.

Pictures are (H, W, 4) uint8 BGRA as the document shows them. Every function returns the rectangle that holds all
it found, inside the picture, and the coverage (h, w) of it, 255 = selected; an empty rectangle for nothing.
They are made to run in a thread: they poll their `Work` between pieces and free the interpreter lock in cv2.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

from app.base.geometry import EMPTY, Point, Rect, Size
from app.base.work import Work
from app.imaging.arrays import F32, U8, as_u8
from app.imaging.masks import bounds, size_of

Found = tuple[Rect, U8]
Colour = tuple[int, int, int, int]
"""BGRA, each 0–255."""

_BAND = 64
"""Rows that are worked on at a time: a band of all channels stays in the processor's cache."""
_NEAR_EDGE = 1536
"""Most selections end within a square of this edge around the click: it is tried before the whole picture."""
_THREADS = 2
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
    x: int,
    y: int,
    *,
    tolerance: int,
    contiguous: bool = True,
    sample: int = 1,
    smooth: bool = True,
    work: Work | None = None,
) -> Found:
    """Pixels whose every channel differs by at most `tolerance`, 0–255, from the colour at pixel (x, y).

    `contiguous` keeps those that hang together with that place by their sides. `smooth` blurs the edge
    by a binomial filter over 3 x 3 pixels: half of the softness lies on each side of it.
    """
    work = work or Work()
    if not size_of(picture).rect.contains_point(Point(x, y)):
        return nothing()
    low, high = _limits(colour_at(picture, x, y, sample), tolerance)
    if contiguous:
        window, chosen = _contiguous(picture, x, y, low, high, sample, work)
    else:
        window, chosen = size_of(picture).rect, _within(picture, low, high, work)
    area = bounds(chosen)
    if area.is_empty:
        return nothing()
    if smooth:
        # Round the area there is nothing, or the picture ends and goes on as it was.
        area = area.expanded(1).intersected(window.relative_to(window))
        found = as_u8(
            cv2.GaussianBlur(
                np.ascontiguousarray(chosen[area.slices]), (3, 3), 0, borderType=cv2.BORDER_REPLICATE
            )
        )
    else:
        found = np.ascontiguousarray(chosen[area.slices])
    return area.translated(window.x, window.y), found


def colour_range(picture: U8, colours: Sequence[Colour], fuzziness: int, work: Work | None = None) -> Found:
    """Pixels by their likeness to the nearest of `colours`.

    The difference is the greatest among the channels. Coverage is full up to half of `fuzziness`, 1–255, and falls
    from there in a straight line to 0 at `fuzziness`.
    """
    work = work or Work()

    tables = [[_likeness(value, fuzziness) for value in colour] for colour in colours]

    def cover(band: U8, target: U8) -> None:
        planes = [as_u8(plane) for plane in cv2.split(band)]
        target[...] = 0
        for table in tables:
            # The greatest difference is the least likeness.
            alike = as_u8(cv2.LUT(planes[0], table[0]))
            for plane, own in zip(planes[1:], table[1:], strict=True):
                cv2.min(alike, as_u8(cv2.LUT(plane, own)), alike)
            cv2.max(target, alike, target)

    coverage = _in_bands(picture, cover, work)
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
    return area, np.ascontiguousarray(reached[1:-1, 1:-1][area.slices])


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
    for rows in _bands(size.height, work):
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


def _limits(colour: Colour, tolerance: int) -> tuple[Colour, Colour]:
    blue, green, red, alpha = (max(0, value - tolerance) for value in colour)
    low = blue, green, red, alpha
    blue, green, red, alpha = (min(255, value + tolerance) for value in colour)
    return low, (blue, green, red, alpha)


def _within(picture: U8, low: Colour, high: Colour, work: Work) -> U8:
    """255 where every channel lies between its limits, both included, else 0.

    Channel by channel in bands it takes half of the time of one inRange over all four of them.
    """
    told = [channel for channel in range(4) if low[channel] > 0 or high[channel] < 255] or [0]

    def cover(band: U8, target: U8) -> None:
        planes = cv2.split(band)
        cv2.inRange(planes[told[0]], low[told[0]], high[told[0]], target)
        for channel in told[1:]:
            inside = as_u8(cv2.inRange(planes[channel], low[channel], high[channel]))
            cv2.bitwise_and(target, inside, target)

    return _in_bands(picture, cover, work)


def _contiguous(
    picture: U8, x: int, y: int, low: Colour, high: Colour, sample: int, work: Work
) -> tuple[Rect, U8]:
    """A window around (x, y), and in it 255 for the pixels between the limits that hang together with that place."""
    whole = size_of(picture).rect
    near = Rect(x - _NEAR_EDGE // 2, y - _NEAR_EDGE // 2, _NEAR_EDGE, _NEAR_EDGE).intersected(whole)
    for window in (near, whole):
        chosen = _within(picture[window.slices], low, high, work)
        seed = _seed(chosen, x - window.x, y - window.y, sample)
        if seed is None:
            break
        reached = np.zeros((window.height + 2, window.width + 2), np.uint8)
        _, _, _, box = cv2.floodFill(chosen, reached, seed, 0, 0, 0, _FLOOD | cv2.FLOODFILL_FIXED_RANGE)
        work.step(1.0)
        # What stops at the window's edge may go on beyond it.
        around = Rect(*box).translated(window.x, window.y).expanded(1).intersected(whole)
        if window.contains(around):
            return window, reached[1:-1, 1:-1]
    return nothing()


def _seed(chosen: U8, x: int, y: int, sample: int) -> tuple[int, int] | None:
    """The chosen pixel next to (x, y) in its sample: the mean colour may not be the pixel's own."""
    square = _square(chosen, x, y, sample)
    rows, columns = np.nonzero(chosen[square.slices])
    if not rows.size:
        return None
    nearest = int(np.argmin(np.hypot(columns + square.x - x, rows + square.y - y)))
    return int(columns[nearest]) + square.x, int(rows[nearest]) + square.y


def _square(plane: U8, x: int, y: int, sample: int) -> Rect:
    return Rect(x - sample // 2, y - sample // 2, sample, sample).intersected(size_of(plane).rect)


# Planes


def _in_bands(picture: U8, cover: Callable[[U8, U8], object], work: Work) -> U8:
    """Have `cover` make the coverage of bands of `picture`, in threads; the plane (H, W) of all of them."""
    coverage = np.empty(picture.shape[:2], np.uint8)
    starts = range(0, len(picture), _BAND)
    if len(starts) < 4 * _THREADS:
        for rows in _bands(len(picture), work):
            cover(picture[rows], coverage[rows])
        return coverage

    def every(first: int) -> None:
        for place in range(first, len(starts), _THREADS):
            work.step(place / len(starts))
            rows = slice(starts[place], starts[place] + _BAND)
            cover(picture[rows], coverage[rows])

    with ThreadPoolExecutor(_THREADS, thread_name_prefix="selection") as pool:
        for done in [pool.submit(every, first) for first in range(_THREADS)]:
            done.result()
    return coverage


def _bands(height: int, work: Work) -> Iterator[slice]:
    for top in range(0, height, _BAND):
        work.step(top / height)
        yield slice(top, top + _BAND)


def _cropped(coverage: U8) -> Found:
    """The part of a plane that holds all its coverage."""
    area = bounds(coverage)
    return area, np.ascontiguousarray(coverage[area.slices])
