"""Until when a provider takes no further request, as its own answers told: it is not asked before.

One for all requests of the program, because a provider counts them together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.gateways.limits import rate_limits, wait_for_reset

LONGEST_THROTTLE = 3600.0
"""Seconds; where the next window is further away than this, the provider is asked all the same."""


class Throttle:
    """By provider. `clock` in seconds since the epoch."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def note(self, provider: str, headers: Mapping[str, str]) -> None:
        """Take up the headers (names in lower case) of an answer."""
        limits = rate_limits(headers)
        if limits is None or limits.remaining is None:
            return
        wait = wait_for_reset(headers, self._clock()) if limits.remaining == 0 else None
        if wait is None or not 0 < wait <= LONGEST_THROTTLE:
            self._until.pop(provider, None)
        else:
            self._until[provider] = self._clock() + wait

    def wait(self, provider: str) -> float:
        """Seconds until the provider takes a request again; 0 = now."""
        return max(0.0, self._until.get(provider, 0.0) - self._clock())
