"""A clock that tells the time of day but never jumps: for how long something takes, and until when it waits."""

from __future__ import annotations

import time
from collections.abc import Callable


def steady_clock() -> Callable[[], float]:
    """A clock in seconds since the epoch, as the system has it now.

    From here on it only goes forward, and as fast as real time does, whoever sets the system's clock meanwhile.
    """
    ahead = time.time() - time.monotonic()
    return lambda: ahead + time.monotonic()
