"""Finds what tools order, in a thread and in turn, and puts each find into the mask as one undo step.

Lives on the event loop's thread. A find is combined with the mask as it is when it has been found, so nothing
that was painted meanwhile is lost; while something is being drawn it waits.
"""

from __future__ import annotations

import asyncio
from collections import deque

from app.base.cancel import Cancelled, CancelToken
from app.base.errors import MaskroomError
from app.base.notices import Notices
from app.base.signal import Signal
from app.base.text import tr
from app.base.work import Work
from app.document.document import Document
from app.document.selection import Selection


class Selecting:
    """The orders of one document."""

    def __init__(self, document: Document, notices: Notices) -> None:
        self.changed: Signal[[]] = Signal()
        """Emitted when another order is worked on, when none is any more, and as it comes on."""
        self.progress = 0.0
        """How much of the present order is done, 0–1."""
        self._document = document
        self._notices = notices
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Selection] = deque()
        self._running: Selection | None = None
        """The first of those that wait, while a thread is at work on it."""
        self._cancel = CancelToken()
        self._task: asyncio.Task[None] | None = None
        self._free = asyncio.Event()
        document.undo.changed.connect(self._mirror_hold)

    @property
    def title(self) -> str:
        """What is being found; empty when nothing is."""
        return self._waiting[0].title if self._waiting else ""

    def order(self, selection: Selection) -> None:
        """Have it found after what waits already; what it replaces is not found any more."""
        replaced = [other for other in self._waiting if selection.replaces(other)]
        self._waiting.append(selection)
        for other in replaced:
            self._leave_out(other)
        if self._task is None or self._task.done():
            self._task = self._loop.create_task(self._work_off())

    def cancel(self) -> bool:
        """Find nothing of what was ordered; False when nothing was."""
        waiting = tuple(self._waiting)
        for selection in waiting:
            self._leave_out(selection)
        return bool(waiting)

    async def aclose(self) -> None:
        """Cancel, and wait for the thread that is still at work."""
        self.cancel()
        if self._task is not None:
            await asyncio.wait({self._task})

    def _leave_out(self, selection: Selection) -> None:
        selection.drop()
        if selection is self._running:
            # It leaves when the thread has noticed.
            self._cancel.cancel()
            self._free.set()
        else:
            self._waiting.remove(selection)

    async def _work_off(self) -> None:
        while self._waiting:
            selection = self._running = self._waiting[0]
            cancel = self._cancel = CancelToken()
            self._tell(cancel, 0.0)
            try:
                await self._find(selection, cancel)
            except Cancelled:
                pass
            except MaskroomError as error:
                selection.drop()
                self._notices.error(error, topic="select")
            finally:
                self._running = None
                self._waiting.popleft()
        self.changed.emit()

    async def _find(self, selection: Selection, cancel: CancelToken) -> None:
        told = 0.0

        def tell(share: float) -> None:
            nonlocal told
            # Work may have thousands of steps; the loop hears of a hundred.
            if share - told >= 0.01:
                told = share
                self._loop.call_soon_threadsafe(self._tell, cancel, share)

        found = await asyncio.to_thread(selection.find, Work(cancel, tell))
        cancel.check()
        while self._document.undo.is_held:
            self._free.clear()
            await self._free.wait()
            cancel.check()
        selection.put(self._document, found)
        if found.rect.is_empty:
            self._notices.info(
                tr("Nothing was found there."),
                tr("Try another place, or other options of the tool."),
                topic="select",
            )

    def _tell(self, cancel: CancelToken, share: float) -> None:
        if cancel is self._cancel and not cancel.is_cancelled:
            self.progress = share
            self.changed.emit()

    def _mirror_hold(self) -> None:
        if not self._document.undo.is_held:
            self._free.set()
