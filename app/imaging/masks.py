"""Operations on coverage: bounds, grow, shrink, inner softness, islands. Pure; arrays in, arrays out.

Coverage is uint8 (H, W), 255 = edit, 0 = keep. Distances are Euclidean between pixel centres, in pixels.
The picture's border is no edge: beyond it nothing is known, so nothing is eaten or softened from
there. Every operation works on the bounds of what is covered: its cost follows the mask, not the picture.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np

from app.base.cancel import CancelToken
from app.base.geometry import EMPTY, Rect, Size
from app.imaging import blocks, threads
from app.imaging.arrays import F32, U8, Bool, as_u8
from app.imaging.discs import disc_maximum

_BLOCK = 16
"""Edge in pixels of what is looked at as one to tell whether an edge is near."""
_TILE = 512
"""Edge in pixels of what is worked on at a time where distances are computed; wide ones take larger tiles."""


def plain_value(pixels: U8) -> int:
    """The value that all `pixels`, (h, w) and at least one, have; -1 where they differ."""
    value = int(pixels[0, 0])
    # Three pixels tell nearly all that differ, without a look at the others.
    if pixels[-1, -1] != value or pixels[pixels.shape[0] // 2, pixels.shape[1] // 2] != value:
        return -1
    low, high, _, _ = cv2.minMaxLoc(pixels)
    return value if low == high else -1


def size_of(coverage: U8) -> Size:
    """Width and height of a coverage plane."""
    return Size(coverage.shape[1], coverage.shape[0])


def bounds(coverage: U8) -> Rect:
    """The smallest rectangle around everything with coverage > 0; empty for none."""
    if coverage.size == 0:
        return EMPTY
    x, y, width, height = cv2.boundingRect(coverage)
    return Rect(x, y, width, height)


def area_around(coverage: U8, reach: int) -> Rect:
    """Bounds, and what of the picture lies within `reach` of them; empty where nothing is covered."""
    covered = bounds(coverage)
    return covered if covered.is_empty else covered.expanded(reach).intersected(size_of(coverage).rect)


def invert(coverage: U8) -> U8:
    """255 - coverage."""
    return as_u8(cv2.bitwise_not(coverage))


def grow(coverage: U8, px: int, cancel: CancelToken | None = None) -> U8:
    """Coverage widened by exactly `px` pixels on every side: the maximum over a disc of that radius.

    Soft edges keep their ramp and move outwards with it. Never below `coverage`; 0 px is a copy.

    Raises:
        Cancelled: the token was cancelled.
    """
    area = area_around(coverage, px)
    if area.is_empty:
        return coverage.copy()
    return _put(coverage, area, disc_maximum(coverage[area.slices], px, cancel))


def shrink(coverage: U8, px: int, cancel: CancelToken | None = None) -> U8:
    """Coverage eaten by exactly `px` pixels from every edge but the picture's border; 0 px is a copy."""
    area = area_around(coverage, px)
    if area.is_empty:
        return coverage.copy()
    eaten = disc_maximum(invert(coverage[area.slices]), px, cancel)
    return _put(coverage, area, as_u8(cv2.bitwise_not(eaten, eaten)))


def _put(coverage: U8, area: Rect, changed: U8) -> U8:
    """A copy of `coverage` with an area of it `changed`, or that itself where it is everything."""
    if changed.shape == coverage.shape:
        return changed
    copy = coverage.copy()
    copy[area.slices] = changed
    return copy


def feather_inside(coverage: U8, px: int, cancel: CancelToken | None = None) -> U8:
    """Coverage with a soft edge of `px` pixels that lies wholly inside it.

    The factor rises with the distance from the nearest uncovered pixel as a smoothstep, 3t² - 2t³, from 0 on
    the edge to 1 at a depth of `px`. Coverage 0 stays 0, and nothing rises above `coverage`.

    Raises:
        Cancelled: the token was cancelled.
    """
    soft = coverage.copy()
    around = area_around(coverage, 1)
    if px <= 0 or around.is_empty:
        return soft
    inside, target, whole = coverage[around.slices], soft[around.slices], around.size.rect

    def worker() -> Callable[[Rect], object]:
        def soften(part: Rect) -> None:
            if cancel is not None:
                cancel.check()
            wider = part.expanded(px + 1).intersected(whole)
            known = inside[wider.slices]
            if known.all():
                return
            # The edge runs half a pixel before the centre of the outermost covered pixel.
            ramp = _distance(known)[part.relative_to(wider).slices] - np.float32(0.5)
            ramp /= px
            np.clip(ramp, 0.0, 1.0, out=ramp)
            ramp *= ramp * (3.0 - 2.0 * ramp)
            ramp *= inside[part.slices]
            np.rint(ramp, out=ramp)
            target[part.slices] = ramp

        return soften

    parts = blocks.parts(_near_an_edge(inside, px), _BLOCK, max(_TILE, 4 * px // _BLOCK * _BLOCK), whole)
    threads.share(parts, worker, sum(part.area for part in parts))
    return soft


def _near_an_edge(coverage: U8, px: int) -> Bool:
    """The blocks with any coverage, and with any uncovered pixel as near as `px`, or so it may be."""
    high, low = blocks.extremes(coverage, _BLOCK)
    near: Bool = blocks.distance(low == 0) <= (px + 1) / _BLOCK + math.sqrt(2.0)
    return (high > 0) & near


def islands(coverage: U8, reach_px: int) -> tuple[Rect, ...]:
    """Bounds of the groups of covered pixels; groups no farther apart than `reach_px` count as one.

    Sorted from the top, then from the left.
    """
    area = bounds(coverage)
    if area.is_empty:
        return ()
    covered = (coverage[area.slices] > 0).astype(np.uint8)
    joined = covered
    if reach_px > 0:
        # Each side reaches half way; the margin joins pixels exactly `reach_px` apart on the pixel grid.
        distance = _distance(1 - covered)
        joined = (distance <= reach_px / 2 + 0.5).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    found = []
    for label in range(1, count):
        x, y, width, height = (int(value) for value in stats[label, :4])
        box = Rect(x, y, width, height)
        own = np.where(labels[box.slices] == label, covered[box.slices], np.uint8(0))
        tight = bounds(own)
        if not tight.is_empty:
            found.append(tight.translated(box.x + area.x, box.y + area.y))
    return tuple(sorted(found, key=lambda rect: (rect.y, rect.x)))


def max_inner_distance(coverage: U8) -> float:
    """The greatest distance of a covered pixel from an uncovered one: half the width of the widest part.

    0 for an empty mask; the picture's diagonal when nothing is uncovered.
    """
    area = bounds(coverage)
    if area.is_empty:
        return 0.0
    inside = coverage[area.expanded(1).intersected(size_of(coverage).rect).slices]
    if inside.all():
        return math.hypot(*coverage.shape)
    return float(_distance(inside).max())


def _distance(plane: U8) -> F32:
    """For every pixel the distance to the nearest pixel with value 0, which must exist. (H, W) float32."""
    nonzero = (plane > 0).astype(np.uint8)
    return cv2.distanceTransform(nonzero, cv2.DIST_L2, cv2.DIST_MASK_PRECISE).astype(np.float32, copy=False)
