"""Makes the stamp of a large brush while its size is being chosen, so that the first dab has not to wait for it.

Lives on the event loop's thread; the work is done in another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from app.document.brush import Stamps
from app.document.gestures import GestureRunner
from app.session.toolbox import ToolBox

LARGE = 600.0
"""Pixels of diameter from which a stamp takes long enough to be felt."""
DELAY = 0.1
"""Seconds of rest after the last change of the brush."""


class Stamping:
    """Follows the brush in hand."""

    def __init__(self, toolbox: ToolBox, gestures: Callable[[], GestureRunner | None]) -> None:
        """`gestures` gives whatever may use the brush next."""
        self._toolbox = toolbox
        self._gestures = gestures
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._work: asyncio.Task[None] | None = None
        toolbox.changed.connect(self.soon)

    def soon(self) -> None:
        """The brush, or what it will be used on, is another one."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(DELAY, self._start)

    async def aclose(self) -> None:
        """Begin nothing more, and wait for what has begun."""
        if self._timer is not None:
            self._timer.cancel()
        if self._work is not None:
            await asyncio.wait({self._work})

    def _start(self) -> None:
        if self._toolbox.brush.diameter >= LARGE and (self._work is None or self._work.done()):
            self._work = self._loop.create_task(self._make())

    async def _make(self) -> None:
        brush, gestures = self._toolbox.brush, self._gestures()
        if gestures is None:
            return
        stamps = await asyncio.to_thread(Stamps.made, brush)
        gestures.take_stamps(brush, stamps)
        if brush != self._toolbox.brush:
            self.soon()
