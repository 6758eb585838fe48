"""What a reply's links may lead to: never into the user's own network, never without a limit."""

import gzip
import json
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.base.errors import BadReply
from app.edits.types import EditRequest
from app.gateways import download
from app.gateways.client import GatewayClient
from app.gateways.types import Profile

KEY = "sk-planted-0123456789"
MakeAnswer = Callable[..., Any]
Addresses = dict[str, str]


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> Addresses:
    """Host names and their addresses; nothing is looked up outside."""
    known: Addresses = {"gateway.example": "93.184.215.14", "cdn.example": "93.184.215.15"}
    real = socket.getaddrinfo

    def look_up(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        if host in known:
            return real(known[host], port, *more, **named)
        if str(host).endswith(".example"):
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return real(host, port, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return known


class Internet:
    """Hosts out there: the gateway replies with links, the others with what was put there."""

    def __init__(self) -> None:
        self.links: list[str] = []
        self.pages: dict[str, httpx.Response] = {}
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(
                200, json={"data": [{"url": url} for url in self.links]}, headers={"x-request-id": "r1"}
            )
        self.asked.append(request)
        return self.pages[str(request.url)]


@pytest.fixture
def internet() -> Internet:
    return Internet()


@pytest.fixture
def send(edit: EditRequest, profile: Profile, tmp_path: Path, internet: Internet) -> Any:
    """Send the edit to a gateway out there."""
    far = replace(profile, base_url="https://gateway.example/v1")
    client = GatewayClient(lambda asked: httpx.MockTransport(internet), tmp_path / "spool")
    return lambda: client.send(edit, far, KEY)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/secret",
        "http://localhost/secret",
        "http://127.1/secret",
        "http://2130706433/secret",
        "http://[::1]/secret",
        "http://[::ffff:10.0.0.1]/secret",
        "http://10.1.2.3/secret",
        "http://192.168.0.1/admin",
        "http://169.254.169.254/latest/meta-data",
        "http://100.64.0.1/",
        "http://0.0.0.0/",
        "http://inside.example/",
    ],
)
async def test_a_gateway_out_there_cannot_point_into_this_network(
    send: Any, internet: Internet, addresses: Addresses, url: str, png: bytes
) -> None:
    addresses["inside.example"] = "10.0.0.7"
    internet.links = [url]
    with pytest.raises(BadReply, match="your own network") as caught:
        await send()
    assert caught.value.request_id == "r1"
    assert internet.asked == []


async def test_nor_by_a_redirect(send: Any, internet: Internet, addresses: Addresses) -> None:
    internet.links = ["https://cdn.example/a"]
    internet.pages["https://cdn.example/a"] = httpx.Response(
        302, headers={"Location": "http://127.0.0.1:8765/v1/models"}
    )
    with pytest.raises(BadReply, match="your own network"):
        await send()
    assert len(internet.asked) == 1


async def test_other_hosts_out_there_are_asked_without_the_key(
    send: Any, internet: Internet, addresses: Addresses, png: bytes
) -> None:
    internet.links = ["https://cdn.example/a", "/b", "https://unknown.example/c"]
    for url in ("https://cdn.example/a", "https://gateway.example/b", "https://unknown.example/c"):
        internet.pages[url] = httpx.Response(200, content=png)
    result = await send()
    assert [image.data for image in result.images] == [png] * 3
    keys = [request.headers.get("authorization") for request in internet.asked]
    assert keys == [None, f"Bearer {KEY}", None]


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_an_expired_link_is_called_that(
    send: Any, internet: Internet, addresses: Addresses, status: int
) -> None:
    internet.links = ["https://cdn.example/a"]
    internet.pages["https://cdn.example/a"] = httpx.Response(status)
    with pytest.raises(BadReply, match="expired") as caught:
        await send()
    assert (caught.value.request_id, str(status) in caught.value.message) == ("r1", True)


async def test_a_picture_beyond_all_measure_is_refused_while_it_comes(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    png: bytes,
    make_answer: MakeAnswer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The host would go on for ten gigabytes; what is read is the limit and one piece more."""
    monkeypatch.setattr(download, "LARGEST_PICTURE", 100_000)
    linking = json.dumps({"data": [{"url": "/a"}]}).encode()
    gateway.script = [make_answer(body=linking), make_answer(body=png, pieces=(bytes(50_000),) * 200_000)]
    with pytest.raises(BadReply, match="larger than"):
        await client.send(edit, profile, None)


@pytest.mark.parametrize("coding", ["gzip, gzip", "br", "zstd"])
@pytest.mark.parametrize("where", ["reply", "link"])
async def test_what_is_packed_twice_or_unasked_is_not_unpacked(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    make_answer: MakeAnswer,
    coding: str,
    where: str,
) -> None:
    bomb = gzip.compress(gzip.compress(bytes(1 << 24)))
    answer = make_answer(body=bomb, headers={"Content-Encoding": coding})
    gateway.script = [answer]
    if where == "link":
        gateway.script = [make_answer(body=b'{"data": [{"url": "/a"}]}'), answer]
    with pytest.raises(BadReply, match="packed"):
        await client.send(edit, profile, None)
    assert gateway.requests[-1].header("Accept-Encoding") == "gzip"


async def test_a_reply_may_be_packed_once(
    gateway: Any, client: GatewayClient, edit: EditRequest, profile: Profile, good: bytes, png: bytes
) -> None:
    gateway.script[0].body = gzip.compress(good)
    gateway.script[0].headers = {"Content-Encoding": "gzip"}
    assert (await client.send(edit, profile, None)).images[0].data == png
