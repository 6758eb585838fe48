"""What can be done to a whole mask: grow, shrink, feather, border, smooth, fill holes, remove specks. Pure.

Coverage is uint8 (H, W), 255 = edit. As in `masks`, the picture's border is no edge, every operation works on the
bounds of what is covered and as far around as it reaches, and the result is a new array.

Partial coverage takes part everywhere. Growing and shrinking take the maximum and minimum over a disc, so a soft
edge keeps its ramp and moves with it; whatever is covered to some degree grows to that degree.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from app.base.cancel import CancelToken
from app.base.geometry import Rect
from app.imaging import blocks, masks, threads
from app.imaging.arrays import U8, Bool, as_u8
from app.imaging.discs import disc_border
from app.imaging.flood import BLOCK, REACHED, Bodies, spread

_BAND = 2_000_000
"""Pixels that are blurred at a time, but for wide blurs."""
_FINE_SIGMA, _COARSE_SIGMA = 3.0, 5.0
"""Up to the first standard deviation a blur is done at full resolution, up to the second (counted there) on a
reduced one."""
_TAILS = 3.0
"""Standard deviations to both sides that a blur looks at: beyond them there is less than one level."""
_STRETCH = 1 / math.erf(math.sqrt(2.0))
"""By which what lies within two sigmas of a blurred edge becomes all of it."""
_MANY_SPECKS = 3000
"""Pixels that could be looked at in the time that one box takes."""
_FEW_LEVELS = 8
_LEVEL_STEP = 16
_LOWEST, _HIGHEST = 64.0, 192.0
"""How far the line between inside and outside may move so that a smoothed mask keeps its area."""


class OperationKind(enum.Enum):
    """What is done."""

    GROW = "grow"
    SHRINK = "shrink"
    FEATHER = "feather"
    BORDER = "border"
    SMOOTH = "smooth"
    REMOVE_SPECKS = "remove_specks"
    FILL_HOLES = "fill_holes"


@dataclass(frozen=True, slots=True)
class MaskOperation:
    """An operation and how far it goes: in pixels, for specks the area in pixels, for holes nothing."""

    kind: OperationKind
    amount: int = 0

    @property
    def reach(self) -> int:
        """Pixels beyond what is covered in which coverage may appear."""
        match self.kind:
            case OperationKind.GROW:
                return self.amount
            case OperationKind.BORDER:
                return self.amount - self.amount // 2
            case OperationKind.FEATHER | OperationKind.SMOOTH:
                return _blur_reach(self.amount / 2)
            case _:
                return 0

    def apply(self, coverage: U8, cancel: CancelToken | None = None) -> U8:
        """The coverage afterwards, (H, W).

        `coverage` ends at the picture's border, or where nothing within `reach` + 1 pixels is covered.

        Raises:
            Cancelled: the token was cancelled.
        """
        match self.kind:
            case OperationKind.GROW:
                return masks.grow(coverage, self.amount, cancel)
            case OperationKind.SHRINK:
                return masks.shrink(coverage, self.amount, cancel)
            case OperationKind.FEATHER:
                return feather(coverage, self.amount, cancel)
            case OperationKind.BORDER:
                return border(coverage, self.amount, cancel)
            case OperationKind.SMOOTH:
                return smooth(coverage, self.amount, cancel)
            case OperationKind.REMOVE_SPECKS:
                return remove_specks(coverage, self.amount, cancel)
            case OperationKind.FILL_HOLES:
                return fill_holes(coverage, cancel)


def feather(coverage: U8, px: int, cancel: CancelToken | None = None) -> U8:
    """Coverage whose edges fade over `px` pixels to either side.

    It is blurred by a Gaussian of sigma px / 2, at most 3 levels from the exact one, and stretched so that the
    last 2 % at both ends are cut off: a straight edge fades within `px` pixels and not for ever. The blur goes on
    beyond the picture's border as if its outermost pixels did.
    """
    area = masks.area_around(coverage, _blur_reach(px / 2))
    feathered = coverage.copy()
    if px > 0 and not area.is_empty:
        _blur(coverage[area.slices], feathered[area.slices], px / 2, cancel, _sharpened(127.5, _STRETCH))
    return feathered


def border(coverage: U8, px: int, cancel: CancelToken | None = None) -> U8:
    """A band of `px` pixels along the edges: half of it inside, half outside, an odd one's rest outside.

    What is left is the smaller of the grown mask and of all but the shrunk one.
    """
    area, inside = masks.area_around(coverage, px), px // 2
    found = disc_border(coverage[area.slices], px - inside, inside, cancel)
    if found.shape == coverage.shape:
        return found
    band = np.zeros_like(coverage)
    band[area.slices] = found
    return band


def smooth(coverage: U8, px: int, cancel: CancelToken | None = None) -> U8:
    """Coverage without what is jagged on a scale of `px` pixels; its area and the softness of its edges stay.

    It is blurred and made as sharp again as it was. The line at which that happens is the one that keeps the
    sum of all coverage, unless what there was is too thin or too scattered to be kept.
    """
    area = masks.area_around(coverage, _blur_reach(px / 2))
    smoothed = coverage.copy()
    if px <= 0 or area.is_empty:
        return smoothed
    before = coverage[area.slices]
    softness = _edge_width(before)
    blurred = np.empty_like(before)
    _blur(before, blurred, px / 2, cancel)
    spread = math.sqrt((px / 2) ** 2 + softness**2 / 12)
    gain = max(1.0, spread * math.sqrt(2 * math.pi) / softness)
    table = _sharpened(_line_that_keeps(int(cv2.norm(before, cv2.NORM_L1)), _counts(blurred), gain), gain)
    _changed(blurred, table, smoothed[area.slices])
    return smoothed


def fill_holes(coverage: U8, cancel: CancelToken | None = None) -> U8:
    """Coverage without holes: what is enclosed on all sides becomes as covered as what encloses it.

    A hole that the picture's border cuts is open. Pixels that meet at a corner only enclose. What encloses is looked
    at in full coverage, at every level that is frequent, and in steps of 16 levels where much is partly covered.
    """
    filled = coverage.copy()
    area = masks.area_around(coverage, 1)
    if area.is_empty:
        return filled
    before = coverage[area.slices]
    highest = blocks.highest(before, BLOCK)
    levels = hole_levels(before)
    planes = []

    def worker() -> Callable[[int], object]:
        own = before.copy()
        planes.append(own)

        def fill(level: int) -> None:
            if cancel is not None:
                cancel.check()
            enclosed = _enclosed(before, highest, level, alone=len(levels) == 1)
            if enclosed is not None:
                cv2.max(own, enclosed, own)

        return fill

    threads.share(levels, worker, before.size)
    for plane in planes:
        np.maximum(filled[area.slices], plane, out=filled[area.slices])
    return filled


def _enclosed(coverage: U8, highest: U8, level: int, *, alone: bool) -> U8 | None:
    """`level` where coverage of at least this level encloses what has less, else 0; None where nothing is enclosed.

    `highest` is the maximum of each block of the flood's. Without others beside it, `alone`, it uses threads.
    """
    height, width = coverage.shape
    # One open block all round lets the outside hang together.
    solid = np.pad(highest < level, 1, constant_values=True)
    _, labels = cv2.connectedComponents(solid.view(np.uint8), connectivity=4)
    bodies = Bodies(labels == labels[0, 0])
    mask = np.empty((solid.shape[0] * BLOCK + 2, solid.shape[1] * BLOCK + 2), np.uint8)
    mask[0] = mask[-1] = mask[:, 0] = mask[:, -1] = 1
    plane = as_u8(mask[1:-1, 1:-1])
    plane[:BLOCK] = plane[BLOCK + height :] = plane[:, :BLOCK] = plane[:, BLOCK + width :] = 0
    inside = plane[BLOCK : BLOCK + height, BLOCK : BLOCK + width]
    cv2.threshold(coverage, level - 1, 1, cv2.THRESH_BINARY, inside)
    blocks.fill(plane, bodies.closed, BLOCK, REACHED)
    spread(mask, bodies, 0, 0, alone=alone)
    if cv2.countNonZero(inside) == inside.size:
        return None
    return as_u8(cv2.threshold(inside, 0, level, cv2.THRESH_BINARY_INV)[1])


def remove_specks(coverage: U8, px: int, cancel: CancelToken | None = None) -> U8:
    """Coverage without the groups of less than `px` covered pixels; pixels that meet at a corner are a group."""
    cleaned = coverage.copy()
    area = masks.bounds(coverage)
    if area.is_empty:
        return cleaned
    inside = cleaned[area.slices]
    covered = as_u8(cv2.threshold(inside, 0, 1, cv2.THRESH_BINARY)[1])
    _, labels, found, _ = cv2.connectedComponentsWithStats(covered, connectivity=8)
    if cancel is not None:
        cancel.check()
    dropped: Bool = found[:, cv2.CC_STAT_AREA] < px
    dropped[0] = False
    # A few are taken out of their boxes, many in one go.
    boxes = found[dropped, : cv2.CC_STAT_AREA]
    if int(np.prod(boxes[:, 2:].astype(np.int64), axis=1).sum()) + _MANY_SPECKS * len(boxes) > inside.size:
        cv2.multiply(inside, np.logical_not(dropped).view(np.uint8)[labels], inside)
        return cleaned
    for label, (x, y, width, height) in zip(np.flatnonzero(dropped).tolist(), boxes.tolist(), strict=True):
        box = Rect(x, y, width, height).slices
        inside[box][labels[box] == label] = 0
    return cleaned


# Blurring


def _blur_reach(sigma: float) -> int:
    """Pixels over which a blur carries at least half a level of full coverage."""
    return math.ceil(3.0 * sigma) + 1


def _blur(plane: U8, target: U8, sigma: float, cancel: CancelToken | None, table: U8 | None = None) -> None:
    """Write a plane, blurred by a Gaussian and each level changed as `table` says, to `target`, in bands of rows.

    A wide blur is done on a reduced plane, less the blur that reducing and enlarging add.
    """
    factor = 1 if sigma <= _FINE_SIGMA else 2
    while sigma / factor > _COARSE_SIGMA:
        factor *= 2
    # How far the filters look, in whole pixels of the reduced plane, so that every band reduces the same ones.
    beyond = factor * (math.ceil(_TAILS * sigma / factor) + 3)
    height = plane.shape[0]
    bands = threads.THREADS * math.ceil(plane.size / (threads.THREADS * _BAND))
    rows = max(4 * beyond, factor * math.ceil(height / (bands * factor)))
    rows -= rows % factor

    def worker() -> Callable[[int], object]:
        def blur(top: int) -> None:
            if cancel is not None:
                cancel.check()
            end, first = min(top + rows, height), max(0, top - beyond)
            blurred = _blurred(plane[first : end + beyond], sigma, factor)[top - first : end - first]
            if table is None:
                target[top:end] = blurred
            else:
                cv2.LUT(blurred, table, target[top:end])

        return blur

    threads.share(range(0, height, rows), worker, plane.size)


def _blurred(plane: U8, sigma: float, factor: int) -> U8:
    if factor == 1:
        return _gaussian(plane, sigma)
    height, width = plane.shape
    # Around the outermost pixels there must be some for the filter that enlarges.
    even = cv2.copyMakeBorder(
        plane, factor, factor + -height % factor, factor, factor + -width % factor, cv2.BORDER_REPLICATE
    )
    small = (even.shape[1] // factor, even.shape[0] // factor)
    reduced = as_u8(cv2.resize(even, small, interpolation=cv2.INTER_AREA))
    # The variances of a mean over `factor` pixels and of the bilinear filter that enlarges.
    added = (factor**2 - 1) / 12 + (factor**2 + 0.5) / 6
    reduced = _gaussian(reduced, math.sqrt(sigma**2 - added) / factor)
    enlarged = cv2.resize(reduced, (even.shape[1], even.shape[0]), interpolation=cv2.INTER_LINEAR)
    return as_u8(enlarged)[factor : factor + height, factor : factor + width]


def _gaussian(plane: U8, sigma: float) -> U8:
    side = 2 * math.ceil(_TAILS * sigma) + 1
    # In floats row by row: both faster and nearer to the Gaussian than cv2's own blur of bytes.
    row = cv2.getGaussianKernel(side, sigma, cv2.CV_32F)
    return as_u8(cv2.sepFilter2D(plane, -1, row, row, borderType=cv2.BORDER_REPLICATE))


# Smoothing


def _edge_width(coverage: U8) -> float:
    """Pixels over which coverage rises at its edges, in the mean; at least 1.

    The sum of all slopes is the length of the edges, however soft they are (the coarea formula), and the pixels of
    partial coverage are that length times the width.
    """
    down = cv2.norm(coverage[1:], coverage[:-1], cv2.NORM_L1)
    across = cv2.norm(coverage[:, 1:], coverage[:, :-1], cv2.NORM_L1)
    # An edge of any direction is counted by its width and its height, 4 / pi of its length in the mean.
    length = (down + across) / 255 * math.pi / 4
    partial = cv2.countNonZero(coverage) - int(np.count_nonzero(coverage == 255))
    return max(1.0, partial / length) if length else 1.0


def _sharpened(line: float, gain: float) -> U8:
    """For each level of 0-255 what it becomes when `line` becomes one half."""
    levels = (np.arange(256) - line) * gain + 127.5
    return as_u8(np.clip(np.rint(levels), 0, 255).astype(np.uint8))


def _changed(plane: U8, table: U8, target: U8) -> None:
    """Write each level of a plane as `table` says to `target`."""

    def change(rows: slice) -> None:
        cv2.LUT(plane[rows], table, target[rows])

    threads.share(threads.bands(masks.size_of(plane), _BAND), lambda: change, plane.size)


def _line_that_keeps(total: int, counts: NDArray[np.int64], gain: float) -> float:
    """The line at which levels that occur `counts` times sum up to `total`, as near as it may go."""
    low, high = _LOWEST, _HIGHEST
    for _ in range(16):
        line = (low + high) / 2
        if int(np.dot(counts, _sharpened(line, gain).astype(np.int64))) > total:
            low = line
        else:
            high = line
    return (low + high) / 2


# Holes


def hole_levels(coverage: U8) -> list[int]:
    """The levels at which holes are looked for, the lowest first."""
    counts = _counts(coverage)
    covered, partial = int(counts[1:].sum()), counts.copy()
    partial[0] = partial[255] = 0
    # Smooth edges have a few pixels of every level, which enclose nothing of their own.
    frequent = [int(level) for level in np.argsort(partial)[-_FEW_LEVELS:] if partial[level] * 200 > covered]
    steps = range(_LEVEL_STEP, 255, _LEVEL_STEP) if int(partial.sum()) * 10 > covered else (128,)
    return sorted({1, 255, *frequent, *steps})


def _counts(plane: U8) -> NDArray[np.int64]:
    """How often each level occurs, (256,)."""
    counts = np.zeros(256, np.int64)
    found: list[NDArray[np.int64]] = []

    def count(rows: slice) -> None:
        found.append(np.asarray(cv2.calcHist([plane[rows]], [0], None, [256], [0, 256]), np.int64).ravel())

    threads.share(threads.bands(masks.size_of(plane), _BAND), lambda: count, plane.size)
    for each in found:
        counts += each
    return counts


# From two pictures


def difference(first: U8, second: U8, levels: int) -> U8:
    """255 where two pictures of one size, (h, w, 3), differ by more than `levels` in any channel, else 0. (h, w)."""
    apart = as_u8(cv2.absdiff(np.ascontiguousarray(first), np.ascontiguousarray(second)))
    most = as_u8(np.maximum(np.maximum(apart[..., 0], apart[..., 1]), apart[..., 2]))
    return as_u8(cv2.threshold(most, levels, 255, cv2.THRESH_BINARY)[1])
