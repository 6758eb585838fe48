"""Fetching a picture that a provider's reply only points to.

Links expire, so they are followed at once; they lead to hosts that the provider names, so the key stays at
home, other schemes than http are refused, redirects are counted and the size has a limit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from app.base.errors import BadReply
from app.base.text import tr
from app.gateways.connection import CHUNK, same_origin, telling
from app.gateways.decode import is_picture

if TYPE_CHECKING:
    import httpx

MOST_REDIRECTS = 3
LARGEST_PICTURE = 256 << 20
READ_SECONDS = 60.0


async def download_image(
    client: httpx.AsyncClient,
    link: str,
    reply_url: str,
    authorization: Mapping[str, str],
    hide: Callable[[str], str],
) -> bytes:
    """The encoded picture behind `link`, which may be relative to `reply_url`.

    `authorization` goes along only to the origin of `reply_url`.

    Raises:
        BadReply: it cannot be had, or is no picture.
        Unreachable: the connection failed.
    """
    url = _resolved(reply_url, link)
    for _step in range(MOST_REDIRECTS + 1):
        headers = dict(authorization) if same_origin(url, reply_url) else {}
        with telling(url, hide, lambda: True):
            async with client.stream("GET", url, headers=headers, timeout=READ_SECONDS) as response:
                if response.is_redirect and "location" in response.headers:
                    url = _resolved(url, response.headers["location"])
                    continue
                if not response.is_success:
                    raise _unusable(tr("its link answers {status}", status=response.status_code))
                data = await _read(response)
        if not await asyncio.to_thread(is_picture, data):
            raise _unusable(tr("its link leads to no picture"))
        return data
    raise _unusable(tr("its link is redirected too often"))


async def _read(response: httpx.Response) -> bytes:
    data = bytearray()
    async for chunk in response.aiter_bytes(CHUNK):
        data += chunk
        if len(data) > LARGEST_PICTURE:
            raise _unusable(tr("it is larger than {most} MB", most=LARGEST_PICTURE >> 20))
    return bytes(data)


def _resolved(base: str, link: str) -> str:
    try:
        url = urljoin(base, link.strip())
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable, url = False, ""
    if not usable:
        raise _unusable(tr("its link is no http or https address"))
    return url


def _unusable(reason: str) -> BadReply:
    return BadReply(
        tr("The provider sent a link instead of an image, but {reason}.", reason=reason),
        tr("The edit may have been billed. Try again, or choose another reply format."),
        code="bad_link",
    )
