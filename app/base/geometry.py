"""Immutable integer rectangles and sizes, and float points: all region arithmetic lives here.

A name that holds one of these says its space: `rect_doc` (document pixels), `rect_send` (pixels of
the picture that is sent), `rect_view` (device pixels of the canvas).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """A position in pixels; integer coordinates are pixel corners, so a pixel's centre is at +0.5."""

    x: float
    y: float

    def __add__(self, other: Point) -> Point:
        return Point(self.x + other.x, self.y + other.y)

    def __sub__(self, other: Point) -> Point:
        return Point(self.x - other.x, self.y - other.y)

    def scaled(self, factor: float) -> Point:
        return Point(self.x * factor, self.y * factor)

    def distance(self, other: Point) -> float:
        return math.hypot(self.x - other.x, self.y - other.y)


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in whole pixels, both >= 0."""

    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width < 0 or self.height < 0:
            raise ValueError(f"negative size {self.width}x{self.height}")

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"

    @property
    def area(self) -> int:
        return self.width * self.height

    @property
    def aspect(self) -> float:
        return self.width / self.height

    @property
    def is_empty(self) -> bool:
        return self.width == 0 or self.height == 0

    @property
    def rect(self) -> Rect:
        """The rectangle of this size at the origin."""
        return Rect(0, 0, self.width, self.height)

    def fitted_into(self, bounds: Size) -> Size:
        """The largest size of this aspect inside `bounds`, never enlarged, each side at least 1."""
        factor = min(1.0, bounds.width / self.width, bounds.height / self.height)
        return Size(max(1, round(self.width * factor)), max(1, round(self.height * factor)))


@dataclass(frozen=True, slots=True, init=False)
class Rect:
    """Whole pixels [x, x + width) by [y, y + height). Every empty rectangle is normalised to Rect(x, y, 0, 0)."""

    x: int
    y: int
    width: int
    height: int

    def __init__(self, x: int, y: int, width: int, height: int) -> None:
        # By hand, as every pointer event makes dozens of them and what is made for a dataclass takes longer.
        if width <= 0 or height <= 0:
            width = height = 0
        become = object.__setattr__
        become(self, "x", x)
        become(self, "y", y)
        become(self, "width", width)
        become(self, "height", height)

    @classmethod
    def from_edges(cls, left: int, top: int, right: int, bottom: int) -> Rect:
        return cls(left, top, right - left, bottom - top)

    @classmethod
    def around(cls, points: Iterable[Point], margin: float = 0.0) -> Rect:
        """The smallest rectangle whose pixels cover all points widened by `margin` pixels."""
        pairs = [(p.x, p.y) for p in points]
        if not pairs:
            return EMPTY
        xs, ys = zip(*pairs, strict=True)
        return cls.from_edges(
            math.floor(min(xs) - margin),
            math.floor(min(ys) - margin),
            math.ceil(max(xs) + margin),
            math.ceil(max(ys) + margin),
        )

    @property
    def right(self) -> int:
        return self.x + self.width

    @property
    def bottom(self) -> int:
        return self.y + self.height

    @property
    def size(self) -> Size:
        return Size(self.width, self.height)

    @property
    def area(self) -> int:
        return self.width * self.height

    @property
    def is_empty(self) -> bool:
        return self.width == 0

    @property
    def centre(self) -> Point:
        return Point(self.x + self.width / 2, self.y + self.height / 2)

    @property
    def slices(self) -> tuple[slice, slice]:
        """Row and column slices for an array whose first pixel is the origin of this rectangle's space."""
        return slice(self.y, self.bottom), slice(self.x, self.right)

    def translated(self, dx: int, dy: int) -> Rect:
        return Rect(self.x + dx, self.y + dy, self.width, self.height)

    def relative_to(self, outer: Rect) -> Rect:
        """This rectangle in the space whose origin is the top left corner of `outer`."""
        return self.translated(-outer.x, -outer.y)

    def expanded(self, margin_x: int, margin_y: int | None = None) -> Rect:
        """Wider by `margin_x` on the left and right and by `margin_y` (default the same) above and below."""
        my = margin_x if margin_y is None else margin_y
        return Rect(self.x - margin_x, self.y - my, self.width + 2 * margin_x, self.height + 2 * my)

    def intersected(self, other: Rect) -> Rect:
        if other.contains(self):
            return self
        left, top = max(self.x, other.x), max(self.y, other.y)
        right = min(self.x + self.width, other.x + other.width)
        bottom = min(self.y + self.height, other.y + other.height)
        return Rect(left, top, right - left, bottom - top)

    def united(self, other: Rect) -> Rect:
        if self.is_empty:
            return other
        if other.is_empty:
            return self
        return Rect.from_edges(
            min(self.x, other.x),
            min(self.y, other.y),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    def intersects(self, other: Rect) -> bool:
        return not self.intersected(other).is_empty

    def contains(self, other: Rect) -> bool:
        """True when every pixel of `other` is in this one; an empty rectangle is in every rectangle."""
        return other.is_empty or (
            self.x <= other.x
            and self.y <= other.y
            and self.x + self.width >= other.x + other.width
            and self.y + self.height >= other.y + other.height
        )

    def without(self, hole: Rect) -> tuple[Rect, ...]:
        """What is left of it without the pixels of `hole`: at most four rectangles, which do not overlap."""
        if hole.contains(self):
            return ()
        inside = self.intersected(hole)
        if inside.is_empty:
            return () if self.is_empty else (self,)
        strips = (
            Rect.from_edges(self.x, self.y, self.right, inside.y),
            Rect.from_edges(self.x, inside.bottom, self.right, self.bottom),
            Rect.from_edges(self.x, inside.y, inside.x, inside.bottom),
            Rect.from_edges(inside.right, inside.y, self.right, inside.bottom),
        )
        return tuple(strip for strip in strips if not strip.is_empty)

    def contains_point(self, point: Point) -> bool:
        return self.x <= point.x < self.right and self.y <= point.y < self.bottom

    def moved_inside(self, outer: Rect) -> Rect:
        """Shifted the least so that it lies in `outer`; where it is larger than `outer` it is cut to it."""
        width, height = min(self.width, outer.width), min(self.height, outer.height)
        x = min(max(self.x, outer.x), outer.right - width)
        y = min(max(self.y, outer.y), outer.bottom - height)
        return Rect(x, y, width, height)

    def on_grid(self, edge: int) -> Rect:
        """The smallest rectangle of whole cells of a grid at the origin that covers it; itself where it is empty."""
        if self.is_empty:
            return self
        left, top = self.x // edge * edge, self.y // edge * edge
        return Rect.from_edges(left, top, -(-self.right // edge) * edge, -(-self.bottom // edge) * edge)

    def halved(self, times: int = 1) -> Rect:
        """The rectangle of the level `times` steps up a pyramid that covers every pixel of this one."""
        step = 1 << times
        return Rect.from_edges(
            self.x // step, self.y // step, -(-self.right // step), -(-self.bottom // step)
        )

    def tiles(self, edge: int) -> Iterator[Rect]:
        """The cells of the grid with square cells of `edge` pixels that this rectangle touches, row by row."""
        if self.is_empty:
            return
        for row in range(self.y // edge, -(-self.bottom // edge)):
            for column in range(self.x // edge, -(-self.right // edge)):
                yield Rect(column * edge, row * edge, edge, edge)

    def bands(self, pixels: int) -> Iterator[Rect]:
        """This rectangle, which is not empty, in bands of its width, of at most `pixels` but one row at least."""
        height = max(1, pixels // self.width)
        for top in range(self.y, self.bottom, height):
            yield Rect(self.x, top, self.width, min(height, self.bottom - top))


EMPTY = Rect(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Margins:
    """Whole pixels that something is wider by on each side, all >= 0."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0

    def __post_init__(self) -> None:
        if min(self.left, self.top, self.right, self.bottom) < 0:
            raise ValueError(f"negative margins {self}")

    def __add__(self, other: Margins) -> Margins:
        return Margins(
            self.left + other.left,
            self.top + other.top,
            self.right + other.right,
            self.bottom + other.bottom,
        )

    @property
    def is_empty(self) -> bool:
        return self == Margins()

    def around(self, size: Size) -> Size:
        """`size` with these margins."""
        return Size(size.width + self.left + self.right, size.height + self.top + self.bottom)

    def inner(self, outer: Size) -> Rect:
        """What lies inside the margins of something that is as large as `outer` with them."""
        return Rect.from_edges(self.left, self.top, outer.width - self.right, outer.height - self.bottom)


def united(rects: Iterable[Rect]) -> Rect:
    """The smallest rectangle that contains all of `rects`; empty for none."""
    total = EMPTY
    for rect in rects:
        total = total.united(rect)
    return total
