"""Fetching a picture that a provider's reply only points to.

Links expire, so they are followed at once; they lead to hosts that the provider names, so the key stays at
home, other schemes than http and hosts of our own network are refused, redirects are counted and the size
has a limit.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from app.base.errors import BadReply
from app.base.text import tr
from app.gateways.connection import check_coding, read_pieces, same_origin, telling
from app.gateways.picture_data import picture_flaw

if TYPE_CHECKING:
    import httpx

MOST_REDIRECTS = 3
LARGEST_PICTURE = 256 << 20
READ_SECONDS = 60.0
LONGEST_SECONDS = 900.0
EXPIRED = frozenset({401, 403, 404, 410})


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
        await _check_host(url, reply_url)
        headers = dict(authorization) if same_origin(url, reply_url) else {}
        with telling(url, hide, lambda: True):
            async with (
                asyncio.timeout(LONGEST_SECONDS),
                client.stream("GET", url, headers=headers, timeout=READ_SECONDS) as response,
            ):
                if response.is_redirect and "location" in response.headers:
                    url = _resolved(url, response.headers["location"])
                    continue
                if response.status_code in EXPIRED:
                    raise _unusable(tr("its link has expired ({status})", status=response.status_code))
                if not response.is_success:
                    raise _unusable(tr("its link answers {status}", status=response.status_code))
                check_coding(response.headers)
                data = await _read(response)
        flaw = await asyncio.to_thread(picture_flaw, data)
        if flaw is not None:
            raise _unusable(flaw)
        return data
    raise _unusable(tr("its link is redirected too often"))


async def _check_host(url: str, reply_url: str) -> None:
    """Refuse a link that leads from a provider out there into this machine or its own network.

    Whoever answers from outside must not have us fetch what only we can reach.
    """
    host, own = (urlsplit(each).hostname or "" for each in (url, reply_url))
    if host != own and await _is_inside(host) and not await _is_inside(own):
        raise _unusable(tr("its link leads into your own network"))


async def _is_inside(host: str) -> bool:
    """True when any address of `host` is not one of the open internet."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False  # Nothing can be fetched from there, or a proxy knows the name.
    return any(not _is_open(str(address[0])) for *_rest, address in found)


def _is_open(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    inner = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (inner or address).is_global


async def _read(response: httpx.Response) -> bytes:
    data = bytearray()

    async def take(piece: bytes) -> bool:
        data.extend(piece)
        if len(data) > LARGEST_PICTURE:
            raise _unusable(tr("it is larger than {most} MB", most=LARGEST_PICTURE >> 20))
        return True

    await read_pieces(response, take)
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
