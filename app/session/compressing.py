"""Makes the steps of undo stacks smaller: one after the other, and only while the hand rests.

Nobody waits for that, and many threads at work keep the interpreter's lock from the window's. Lives on the event
loop's thread; the work is done in another.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from app.document.undo import Wait

_MOMENT = 0.02
"""Seconds between two looks whether work may go on."""


class Compressing:
    """Of all documents of a workspace."""

    def __init__(self, is_at_work: Callable[[], bool]) -> None:
        """`is_at_work`, called in any thread, tells that something is drawn, or a step taken back or redone."""
        self._is_at_work = is_at_work
        self._is_ending = False
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()

    def soon(self, work: Callable[[Wait], None]) -> None:
        """Do `work` in a thread when its turn has come."""
        task = self._loop.create_task(self._do(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """Wait for all of it, whatever is drawn."""
        self._is_ending = True
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _do(self, work: Callable[[Wait], None]) -> None:
        async with self._turn:
            await asyncio.to_thread(work, self._until_rest)

    def _until_rest(self) -> None:
        while not self._is_ending and self._is_at_work():
            time.sleep(_MOMENT)
