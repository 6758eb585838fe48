"""When a call may be sent again without asking, and after how long.

An edit is paid for, so that is only where no work can have begun: the request never left whole, or the
provider says that it took none and names the time to come back. Everything else is for the user to decide.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.base.errors import Unreachable
from app.gateways.limits import asked_wait
from app.gateways.refusals import takes_none_for_now

LONGEST_WAIT = 120.0
"""Seconds; whoever asks for more is told to the user instead."""
MOST_WAITS = 3
PAUSES = (0.5, 1.5)
"""Seconds before each further attempt to get a request out."""


class Patience:
    """How often one call was sent again, and whether it may be once more."""

    def __init__(self) -> None:
        self._pauses = iter(PAUSES)
        self._waits = 0

    def after_failure(self, error: Unreachable) -> float | None:
        """Seconds until the call may be sent again after the line failed; None = not at all."""
        never_left = error.retryable and error.code == Unreachable.code
        return next(self._pauses, None) if never_left else None

    def after_answer(self, status: int, headers: Mapping[str, str], body: bytes, now: float) -> float | None:
        """Seconds that the provider asks to wait before the call is sent again; None = it is not.

        `headers` have names in lower case, `now` is in seconds since the epoch.
        """
        if not takes_none_for_now(status, body):
            return None
        wait = asked_wait(headers, now)
        if wait is None or not 0 < wait <= LONGEST_WAIT or self._waits == MOST_WAITS:
            return None
        self._waits += 1
        return wait
