"""Tools that draw shapes beyond the plain ones, and the one that moves the mask as a whole."""

from __future__ import annotations

import contextlib
import math

from app.base.geometry import Point, Rect
from app.base.text import tr
from app.document.gestures import (
    Gesture,
    GestureCancelled,
    GestureView,
    Modifier,
    Phase,
    PointerSample,
    Stage,
    Tool,
    chosen,
    corners,
)
from app.document.mask import MaskEdit
from app.document.shapes import Combine, combine, ellipse, polygon, whole_box

_MOVED_LIVE = 4_000_000
"""Pixels up to which a mask moves under the hand; a larger one shows where it would be, and moves at the end."""


def ellipse_between(how: Combine = Combine.ADD) -> Tool:
    """Drag from corner to corner of the box around it; Shift held while dragging makes a circle.

    Shift held at the press adds, Alt subtracts, Shift and Alt intersect.
    """

    def gesture(stage: Stage, press: PointerSample) -> Gesture:
        size = stage.document.size
        with stage.document.edit_mask(tr("Ellipse")) as edit:
            box = whole_box(press.position, press.position)
            with contextlib.suppress(GeneratorExit):
                while True:
                    sample = yield GestureView(_round_outline(box))
                    box = whole_box(press.position, _evened(press, sample))
            edit.mark(combine(edit, ellipse(box, size), chosen(press, how)))

    return gesture


def polygon_by_corners(how: Combine = Combine.ADD) -> Tool:
    """Click corner by corner; it is closed when the gesture is finished. The first press says what it does."""

    def gesture(stage: Stage, press: PointerSample) -> Gesture:
        points = [press.position]
        with stage.document.edit_mask(tr("Polygon")) as edit:
            pointer = press.position
            with contextlib.suppress(GeneratorExit):
                while True:
                    sample = yield GestureView((*points, pointer), stays=True)
                    if sample.phase is Phase.BACK:
                        points.pop()
                        if not points:
                            raise GestureCancelled
                        continue
                    pointer = sample.position
                    if sample.phase is Phase.PRESS and pointer != points[-1]:
                        points.append(pointer)
            if len(points) > 2:
                edit.mark(combine(edit, polygon(points, stage.document.size), chosen(press, how)))

    return gesture


def move_mask(stage: Stage, press: PointerSample) -> Gesture:
    """Drag the mask by whole pixels. What leaves the document is gone, but for undo."""
    with stage.document.edit_mask(tr("Move mask")) as edit:
        moved = _Moved(edit)
        dx = dy = 0
        with contextlib.suppress(GeneratorExit):
            while True:
                sample = yield GestureView(() if moved.is_live else corners(moved.box.translated(dx, dy)))
                way = sample.position - press.position
                dx, dy = round(way.x), round(way.y)
                if moved.is_live:
                    moved.to(dx, dy)
        moved.to(dx, dy)


class _Moved:
    """What the mask held at first, laid down again elsewhere."""

    def __init__(self, edit: MaskEdit) -> None:
        self.box = edit.bounds()
        self.is_live = self.box.area <= _MOVED_LIVE
        self._edit = edit
        self._pixels = edit.view(self.box).copy()
        self._at = 0, 0

    def to(self, dx: int, dy: int) -> None:
        """Stand `dx`, `dy` pixels from where it stood at first."""
        if (dx, dy) == self._at or self.box.is_empty:
            return
        whole = self._edit.size.rect
        left = self.box.translated(*self._at).intersected(whole)
        place = self.box.translated(dx, dy)
        entered = place.intersected(whole)
        if not left.is_empty:
            self._edit.view(left)[...] = 0
        if not entered.is_empty:
            self._edit.view(entered)[...] = self._pixels[entered.relative_to(place).slices]
        self._edit.mark(left, entered)
        self._at = dx, dy


def _evened(press: PointerSample, sample: PointerSample) -> Point:
    """The corner opposite to the press; as wide as high when Shift came later than the press."""
    if Modifier.SHIFT not in sample.modifiers or Modifier.SHIFT in press.modifiers:
        return sample.position
    way = sample.position - press.position
    side = max(abs(way.x), abs(way.y))
    return press.position + Point(side if way.x >= 0 else -side, side if way.y >= 0 else -side)


def _round_outline(box: Rect) -> tuple[Point, ...]:
    if box.is_empty:
        return ()
    turns = [2 * math.pi * step / 96 for step in range(96)]
    return tuple(
        Point(box.centre.x + box.width / 2 * math.cos(turn), box.centre.y + box.height / 2 * math.sin(turn))
        for turn in turns
    )
