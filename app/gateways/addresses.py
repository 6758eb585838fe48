"""Base URLs of providers: checking what a person typed, and the one right URL of an operation.

Text only; nothing is looked up or opened here.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit, urlunsplit

from app.base.errors import UsageError
from app.base.text import tr

EDITS = "images/edits"
MODELS = "models"

_VERSION = re.compile(r"v\d+[a-z0-9]*", re.IGNORECASE)
_FORBIDDEN = re.compile(r"[\s\x00-\x1f\x7f\\]")


def check_base_url(text: str) -> str:
    """The address of a provider as it is kept.

    Raises:
        UsageError: no http or https URL with a host, or one that holds a password.
    """
    url = text.strip()
    hint = tr("It looks like https://host/v1.")
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise UsageError(tr("“{url}” is no address.", url=url), hint, code="bad_url") from None
    if parts.scheme.lower() not in {"http", "https"} or not host or _FORBIDDEN.search(url):
        raise UsageError(tr("“{url}” is no http or https address.", url=url), hint, code="bad_url")
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            tr("A key or password does not belong into the address."),
            tr("Store the key with the provider; it goes to the keychain."),
            code="bad_url",
        )
    return urlunsplit(parts._replace(fragment=""))


def endpoint(base_url: str, operation: str) -> str:
    """The URL of `operation` ("images/edits", "models") under a base URL.

    The base may end in a slash or not, name a version or not (then /v1 is added), have a path before it and
    a query behind it, or be the full URL of the edits themselves.
    """
    parts = urlsplit(base_url)
    path = parts.path.rstrip("/")
    if path.endswith("/" + EDITS):
        path = path[: -len(EDITS) - 1]
    elif not any(_VERSION.fullmatch(segment) for segment in path.split("/")):
        path += "/v1"
    return urlunsplit(parts._replace(path=f"{path}/{operation}", fragment=""))


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of `url`: what decides whether a key may go along."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or (443 if scheme == "https" else 80)


def is_loopback(url: str) -> bool:
    """True when the host of `url` is this very machine."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
