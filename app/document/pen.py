"""Strokes of a pen that feels pressure: how hard one presses says how wide and how strong the brush is.

The brush changes along the line, from dab to dab, in steps so small that they are not seen and so few that the
stamps of a stroke stay in their cache.
"""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from app.base.geometry import Point, Rect
from app.base.text import tr
from app.document.brush import Brush, runs, stamp_run
from app.document.gestures import Gesture, Modifier, PointerSample, Stage, Tool
from app.document.mask import MaskEdit

LEAST = 0.05
"""The share that the lightest touch gives."""
_STEPS = 64.0
"""Steps of the share per factor e: about 1.5 % each."""


@dataclass(frozen=True, slots=True)
class PenDynamics:
    """What pressure does. `curve`, 0.25–4: above 1 a light touch does less, below 1 it does more."""

    size: bool = True
    opacity: bool = False
    curve: float = 1.0

    @property
    def is_felt(self) -> bool:
        """Whether pressure does anything."""
        return self.size or self.opacity

    def share(self, pressure: float) -> float:
        """How much of the brush a pressure of 0–1 gives: `LEAST`–1, in steps."""
        bent = min(max(pressure, 0.0), 1.0) ** self.curve
        return math.exp(round(math.log(max(bent, LEAST)) * _STEPS) / _STEPS)

    def brush_at(self, brush: Brush, pressure: float) -> Brush:
        """`brush` as it is at a pressure of 0–1."""
        share = self.share(pressure)
        diameter = max(1.0, brush.diameter * share) if self.size else brush.diameter
        opacity = brush.opacity * share if self.opacity else brush.opacity
        return replace(brush, diameter=diameter, opacity=opacity)


def pen_stroke(brush: Brush, dynamics: PenDynamics) -> Tool:
    """A freehand stroke that follows the samples' pressure; with Shift, first a line from the last stroke's end."""

    def gesture(stage: Stage, press: PointerSample) -> Gesture:
        title = tr("Eraser stroke") if brush.erase else tr("Brush stroke")
        with stage.document.edit_mask(title) as edit:
            stroke = _PenStroke(edit, stage, brush, dynamics)
            dirty: list[Rect] = []
            if Modifier.SHIFT in press.modifiers and stage.last_point is not None:
                dirty += stroke.start(stage.last_point, press.pressure)
                dirty += stroke.line_to(press.position, press.pressure)
            edit.mark(*dirty, *stroke.start(press.position, press.pressure))
            last = press.position
            with contextlib.suppress(GeneratorExit):
                while True:
                    sample = yield None
                    last = sample.position
                    edit.mark(*stroke.line_to(last, sample.pressure))
        stage.last_point = last

    return gesture


class _PenStroke:
    """Dabs along a line, each as large and as strong as the pressure where it lies."""

    def __init__(self, edit: MaskEdit, stage: Stage, brush: Brush, dynamics: PenDynamics) -> None:
        self._edit = edit
        self._stage = stage
        self._brush = brush
        self._dynamics = dynamics
        self._at = Point(0.0, 0.0)
        self._pressure = 1.0
        self._since_dab = 0.0

    def start(self, point: Point, pressure: float) -> list[Rect]:
        """The first dab, at `point`; returns what changed, as do all methods."""
        self._at, self._pressure, self._since_dab = point, pressure, 0.0
        return self._lay([(self._dynamics.brush_at(self._brush, pressure), point)])

    def line_to(self, point: Point, pressure: float) -> list[Rect]:
        """Dabs on the straight line to `point`, where the pressure has become `pressure`."""
        dabs = list(self._dabs(point, pressure))
        self._at, self._pressure = point, pressure
        return self._lay(dabs)

    def _dabs(self, point: Point, pressure: float) -> Iterator[tuple[Brush, Point]]:
        start, before = self._at, self._pressure
        length, way = start.distance(point), point - start
        done = -self._since_dab
        brush = self._dynamics.brush_at(self._brush, before)
        while done + brush.step <= length:
            done += brush.step
            share = done / length
            brush = self._dynamics.brush_at(self._brush, before + (pressure - before) * share)
            yield brush, start + way.scaled(share)
        self._since_dab = length - done

    def _lay(self, dabs: list[tuple[Brush, Point]]) -> list[Rect]:
        changed = []
        for brush, group in itertools.groupby(dabs, key=lambda dab: dab[0]):
            centres = [(point.x, point.y) for _, point in group]
            stamps = self._stage.stamps.stamps(brush)
            changed += [stamp_run(self._edit, stamps, brush, run) for run in runs(centres, brush)]
        return changed
