"""Ids that sort by the time they were made, and the times themselves."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

RANDOM_BITS = 80


class IdSource:
    """Makes 128-bit ids of 32 hex digits: 48 bits of milliseconds since the epoch, then 80 random ones.

    The layout is that of ULID. Within one source each id is greater than the one before, also when the
    clock stands still or is set back. Safe to share between threads.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._last = -1

    def next(self) -> str:
        with self._lock:
            fresh = (int(self._clock() * 1000) << RANDOM_BITS) | secrets.randbits(RANDOM_BITS)
            self._last = fresh if fresh > self._last else self._last + 1
            return f"{self._last:032x}"


def timestamp(epoch: float) -> str:
    """Seconds since the epoch as ISO 8601, UTC, with milliseconds: `2025-01-31T09:30:00.250Z`."""
    text = datetime.fromtimestamp(epoch, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
