"""Gives memory back to the system once a step that freed much of it is over, and the next has not begun."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable

from app.base.memory import give_back_free_memory

DELAY = 3.0
"""Seconds of rest after the last step, so that a quick succession of them tidies once."""


class Tidying:
    """Lives on the event loop's thread; what takes long is done in another.

    Not while a hand is at work: the search takes a few milliseconds here, and whoever asks the C library for memory
    waits until it has given back what was free.
    """

    def __init__(self, is_at_work: Callable[[], bool], delay: float = DELAY) -> None:
        """`is_at_work` tells that something is drawn or written, and tidying has to wait; `delay` is in seconds."""
        self._is_at_work = is_at_work
        self._delay = delay
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._work: asyncio.Task[None] | None = None
        self._quiet = asyncio.Event()
        self._quiet.set()

    def soon(self) -> None:
        """A step ended that may have freed much: a request, a variant that was applied, an export, a tab."""
        if self._timer is not None:
            self._timer.cancel()
        self._quiet.clear()
        self._timer = self._loop.call_later(self._delay, self._start)

    async def settled(self) -> None:
        """Wait until nothing is left to be given back."""
        await self._quiet.wait()

    async def aclose(self) -> None:
        """Begin nothing more, and wait for what has begun."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._work is not None:
            await asyncio.wait({self._work})
        self._quiet.set()

    def _start(self) -> None:
        self._timer = None
        if self._is_at_work():
            self.soon()
            return
        # The reply and its stream refer to each other (httpx), and hold what was sent and what came. They are
        # looked for here, not in the thread: a widget that is found with them must end on this one.
        gc.collect()
        self._work = self._loop.create_task(self._give_back())

    async def _give_back(self) -> None:
        await asyncio.to_thread(give_back_free_memory)
        if self._timer is None:
            self._quiet.set()
