"""Takes steps back and does them again, with what is long of it in a thread.

A small step is done at once, as part of the call. A large one is made ready in a thread while one goes on
painting, and then only put in place. What is ordered meanwhile waits for its turn. Lives on the event loop's thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine

from app.base.signal import Signal
from app.document.document import Document
from app.document.undo import UndoStep


class Stepping:
    """The steps of one document."""

    def __init__(self, document: Document, until_free: Callable[[], Awaitable[object]]) -> None:
        """`until_free` is awaited until no stroke is being drawn."""
        self.changed: Signal[[]] = Signal()
        """Emitted when `is_busy` became another."""
        self._document = document
        self._until_free = until_free
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_busy(self) -> bool:
        """True while a large step is made ready, or waits for that."""
        return bool(self._tasks)

    def undo(self) -> None:
        """Take back the last step; nothing happens when there is none or a change is in progress."""
        self._step(back=True)

    def redo(self) -> None:
        """Do the next step again; nothing happens when there is none or a change is in progress."""
        self._step(back=False)

    def go_to(self, position: int) -> None:
        """Take back or do again, one after the other, until `position` steps are done."""
        undo = self._document.undo
        way = undo.steps[min(position, undo.position) : max(position, undo.position)]
        if not self.is_busy and not any(step.takes_long for step in way):
            undo.go_to(position)
        else:
            self._start(self._go_to(position))

    async def settled(self) -> None:
        """Wait until everything that was ordered is done."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def aclose(self) -> None:
        """Do no more than what a thread is at work on, and wait for that."""
        if self._document.undo.is_held:
            for task in self._tasks:
                task.cancel()
        await self.settled()

    def _step(self, *, back: bool) -> None:
        undo = self._document.undo
        step = undo.top if back else undo.next
        if undo.is_held or (step is None and not self.is_busy):
            return
        if not self.is_busy and step is not None and not step.takes_long:
            self._do(back=back)
        else:
            self._start(self._step_in_turn(back=back))

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._end)
        self.changed.emit()

    def _end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.changed.emit()

    def _do(self, *, back: bool) -> None:
        if back:
            self._document.undo.undo()
        else:
            self._document.undo.redo()

    async def _step_in_turn(self, *, back: bool) -> None:
        async with self._turn:
            await self._prepared_step(back=back)

    async def _go_to(self, position: int) -> None:
        undo = self._document.undo
        async with self._turn:
            while undo.position != position:
                if not await self._prepared_step(back=undo.position > position):
                    return

    async def _prepared_step(self, *, back: bool) -> bool:
        """One step with its work done beforehand; False when there is none, or another was made meanwhile."""
        undo = self._document.undo

        def wanted() -> UndoStep | None:
            return undo.top if back else undo.next

        step = wanted()
        if step is None:
            return False
        if step.takes_long:
            await self._until_free()
            await asyncio.to_thread(step.prepare, back=back)
        await self._until_free()
        found = wanted() is step
        if found:
            self._do(back=back)
        return found
