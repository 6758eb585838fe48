"""Round brushes: cached 8-bit stamps, and laying them into a mask.

Coverage is combined by maximum, or minimum for an eraser: that is idempotent, so the mask itself is the
buffer of a stroke, and dabs that overlap never add up. Nothing here knows pointers or gestures.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from app.base.geometry import EMPTY, Rect
from app.document.mask import MaskEdit
from app.document.tiles import TILE
from app.imaging.arrays import F32, U8, as_u8

_FINE_RADIUS = 10.0
"""Below it a stamp's position and edge are visible: quarter pixels, and coverage measured in sub-pixels."""
_HALF_RADIUS = 100.0
"""Below it stamps stand on half pixels, from it on whole ones."""
_SUBPIXELS = 8
"""Samples per pixel and axis of a fine stamp."""
_CACHED_STAMPS = 64
_CACHED_BYTES = 48 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Brush:
    """A round brush.

    `diameter` is in document pixels, at least 1. `hardness`, 0–1, is the share of the radius that is fully
    covered. `opacity`, 0–1, is the greatest coverage that it lays down; an eraser leaves 1 - opacity at most.
    `spacing` is the distance between dabs as a share of the diameter.
    """

    diameter: float
    hardness: float = 1.0
    opacity: float = 1.0
    spacing: float = 0.1
    erase: bool = False

    def __post_init__(self) -> None:
        if not (self.diameter >= 1.0 and math.isfinite(self.diameter) and self.spacing > 0.0):
            raise ValueError(f"no brush has diameter {self.diameter} and spacing {self.spacing}")
        if not (0.0 <= self.hardness <= 1.0 and 0.0 <= self.opacity <= 1.0):
            raise ValueError(f"hardness {self.hardness} or opacity {self.opacity} is not within 0 and 1")

    @property
    def step(self) -> float:
        """Pixels from dab to dab, at least 1."""
        return max(1.0, self.diameter * self.spacing)


class Stamps:
    """The stamps of one brush: one for each sub-pixel position that its size can show, made when needed."""

    __slots__ = ("_brush", "_made", "nbytes", "phases", "reach", "rounding")

    def __init__(self, brush: Brush) -> None:
        self._brush = brush
        radius = brush.diameter / 2
        whole = _paints_whole_pixels(brush)
        self.phases = 1 if whole or radius >= _HALF_RADIUS else 2 if radius >= _FINE_RADIUS else 4
        """Positions per pixel and axis."""
        self.rounding = 0.0 if whole else 0.5
        """Added before a position is cut to a phase: nearest corner, or the pixel that holds the centre."""
        self.reach = math.ceil(radius) + 2
        """No stamp touches a pixel farther from its centre than this."""
        self._made: dict[tuple[int, int], tuple[U8, int, int]] = {}
        self.nbytes = 0

    def at(self, phase_x: int, phase_y: int) -> tuple[U8, int, int]:
        """The stamp whose centre is (phase_x, phase_y) / phases right of and below a pixel's corner.

        Returns:
            Coverage (h, w), for an eraser what may stay at most; column and row of that corner in it.
        """
        found = self._made.get((phase_x, phase_y))
        if found is None:
            found = _stamp(self._brush, phase_x / self.phases, phase_y / self.phases)
            self._made[phase_x, phase_y] = found
            self.nbytes += found[0].nbytes
        return found


class StampCache:
    """Keeps the stamps of the brushes used last, within a number and an amount of memory."""

    def __init__(self) -> None:
        self._stamps: OrderedDict[Brush, Stamps] = OrderedDict()

    def stamps(self, brush: Brush) -> Stamps:
        stamps = self._stamps.get(brush)
        if stamps is None:
            stamps = self._stamps[brush] = Stamps(brush)
        self._stamps.move_to_end(brush)
        while len(self._stamps) > 1 and (
            len(self._stamps) > _CACHED_STAMPS or self._nbytes() > _CACHED_BYTES
        ):
            self._stamps.popitem(last=False)
        return stamps

    def _nbytes(self) -> int:
        return sum(stamps.nbytes for stamps in self._stamps.values())


def stamp_run(edit: MaskEdit, stamps: Stamps, brush: Brush, centres: Sequence[tuple[float, float]]) -> Rect:
    """Lay dabs down along a run of centres that lie close together; returns the rectangle of all changes.

    All tiles under the run's bounding box are kept for undo, so a long line is to be cut into runs, see
    `runs`. The caller marks the rectangle.
    """
    if not centres:
        return EMPTY
    xs, ys = zip(*centres, strict=True)
    reach, size = stamps.reach, edit.size
    area = Rect.from_edges(
        math.floor(min(xs)) - reach,
        math.floor(min(ys)) - reach,
        math.floor(max(xs)) + reach + 1,
        math.floor(max(ys)) + reach + 1,
    ).intersected(size.rect)
    if area.is_empty:
        return EMPTY
    target = edit.view(area)
    combine = cv2.min if brush.erase else cv2.max
    phases, rounding, at = stamps.phases, stamps.rounding, stamps.at
    origin_x, origin_y, width, height = area.x, area.y, area.width, area.height
    floor, last = math.floor, None
    for x, y in centres:
        position = floor(x * phases + rounding), floor(y * phases + rounding)
        if position == last:
            continue
        last = position
        column, phase_x = divmod(position[0], phases)
        row, phase_y = divmod(position[1], phases)
        dab, corner_x, corner_y = at(phase_x, phase_y)
        left, top = column - corner_x - origin_x, row - corner_y - origin_y
        dab_height, dab_width = dab.shape
        right, bottom = left + dab_width, top + dab_height
        if left < 0 or top < 0 or right > width or bottom > height:
            dab = dab[max(0, -top) : height - top, max(0, -left) : width - left]
            left, top, right, bottom = max(0, left), max(0, top), min(width, right), min(height, bottom)
            if left >= right or top >= bottom:
                continue
        under = target[top:bottom, left:right]
        combine(under, dab, under)
    return area


def runs(centres: Sequence[tuple[float, float]], brush: Brush) -> list[Sequence[tuple[float, float]]]:
    """The centres of a line in runs so short that the box of each is about as large as what it paints."""
    length = max(1, int(max(TILE, brush.diameter) / brush.step))
    return [centres[start : start + length] for start in range(0, len(centres), length)]


def _paints_whole_pixels(brush: Brush) -> bool:
    """True for the finest brush: anything less than a whole pixel would be a line that hardly covers."""
    return brush.diameter <= 1.0


def _stamp(brush: Brush, offset_x: float, offset_y: float) -> tuple[U8, int, int]:
    """The stamp whose centre lies (offset_x, offset_y), each 0 … 1, right of and below a pixel's corner."""
    if _paints_whole_pixels(brush):
        coverage, corner_x, corner_y = np.full((1, 1), 255, np.uint8), 0, 0
    else:
        coverage, corner_x, corner_y = _disc(brush.diameter / 2, brush.hardness, offset_x, offset_y)
    if brush.opacity < 1.0:
        coverage = as_u8(cv2.convertScaleAbs(coverage, alpha=brush.opacity))
    if brush.erase:
        coverage = as_u8(cv2.bitwise_not(coverage))
    return coverage, corner_x, corner_y


def _disc(radius: float, hardness: float, offset_x: float, offset_y: float) -> tuple[U8, int, int]:
    """A disc whose rim of (1 - hardness) * radius is soft; then the column and row of its corner."""
    scale = _SUBPIXELS if radius < _FINE_RADIUS else 1
    soft = (1.0 - hardness) * radius * scale
    # An edge is never sharper than one sample: such a rim is centred on the radius.
    rim = max(1.0, soft)
    outer = radius * scale + (rim - soft) / 2
    reach = outer / scale
    left, top = math.ceil(reach - offset_x), math.ceil(reach - offset_y)
    mirrored = offset_x == 0.0 and offset_y == 0.0
    xs = _squares(0 if mirrored else left, math.ceil(reach + offset_x), offset_x, scale)
    ys = _squares(0 if mirrored else top, math.ceil(reach + offset_y), offset_y, scale)
    coverage = _profile(xs, ys, outer, rim, smooth=soft > 1.0)
    if scale > 1:
        size = coverage.shape[1] // scale, coverage.shape[0] // scale
        coverage = as_u8(cv2.resize(coverage, size, interpolation=cv2.INTER_AREA))
    if mirrored:
        coverage = as_u8(cv2.copyMakeBorder(coverage, top, 0, left, 0, cv2.BORDER_REFLECT))
    return coverage, left, top


def _squares(before: int, after: int, offset: float, scale: int) -> F32:
    """Squared distances, in samples, of samples from `before` pixels left to `after` right of a corner."""
    samples = np.arange(-before * scale, after * scale, dtype=np.float32)
    samples += np.float32(0.5 - offset * scale)
    return samples * samples


def _profile(xs: F32, ys: F32, outer: float, rim: float, *, smooth: bool) -> U8:
    """Coverage by distance: 255 up to `outer - rim`, then down to 0 at `outer`, linear or a smoothstep."""
    distance = cv2.sqrt(ys[:, np.newaxis] + xs[np.newaxis, :])
    np.minimum(distance, np.float32(outer), out=distance)
    coverage = as_u8(cv2.convertScaleAbs(distance, alpha=-255.0 / rim, beta=255.0 * outer / rim))
    if smooth:
        t = np.linspace(0.0, 1.0, 256)
        table = np.rint(255.0 * t * t * (3.0 - 2.0 * t)).astype(np.uint8)
        coverage = as_u8(cv2.LUT(coverage, table))
    return coverage
