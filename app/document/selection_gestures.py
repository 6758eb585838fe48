"""Tools that find an area in the picture or the mask: they say what is wanted, and somebody finds it in a thread."""

from __future__ import annotations

import contextlib
import enum
import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2

from app.base.geometry import Point
from app.base.text import tr
from app.base.work import Work
from app.document.gestures import (
    Gesture,
    GestureView,
    Modifier,
    PointerSample,
    Stage,
    Tool,
    chosen,
    corners,
)
from app.document.selection import Selection
from app.document.shapes import Combine, Shape, whole_box
from app.document.smart_selection import SmartObject
from app.imaging import selections
from app.imaging.arrays import as_u8
from app.imaging.selections import GradientKind
from app.imaging.smart_select import Hint


class SmartStart(enum.Enum):
    """How an object is first told of."""

    BOX = "box"
    SCRIBBLE = "scribble"


@dataclass(frozen=True, slots=True)
class Wand:
    """What the wand takes for the same colour."""

    tolerance: int = 32
    """0–255 in each channel."""
    contiguous: bool = True
    """Only what hangs together with the place of the click."""
    sample: int = 1
    """Edge of the square whose mean colour counts, in pixels."""
    smooth: bool = True
    """A soft edge, one pixel wide."""


def magic_wand(wand: Wand, how: Combine = Combine.ADD) -> Tool:
    """Click a colour: all of it hereabouts, in the picture with its visible layers."""

    def select(stage: Stage, press: PointerSample, x: int, y: int) -> None:
        picture, ranges = stage.document.picture, stage.document.ranges
        opaque = not stage.document.photograph.has_alpha

        def find(work: Work) -> Shape:
            found = selections.wand(
                picture,
                ranges,
                x,
                y,
                tolerance=wand.tolerance,
                contiguous=wand.contiguous,
                sample=wand.sample,
                smooth=wand.smooth,
                opaque=opaque,
                work=work,
            )
            return Shape(*found)

        stage.order(Selection(tr("Magic wand"), find, chosen(press, how)))

    return _on_click(select)


def colour_range(fuzziness: int, sample: int = 1, how: Combine = Combine.ADD) -> Tool:
    """Click a colour: everything like it, the softer the less alike. Shift-click widens the range by another."""

    def select(stage: Stage, press: PointerSample, x: int, y: int) -> None:
        picture = stage.document.picture
        picked = selections.colour_at(picture, x, y, sample)
        widens = press.modifiers & {Modifier.SHIFT, Modifier.ALT} == {Modifier.SHIFT}
        colours = stage.colours = (*stage.colours, picked) if widens else (picked,)

        def find(work: Work) -> Shape:
            return Shape(*selections.colour_range(picture, colours, fuzziness, work))

        stage.order(Selection(tr("Colour range"), find, chosen(press, how)))

    return _on_click(select)


def bucket(how: Combine = Combine.ADD) -> Tool:
    """Click an area that the mask encloses to cover it.

    Alt takes away the covered area that was clicked, Shift and Alt keep nothing but it.
    """

    def select(stage: Stage, press: PointerSample, x: int, y: int) -> None:
        act, mask = chosen(press, how), stage.document.mask

        def find(work: Work) -> Shape:
            plane = mask.coverage if act is Combine.ADD else as_u8(cv2.bitwise_not(mask.coverage))
            return Shape(*selections.enclosed(plane, x, y, work))

        stage.order(Selection(tr("Fill area"), find, act))

    return _on_click(select)


def gradient(kind: GradientKind, how: Combine = Combine.ADD) -> Tool:
    """Drag from where coverage is full to where it ends."""

    def gesture(stage: Stage, press: PointerSample) -> Gesture:
        start = end = press.position
        with contextlib.suppress(GeneratorExit):
            while True:
                if kind is GradientKind.LINEAR:
                    view = GestureView((start, end), is_closed=False)
                else:
                    view = GestureView(_circle(start, start.distance(end)))
                end = (yield view).position
        if start.distance(end) < 1.0:
            return
        size = stage.document.size

        def find(work: Work) -> Shape:
            return Shape(*selections.gradient(size, start, end, kind, work))

        stage.order(Selection(tr("Gradient"), find, chosen(press, how)))

    return gesture


def smart_select(start: SmartStart, diameter: float, how: Combine = Combine.ADD) -> Tool:
    """Draw a box around an object, or scribble over it. Strokes refine it then: Alt says what does not belong."""

    def gesture(stage: Stage, press: PointerSample) -> Gesture:
        document, smart = stage.document, stage.smart
        refines = smart is not None and bool(smart.hints(document.undo))
        boxes = not refines and start is SmartStart.BOX
        takes_away = Modifier.ALT in press.modifiers or (smart is not None and smart.takes_away(how))
        points = [press.position]
        with contextlib.suppress(GeneratorExit):
            while True:
                if boxes:
                    box = whole_box(points[0], points[-1])
                    sample = yield GestureView(corners(box))
                else:
                    sample = yield GestureView(tuple(points), is_closed=False)
                if sample.position != points[-1]:
                    points.append(sample.position)
        if boxes:
            ends = points[0], points[-1]
            if whole_box(*ends).intersected(document.size.rect).is_empty:
                return
            hint = Hint(ends)
        else:
            hint = Hint(tuple(points), max(0.5, diameter / 2), belongs=not (refines and takes_away))
        if smart is None or not refines:
            smart = stage.smart = SmartObject(chosen(press, how))
        stage.order(smart.with_hint(document, hint))

    return gesture


def _on_click(select: Callable[[Stage, PointerSample, int, int], None]) -> Tool:
    """Calls `select` with the press and the pixel under the release; outside the document nothing happens."""

    def gesture(stage: Stage, press: PointerSample) -> Gesture:
        end = press.position
        with contextlib.suppress(GeneratorExit):
            while True:
                end = (yield None).position
        if stage.document.size.rect.contains_point(end):
            select(stage, press, math.floor(end.x), math.floor(end.y))

    return gesture


def _circle(centre: Point, radius: float) -> tuple[Point, ...]:
    turns = [2 * math.pi * step / 96 for step in range(96)]
    return tuple(centre + Point(radius * math.cos(t), radius * math.sin(t)) for t in turns)
