"""Where one looks: zoom, pan and turn of the open documents, each of which keeps its own view.

Pure arithmetic on view transforms and sizes in device pixels; whoever shows the view is told of changes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

from app.base.geometry import Point, Rect, Size
from app.base.signal import Signal
from app.session.kept_tabs import LookedAt
from app.ui.canvas.view_transform import ViewTransform

MIN_SCALE, MAX_SCALE = 0.01, 64.0
FIT_LIMIT = 4.0
"""A small document is not enlarged further than this when it is fitted unasked: one sees what it is."""
MASK_LIMIT = 8.0
"""The mask is not enlarged further than this."""
MASK_MARGIN = 64
"""Device pixels around the mask that one looks at."""
TURN_STEP = 15.0
"""Degrees."""
FIT_MARGIN = 16
"""Device pixels kept clear around a document that is fitted into the view."""
_STOPS = (
    *(MIN_SCALE, 1 / 64, 1 / 48, 1 / 32, 1 / 24, 1 / 16, 1 / 12, 1 / 8, 1 / 6, 1 / 4, 1 / 3, 1 / 2, 2 / 3),
    *(1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 48.0, MAX_SCALE),
)
_KEPT = 48
"""Device pixels of the document that panning leaves in the view."""


@dataclass(slots=True)
class _Place:
    """What is remembered of one document."""

    size_doc: Size
    view: ViewTransform
    fitted: bool = True


class Navigation:
    """The view of the current document. `view` is always snapped; sizes and points are device pixels."""

    def __init__(self, size: Size) -> None:
        self.changed: Signal[[]] = Signal()
        """Emitted when `view` became another one."""
        self._size = size
        self._places: WeakKeyDictionary[object, _Place] = WeakKeyDictionary()
        self._place: _Place | None = None
        self._view = ViewTransform()

    @property
    def view(self) -> ViewTransform:
        return self._view

    @property
    def is_fitted(self) -> bool:
        """True while the whole document is kept in view when the canvas changes its size."""
        return self._place is not None and self._place.fitted

    @property
    def centre(self) -> Point:
        return self._size.rect.centre

    def show(self, key: object | None, size_doc: Size | None) -> None:
        """Look at the document `key` where one looked at it last; a new one is fitted.

        It is enlarged only where it would be lost in the view, and then by a whole number: pixels stay sharp.
        """
        if key is None or size_doc is None:
            self._place = None
            return
        place = self._places.get(key)
        if place is None or place.size_doc != size_doc:
            place = _Place(size_doc, ViewTransform())
            self._places[key] = place
            self._place = place
            self._fit(limit=self._opening_limit(place))
            return
        self._place = place
        if place.fitted:
            self._fit(limit=max(self._opening_limit(place), place.view.scale))
        else:
            self._go(place.view)

    def looked_at(self) -> LookedAt | None:
        """How one looks at the current document, for `recall`; None where there is none."""
        place = self._place
        if place is None:
            return None
        centre, view = self._view.to_doc(self.centre), self._view
        return LookedAt(
            *(place.size_doc.width, place.size_doc.height, centre.x, centre.y),
            *(view.scale, view.angle, view.mirror, place.fitted),
        )

    def recall(self, key: object, looked: LookedAt) -> None:
        """Look at the document `key` in this way when it is shown for the first time."""
        size_doc = Size(looked.width, looked.height)
        if key in self._places or size_doc.is_empty or not MIN_SCALE / 64 <= looked.scale <= MAX_SCALE:
            return
        view = ViewTransform(looked.scale, looked.angle % 360.0, looked.mirror)
        shift = self.centre - view.to_view(Point(looked.x, looked.y))
        self._places[key] = _Place(size_doc, view.panned(shift.x, shift.y), looked.fitted)

    def resized(self, size: Size) -> None:
        """The view has another size: fitted documents stay fitted, the others keep their middle."""
        before, self._size = self._size, size
        if self._place is None:
            return
        if self._place.fitted:
            self._fit(limit=max(self._opening_limit(self._place), self._view.scale))
        else:
            shift = size.rect.centre - before.rect.centre
            self._go(self._view.panned(shift.x, shift.y))

    def fit(self) -> None:
        """Show the whole document as large as it goes."""
        self._fit(limit=MAX_SCALE)

    def fill(self) -> None:
        """Leave nothing of the view empty."""
        if self._place is not None:
            self._place.fitted = False
            self._show_part(self._place.size_doc.rect, 0, MAX_SCALE, fill=True)

    def look_at(self, rect_doc: Rect) -> None:
        """Show a part of the document as large as is sensible, with some of what is around it."""
        if self._place is not None and not rect_doc.is_empty:
            self._place.fitted = False
            self._show_part(rect_doc, MASK_MARGIN, MASK_LIMIT)

    def actual(self, point_view: Point | None = None) -> None:
        """One document pixel on one device pixel, about a point (default: the middle of the view)."""
        self.zoom_to(1.0, point_view)

    def zoom_step(self, steps: int, point_view: Point | None = None) -> None:
        """To the next larger (1) or smaller (-1) stop of the ladder."""
        scale = self._view.scale
        if steps > 0:
            stops = [stop for stop in _STOPS if stop > scale * 1.01] or [MAX_SCALE]
            self.zoom_to(stops[0], point_view)
        else:
            stops = [stop for stop in _STOPS if stop < scale / 1.01] or [_STOPS[0]]
            self.zoom_to(stops[-1], point_view)

    def zoom_by(self, factor: float, point_view: Point) -> None:
        """Scale by `factor`; the document point under `point_view` stays there."""
        self.zoom_to(self._view.scale * factor, point_view)

    def zoom_to(self, scale: float, point_view: Point | None = None) -> None:
        if self._place is None:
            return
        # A document may be so large that only a smaller scale shows all of it.
        least = min(MIN_SCALE, self._view.fitted(self._place.size_doc.rect, self._size, FIT_MARGIN).scale)
        scale = min(max(scale, least), MAX_SCALE)
        # The snapped scale first: at it the point under the cursor is held, not at the one asked for.
        scale = replace(self._view, scale=scale).snapped().scale
        self._place.fitted = False
        self._go(self._view.zoomed_at(point_view or self.centre, scale))

    def pan(self, dx: float, dy: float) -> None:
        """Move the document by device pixels."""
        if self._place is not None and (dx or dy):
            self._place.fitted = False
            self._go(self._view.panned(dx, dy))

    def pan_to(self, origin: Point) -> None:
        """Put the document's corner at a point of the view, as far as it stays in sight."""
        self.pan(origin.x - self._view.origin.x, origin.y - self._view.origin.y)

    def _opening_limit(self, place: _Place) -> float:
        """The scale at which a small document is shown unasked: enlarged by a whole number."""
        room = place.view.fitted(place.size_doc.rect, self._size, FIT_MARGIN, FIT_LIMIT).scale
        return max(1.0, float(int(room)))

    def go_to(self, point_doc: Point) -> None:
        """Put a point of the document in the middle of the view, as far as something stays in sight."""
        shift = self.centre - self._view.to_view(point_doc)
        self.pan(shift.x, shift.y)

    def turn_step(self, steps: int) -> None:
        """To the next multiple of `TURN_STEP` clockwise (1) or the other way (-1)."""
        places = self._view.angle / TURN_STEP
        near = round(places)
        if abs(places - near) > 1e-6:
            near = math.floor(places) if steps > 0 else math.ceil(places)
        self.turn_to((near + steps) * TURN_STEP)

    def turn_to(self, angle: float, *, refit: bool = True) -> None:
        """Turn the view clockwise to `angle` about its middle.

        A fitted document stays fitted, unless `refit` is off: it would breathe while it is turned by hand.
        """
        if angle % 360.0 != self._view.angle:
            self._take_turned(self._view.turned_at(self.centre, angle), refit=refit)

    def mirror(self) -> None:
        """See the document in a mirror, or no longer; what is in the middle stays there."""
        self._take_turned(self._view.mirrored_at(self.centre))

    def straighten(self) -> None:
        """Neither turned nor mirrored."""
        if not self._view.is_upright:
            view = self._view if not self._view.mirror else self._view.mirrored_at(self.centre)
            self._take_turned(view.turned_at(self.centre, 0.0))

    def _take_turned(self, view: ViewTransform, *, refit: bool = True) -> None:
        place = self._place
        if place is None:
            return
        if place.fitted and refit:
            place.view = view
            self._fit(limit=max(self._opening_limit(place), view.scale))
        else:
            place.fitted = False
            self._go(view)

    def _fit(self, limit: float) -> None:
        if self._place is not None:
            self._place.fitted = True
            self._show_part(self._place.size_doc.rect, FIT_MARGIN, limit)

    def _show_part(self, rect_doc: Rect, margin: int, limit: float, *, fill: bool = False) -> None:
        place = self._place
        if place is not None:
            view = place.view.fitted(rect_doc, self._size, margin, limit, fill=fill)
            self._go(view.snapped().centred(rect_doc, self._size))

    def _go(self, view: ViewTransform) -> None:
        place = self._place
        if place is None:
            return
        view = _kept_in_sight(view, place.size_doc, self._size).snapped()
        place.view = view
        if view != self._view:
            self._view = view
            self.changed.emit()


def _kept_in_sight(view: ViewTransform, size_doc: Size, size: Size) -> ViewTransform:
    """`view`, panned the least so that some of the document can be seen."""
    paper = view.rect_to_view(size_doc.rect)
    dx = _shift(paper.x, paper.right, size.width)
    dy = _shift(paper.y, paper.bottom, size.height)
    return view.panned(dx, dy) if dx or dy else view


def _shift(low: int, high: int, extent: int) -> int:
    kept = min(_KEPT, high - low, extent)
    if high < kept:
        return kept - high
    if low > extent - kept:
        return extent - kept - low
    return 0


def visible_doc(view: ViewTransform, size: Size, size_doc: Size) -> Rect:
    """The part of the document that a view of `size` shows."""
    return view.rect_to_doc(size.rect).intersected(size_doc.rect)
