"""Tools as generators: press starts one, each move is sent in, closing it commits, cancelling rolls back.

The code before a gesture's first `yield` is the press, the loop is the drag, what follows the loop is the
release. Tools speak document pixels and know no widget; whoever has one feeds a `GestureRunner`.
"""

from __future__ import annotations

import contextlib
import enum
import math
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field, replace

from app.base.geometry import Point, Rect
from app.base.text import tr
from app.document.brush import Brush, Centre, StampCache, Stamps, runs, stamp_run
from app.document.document import Document
from app.document.mask import MaskEdit
from app.document.selection import Selection, at_once
from app.document.shapes import Combine, Shape, combine, polygon, rectangle_between
from app.document.smart_selection import SmartObject
from app.imaging.selections import Colour


class Modifier(enum.Enum):
    """A key that is held."""

    SHIFT = "shift"
    ALT = "alt"
    CTRL = "ctrl"


class Phase(enum.Enum):
    """What a sample tells of."""

    MOVE = "move"
    PRESS = "press"
    """Another press in a gesture that stays."""
    RELEASE = "release"
    BACK = "back"
    """The last press in a gesture that stays is taken back."""


@dataclass(frozen=True, slots=True)
class PointerSample:
    """The pointer at one moment."""

    position: Point
    """In document pixels; may lie outside the document."""
    pressure: float = 1.0
    """0–1; a mouse presses with 1."""
    modifiers: frozenset[Modifier] = frozenset()
    time: float = 0.0
    """Seconds, of any clock that only runs forwards."""
    phase: Phase = Phase.MOVE


@dataclass(frozen=True, slots=True)
class GestureView:
    """What is to be drawn over the canvas while a gesture runs."""

    outline: tuple[Point, ...] = ()
    """A line through these points, in document pixels."""
    is_closed: bool = True
    """Whether the line goes back to its first point."""
    stays: bool = False
    """True: a release does not end the gesture, and presses are sent to it, until it is finished or cancelled."""


class GestureCancelled(Exception):
    """Thrown into a gesture to end it without effect; a gesture that raises it has ended itself so."""


Gesture = Generator[GestureView | None, PointerSample, None]


@dataclass(slots=True)
class Stage:
    """What a tool works with, kept from gesture to gesture."""

    document: Document
    stamps: StampCache = field(default_factory=StampCache)
    last_point: Point | None = None
    """Where the last stroke ended: Shift-click draws a straight line from there."""
    order: Callable[[Selection], None] = field(kw_only=True)
    """Takes what is to be found in the picture, which is too much for this thread."""
    colours: tuple[Colour, ...] = ()
    """What the last colour range was picked from: Shift-click adds another."""
    smart: SmartObject | None = None
    """The object that strokes refine; None when the next begins another."""


Tool = Callable[[Stage, PointerSample], Gesture]
"""Starts a gesture at the sample of the press."""


class GestureRunner:
    """Feeds pointer events to the gesture of the tool in hand, one gesture at a time."""

    def __init__(
        self,
        document: Document,
        order: Callable[[Selection], None] | None = None,
        stamps: StampCache | None = None,
    ) -> None:
        """`order` has selections found in a thread; without it they are found at once.

        `stamps` may be shared with other documents, as the brush is.
        """
        self._stage = Stage(document, stamps or StampCache(), order=order or at_once(document))
        self._gesture: Gesture | None = None
        self._view: GestureView | None = None

    @property
    def active(self) -> bool:
        return self._gesture is not None

    @property
    def outline(self) -> tuple[Point, ...]:
        """The line to draw while a shape is dragged, in document pixels; else empty."""
        return self._view.outline if self._view is not None else ()

    @property
    def outline_is_closed(self) -> bool:
        return self._view is None or self._view.is_closed

    @property
    def stays(self) -> bool:
        """True while a gesture goes on between presses, as a polygon does: it takes the next ones, see `finish`."""
        return self._view is not None and self._view.stays

    @property
    def refines(self) -> bool:
        """True while further strokes change the object that was selected last, see `settle`."""
        smart = self._stage.smart
        return smart is not None and bool(smart.hints(self._stage.document.undo))

    def press(self, tool: Tool, sample: PointerSample) -> None:
        """Start a gesture, or go on with one that stays; one whose release was lost is ended where it stands."""
        if self.stays:
            self.move((replace(sample, phase=Phase.PRESS),))
            return
        self.finish()
        gesture = tool(self._stage, sample)
        with self._ended_by_errors():
            self._view = next(gesture)
            self._gesture = gesture

    def move(self, samples: Iterable[PointerSample]) -> None:
        """Send what one pointer event brought; nothing happens when no gesture is active."""
        with self._ended_by_errors():
            for sample in samples:
                if self._gesture is not None:
                    self._view = self._gesture.send(sample)

    def release(self, sample: PointerSample | None = None) -> None:
        """End the gesture, at `sample` where there is one, and commit it as one undo step; one that stays goes on."""
        if sample is not None:
            self.move((replace(sample, phase=Phase.RELEASE),))
        if not self.stays:
            self.finish()

    def back(self) -> None:
        """Take back the last press of a gesture that stays."""
        if self.stays:
            self.move((PointerSample(Point(0.0, 0.0), phase=Phase.BACK),))

    def settle(self) -> None:
        """End what outlasts a release: a gesture that stays is committed, and the next stroke is another object's."""
        if self.stays:
            self.finish()
        self._stage.smart = None

    def cancel(self) -> None:
        """End the gesture without effect: the mask has the same bits as before the press."""
        gesture, self._gesture, self._view = self._gesture, None, None
        if gesture is not None:
            with contextlib.suppress(GestureCancelled):
                gesture.throw(GestureCancelled)

    def finish(self) -> None:
        """End the gesture where it stands, also one that stays, and commit it as one undo step."""
        gesture, self._gesture, self._view = self._gesture, None, None
        if gesture is not None:
            gesture.close()

    @contextlib.contextmanager
    def _ended_by_errors(self) -> Iterator[None]:
        """A gesture that raises is over; it has rolled itself back."""
        try:
            yield
        except GestureCancelled:
            self._gesture = self._view = None
        except BaseException:
            self._gesture = self._view = None
            raise


def brush_stroke(brush: Brush) -> Tool:
    """A freehand stroke; with Shift, first a straight line from the end of the last stroke."""

    def gesture(stage: Stage, press: PointerSample) -> Gesture:
        title = tr("Eraser stroke") if brush.erase else tr("Brush stroke")
        with stage.document.edit_mask(title) as edit:
            stroke = _Stroke(edit, brush, stage.stamps.stamps(brush))
            dirty: list[Rect] = []
            if Modifier.SHIFT in press.modifiers and stage.last_point is not None:
                dirty += stroke.start(stage.last_point)
                dirty += stroke.line_to(press.position)
            edit.mark(*dirty, *stroke.start(press.position))
            last = press.position
            with contextlib.suppress(GeneratorExit):
                while True:
                    last = (yield None).position
                    edit.mark(*stroke.line_to(last))
        stage.last_point = last

    return gesture


def erase_stroke(brush: Brush) -> Tool:
    """The same as `brush_stroke`, but it takes coverage away."""
    return brush_stroke(replace(brush, erase=True))


class _Stroke:
    """Dabs along a line, evenly spaced across the ends of its segments."""

    def __init__(self, edit: MaskEdit, brush: Brush, stamps: Stamps) -> None:
        self._edit = edit
        self._brush = brush
        self._stamps = stamps
        self._at = Point(0.0, 0.0)
        self._since_dab = 0.0

    def start(self, point: Point) -> list[Rect]:
        """The first dab, at `point`; returns what changed, as do all methods."""
        self._at, self._since_dab = point, 0.0
        return self._lay([(point.x, point.y)])

    def line_to(self, point: Point) -> list[Rect]:
        """Dabs on the straight line to `point`; what is left of it counts for the next line."""
        step, x, y = self._brush.step, self._at.x, self._at.y
        across, down = point.x - x, point.y - y
        length = math.hypot(across, down)
        first = step - self._since_dab
        self._at = point
        if length < first:
            self._since_dab += length
            return []
        count = int((length - first) / step) + 1
        self._since_dab = length - first - step * (count - 1)
        shares = [(first + step * dab) / length for dab in range(count)]
        return self._lay([(x + across * share, y + down * share) for share in shares])

    def _lay(self, centres: list[Centre]) -> list[Rect]:
        return [stamp_run(self._edit, self._stamps, self._brush, run) for run in runs(centres, self._brush)]


def rectangle(how: Combine = Combine.ADD) -> Tool:
    """Drag from corner to corner, on whole pixels. Shift adds, Alt subtracts, Shift and Alt intersect."""

    def gesture(stage: Stage, press: PointerSample) -> Gesture:
        size = stage.document.size
        with stage.document.edit_mask(tr("Rectangle")) as edit:
            area = rectangle_between(press.position, press.position, size)
            with contextlib.suppress(GeneratorExit):
                while True:
                    sample = yield GestureView(corners(area))
                    area = rectangle_between(press.position, sample.position, size)
            if not area.is_empty:
                edit.mark(combine(edit, Shape(area), chosen(press, how)))

    return gesture


def lasso(how: Combine = Combine.ADD) -> Tool:
    """Draw round an area. Shift adds, Alt subtracts, Shift and Alt intersect."""

    def gesture(stage: Stage, press: PointerSample) -> Gesture:
        points = [press.position]
        with stage.document.edit_mask(tr("Lasso")) as edit:
            with contextlib.suppress(GeneratorExit):
                while True:
                    sample = yield GestureView(tuple(points))
                    if sample.position != points[-1]:
                        points.append(sample.position)
            if len(points) > 2:
                edit.mark(combine(edit, polygon(points, stage.document.size), chosen(press, how)))

    return gesture


def chosen(press: PointerSample, default: Combine) -> Combine:
    """The modifiers held at the press win over the default."""
    match Modifier.SHIFT in press.modifiers, Modifier.ALT in press.modifiers:
        case True, True:
            return Combine.INTERSECT
        case True, False:
            return Combine.ADD
        case False, True:
            return Combine.SUBTRACT
        case _:
            return default


def corners(area: Rect) -> tuple[Point, ...]:
    """The outline of a rectangle; none for an empty one."""
    if area.is_empty:
        return ()
    return (
        Point(area.x, area.y),
        Point(area.right, area.y),
        Point(area.right, area.bottom),
        Point(area.x, area.bottom),
    )
