"""What the headers of an answer say of its provider's limits: when to come back, and how much it takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

from app.base.rate_limits import RateLimits

_NUMBER = re.compile(r"\d{1,12}(\.\d{1,12})?", re.ASCII)
_FIRST_WHOLE = re.compile(r"\s*(\d{1,15})(?!\d)", re.ASCII)
_PROXIED = "llm_provider-"
"""What a proxy puts before the names of the headers that it got itself."""
_LONGEST_RESET = 40


def asked_wait(headers: Mapping[str, str], now: float) -> float | None:
    """The seconds that an answer asks to wait, in whatever header and form; None where it names none.

    `headers` have names in lower case, here and below; `now` is in seconds since the epoch.
    """
    for prefix in ("", _PROXIED):
        milliseconds = _number(headers.get(f"{prefix}retry-after-ms", ""))
        if milliseconds is not None:
            return milliseconds / 1000
        text = headers.get(f"{prefix}retry-after", "")
        seconds = _number(text)
        if seconds is not None:
            return seconds
        moment = _moment(text)
        if moment is not None:
            # The provider's own clock where it tells it: ours may be wrong.
            return max(0.0, moment - (_moment(headers.get("date", "")) or now))
    return None


def rate_limits(headers: Mapping[str, str]) -> RateLimits | None:
    """What an answer says of its limits on requests; None where it says nothing."""

    def text(name: str) -> str:
        names = (f"x-ratelimit-{name}", f"x-ratelimit-{name}-requests", f"ratelimit-{name}")
        found = (headers.get(prefix + each, "") for prefix in ("", _PROXIED) for each in names)
        return next((value.strip() for value in found if value.strip()), "")

    def whole(name: str) -> int | None:
        match = _FIRST_WHOLE.match(text(name))
        return int(match[1]) if match else None

    reset = "".join(c for c in text("reset")[:_LONGEST_RESET] if c.isprintable())
    limits = RateLimits(whole("limit"), whole("remaining"), reset)
    return None if limits == RateLimits() else limits


def _number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text.strip()) else None


def _moment(text: str) -> float | None:
    """An HTTP date as seconds since the epoch."""
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
