"""Budget 9: operations on a whole mask, against copying it once, and against libraries where it names no limit.

Everything is timed in turn with its reference, as the machine's speed changes from minute to minute, and by the wall,
which is what one waits for: operations work in two threads, as cv2 may do, too. On two processors anything else takes
one away from them, so no sample is dropped for that, and the processor time of all threads stands beside it.
Operations without a limit in the budget may take as long as the shortest way to say the same in cv2 and numpy.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from harness import SAMPLES, Report, Row

from app.base.geometry import Size
from app.base.work import Work
from app.document.mask import Mask
from app.imaging.arrays import F32, U8
from app.imaging.mask_operations import MaskOperation, OperationKind, hole_levels
from app.imaging.masks import feather_inside, grow, shrink, size_of
from app.imaging.ranges import Ranges
from app.imaging.selections import wand

WAND_LIMIT = 15.0
WAND_FROM = 24
"""Megapixels from which the wand has a limit: a copy of less stays in the processor's cache, and costs half."""
PATIENCE = 8.0
"""Seconds for one operation and its reference."""
LEAST = 5
"""Samples of what takes longer than that."""
Run = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Spent:
    """Medians in milliseconds, of so many samples."""

    wall: float
    processor: float
    samples: int

    @property
    def note(self) -> str:
        return f"{self.samples}, {self.processor:.0f} ms cpu"


def whole_masks(report: Report, megapixels: float) -> None:
    """Everything that can be done to a mask of blobs with soft edges, which lie close all over the picture."""
    width = round((megapixels * 1e6 * 1.5) ** 0.5)
    coverage = _blobs(width, round(width / 1.5))
    copy = np.empty_like(coverage)
    mask = Mask(size_of(coverage), coverage.copy())
    cases: list[tuple[str, float, Run]] = [("invert", 1.5, lambda: mask.invert("Invert"))]
    cases += [(f"grow by {px}", 80.0, lambda px=px: grow(coverage, px)) for px in (2, 8, 32, 100)]
    cases += [(f"shrink by {px}", 80.0, lambda px=px: shrink(coverage, px)) for px in (8, 32)]
    cases += [
        (f"feather by {px}", 40.0, _operation(coverage, OperationKind.FEATHER, px)) for px in (2, 6, 10, 50)
    ]
    for name, limit, run in cases:
        spent, copied = timed(run, lambda: np.copyto(copy, coverage))
        details = f"{spent.wall:.1f} / {copied.wall:.2f} ms ({spent.note})"
        case = f"{name}, {megapixels:g} MP"
        report.add(Row("9", case, spent.wall / copied.wall, limit, details=details))
    for name, run, plain in _others(coverage):
        spent, reference = timed(run, plain)
        details = f"{spent.wall:.1f} / {reference.wall:.1f} ms ({spent.note})"
        case = f"{name} / plainly, {megapixels:g} MP"
        report.add(Row("", case, spent.wall / reference.wall, 1.0, details=details))


def wands(report: Report, megapixels: float) -> None:
    """The wand as it hangs together, with a hard edge, on a picture of which it takes half.

    What the picture ranges between is known, as after the first click on it; reading it stands beside.
    """
    width = round((megapixels * 1e6 * 1.5) ** 0.5)
    size = Size(width, round(width / 1.5))
    copy, mask = np.empty((2, size.height, size.width), np.uint8)
    mask[...] = 0
    for grain in (0.0, 2.0):
        picture = hills(size, grain)
        x, y = size.width // 2, size.height // 2
        ranges = Ranges(picture)
        start = time.perf_counter()
        ranges.read(Work())
        read = (time.perf_counter() - start) * 1e3
        spent, copied, plain = timed(
            partial(wand, picture, ranges, x, y, tolerance=40, smooth=False, opaque=True),
            partial(np.copyto, copy, mask),
            partial(_plain_wand, np.ascontiguousarray(picture[..., :3]), x, y, 40),
        )
        details = f"{spent.wall:.1f} / {copied.wall:.2f} ms ({spent.note}), cv2.floodFill {plain.wall:.1f} ms"
        details += f", ranges once {read:.0f} ms"
        case = f"wand, grain {grain:.0f}, {megapixels:g} MP"
        limit = WAND_LIMIT if megapixels >= WAND_FROM else float("inf")
        report.add(Row("9", case, spent.wall / copied.wall, limit, details=details))


def _plain_wand(picture: U8, x: int, y: int, tolerance: int) -> U8:
    reached = np.zeros((picture.shape[0] + 2, picture.shape[1] + 2), np.uint8)
    flags = 4 | cv2.FLOODFILL_FIXED_RANGE | cv2.FLOODFILL_MASK_ONLY | (255 << 8)
    cv2.floodFill(picture, reached, (x, y), 0, (tolerance,) * 3, (tolerance,) * 3, flags)
    return reached[1:-1, 1:-1]


def hills(size: Size, grain: float) -> U8:
    """Wide hills of brightness, half of which the wand takes from the middle, with `grain` in levels.

    Of grain 12 every patch of sixteen pixels has some that the wand leaves out: nothing is plain.
    """
    ys, xs = np.mgrid[: size.height, : size.width].astype(np.float32)
    # As many hills at every size, each as steep in comparison.
    step = size.width / 6000
    heights = 127 + 100 * np.sin(xs / (900 * step)) * np.cos(ys / (700 * step))
    random = np.random.default_rng(1)
    picture = np.full((size.height, size.width, 4), 255, np.uint8)
    for channel in range(3):
        level = heights + 5 * channel
        if grain:
            level = level + random.normal(0, grain, heights.shape).astype(np.float32)
        picture[..., channel] = np.clip(level, 0, 255)
    return picture


def _others(coverage: U8) -> list[tuple[str, Run, Run]]:
    """Operations without a limit of their own, each with the plain way."""
    return [
        ("soften inside by 40", lambda: feather_inside(coverage, 40), lambda: _plain_inside(coverage, 40)),
        (
            "border of 16",
            _operation(coverage, OperationKind.BORDER, 16),
            lambda: _plain_border(coverage, 8),
        ),
        ("smooth by 8", _operation(coverage, OperationKind.SMOOTH, 8), lambda: _plain_smooth(coverage, 4.0)),
        ("fill holes", _operation(coverage, OperationKind.FILL_HOLES, 0), lambda: _plain_fill(coverage)),
        (
            "remove specks below 100",
            _operation(coverage, OperationKind.REMOVE_SPECKS, 100),
            lambda: _plain_specks(coverage, 100),
        ),
    ]


def _operation(coverage: U8, kind: OperationKind, px: int) -> Run:
    return lambda: MaskOperation(kind, px).apply(coverage)


# The plain ways


def _plain_inside(coverage: U8, px: int) -> U8:
    covered = (coverage > 0).astype(np.uint8)
    depth: F32 = cv2.distanceTransform(covered, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    ramp = np.clip((depth - np.float32(0.5)) / np.float32(px), 0, 1)
    return np.rint(coverage * (ramp * ramp * (3 - 2 * ramp))).astype(np.uint8)


def _plain_border(coverage: U8, px: int) -> U8:
    across = np.arange(-px, px + 1)
    disc = (across[:, np.newaxis] ** 2 + across**2 <= px * px).astype(np.uint8)
    return cv2.min(cv2.dilate(coverage, disc), cv2.bitwise_not(cv2.erode(coverage, disc)))


def _plain_smooth(coverage: U8, sigma: float) -> U8:
    blurred = cv2.GaussianBlur(coverage, (0, 0), sigma)
    # The two things that tell where the line is to be drawn so that the area stays.
    cv2.calcHist([blurred], [0], None, [256], [0, 256])
    coverage.sum(dtype=np.int64)
    return cv2.LUT(blurred, np.clip((np.arange(256) - 127.5) * 4 + 127.5, 0, 255).astype(np.uint8))


def _plain_fill(coverage: U8) -> U8:
    """A flood from the outside for each level, one after the other."""
    filled = coverage.copy()
    for level in hole_levels(coverage):
        open_ = cv2.threshold(coverage, level - 1, 1, cv2.THRESH_BINARY_INV)[1]
        open_ = cv2.copyMakeBorder(open_, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
        cv2.floodFill(open_, None, (0, 0), 0, flags=4)
        np.maximum(filled, open_[1:-1, 1:-1] * np.uint8(level), out=filled)
    return filled


def _plain_specks(coverage: U8, px: int) -> U8:
    covered = cv2.threshold(coverage, 0, 1, cv2.THRESH_BINARY)[1]
    _, labels, found, _ = cv2.connectedComponentsWithStats(covered, connectivity=8)
    return coverage * (found[:, cv2.CC_STAT_AREA] >= px)[labels]


def timed(*runs: Run) -> list[Spent]:
    """Run things in turn again and again for a few seconds."""
    wall: list[list[float]] = [[] for _ in runs]
    processor: list[list[float]] = [[] for _ in runs]
    for run in runs:
        run()
    end = time.perf_counter() + PATIENCE
    while len(wall[0]) < SAMPLES and (time.perf_counter() < end or len(wall[0]) < LEAST):
        for run, walls, processors in zip(runs, wall, processor, strict=True):
            used, start = time.process_time(), time.perf_counter()
            run()
            walls.append((time.perf_counter() - start) * 1e3)
            processors.append((time.process_time() - used) * 1e3)
    return [
        Spent(statistics.median(walls), statistics.median(processors), len(walls))
        for walls, processors in zip(wall, processor, strict=True)
    ]


def _blobs(width: int, height: int) -> U8:
    coarse = np.random.default_rng(7).random((height // 64 + 2, width // 64 + 2), np.float32)
    field = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip((field - 0.55) * 2550, 0, 255).astype(np.uint8)
