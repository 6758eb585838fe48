"""Changes whole masks in a thread while one goes on painting, and shows what a change would do before it is made.

A change is computed from a copy. It is put into the mask only if the mask is still what was copied and no
stroke is being drawn; else it is computed again from the mask as it is then. So no stroke is ever lost, and what one
gets is the change of what one sees. Lives on the event loop's thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from app.base.cancel import Cancelled, CancelToken
from app.base.errors import MaskroomError
from app.base.geometry import Rect, Size
from app.base.notices import Notices
from app.base.signal import Signal
from app.document.document import Document
from app.document.mask import Mask
from app.document.named_masks import PreparedMask, prepare_mask
from app.document.tiles import TILE, TileChange, TileSnapshot
from app.imaging.arrays import U8
from app.session.mask_changes import Knob, MaskChange

_MOMENT = 0.005
"""Seconds between two looks whether something is put in."""

MakeChange = Callable[[int], MaskChange]
"""Gives the change for a number."""


@dataclass(frozen=True, slots=True, eq=False)
class Computed:
    """What a change makes of the mask as it was at one revision."""

    mask: Mask
    revision: int
    tiles: TileChange
    at: Rect
    coverage: U8
    """Of `at`, afterwards."""


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """A change that is shown but not made yet."""

    knob: Knob
    amount: int
    make: MakeChange

    @property
    def change(self) -> MaskChange:
        return self.make(self.amount)


class MaskWork:
    """The changes of one document's masks: one at a time, beside at most one that is being tried out."""

    def __init__(self, document: Document, notices: Notices) -> None:
        self.changed: Signal[[]] = Signal()
        """Emitted when a trial began, changed or ended, or its preview or `is_busy` became another."""
        self._document = document
        self._notices = notices
        self._turn = asyncio.Lock()
        self._cancel = CancelToken()
        self._waiting = 0
        self._trial: Trial | None = None
        self._preview: PreparedMask | None = None
        self._previewed: Computed | None = None
        self._preview_cancel = CancelToken()
        self._tasks: set[asyncio.Task[None]] = set()
        self._disconnect = (
            document.mask_changed.connect(lambda rects: self._outdate()),
            document.undo.changed.connect(self._preview_if_missing),
        )

    @property
    def is_busy(self) -> bool:
        """True while a change is being made."""
        return self._waiting > 0

    @property
    def trial(self) -> Trial | None:
        """What is being tried out."""
        return self._trial

    @property
    def preview(self) -> PreparedMask | None:
        """The whole mask as the trial would have it; None until that is known."""
        return self._preview

    # Making a change

    async def apply(self, change: MaskChange) -> bool:
        """Make a change as one undo step; False when it was cancelled or nothing differs.

        Raises:
            MaskroomError: the change cannot be made, such as a mask file that is none.
        """
        cancel = self._cancel
        self._waiting += 1
        self.changed.emit()
        try:
            async with self._turn:
                while True:
                    await self.until_free()
                    computed = await self._compute(change, cancel)
                    if self._put(computed, change):
                        return len(computed.tiles) > 0
        except Cancelled:
            return False
        finally:
            self._waiting -= 1
            self.changed.emit()

    def cancel(self) -> None:
        """Stop what is being made and what is being tried out; the mask stays as it is."""
        self._cancel.cancel()
        self._cancel = CancelToken()
        self.drop_trial()

    # Trying a change out

    def try_out(self, knob: Knob, amount: int, make: MakeChange) -> None:
        """Show what a change would do, in the place of whatever was tried out before."""
        self._trial = Trial(knob, min(max(amount, knob.minimum), knob.maximum), make)
        self._previewed = None
        self._preview_again()
        self.changed.emit()

    def set_amount(self, amount: int) -> None:
        """Try another number; what the last one makes is shown until this one's is known."""
        if self._trial is not None and amount != self._trial.amount:
            self.try_out(self._trial.knob, amount, self._trial.make)

    async def accept(self) -> bool:
        """Make the change that is tried out, and end the trial; False when nothing differs.

        Raises:
            MaskroomError: the change cannot be made.
        """
        trial, computed = self._trial, self._previewed
        self.drop_trial()
        if trial is None:
            return False
        if computed is not None and self._put(computed, trial.change):
            return len(computed.tiles) > 0
        return await self.apply(trial.change)

    def drop_trial(self) -> None:
        """End the trial; the mask stays as it is."""
        self._preview_cancel.cancel()
        if self._trial is not None:
            self._trial = self._preview = self._previewed = None
            self.changed.emit()

    async def aclose(self) -> None:
        """Cancel everything and wait for the threads."""
        self.cancel()
        for disconnect in self._disconnect:
            disconnect()
        async with self._turn:
            await asyncio.gather(*self._tasks)

    def _outdate(self) -> None:
        """The mask changed: a preview of what it was is none."""
        self._previewed = None
        if self._preview is not None:
            self._preview = None
            self.changed.emit()
        self._preview_again()

    def _preview_if_missing(self) -> None:
        """A stroke may have ended."""
        if self._previewed is None:
            self._preview_again()

    def _preview_again(self) -> None:
        """Start on the preview that is missing; the latest wins."""
        trial = self._trial
        self._preview_cancel.cancel()
        if trial is None or self._document.undo.is_held:
            return
        self._preview_cancel = CancelToken()
        task = asyncio.get_running_loop().create_task(self._show(trial, self._preview_cancel))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _show(self, trial: Trial, cancel: CancelToken) -> None:
        # A number that is being typed or dragged changes many times within one turn of the loop.
        await asyncio.sleep(0)
        try:
            cancel.check()
            computed = await self._compute(trial.change, cancel)
            preview = await asyncio.to_thread(_whole, computed, self._document.size, cancel)
        except Cancelled:
            return
        except MaskroomError as error:
            self._notices.error(error, topic="mask")
            self.drop_trial()
            return
        if not cancel.is_cancelled and self._is_current(computed):
            self._previewed, self._preview = computed, preview
            self.changed.emit()

    # Computing

    async def _compute(self, change: MaskChange, cancel: CancelToken) -> Computed:
        mask, size = self._document.mask, self._document.size
        revision, at = mask.revision, _whole_tiles(change.area(mask.bounds(), size), size)
        return await asyncio.to_thread(_computed, change, mask, revision, at, cancel)

    def _put(self, computed: Computed, change: MaskChange) -> bool:
        """Put it into the mask; False when that is another one by now."""
        if not self._is_current(computed):
            return False
        self._document.put_in_mask(computed.tiles, change.title)
        return True

    def _is_current(self, computed: Computed) -> bool:
        if self._document.undo.is_held or self._document.mask is not computed.mask:
            return False
        return computed.mask.revision == computed.revision

    async def until_free(self) -> None:
        """Return when no stroke is being drawn, and nothing is put into the mask."""
        undo = self._document.undo
        while undo.is_held or not self._document.mask.is_settled:
            if not undo.is_held:
                await asyncio.sleep(_MOMENT)
                continue
            changed = asyncio.Event()
            disconnect = undo.changed.connect(changed.set)
            try:
                await changed.wait()
            finally:
                disconnect()


def _whole_tiles(area: Rect, document: Size) -> Rect:
    return area.on_grid(TILE).intersected(document.rect)


def _computed(change: MaskChange, mask: Mask, revision: int, at: Rect, cancel: CancelToken) -> Computed:
    """Runs in a thread. What is copied while it is painted on is of no use, and told by the revision."""
    before = mask.coverage[at.slices].copy()
    after = mask.clipped(change.apply(before, at, cancel), at)
    return Computed(mask, revision, TileSnapshot.of_changes(before, after, at, cancel), at, after)


def _whole(computed: Computed, document: Size, cancel: CancelToken) -> PreparedMask:
    """All of the mask afterwards. Runs in a thread, after which the revision is looked at again."""
    coverage = computed.mask.coverage.copy()
    coverage[computed.at.slices] = computed.coverage
    return prepare_mask(document, coverage, cancel)
