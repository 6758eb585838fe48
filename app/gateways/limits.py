"""What the headers of an answer say of its provider's limits: when to come back, and how much it takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from app.base.rate_limits import RateLimits

_NUMBER = re.compile(r"\d{1,15}(\.\d{1,12})?", re.ASCII)
_FIRST_WHOLE = re.compile(r"\s*(\d{1,15})(?!\d)", re.ASCII)
_DURATION = re.compile(
    r"(?:(\d{1,9}(?:\.\d+)?)h)?(?:(\d{1,9}(?:\.\d+)?)m)?(?:(\d{1,9}(?:\.\d+)?)s)?(?:(\d{1,9}(?:\.\d+)?)ms)?",
    re.ASCII,
)
_EPOCH = 1e9
"""A number of seconds that is no wait but a moment."""
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

    def whole(name: str) -> int | None:
        match = _FIRST_WHOLE.match(_text(headers, name))
        return int(match[1]) if match else None

    reset = "".join(c for c in _text(headers, "reset")[:_LONGEST_RESET] if c.isprintable())
    limits = RateLimits(whole("limit"), whole("remaining"), reset)
    return None if limits == RateLimits() else limits


def wait_for_reset(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds until the next window of requests begins; None where an answer does not tell, or in no known form.

    Known are "1h2m3.5s" and its parts, "20ms", plain seconds from now, seconds or milliseconds since the epoch,
    and ISO 8601. Moments are measured from the provider's own clock where it tells it.
    """
    text = _text(headers, "reset").lower()
    number = _number(text)
    if number is not None and number < _EPOCH:
        return number
    parts = _DURATION.fullmatch(text)
    if parts and text:
        hours, minutes, seconds, milliseconds = (float(part or 0) for part in parts.groups())
        return hours * 3600 + minutes * 60 + seconds + milliseconds / 1000
    if number is not None:
        moment = number / 1000 if number > _EPOCH * 1000 else number
    else:
        try:
            told = datetime.fromisoformat(text.upper())
        except ValueError:
            return None
        moment = (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()
    return max(0.0, moment - (_moment(headers.get("date", "")) or now))


def _text(headers: Mapping[str, str], name: str) -> str:
    """The header of requests that ends in `name`, whatever it is called in full."""
    names = (f"x-ratelimit-{name}", f"x-ratelimit-{name}-requests", f"ratelimit-{name}")
    found = (headers.get(prefix + each, "") for prefix in ("", _PROXIED) for each in names)
    return next((value.strip() for value in found if value.strip()), "")


def _number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text.strip()) else None


def _moment(text: str) -> float | None:
    """An HTTP date as seconds since the epoch."""
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
