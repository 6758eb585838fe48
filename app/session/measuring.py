"""How many bytes a request would take on the wire: found by encoding it, beside everything else.

Of all that is asked only the newest is measured, so that dragging a region asks as often as it likes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from app.base.errors import MaskroomError
from app.base.signal import Signal
from app.session.planning import Part

Measure = Callable[[Part], Awaitable[int]]


class Measuring:
    """The size of what would be sent. Lives on the event loop's thread."""

    def __init__(self, measure: Measure) -> None:
        """`measure` gives the bytes of one request; what it cannot encode is left unknown."""
        self.changed: Signal[[]] = Signal()
        self.sent_bytes: int | None = None
        """Of all requests that were asked about last; the one before while that is found out; None = unknown."""
        self._measure = measure
        self._wanted: tuple[Part, ...] | None = None
        self._task: asyncio.Task[None] | None = None

    def want(self, parts: tuple[Part, ...]) -> None:
        """Find out about these; about nothing when there are none."""
        if not parts:
            self._wanted = () if self._task is not None else None
            self._tell(None)
            return
        self._wanted = parts
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def aclose(self) -> None:
        """Measure no more."""
        self._wanted = None
        if self._task is not None:
            await asyncio.wait({self._task})

    async def _run(self) -> None:
        try:
            while self._wanted is not None:
                parts, self._wanted = self._wanted, None
                try:
                    found = sum([await self._measure(part) for part in parts]) if parts else None
                except MaskroomError:
                    found = None
                self._tell(found)
        finally:
            self._task = None

    def _tell(self, found: int | None) -> None:
        if found != self.sent_bytes:
            self.sent_bytes = found
            self.changed.emit()
