"""Makes the stamp of a large brush while its size is being chosen, so that the first dab has not to wait for it.

The brush is one for all documents, and so are its stamps. Lives on the event loop's thread; the work is done in
another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from app.document.brush import StampCache, Stamps
from app.session.toolbox import ToolBox

LARGE = 600.0
"""Pixels of diameter from which a stamp takes long enough to be felt."""
DELAY = 0.1
"""Seconds of rest after the last change of the brush."""


class Stamping:
    """Follows the brush in hand."""

    def __init__(self, toolbox: ToolBox, is_of_use: Callable[[], bool]) -> None:
        """`is_of_use` tells that there is something to paint on; when that changes, call `soon`."""
        self.stamps = StampCache()
        """Of the brushes used last, for all that paint."""
        self._toolbox = toolbox
        self._is_of_use = is_of_use
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
        brush = self._toolbox.brush
        if brush.diameter < LARGE or self.stamps.has_made(brush) or not self._is_of_use():
            return
        if self._work is None or self._work.done():
            self._work = self._loop.create_task(self._make())

    async def _make(self) -> None:
        brush = self._toolbox.brush
        self.stamps.take(brush, await asyncio.to_thread(Stamps.made, brush))
        if brush != self._toolbox.brush:
            self.soon()
