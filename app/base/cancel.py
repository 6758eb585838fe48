"""Cooperative cancelling of long array work: a token that is polled, and what it raises.

Cancelling is what the user asked for, so `Cancelled` is no error: it is outside the error tree.
"""

from __future__ import annotations

import threading


class Cancelled(Exception):
    """The work was cancelled by its owner; whatever it had made so far is dropped."""


class CancelToken:
    """A flag that one thread sets and workers poll. Safe to share between threads."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        self._event.set()

    @property
    def is_cancelled(self) -> bool:
        return self._event.is_set()

    def check(self) -> None:
        """Raise `Cancelled` once the token was cancelled."""
        if self._event.is_set():
            raise Cancelled
