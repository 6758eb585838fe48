"""Turning the view by hand: it follows the pointer round its middle."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator

from app.base.geometry import Point
from app.ui.canvas.navigation import TURN_STEP, Navigation


class TurningHand:
    """One drag at a time over one view."""

    def __init__(self, navigation: Navigation) -> None:
        self._navigation = navigation
        self._pressed_at = Point(0.0, 0.0)
        self._pressed_angle = 0.0
        self.is_turning = False
        """True while the view is being turned, after which it may be turned further."""

    def press(self, point_view: Point) -> None:
        self._pressed_at, self._pressed_angle = point_view, self._navigation.view.angle

    def move(self, point_view: Point, *, snaps: bool) -> None:
        """Turn by as much as the pointer went round the middle; when it `snaps`, to whole steps."""
        middle = self._navigation.centre
        before, after = self._pressed_at - middle, point_view - middle
        if Point(0.0, 0.0) in (before, after):
            return
        way = math.atan2(after.y, after.x) - math.atan2(before.y, before.x)
        angle = self._pressed_angle + math.degrees(way)
        with self._turning():
            self._navigation.turn_to(round(angle / TURN_STEP) * TURN_STEP if snaps else angle, refit=False)

    @contextlib.contextmanager
    def _turning(self) -> Iterator[None]:
        self.is_turning = True
        try:
            yield
        finally:
            self.is_turning = False
