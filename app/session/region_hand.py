"""Shaping the region of the next request by hand: the outline on the canvas is held, dragged and let go of.

While it is held, a plan is made for every move; only letting go tells the form, which keeps the region until
the mask leaves it or it is reset.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.base.errors import MaskroomError
from app.base.geometry import Point, Rect, Size
from app.base.notices import Notices
from app.base.signal import Signal
from app.base.text import tr
from app.edits.plan import plan_edit
from app.edits.region import Grip, dragged, is_stopped_by
from app.edits.types import EditPlan
from app.session.form import EditForm
from app.session.planning import NOTHING_PLANNED, Part, Planned

TOGETHER = "region.together"
"""The command that is offered where there is no single outline to hold."""


@dataclass(frozen=True, slots=True)
class _Held:
    grip: Grip
    start: Rect


class RegionHand:
    """The outline of one document as it can be held. Lives on the event loop's thread."""

    def __init__(self, form: EditForm, notices: Notices) -> None:
        self.changed: Signal[[]] = Signal()
        """Emitted when `live` or `is_stopped` changed."""
        self.live: EditPlan | None = None
        """What is seen in the place of the plan until the next one is made; None = the plan as it is."""
        self.is_stopped = False
        """True while the mask holds the outline back."""
        self._form = form
        self._notices = notices
        self._planned = NOTHING_PLANNED
        self._document = Size(0, 0)
        self._held: _Held | None = None

    @property
    def part(self) -> Part | None:
        """The request whose region can be shaped, as it is seen now; None where there is none, or several."""
        if len(self._planned.parts) != 1 or self._planned.parts[0].mask is None:
            return None
        part = self._planned.parts[0]
        return part if self.live is None else replace(part, plan=self.live)

    @property
    def is_split(self) -> bool:
        """True while each island has a region of its own, none of which can be shaped."""
        return len(self._planned.parts) > 1

    @property
    def is_held(self) -> bool:
        return self._held is not None

    def follow(self, planned: Planned, document: Size) -> None:
        """The requests were planned anew, for a document of that size."""
        self._planned, self._document = planned, document
        if self._held is None or self.part is None:
            self._held = None
            self._show(None)

    def press(self, grip: Grip) -> bool:
        """Hold the outline; False where there is none to hold."""
        part = self.part
        if part is None:
            if self.is_split:
                self._notices.info(
                    tr("Each island has a region of its own, which follows the mask."),
                    tr("Sent in one request, they have one region that can be dragged."),
                    topic="region",
                    commands=(TOGETHER,),
                )
            return False
        self._held = _Held(grip, part.plan.region)
        return True

    def drag(self, way: Point) -> None:
        """Take the outline `way` document pixels from where it was held."""
        held, part = self._held, self.part
        if held is None or part is None or part.mask is None:
            return
        mask, form = part.mask.rect, self._form
        wanted = dragged(held.start, held.grip, way, self._document, mask)
        try:
            plan = plan_edit(
                self._document,
                mask,
                replace(form.context, region=wanted),
                form.card.sizes,
                form.size if form.takes("size") else None,
                held.grip.anchor,
            )
        except MaskroomError:
            # What is wrong with the plan is told by the plan itself.
            return
        self._show(plan, is_stopped=is_stopped_by(mask, held.start, held.grip, way))

    def release(self) -> None:
        """Let go: the region is sent as it is now, until the mask leaves it."""
        held, self._held = self._held, None
        self.is_stopped = False
        if held is None or self.live is None or self.live.region == held.start:
            self._show(None)
            return
        self._form.set_context(replace(self._form.context, region=self.live.region))
        self.changed.emit()

    def cancel(self) -> None:
        """Let go, and leave the region as it was."""
        self._held = None
        self._show(None)

    def nudge(self, dx: int, dy: int) -> None:
        """Move the region by document pixels, as far as it goes."""
        if self.press(Grip.WHOLE):
            self.drag(Point(dx, dy))
            self.release()

    def reset(self) -> None:
        """Back to the context that was chosen before."""
        self.cancel()
        self._form.set_context(replace(self._form.context, region=None))

    def _show(self, plan: EditPlan | None, *, is_stopped: bool = False) -> None:
        if (plan, is_stopped) != (self.live, self.is_stopped):
            self.live, self.is_stopped = plan, is_stopped
            self.changed.emit()
