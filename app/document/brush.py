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

Centre = tuple[float, float]
"""Where a dab lies: x and y, in document pixels."""

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
    """The stamps of one brush: one for each sub-pixel position that its size can show, made when needed.

    All are squares of `side` pixels. The stamp of phase (x, y) has its centre x / phases right of and
    y / phases below the pixel corner that lies `corner` pixels from its left and upper side.
    """

    __slots__ = ("_brush", "_made", "corner", "phases", "rounding", "shift", "side")

    def __init__(self, brush: Brush) -> None:
        self._brush = brush
        radius, whole = brush.diameter / 2, _paints_whole_pixels(brush)
        self.phases = 1 if whole or radius >= _HALF_RADIUS else 2 if radius >= _FINE_RADIUS else 4
        """Positions per pixel and axis: a power of two."""
        self.shift = self.phases.bit_length() - 1
        self.rounding = 0.0 if whole else 0.5
        """Added before a position is cut to a phase: nearest corner, or the pixel that holds the centre."""
        reach = 0.0 if whole else _reach(radius, brush.hardness)
        self.corner = math.ceil(reach)
        self.side = 1 if whole else self.corner + math.ceil(reach + 1 - 1 / self.phases)
        self._made: list[U8 | None] = [None] * self.phases**2

    @property
    def is_made(self) -> bool:
        """Whether all of them are there."""
        return all(made is not None for made in self._made)

    @property
    def nbytes(self) -> int:
        return sum(made.nbytes for made in self._made if made is not None)

    @classmethod
    def made(cls, brush: Brush) -> Stamps:
        """With all of them there; for large brushes, in any thread."""
        stamps = cls(brush)
        for place in range(stamps.phases**2):
            stamps.at(place % stamps.phases, place // stamps.phases)
        return stamps

    def at(self, phase_x: int, phase_y: int) -> U8:
        """Coverage of the stamp of a phase; for an eraser what may stay at most."""
        index = (phase_y << self.shift) + phase_x
        made = self._made[index]
        if made is None:
            made = self._made[index] = self._make(phase_x, phase_y)
        return made

    def _make(self, phase_x: int, phase_y: int) -> U8:
        brush = self._brush
        if _paints_whole_pixels(brush):
            coverage: U8 = np.full((1, 1), 255, np.uint8)
        else:
            centre = self.corner + phase_x / self.phases, self.corner + phase_y / self.phases
            coverage = _disc(brush.diameter / 2, brush.hardness, self.side, centre)
        if brush.opacity < 1.0:
            coverage = as_u8(cv2.convertScaleAbs(coverage, alpha=brush.opacity))
        if brush.erase:
            coverage = as_u8(cv2.bitwise_not(coverage))
        return coverage


class StampCache:
    """Keeps the stamps of the brushes used last, within a number and an amount of memory."""

    def __init__(self) -> None:
        self._stamps: OrderedDict[Brush, Stamps] = OrderedDict()

    def stamps(self, brush: Brush) -> Stamps:
        if brush not in self._stamps:
            self._stamps[brush] = Stamps(brush)
        return self._used(brush)

    def has_made(self, brush: Brush) -> bool:
        """Whether a dab of this brush has not to wait for its stamp."""
        return brush in self._stamps and self._stamps[brush].is_made

    def take(self, brush: Brush, stamps: Stamps) -> None:
        """Keep stamps that were made elsewhere, so that the first dab has not to wait for them."""
        self._stamps[brush] = stamps
        self._used(brush)

    def _used(self, brush: Brush) -> Stamps:
        """The stamps of a brush, which are dropped last from now on."""
        stamps = self._stamps[brush]
        self._stamps.move_to_end(brush)
        while len(self._stamps) > 1 and (
            len(self._stamps) > _CACHED_STAMPS or self._nbytes() > _CACHED_BYTES
        ):
            self._stamps.popitem(last=False)
        return stamps

    def _nbytes(self) -> int:
        return sum(stamps.nbytes for stamps in self._stamps.values())


def stamp_run(edit: MaskEdit, stamps: Stamps, brush: Brush, centres: Sequence[Centre]) -> Rect:
    """Lay dabs down at `centres`; returns the rectangle of all changes.

    All tiles under the run's bounding box are kept for undo, so a long line is to be cut into runs, see
    `runs`. The caller marks the rectangle.
    """
    if not centres:
        return EMPTY
    # A pointer event brings one to some dozens of dabs: plain numbers are faster than small arrays.
    side, size, shift, corner = stamps.side, edit.size, stamps.shift, stamps.corner
    phases, rounding = stamps.phases, stamps.rounding
    xs = [math.floor(x * phases + rounding) for x, _ in centres]
    ys = [math.floor(y * phases + rounding) for _, y in centres]
    left, top = (min(xs) >> shift) - corner, (min(ys) >> shift) - corner
    right, bottom = (max(xs) >> shift) - corner + side, (max(ys) >> shift) - corner + side
    area = Rect(left, top, right - left, bottom - top)
    inside = left >= 0 and top >= 0 and right <= size.width and bottom <= size.height
    if not inside:
        area = area.intersected(size.rect)
        if area.is_empty:
            return EMPTY
    target, combine = edit.view(area), cv2.min if brush.erase else cv2.max
    left, top, phase = area.x + corner, area.y + corner, phases - 1
    for x, y in zip(xs, ys, strict=True):
        column, row, dab = (x >> shift) - left, (y >> shift) - top, stamps.at(x & phase, y & phase)
        if inside:
            under = target[row : row + side, column : column + side]
        else:
            under, dab = _clipped(target, dab, column, row)
            if not under.size:
                continue
        combine(under, dab, under)
    return area


def _clipped(target: U8, dab: U8, column: int, row: int) -> tuple[U8, U8]:
    """What lies under a dab at a column and row of `target`, or beyond it, and the part of the dab over that."""
    height, width = target.shape
    side = len(dab)
    under = target[max(0, row) : max(0, row + side), max(0, column) : max(0, column + side)]
    return under, dab[max(0, -row) : height - row, max(0, -column) : width - column]


def runs(centres: list[Centre], brush: Brush) -> list[list[Centre]]:
    """The centres of a line in runs so short that the box of each is about as large as what it paints."""
    length = max(1, int(max(TILE, brush.diameter) / brush.step))
    return [centres[start : start + length] for start in range(0, len(centres), length)]


def _paints_whole_pixels(brush: Brush) -> bool:
    """True for the finest brush: anything less than a whole pixel would be a line that hardly covers."""
    return brush.diameter <= 1.0


def _rim(radius: float, hardness: float) -> float:
    """The width in which coverage falls to 0: (1 - hardness) * radius, but never less than one sample."""
    return max(1.0 / _samples(radius), (1.0 - hardness) * radius)


def _reach(radius: float, hardness: float) -> float:
    """The distance at which coverage is 0. A rim that had to be widened is centred on the radius."""
    return radius + (_rim(radius, hardness) - (1.0 - hardness) * radius) / 2


def _samples(radius: float) -> int:
    """Samples per pixel and axis at which a disc is measured."""
    return _SUBPIXELS if radius < _FINE_RADIUS else 1


def _disc(radius: float, hardness: float, side: int, centre: tuple[float, float]) -> U8:
    """A disc in a square of `side` pixels: 255 inside, soft at its rim, 0 beyond."""
    scale, rim, reach = _samples(radius), _rim(radius, hardness), _reach(radius, hardness)
    smooth = (1.0 - hardness) * radius > rim / 2
    if radius >= _HALF_RADIUS:
        # It stands on whole pixels only, so one quarter is enough.
        distances = _squared_distances(side // 2, 0.0, 1)
        quarter = _profile(distances, distances, reach, rim, smooth=smooth)
        half = side // 2
        return as_u8(cv2.copyMakeBorder(quarter, half, 0, half, 0, cv2.BORDER_REFLECT))
    xs, ys = (_squared_distances(side, place, scale) for place in centre)
    coverage = _profile(xs, ys, reach * scale, rim * scale, smooth=smooth)
    if scale > 1:
        coverage = as_u8(cv2.resize(coverage, (side, side), interpolation=cv2.INTER_AREA))
    return coverage


def _squared_distances(pixels: int, centre: float, scale: int) -> F32:
    """Squared distances, in samples, of the samples of `pixels` pixels from `centre`, given in pixels."""
    samples = np.arange(pixels * scale, dtype=np.float32)
    samples += np.float32(0.5 - centre * scale)
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
