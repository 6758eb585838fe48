"""Opening a connection to a provider, and what can go wrong on the line, in words.

The key enters here and goes into the Authorization header and nowhere else. The HTTP library is loaded with
the first connection, because the window must not wait for it.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from app.base.errors import BadReply, MaskroomError, Refused, Unreachable
from app.base.text import tr
from app.gateways.addresses import is_loopback, origin

if TYPE_CHECKING:
    import ssl

    import httpx

CONNECT_SECONDS = 10.0
WRITE_SECONDS = 120.0
CHUNK = 1 << 16

_KEY = re.compile(r"[\x21-\x7e]+")


class Certificates:
    """Whom the system and its environment trust, read once: reading takes longer than many a request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None

    def context(self) -> ssl.SSLContext:
        """For all connections; from any thread."""
        import httpx

        with self._lock:
            if self._context is None:
                self._context = httpx.create_ssl_context()
            return self._context


async def open_client(
    url: str, read_seconds: float, transport: httpx.AsyncBaseTransport | None, trusted: Certificates
) -> httpx.AsyncClient:
    """A client for the host of `url`; `transport` None means the network.

    Proxies of the environment are used for other machines only. Made in a thread, because the first one reads
    the system's certificates, which takes some time.
    """

    def make() -> httpx.AsyncClient:
        import httpx

        return httpx.AsyncClient(
            transport=transport,
            verify=trusted.context() if transport is None else False,
            timeout=httpx.Timeout(read_seconds, connect=CONNECT_SECONDS, write=WRITE_SECONDS, pool=None),
            trust_env=transport is None and not is_loopback(url),
            follow_redirects=False,
            headers={"User-Agent": "Maskroom", "Accept-Encoding": "gzip"},
        )

    return await asyncio.to_thread(make)


def authorization(key: str | None) -> dict[str, str]:
    """The header that carries the key; nothing for no key or an empty one.

    Raises:
        Refused: the key holds characters that cannot be part of a header, such as a line break.
    """
    known = (key or "").strip()
    if not known:
        return {}
    if not _KEY.fullmatch(known):
        raise Refused(
            tr("The key holds characters that no key can have."),
            tr("Store the key of this provider again."),
            code="key_refused",
        )
    return {"Authorization": f"Bearer {known}"}


def check_coding(headers: Mapping[str, str]) -> None:
    """Refuse a body that is packed more than once, or in a way that was not asked for.

    A small piece of it could unpack to more than the memory holds, before anything can be counted.

    Raises:
        BadReply: it is.
    """
    coding = headers.get("content-encoding", "").strip().lower()
    if coding not in {"", "identity", "gzip", "x-gzip", "deflate"}:
        raise BadReply(
            tr("The provider's reply is packed in a way that cannot be read: {coding}.", coding=coding[:40]),
            tr("The edit may have been billed. Tell the provider."),
        )


async def read_pieces(response: httpx.Response, take: Callable[[bytes], Awaitable[bool]]) -> None:
    """Hand the body of `response` to `take` as it comes, until the end or until it wants no more.

    The reading is then cancelled where it waits. Generators of the HTTP library that are merely left would
    be closed later by whoever collects the garbage, perhaps when no loop runs any more.

    Raises:
        httpx.HTTPError: the line failed before `take` had all that it wanted. Also whatever `take` raises.
    """
    import httpx

    has_enough = False
    fault: MaskroomError | None = None
    try:
        async with asyncio.timeout(None) as reading:
            async for piece in response.aiter_bytes():
                if has_enough:
                    continue
                try:
                    has_enough = not await take(piece)
                except MaskroomError as error:
                    fault, has_enough = error, True
                if has_enough:
                    reading.reschedule(asyncio.get_running_loop().time())
    except (TimeoutError, httpx.HTTPError):
        if not has_enough:
            raise
    if fault is not None:
        raise fault


def hider(key: str | None) -> Callable[[str], str]:
    """A function that takes the key out of any text."""
    known = (key or "").strip()
    return (lambda text: text.replace(known, "•••")) if known else str


def same_origin(one: str, other: str) -> bool:
    """True when both URLs have the same scheme, host and port."""
    return origin(one) == origin(other)


@contextmanager
def telling(url: str, hide: Callable[[str], str], has_left: Callable[[], bool]) -> Iterator[None]:
    """Turn faults of the line into our errors; `has_left` tells whether the whole request was sent by then.

    Raises:
        Unreachable: no connection, a time-out, or a connection that broke.
    """
    import httpx

    try:
        yield
    except TimeoutError as error:
        raise _told(httpx.ReadTimeout(str(error)), url, hide, has_left()) from None
    except httpx.HTTPError as error:
        raise _told(error, url, hide, has_left()) from None
    except httpx.InvalidURL as error:
        raise Unreachable(
            tr("“{url}” is no address.", url=hide(url)),
            tr("Check the provider's base URL."),
            details=hide(str(error)),
        ) from None


def _told(error: httpx.HTTPError, url: str, hide: Callable[[str], str], left: bool) -> MaskroomError:
    import httpx

    host = httpx.URL(url).host
    details = hide(f"{type(error).__name__}: {error}")
    if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol)):
        return Unreachable(
            tr("{host} cannot be reached.", host=host),
            tr("Check the provider's base URL and the connection; nothing was sent."),
            details=details,
            retryable=True,
        )
    if isinstance(error, httpx.TimeoutException):
        message, code = tr("{host} did not answer in time.", host=host), "timed_out"
    else:
        message, code = tr("The connection to {host} broke.", host=host), "unreachable"
    if left:
        hint = tr("The edit may have been billed; it was not sent again. Look there before trying again.")
    else:
        hint = tr("The request had not left completely. Try again.")
    return Unreachable(message, hint, details=details, retryable=not left, code=code)
