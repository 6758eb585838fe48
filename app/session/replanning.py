"""Keeps the plan of what would be sent in step with the mask, the layers and the form.

A stroke plans once: the plan is made again when nothing changed for a moment, in threads, and thrown away where
something changed meanwhile. Lives on the event loop's thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from app.base.cancel import Cancelled, CancelToken
from app.base.errors import MaskroomError
from app.base.notices import Notices
from app.base.signal import Signal
from app.base.text import tr
from app.document.document import Document
from app.edits.types import EditPlan
from app.imaging.edges import Edge
from app.session.effective_mask import EffectiveMask, effective_mask
from app.session.estimates import Estimator
from app.session.form import EditForm, automatic_grow
from app.session.planning import NOTHING_PLANNED, Wish, plan_requests
from app.session.region_hand import RegionHand

DELAY = 0.12
"""Seconds of rest after a change before the plan is made again."""


class Replanning:
    """What would be sent of one document; nothing until it is open and `follow` was called."""

    def __init__(self, form: EditForm, region: RegionHand, estimator: Estimator, notices: Notices) -> None:
        self.requests = NOTHING_PLANNED
        self.effective_mask: EffectiveMask | None = None
        """The mask as it would be sent; None where nothing is painted."""
        self.edge: Edge | None = None
        """The outline of that."""
        self.changed: Signal[[]] = Signal()
        self._form = form
        self._region = region
        self._estimator = estimator
        self._notices = notices
        self._document: Document | None = None
        self._is_changing: Callable[[], bool] = lambda: False
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._cancel = CancelToken()
        form.changed.connect(lambda field: self.soon())

    def follow(self, document: Document, is_changing: Callable[[], bool]) -> None:
        """Plan for `document` from now on: what was saved may have a mask to begin with.

        While `is_changing` is true nothing is planned but what somebody waits for: it would be overtaken soon.
        """
        self._document, self._is_changing = document, is_changing
        document.mask_changed.connect(lambda rects: self.soon())
        document.layers_changed.connect(self.soon)
        self.soon()

    def start_again(self) -> None:
        """The canvas became another: nothing that was planned stands where it stood."""
        if self._document is None:
            return
        self.requests, self.effective_mask, self.edge = NOTHING_PLANNED, None, None
        self._region.follow(self.requests, self._document.size)
        self.changed.emit()
        self.soon()

    @property
    def plan(self) -> EditPlan | None:
        """Of the request that would be sent first; None while there is nothing to send."""
        return self.requests.parts[0].plan if self.requests.parts else None

    @property
    def grow(self) -> int:
        """Pixels by which the painted mask is grown before anything else."""
        if self._form.grow is not None:
            return self._form.grow
        return automatic_grow(self._document.size) if self._document is not None else 0

    def soon(self) -> None:
        """Plan again in a moment. What is being planned is overtaken: while somebody paints, nothing is computed."""
        if self._document is None:
            return
        self._cancel.cancel()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(DELAY, self._rest)

    async def settled(self) -> EditPlan | None:
        """The plan of this very moment, made now if something changed since the last one."""
        while self._timer is not None or (self._task is not None and not self._task.done()):
            if self._timer is not None:
                self._timer.cancel()
                self._start()
            if self._task is not None:
                await asyncio.wait({self._task})
        return self.plan

    def cancel(self) -> None:
        """Plan no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._cancel.cancel()

    async def aclose(self) -> None:
        """Cancel, and wait for the threads."""
        self.cancel()
        if self._task is not None:
            await asyncio.wait({self._task})

    def _rest(self) -> None:
        if self._is_changing():
            self.soon()
        else:
            self._start()

    def _start(self) -> None:
        self._timer = None
        self._cancel.cancel()
        self._cancel = CancelToken()
        if self._document is not None:
            self._task = self._loop.create_task(self._plan_next(self._task, self._document, self._cancel))

    async def _plan_next(
        self, overtaken: asyncio.Task[None] | None, document: Document, cancel: CancelToken
    ) -> None:
        """Plan, once the one before has noticed that it is overtaken: one at a time leaves the window a processor."""
        if overtaken is not None:
            await asyncio.wait({overtaken})
        if not cancel.is_cancelled:
            await self._plan(document, cancel)

    async def _plan(self, document: Document, cancel: CancelToken) -> None:
        """Grow the mask and plan the region off this thread, then show both, unless overtaken."""
        rect = document.request_mask.bounds()
        # Copied in a thread: a stroke that is drawn meanwhile ends in a newer plan anyway.
        coverage = await asyncio.to_thread(document.request_mask.coverage[rect.slices].copy)
        grow_by, wish = self.grow, Wish.of(self._form)
        try:
            mask = await asyncio.to_thread(effective_mask, document.size, rect, coverage, grow_by, cancel)
            if mask is not None and self._has_left_region(mask):
                return
            edge, planned = None, NOTHING_PLANNED
            if mask is not None or not wish.card.needs_mask:
                planned = await asyncio.to_thread(
                    plan_requests, document.size, mask, wish, document.cut, self._estimator, cancel
                )
            if mask is not None:
                edge = await asyncio.to_thread(Edge.of, document.size, mask.rect, mask.coverage, cancel)
        except Cancelled:
            return
        except MaskroomError as error:
            self._notices.error(error, topic="plan")
            return
        if cancel.is_cancelled:
            return
        self.requests, self.effective_mask, self.edge = planned, mask, edge
        self._region.follow(planned, document.size)
        self.changed.emit()

    def _has_left_region(self, mask: EffectiveMask) -> bool:
        """A region by hand that no longer holds the mask is given up, and all is planned anew."""
        region = self._form.context.region
        if region is None or self._region.is_held or region.contains(mask.rect):
            return False
        self._notices.info(
            tr("The mask reaches beyond the region that was set by hand."),
            tr("The region follows the mask again."),
            topic="region",
        )
        self._region.reset()
        return True
