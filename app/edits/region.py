"""The region by hand: what a drag of the outline asks for, kept legal. Pure arithmetic on rectangles.

A dragged region always holds the mask and lies in the document. Its shape is the plan's matter: where a model
takes few sizes, the region is widened to one of them, on the side that is being dragged.
"""

from __future__ import annotations

import enum

from app.base.geometry import Point, Rect, Size


class Grip(enum.Enum):
    """Where an outline is held. Corners come first: where a small outline has them close together, they win."""

    TOP_LEFT = (-1, -1)
    TOP_RIGHT = (1, -1)
    BOTTOM_RIGHT = (1, 1)
    BOTTOM_LEFT = (-1, 1)
    TOP = (0, -1)
    RIGHT = (1, 0)
    BOTTOM = (0, 1)
    LEFT = (-1, 0)
    WHOLE = (0, 0)
    """By its inside, to move it."""

    @property
    def x(self) -> int:
        """-1 = by the left edge, 1 = by the right one, 0 = by neither."""
        return self.value[0]

    @property
    def y(self) -> int:
        """-1 = by the top edge, 1 = by the bottom one, 0 = by neither."""
        return self.value[1]

    @property
    def anchor(self) -> Point:
        """Which share of a widening goes left and above: all of it to the side that is dragged."""
        return Point((1 - self.x) / 2, (1 - self.y) / 2)

    def place(self, rect: Rect) -> Point:
        """Where on `rect` it stands."""
        return Point(rect.x + rect.width * (self.x + 1) / 2, rect.y + rect.height * (self.y + 1) / 2)


def dragged(start: Rect, grip: Grip, way: Point, document: Size, mask: Rect) -> Rect:
    """`start`, which lies in the document and holds `mask`, dragged by `way` document pixels as far as it goes."""
    dx, dy = round(way.x), round(way.y)
    if grip is Grip.WHOLE:
        return start.translated(
            _clamped(dx, mask.right - start.right, mask.x - start.x, -start.x, document.width - start.right),
            _clamped(
                dy, mask.bottom - start.bottom, mask.y - start.y, -start.y, document.height - start.bottom
            ),
        )
    left, top, right, bottom = start.x, start.y, start.right, start.bottom
    if grip.x < 0:
        left = min(max(left + dx, 0), mask.x)
    elif grip.x > 0:
        right = max(min(right + dx, document.width), mask.right)
    if grip.y < 0:
        top = min(max(top + dy, 0), mask.y)
    elif grip.y > 0:
        bottom = max(min(bottom + dy, document.height), mask.bottom)
    return Rect.from_edges(left, top, right, bottom)


def _clamped(step: int, mask_low: int, mask_high: int, low: int, high: int) -> int:
    return min(max(step, mask_low, low), mask_high, high)


def is_stopped_by(mask: Rect, start: Rect, grip: Grip, way: Point) -> bool:
    """Whether the mask holds the outline back: it would be dragged over a part of it."""
    dx, dy = round(way.x), round(way.y)
    if grip is Grip.WHOLE:
        return not start.translated(dx, dy).contains(mask)
    wanted = Rect.from_edges(
        start.x + dx * (grip.x < 0),
        start.y + dy * (grip.y < 0),
        start.right + dx * (grip.x > 0),
        start.bottom + dy * (grip.y > 0),
    )
    return not wanted.contains(mask)
