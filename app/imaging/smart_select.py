"""An object found from rough hints: GrabCut on a reduced crop, then its edge drawn anew at full resolution.

Pure: pictures in, coverage out. The crop lies around the hints, so the cost follows the object and never the
photograph. After Rother, Kolmogorov and Blake, "GrabCut" (2004), and He and Sun, "Fast Guided Filter" (2015).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from app.base.geometry import Point, Rect, Size, united
from app.base.work import Work
from app.imaging.arrays import F32, U8, Bool, as_u8
from app.imaging.masks import bounds, size_of

MOST_PIXELS = 200_000
"""Pixels of the crop on which the object is looked for; more only costs time."""
_ROUNDS = 4
_LEAST_PART = 0.08
"""A part of a boxed object that is smaller than this share of its largest part is none."""
_SMALL_HOLE = 0.0005
"""Share of the crop below which a hole is closed."""
_BLOCK = 512
_RADIUS = 4
"""Pixels of the reduced crop around each, from which the edge's colours are learned."""
_EVENNESS = 6.0**2
"""Variance of colour below which a place counts as even, and has no edge to follow."""
_BAND = 6
"""Pixels of the reduced crop on each side of the found edge within which it is drawn anew."""
_STEEPNESS = 2.0
"""How much steeper the edge is made than the filter leaves it."""


F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Hint:
    """What one drag of the hand says about the object."""

    points: tuple[Point, ...]
    """The way, in pixels of the picture; for a box two opposite corners."""
    radius: float = 0.0
    """Half the width of a stroke; 0 for a box, which has the object inside."""
    belongs: bool = True
    """Whether what a stroke covers is part of the object."""

    @property
    def is_box(self) -> bool:
        return self.radius == 0.0

    @property
    def rect(self) -> Rect:
        return Rect.around(self.points, self.radius)


def smart_select(picture: U8, hints: Sequence[Hint], work: Work | None = None) -> tuple[Rect, U8]:
    """The object that `hints` tell of, in a picture (H, W, 4) BGRA: its rectangle and its coverage (h, w).

    Work per call is bounded by `MOST_PIXELS`, but for the edge. The same hints find the same. An empty
    rectangle when there is nothing to tell apart.
    """
    work = work or Work()
    region = region_of(hints, size_of(picture[..., 0]))
    if region.is_empty:
        return region, np.empty((0, 0), np.uint8)
    scale = min(1.0, math.sqrt(MOST_PIXELS / region.area))
    small_size = (max(1, round(region.width * scale)), max(1, round(region.height * scale)))
    crop = picture[region.slices]
    small = as_u8(cv2.resize(crop, small_size, interpolation=cv2.INTER_AREA) if scale < 1.0 else crop)
    small = as_u8(cv2.cvtColor(small, cv2.COLOR_BGRA2BGR))
    object_small = _cut(small, _labels(hints, region, small.shape[:2], size_of(picture[..., 0])), work)
    coverage = _drawn_anew(crop, small, object_small, work)
    area = bounds(coverage)
    return area.translated(region.x, region.y), np.ascontiguousarray(coverage[area.slices])


def region_of(hints: Sequence[Hint], size: Size) -> Rect:
    """The part of a picture of `size` that is looked at: the hints and as much around them as tells them apart."""
    first = hints[0].rect
    longest = max(first.width, first.height)
    margin = max(16, longest // 8) if hints[0].is_box else max(48, longest // 2)
    rest = (hint.rect.expanded(max(16, round(hint.radius))) for hint in hints[1:])
    return united([first.expanded(margin), *rest]).intersected(size.rect)


def _labels(hints: Sequence[Hint], region: Rect, shape: tuple[int, ...], size: Size) -> U8:
    """What GrabCut is told of each pixel of the reduced crop."""
    height, width = shape
    across, down = width / region.width, height / region.height

    def place(point: Point) -> tuple[int, int]:
        return round((point.x - region.x) * across - 0.5), round((point.y - region.y) * down - 0.5)

    labels = np.full((height, width), cv2.GC_PR_BGD, np.uint8)
    first = hints[0]
    if first.is_box:
        labels[...] = cv2.GC_BGD
        cv2.rectangle(labels, place(first.points[0]), place(first.points[1]), cv2.GC_PR_FGD, cv2.FILLED)
    else:
        way = np.array([place(point) for point in first.points], np.int32)
        cv2.fillPoly(labels, [cv2.convexHull(way)], cv2.GC_PR_FGD)
        _leave_frame(labels, region, size)
    for hint in hints:
        if not hint.is_box:
            ways = [np.array([place(point) for point in hint.points], np.int32)]
            label = cv2.GC_FGD if hint.belongs else cv2.GC_BGD
            thickness = max(1, round(2 * hint.radius * across))
            cv2.polylines(labels, ways, False, label, thickness)
    return labels


def _leave_frame(labels: U8, region: Rect, size: Size) -> None:
    """The rim of the crop is no object, but where the picture ends there."""
    rim = 2
    if region.x > 0:
        labels[:, :rim] = cv2.GC_BGD
    if region.y > 0:
        labels[:rim] = cv2.GC_BGD
    if region.right < size.width:
        labels[:, -rim:] = cv2.GC_BGD
    if region.bottom < size.height:
        labels[-rim:] = cv2.GC_BGD


def _cut(small: U8, labels: U8, work: Work) -> U8:
    """The object in the reduced crop: 255 inside, else 0."""
    inside = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    if inside.all() or not inside.any():
        return np.where(inside, np.uint8(255), np.uint8(0))
    # Its first guess is drawn by lot; the lots are those of this thread.
    cv2.setRNGSeed(1)
    outside_model, inside_model = np.zeros((1, 65)), np.zeros((1, 65))
    mode = cv2.GC_INIT_WITH_MASK
    for turn in range(_ROUNDS):
        work.step(0.8 * turn / _ROUNDS)
        cv2.grabCut(small, labels, (0, 0, 0, 0), outside_model, inside_model, 1, mode)
        mode = cv2.GC_EVAL
    inside = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    return _whole(np.where(inside, np.uint8(255), np.uint8(0)), labels == cv2.GC_FGD)


def _whole(found: U8, sure: Bool) -> U8:
    """Without crumbs: only what a stroke has touched, or where none has, the large parts; small holes closed."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    opened = as_u8(cv2.morphologyEx(found, cv2.MORPH_OPEN, kernel))
    opened[sure] = 255
    count, parts, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=4)
    kept = np.zeros(count, bool)
    if sure.any():
        kept[np.unique(parts[sure])] = True
    else:
        areas = stats[1:, cv2.CC_STAT_AREA]
        kept[1:] = areas >= _LEAST_PART * areas.max(initial=0)
    kept[0] = False
    inside = np.where(kept[parts], np.uint8(255), np.uint8(0))
    count, parts, stats, _ = cv2.connectedComponentsWithStats(as_u8(cv2.bitwise_not(inside)), connectivity=4)
    holes = stats[:, cv2.CC_STAT_AREA] < _SMALL_HOLE * found.size
    holes[0] = False
    inside[holes[parts]] = 255
    return inside


def _drawn_anew(crop: U8, small: U8, object_small: U8, work: Work) -> U8:
    """The object at full resolution: its edge follows the picture's own, softly, within a band around it."""
    height, width = crop.shape[:2]
    planes = _edge_planes(small, object_small)
    band_small = _near_edge(object_small)
    coverage = as_u8(cv2.resize(object_small, (width, height), interpolation=cv2.INTER_NEAREST))
    across, down = small.shape[1] / width, small.shape[0] / height
    blocks = list(Rect(0, 0, width, height).tiles(_BLOCK))
    for done, tile in enumerate(blocks):
        work.step(0.8 + 0.2 * done / len(blocks))
        block = tile.intersected(Rect(0, 0, width, height))
        to_small = np.array(
            [[across, 0, (block.x + 0.5) * across - 0.5], [0, down, (block.y + 0.5) * down - 0.5]], np.float64
        )
        band = _sampled(band_small, to_small, block.size, cv2.INTER_NEAREST)
        if not band.any():
            continue
        pixels = crop[block.slices].astype(np.float32)
        edge = _sampled(planes[3], to_small, block.size, cv2.INTER_LINEAR)
        for channel in range(3):
            edge = (
                edge
                + _sampled(planes[channel], to_small, block.size, cv2.INTER_LINEAR) * pixels[..., channel]
            )
        soft = np.clip((edge - 0.5) * _STEEPNESS + 0.5, 0.0, 1.0)
        target = coverage[block.slices]
        np.copyto(target, np.rint(soft * 255).astype(np.uint8), where=band > 0)
    return coverage


def _sampled(plane: F32 | U8, to_small: F64, size: Size, way: int) -> F32:
    """A block of `size` read from a reduced plane."""
    flags = way | cv2.WARP_INVERSE_MAP
    sampled = cv2.warpAffine(
        plane, to_small, (size.width, size.height), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return sampled.astype(np.float32, copy=False)


def _near_edge(object_small: U8) -> U8:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _BAND + 1, 2 * _BAND + 1))
    return as_u8(cv2.morphologyEx(object_small, cv2.MORPH_GRADIENT, kernel))


def _edge_planes(small: U8, object_small: U8) -> list[F32]:
    """Of the guided filter: what blue, green and red weigh in the object's coverage 0-1 at each place, and a rest."""
    guide = small.astype(np.float32)
    inside = object_small.astype(np.float32) / np.float32(255)
    mean_guide, mean_inside = _mean(guide), _mean(inside)
    size = (*inside.shape, 3, 3)
    spread = np.empty(size, np.float32)
    for row in range(3):
        for column in range(row, 3):
            both = _mean(guide[..., row] * guide[..., column])
            both -= mean_guide[..., row] * mean_guide[..., column]
            spread[..., row, column] = spread[..., column, row] = both
        spread[..., row, row] += _EVENNESS
    shared = _mean(guide * inside[..., np.newaxis]) - mean_guide * mean_inside[..., np.newaxis]
    weights = np.linalg.solve(spread, shared[..., np.newaxis])[..., 0]
    rest = mean_inside - (weights * mean_guide).sum(axis=-1)
    smooth = _mean(weights.astype(np.float32))
    return [*(np.ascontiguousarray(smooth[..., channel]) for channel in range(3)), _mean(rest)]


def _mean(plane: F32) -> F32:
    side = 2 * _RADIUS + 1
    return cv2.blur(plane, (side, side), borderType=cv2.BORDER_REFLECT).astype(np.float32, copy=False)
