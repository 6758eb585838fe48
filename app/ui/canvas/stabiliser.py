"""Steadies a shaky hand: the painted point follows the pointer as if drawn behind it.

It closes in by how far the pointer has moved, not by how often it was asked for, so that fast and slow devices
draw the same line. Knows no widget and no document.
"""

from __future__ import annotations

import math

from app.base.geometry import Point

LONGEST = 48.0
"""Pixels that the point lags behind at full strength."""


class Stabiliser:
    """Smooths one stroke at a time; a stroke ends where the pointer is, which is the caller's to see to."""

    def __init__(self) -> None:
        self.strength = 0.0
        """0–1; 0 changes nothing."""
        self.unit = 1.0
        """The pointer's pixels in one that people see."""
        self._pointer = Point(0.0, 0.0)
        self._point = Point(0.0, 0.0)

    def start(self, point: Point) -> Point:
        """A stroke begins."""
        self._pointer = self._point = point
        return point

    def follow(self, point: Point) -> Point:
        """The pointer went to `point`; returns where to paint."""
        length, way = self.strength * LONGEST * self.unit, point - self._pointer
        distance = math.hypot(way.x, way.y)
        if length > 0.0 and distance > 0.0:
            # On a straight line the painted point ends up `length` behind, however the line is cut into steps.
            lag, left = way.scaled(length / distance), math.exp(-distance / length)
            self._point = point - lag + (self._point - self._pointer + lag).scaled(left)
        elif length <= 0.0:
            self._point = point
        self._pointer = point
        return self._point
