"""The one channel of messages to the user: a bar in the window, stderr in the command line.

Whoever has something to say posts a `Notice`; who shows it subscribes. Notices posted before anybody
subscribed are kept and handed over at the first subscription.
"""

from __future__ import annotations

import enum
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from app.base.errors import MaskroomError

log = logging.getLogger(__name__)


class Level(enum.Enum):
    """How serious a notice is."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence for the user, with the next step where there is one.

    A notice with a `topic` replaces an earlier one of the same topic instead of standing beside it.
    """

    level: Level
    text: str
    hint: str = ""
    topic: str = ""
    commands: tuple[str, ...] = ()
    """Ids of commands that are offered with it, where there is a window."""


class Notices:
    """Hands every notice to every subscriber, on the thread that posts it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscribers: list[Callable[[Notice], object]] = []
        self._waiting: list[Notice] = []

    def subscribe(self, show: Callable[[Notice], object]) -> Callable[[], None]:
        """Call `show` for each notice from now on; returns the function that ends it."""
        with self._lock:
            self._subscribers.append(show)
            waiting, self._waiting = self._waiting, []
        for notice in waiting:
            show(notice)

        def unsubscribe() -> None:
            with self._lock:
                if show in self._subscribers:
                    self._subscribers.remove(show)

        return unsubscribe

    def post(self, notice: Notice) -> None:
        log.info("%s: %s %s", notice.level.value, notice.text, notice.hint)
        with self._lock:
            subscribers = tuple(self._subscribers)
            if not subscribers:
                self._waiting.append(notice)
        for show in subscribers:
            show(notice)

    def info(self, text: str, hint: str = "", topic: str = "", commands: tuple[str, ...] = ()) -> None:
        self.post(Notice(Level.INFO, text, hint, topic, commands))

    def warning(self, text: str, hint: str = "", topic: str = "", commands: tuple[str, ...] = ()) -> None:
        self.post(Notice(Level.WARNING, text, hint, topic, commands))

    def error(self, error: MaskroomError, topic: str = "") -> None:
        """Show an error's sentence and hint; its details go to the log only."""
        if error.details:
            log.error("%s: %s", error.code, error.details)
        self.post(Notice(Level.ERROR, error.message, error.hint, topic, error.commands))
