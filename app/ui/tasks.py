"""The one owner of everything asynchronous that the window starts.

It keeps each task's handle, tells failures through the notices, and cancels what is left at shutdown.
A widget that needs something awaited hands the coroutine to `Tasks.start` and never to asyncio itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine

from app.base.cancel import Cancelled
from app.base.errors import InternalError, MaskroomError
from app.base.notices import Notices
from app.base.text import tr

log = logging.getLogger(__name__)


class Tasks:
    """Runs coroutines of the window until they end or the window closes."""

    def __init__(self, notices: Notices) -> None:
        self._notices = notices
        self._running: set[asyncio.Task[object]] = set()
        self._closed = False

    def start(self, work: Coroutine[object, object, object], name: str) -> asyncio.Task[object] | None:
        """Run `work` in the background; None (and `work` dropped) once the window is closing."""
        if self._closed:
            work.close()
            return None
        task = asyncio.get_event_loop().create_task(_widen(work), name=name)
        self._running.add(task)
        # A task that is cancelled before its first step never enters the coroutine it was made for.
        task.add_done_callback(lambda _: work.close())
        task.add_done_callback(self._finish)
        return task

    def report(self, error: BaseException, name: str) -> None:
        """Tell a failure to the user; what was cancelled is none."""
        if isinstance(error, (asyncio.CancelledError, Cancelled)):
            return
        if isinstance(error, MaskroomError):
            self._notices.error(error, topic=name)
            return
        log.error("%s failed", name, exc_info=error)
        fault = InternalError(
            tr("Something went wrong inside Maskroom."),
            tr("Your work is still there. The log has the details."),
            details=repr(error),
        )
        self._notices.error(fault, topic=name)

    async def aclose(self) -> None:
        """Cancel and await everything that still runs; nothing starts afterwards."""
        self._closed = True
        current = asyncio.current_task()
        left = [task for task in self._running if task is not current]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _finish(self, task: asyncio.Task[object]) -> None:
        self._running.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self.report(error, task.get_name())


class OwnTasks:
    """The tasks of one dialog, so that it goes only when none of them can touch it any more."""

    def __init__(self, tasks: Tasks) -> None:
        self._tasks = tasks
        self._running: set[asyncio.Task[object]] = set()

    def start(self, work: Coroutine[object, object, object], name: str) -> asyncio.Task[object] | None:
        """As `Tasks.start`."""
        task = self._tasks.start(work, name)
        if task is not None:
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return task

    async def settle(self) -> None:
        """Wait until all have ended."""
        while self._running:
            await asyncio.wait(tuple(self._running))


async def _widen(work: Coroutine[object, object, object]) -> object:
    return await work
