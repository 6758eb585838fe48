"""Connections from a panel to the session, kept so that it can let go of one document for another."""

from __future__ import annotations

from collections.abc import Callable


class Links:
    """The disconnecting functions of everything a panel listens to."""

    def __init__(self) -> None:
        self._disconnect: list[Callable[[], None]] = []

    def add(self, *disconnect: Callable[[], None]) -> None:
        self._disconnect.extend(disconnect)

    def clear(self) -> None:
        """Disconnect everything; safe to call twice."""
        while self._disconnect:
            self._disconnect.pop()()
