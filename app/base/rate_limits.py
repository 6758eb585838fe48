"""What a provider says of how much it takes: data that the queue, the history and the panels share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RateLimits:
    """The figures of one answer; each may be missing."""

    limit: int | None = None
    """Requests in one window."""
    remaining: int | None = None
    """Requests that are left in it."""
    reset: str = ""
    """When the next window begins, in the provider's own words: providers agree on no form."""
