"""How document pixels stand on the screen: one immutable mapping between the document and the view.

View coordinates are device pixels of the canvas, so that 100 % is one document pixel on one pixel of the
screen at any scale factor. Knows neither widgets nor pictures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from app.base.geometry import EMPTY, Point, Rect, Size

FIXED_POINT = 65536
"""The raster engine of Qt steps through a source picture in 16.16 fixed point."""
NEAREST_FROM = 2.0
"""From this scale on pixels are shown as squares."""
_DENOMINATOR = 256


def level_for(scale: float, levels: int = 32) -> int:
    """The pyramid level that is shown at `scale`: the one drawn at a scale in (0.5, 1], level 0 above 1.

    Of a pyramid with only `levels` levels the smallest is shown at every scale below its own.
    """
    level = 0
    while scale * (1 << level) <= 0.5 and level < levels - 1:
        level += 1
    return level


@lru_cache(maxsize=16)
def level_step(scale: float) -> Fraction:
    """Level pixels per view pixel, where `scale` is view pixels per level pixel of a snapped view below 200 %.

    With a denominator of at most 256, so that among as many view pixels one begins where a level pixel does. From
    the step of the raster engine it differs by less than a tenth of a pixel across the largest photograph.
    """
    return Fraction(round(FIXED_POINT / scale), FIXED_POINT).limit_denominator(_DENOMINATOR)


def _simple(step: Fraction) -> Fraction:
    """A fraction near `step`, with as small a denominator as does."""
    nearest = step.limit_denominator(_DENOMINATOR)
    if abs(nearest - step) <= Fraction(1, 2 * FIXED_POINT):
        return nearest
    for denominator in (32, 64, 128):
        found = step.limit_denominator(denominator)
        if abs(found - step) <= step / 3000:
            return found
    return nearest


def level_pixels(low: int, count: int, origin: int, scale: float) -> NDArray[np.intp]:
    """The level pixels under the centres of view pixels [low, low + count): in whole numbers, exactly.

    `scale` is view pixels per level pixel, of a snapped view; the level begins at `origin`.
    """
    step = round(FIXED_POINT / scale)
    centres = 2 * np.arange(low - origin, low + count - origin, dtype=np.int64) + 1
    return (centres * step // (2 * FIXED_POINT)).astype(np.intp)


@dataclass(frozen=True, slots=True)
class ViewTransform:
    """view = origin + rotation(angle) · mirror · scale · document.

    `scale` is view pixels per document pixel (> 0), `angle` turns clockwise in degrees, `mirror` flips the
    document left to right before it is turned, `origin` is where the document's (0, 0) stands in the view.
    """

    scale: float = 1.0
    angle: float = 0.0
    mirror: bool = False
    origin: Point = Point(0.0, 0.0)

    def __post_init__(self) -> None:
        if not (math.isfinite(self.scale) and self.scale > 0):
            raise ValueError(f"scale {self.scale}")

    @property
    def matrix(self) -> tuple[float, float, float, float]:
        """The linear part, row by row: x' = a·x + b·y, y' = c·x + d·y."""
        cos, sin = (self.scale * each for each in _turn(self.angle))
        flip = -1.0 if self.mirror else 1.0
        return flip * cos, -sin, flip * sin, cos

    @property
    def is_upright(self) -> bool:
        """Neither turned nor mirrored: only scaled and moved."""
        return self.angle == 0.0 and not self.mirror

    @property
    def is_square(self) -> bool:
        """Turned by quarters only: pixels of the document stand as upright as they are shown."""
        return self.angle % 90.0 == 0.0

    def to_view(self, point_doc: Point) -> Point:
        if self.is_upright:
            return Point(point_doc.x * self.scale + self.origin.x, point_doc.y * self.scale + self.origin.y)
        a, b, c, d = self.matrix
        return Point(
            a * point_doc.x + b * point_doc.y + self.origin.x,
            c * point_doc.x + d * point_doc.y + self.origin.y,
        )

    def to_doc(self, point_view: Point) -> Point:
        if self.is_upright:
            return Point(
                (point_view.x - self.origin.x) / self.scale, (point_view.y - self.origin.y) / self.scale
            )
        a, b, c, d = self.matrix
        x, y = point_view.x - self.origin.x, point_view.y - self.origin.y
        determinant = a * d - b * c
        return Point((d * x - b * y) / determinant, (a * y - c * x) / determinant)

    def rect_to_view(self, rect_doc: Rect) -> Rect:
        """The smallest rectangle of whole view pixels that holds every point of `rect_doc`."""
        if rect_doc.is_empty:
            return EMPTY
        if not self.is_upright:
            return Rect.around(map(self.to_view, corners(rect_doc)))
        scale, x, y = self.scale, self.origin.x, self.origin.y
        return Rect.from_edges(
            math.floor(rect_doc.x * scale + x),
            math.floor(rect_doc.y * scale + y),
            math.ceil(rect_doc.right * scale + x),
            math.ceil(rect_doc.bottom * scale + y),
        )

    def rect_to_doc(self, rect_view: Rect) -> Rect:
        """The smallest rectangle of whole document pixels that holds every point of `rect_view`."""
        if rect_view.is_empty:
            return EMPTY
        if not self.is_upright:
            return Rect.around(map(self.to_doc, corners(rect_view)))
        scale, x, y = self.scale, self.origin.x, self.origin.y
        return Rect.from_edges(
            math.floor((rect_view.x - x) / scale),
            math.floor((rect_view.y - y) / scale),
            math.ceil((rect_view.right - x) / scale),
            math.ceil((rect_view.bottom - y) / scale),
        )

    def panned(self, dx: float, dy: float) -> ViewTransform:
        """The document moved by (dx, dy) view pixels."""
        return replace(self, origin=self.origin + Point(dx, dy))

    def zoomed_at(self, point_view: Point, scale: float) -> ViewTransform:
        """At another `scale`, with the document point under `point_view` staying where it is."""
        return self._holding(point_view, replace(self, scale=scale))

    def rotated_at(self, point_view: Point, degrees: float) -> ViewTransform:
        """Turned clockwise by `degrees` about `point_view`."""
        return self.turned_at(point_view, self.angle + degrees)

    def turned_at(self, point_view: Point, angle: float) -> ViewTransform:
        """At another `angle`, with the document point under `point_view` staying where it is."""
        return self._holding(point_view, replace(self, angle=angle % 360.0))

    def mirrored_at(self, point_view: Point) -> ViewTransform:
        """Seen in a mirror that stands upright at `point_view`."""
        return self._holding(
            point_view, replace(self, mirror=not self.mirror, angle=-self.angle % 360.0), flip=True
        )

    def snapped(self) -> ViewTransform:
        """The nearest transform that is drawn the same in parts as at once.

        The origin lies on a whole view pixel, and one view pixel is a whole number of 1/65536 source pixels
        of the pyramid level that is shown: the raster engine's fixed point then adds up without an error,
        whichever pixel it starts at. Below `NEAREST_FROM` it is nearly a fraction of small numbers, too, see
        `level_step`. The scale moves by less than 0.05 %, but for 0.2 % beside the roundest fractions.
        """
        level = level_for(self.scale)
        step = max(1, round(FIXED_POINT / (self.scale * (1 << level))))
        if self.scale < NEAREST_FROM:
            step = round(FIXED_POINT * _simple(Fraction(step, FIXED_POINT)))
        scale = FIXED_POINT / (step * (1 << level))
        origin = Point(float(round(self.origin.x)), float(round(self.origin.y)))
        return replace(self, scale=scale, origin=origin)

    def fitted(
        self, part_doc: Rect, view: Size, margin: int = 0, limit: float = math.inf, *, fill: bool = False
    ) -> ViewTransform:
        """As turned and mirrored as this one, with `part_doc` in the middle of the view, at most at `limit`.

        All of it is seen, `margin` pixels clear of the view's edges; to `fill` is to leave nothing of the view
        empty instead.
        """
        if part_doc.is_empty or view.is_empty:
            return replace(self, scale=1.0)
        width, height = max(1, view.width - 2 * margin), max(1, view.height - 2 * margin)
        cos, sin = map(abs, _turn(self.angle))
        across = width / (part_doc.width * cos + part_doc.height * sin)
        down = height / (part_doc.width * sin + part_doc.height * cos)
        scale = min(limit, max(across, down) if fill else min(across, down))
        return replace(self, scale=scale).centred(part_doc, view)

    def centred(self, part_doc: Rect, view: Size) -> ViewTransform:
        """The middle of `part_doc` in the middle of the view."""
        middle = replace(self, origin=Point(0, 0)).to_view(part_doc.centre)
        return replace(self, origin=view.rect.centre - middle)

    def _holding(self, point_view: Point, other: ViewTransform, *, flip: bool = False) -> ViewTransform:
        """`other` with the origin at which it shows under `point_view` what this transform shows there."""
        if flip:
            # Every point keeps its height and its distance from the mirror.
            return replace(other, origin=Point(2 * point_view.x - self.origin.x, self.origin.y))
        moved = replace(other, origin=Point(0, 0)).to_view(self.to_doc(point_view))
        return replace(other, origin=point_view - moved)


def _turn(angle: float) -> tuple[float, float]:
    """Cosine and sine of an angle in degrees; those of quarter turns are whole numbers."""
    quarters, rest = divmod(angle, 90.0)
    if rest == 0.0:
        return ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[int(quarters) % 4]
    return math.cos(math.radians(angle)), math.sin(math.radians(angle))


def corners(rect: Rect) -> tuple[Point, Point, Point, Point]:
    """The corners of a rectangle, one after the other around it."""
    return (
        Point(rect.x, rect.y),
        Point(rect.right, rect.y),
        Point(rect.right, rect.bottom),
        Point(rect.x, rect.bottom),
    )


def visible_rect(rect_doc: Rect, view: ViewTransform) -> Rect:
    """The whole view pixels that show `rect_doc`; rectangles that meet in the document meet in the view."""
    scale, x, y = view.scale, int(view.origin.x), int(view.origin.y)
    return Rect.from_edges(
        x + math.floor(rect_doc.x * scale),
        y + math.floor(rect_doc.y * scale),
        x + max(math.floor(rect_doc.right * scale), math.floor(rect_doc.x * scale) + 1),
        y + max(math.floor(rect_doc.bottom * scale), math.floor(rect_doc.y * scale) + 1),
    )


def source_rect(
    covered: Rect, view: ViewTransform, step_x: float, step_y: float, width: int, height: int
) -> Rect:
    """The level pixels that the filters read for `covered`, with a margin of two."""
    left, top = (covered.x - view.origin.x) * step_x, (covered.y - view.origin.y) * step_y
    return Rect.from_edges(
        max(0, math.floor(left) - 2),
        max(0, math.floor(top) - 2),
        min(width, math.ceil(left + covered.width * step_x) + 2),
        min(height, math.ceil(top + covered.height * step_y) + 2),
    )
