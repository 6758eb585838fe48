"""The road to a real server on loopback and back: what is sent, kept, told and never repeated."""

import asyncio
import json
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.base.errors import BadReply, MaskroomError, Refused, Unreachable
from app.edits.types import EditRequest, Usage
from app.gateways import exchange
from app.gateways.catalogue import Catalogue
from app.gateways.client import GatewayClient
from app.gateways.encode import encode
from app.gateways.exchange import Watch
from app.gateways.providers import ProviderSettings, ProviderStore
from app.gateways.retry import PAUSES
from app.gateways.types import Profile

KEY = "sk-planted-0123456789"
MakeReply = Callable[..., bytes]
MakeAnswer = Callable[..., Any]


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def single(profile: Profile, **more: Any) -> Profile:
    """The same provider, one image a call."""
    return replace(profile, unlisted=replace(profile.card("x"), max_n=1), models=(), **more)


async def test_the_bytes_on_the_wire_are_those_of_encode(
    gateway: Any, client: GatewayClient, edit: EditRequest, profile: Profile, good: bytes, png: bytes
) -> None:
    gateway.script[0].body = good
    result = await client.send(edit, profile, KEY)
    assert [image.data for image in result.images] == [png]
    (sent,) = gateway.requests
    (call,) = encode(edit, profile)
    assert (sent.method, sent.target, sent.body) == ("POST", "/v1/images/edits", call.body)
    assert sent.header("Content-Type") == dict(call.headers)["Content-Type"]
    assert sent.header("Content-Length") == str(len(call.body))
    assert sent.header("Transfer-Encoding") is None
    assert sent.header("Authorization") == f"Bearer {KEY}"
    assert sent.header("X-Client-Request-Id") == edit.id
    names = [name.lower() for name, _value in sent.headers]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("key", [None, "", "  "])
async def test_no_key_means_no_header(
    gateway: Any, client: GatewayClient, edit: EditRequest, profile: Profile, good: bytes, key: str | None
) -> None:
    gateway.script[0].body = good
    await client.send(edit, profile, key)
    assert gateway.requests[0].header("Authorization") is None


@pytest.mark.parametrize("key", ["sk-a\nX-Evil: 1", "sk-ä", "sk- b"])
async def test_a_key_that_cannot_be_a_header_is_told_and_not_repeated(
    gateway: Any, client: GatewayClient, edit: EditRequest, profile: Profile, key: str
) -> None:
    with pytest.raises(Refused) as caught:
        await client.send(edit, profile, key)
    assert key not in f"{caught.value!r}{caught.value.details}"
    assert gateway.requests == []


async def test_the_reply_is_on_disk_until_it_is_released(
    gateway: Any, client: GatewayClient, edit: EditRequest, profile: Profile, good: bytes, spool: Path
) -> None:
    gateway.script[0].body = good
    seen: list[list[str]] = []
    await client.send(
        edit, profile, None, Watch(receiving=lambda: seen.append([p.name for p in spool.iterdir()]))
    )
    assert seen == [[f"{edit.id}-0.part"]]
    (kept,) = spool.iterdir()
    assert kept.name == f"{edit.id}-0.reply"
    assert kept.read_bytes() == good
    client.release("another")
    assert kept.exists()
    client.release(edit.id)
    assert list(spool.iterdir()) == []


async def test_whole_replies_are_read_again_after_a_crash(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    good: bytes,
    png: bytes,
    spool: Path,
) -> None:
    gateway.script[0].body = good
    await client.send(replace(edit, n=2), single(profile), None)
    (spool / f"{edit.id}-2.part").write_bytes(good[:50])
    (spool / "other-0.reply").write_bytes(good)
    after = GatewayClient(lambda profile: None, spool)
    found = await after.recover(edit.id, profile, None)
    assert found is not None
    assert [image.data for image in found.images] == [png, png]
    assert after.holds_reply(edit.id)
    assert not after.holds_reply("nothing")
    with pytest.raises(BadReply):
        await after.recover("nothing", profile, None)
    assert len(gateway.requests) == 2


async def test_what_came_just_before_a_crash_counts_as_far_as_it_can_be_read(
    edit: EditRequest, profile: Profile, good: bytes, png: bytes, spool: Path
) -> None:
    client = GatewayClient(lambda profile: None, spool)
    spool.mkdir(exist_ok=True)
    encoded = json.loads(good)["data"][0]["b64_json"]
    event = json.dumps({"type": "image_edit.completed", "b64_json": encoded})
    (spool / f"{edit.id}-0.part").write_bytes(good)
    (spool / f"{edit.id}-1.part").write_bytes(good[:-3])
    (spool / f"{edit.id}-2.part").write_bytes(png[: len(png) // 2])
    (spool / f"{edit.id}-3.part").write_bytes(f"data: {event}\n\ndata: {event[:50]}".encode())
    assert not client.holds_reply(edit.id)
    assert client.holds_anything(edit.id)
    found = await client.recover(edit.id, profile, None)
    assert [image.data for image in found.images] == [png, png]
    (spool / "empty-0.part").touch()
    assert not client.holds_anything("empty")


async def test_receiving_is_told_once_and_only_for_a_good_reply(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    good: bytes,
    make_answer: MakeAnswer,
) -> None:
    told: list[int] = []
    gateway.script = [make_answer(status=400, body=b"no"), make_answer(body=good)]
    with pytest.raises(Refused):
        await client.send(edit, profile, None, Watch(receiving=lambda: told.append(1)))
    assert told == []
    await client.send(replace(edit, n=3), single(profile), None, Watch(receiving=lambda: told.append(1)))
    assert told == [1]


async def test_several_calls_go_two_at_a_time_and_keep_their_order(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    make_reply: MakeReply,
    make_answer: MakeAnswer,
    png: bytes,
) -> None:
    gateway.script = [
        make_answer(body=make_reply(png, usage={"total_tokens": 5}), delay=0.15),
        *(make_answer(body=make_reply(png, usage={"total_tokens": 7}), delay=0.05) for _ in range(4)),
    ]
    request = replace(edit, n=5, parameters={"seed": 10})
    result = await client.send(request, single(profile), None)
    assert [image.seed for image in result.images] == [10, 11, 12, 13, 14]
    assert result.usage == Usage(total_tokens=33)
    assert gateway.most_open == 2
    assert len(gateway.requests) == 5


async def test_one_failure_loses_nothing_of_the_others(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    good: bytes,
    make_answer: MakeAnswer,
) -> None:
    failure = make_answer(status=500, headers={"x-request-id": "r2"})
    gateway.script = [make_answer(body=good), failure, make_answer(body=good)]
    result = await client.send(replace(edit, n=3), single(profile, concurrency=1), None)
    assert len(result.images) == 2
    assert len(result.errors) == 1
    assert "500" in result.errors[0].message
    assert (result.errors[0].code, result.errors[0].request_id) == ("provider_fault", "r2")


async def test_a_refused_key_stops_the_calls_that_have_not_begun(
    gateway: Any, client: GatewayClient, edit: EditRequest, profile: Profile, make_answer: MakeAnswer
) -> None:
    gateway.script = [make_answer(status=401)]
    with pytest.raises(Refused) as caught:
        await client.send(replace(edit, n=6), single(profile, concurrency=1), KEY)
    assert caught.value.code == "key_refused"
    assert len(gateway.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422, 500, 502, 504])
async def test_what_may_have_been_worked_on_is_sent_once(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    make_answer: MakeAnswer,
    status: int,
    spool: Path,
) -> None:
    gateway.script = [make_answer(status=status, headers={"Retry-After": "1", "x-request-id": "r9"})]
    with pytest.raises(MaskroomError) as caught:
        await client.send(edit, profile, None)
    assert caught.value.request_id == "r9"
    assert len(gateway.requests) == 1
    assert ("billed" in caught.value.hint) == (status >= 500)
    assert not spool.exists() or list(spool.iterdir()) == []


async def test_a_broken_connection_says_that_it_may_be_billed(
    gateway: Any, client: GatewayClient, edit: EditRequest, profile: Profile, good: bytes, spool: Path
) -> None:
    gateway.script[0].body, gateway.script[0].cut_after = good, 20
    gateway.script[0].headers["x-request-id"] = "r7"
    with pytest.raises(Unreachable) as caught:
        await client.send(edit, profile, None)
    assert "billed" in caught.value.hint
    assert caught.value.request_id == "r7"
    assert len(gateway.requests) == 1
    assert list(spool.iterdir()) == []


async def test_a_silent_provider_times_out(
    gateway: Any, client: GatewayClient, edit: EditRequest, profile: Profile
) -> None:
    gateway.script[0].delay = 30
    with pytest.raises(Unreachable) as caught:
        await client.send(edit, replace(profile, timeout=0.2), None)
    assert caught.value.code == "timed_out"
    assert "billed" in caught.value.hint


async def test_a_closed_port_is_tried_twice_more_and_says_that_nothing_was_sent(
    gateway: Any, client: GatewayClient, edit: EditRequest, profile: Profile, pauses: Any
) -> None:
    await gateway.stop()
    with pytest.raises(Unreachable) as caught:
        await client.send(edit, profile, None)
    assert "127.0.0.1" in caught.value.message
    assert "nothing was sent" in caught.value.hint
    assert caught.value.retryable
    assert pauses.slept == list(PAUSES)


async def test_cancelling_closes_the_connection_at_once(
    gateway: Any, client: GatewayClient, edit: EditRequest, profile: Profile, spool: Path
) -> None:
    gateway.script[0].delay = 30
    task = asyncio.create_task(client.send(replace(edit, n=4), single(profile), None))
    while len(gateway.requests) < 2:
        await asyncio.sleep(0.01)
    began = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(gateway.closed_early.wait(), 1)
    assert time.monotonic() - began < 1
    assert len(gateway.requests) == 2
    assert not spool.exists() or list(spool.iterdir()) == []


async def test_a_reply_beyond_all_measure_is_dropped(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    good: bytes,
    spool: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exchange, "LARGEST_REPLY", len(good) - 1)
    gateway.script[0].body = good
    with pytest.raises(BadReply):
        await client.send(edit, profile, None)
    assert list(spool.iterdir()) == []


async def test_a_spool_that_cannot_be_written_costs_no_reply(
    gateway: Any, edit: EditRequest, profile: Profile, good: bytes, png: bytes, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    gateway.script[0].body = good
    client = GatewayClient(lambda profile: None, tmp_path / "file")
    result = await client.send(edit, profile, None)
    assert [image.data for image in result.images] == [png]
    assert not client.holds_reply(edit.id)


async def test_a_redirect_is_not_followed_with_the_pictures(
    gateway: Any, client: GatewayClient, edit: EditRequest, profile: Profile, make_answer: MakeAnswer
) -> None:
    gateway.script = [make_answer(status=307, headers={"Location": f"{gateway.root}/elsewhere"})]
    with pytest.raises(Refused) as caught:
        await client.send(edit, profile, KEY)
    assert "/elsewhere" in caught.value.hint
    assert len(gateway.requests) == 1


async def test_proxies_of_the_environment_do_not_reach_this_machine(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    good: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    gateway.script[0].body = good
    assert len((await client.send(edit, profile, None)).images) == 1


async def test_an_injected_transport_takes_the_place_of_the_network(
    edit: EditRequest, profile: Profile, good: bytes, png: bytes, tmp_path: Path
) -> None:
    seen: list[httpx.Request] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            message = await receive()
            body += message["body"]
            if not message.get("more_body"):
                break
        seen.append(httpx.Request(scope["method"], scope["path"], content=body))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": good})

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    client = GatewayClient(lambda asked: transport if asked.name == "mine" else None, tmp_path / "spool")
    result = await client.send(edit, replace(profile, base_url="http://127.0.0.1:1/v1"), None)
    assert [image.data for image in result.images] == [png]
    assert seen[0].content == encode(edit, profile)[0].body


async def test_the_key_is_nowhere_but_in_its_header(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    make_answer: MakeAnswer,
    spool: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    gateway.script = [
        make_answer(status=400, body=json.dumps({"error": {"message": f"no: {KEY}"}}).encode()),
        make_answer(body=f'{{"data": [], "echo": "{KEY}"}}'.encode()),
    ]
    for _step in range(2):
        with pytest.raises(MaskroomError) as caught:
            await client.send(edit, profile, KEY)
        told = caught.value
        assert KEY not in f"{told!r} {told.message} {told.hint} {told.details}"
    assert KEY not in "".join(map(repr, encode(edit, profile)))
    assert KEY not in caplog.text


@pytest.mark.parametrize(
    ("dialect", "code"), [("routescope", "wants_links"), ("openai-multipart", "refused")]
)
async def test_a_provider_that_does_not_take_data_urls_is_told_as_that(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    catalogue: Catalogue,
    make_answer: MakeAnswer,
    tmp_path: Path,
    dialect: str,
    code: str,
) -> None:
    store = ProviderStore(tmp_path / "other", catalogue)
    other = store.save(
        ProviderSettings("mine", dialect=dialect, base_url=gateway.root + "/v1", model="any-model")
    )
    complaint = {"error": {"message": "images[0].image_url must start with https://"}}
    gateway.script = [make_answer(status=400, body=json.dumps(complaint).encode())]
    with pytest.raises(Refused) as caught:
        await client.send(edit, other, None)
    assert caught.value.code == code
    assert len(gateway.requests) == 1


# ---- pictures that the reply only points to ----


def linking(*urls: str) -> bytes:
    return json.dumps({"data": [{"url": url} for url in urls]}).encode()


async def test_a_link_is_followed_at_once_and_the_key_stays_with_its_origin(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    make_answer: MakeAnswer,
    png: bytes,
) -> None:
    elsewhere = gateway.root.replace("127.0.0.1", "localhost")
    gateway.script = [
        make_answer(body=linking("/files/a.jpg?sig=1", f"{elsewhere}/b")),
        make_answer(body=png, headers={"Content-Type": "image/jpeg"}),
        make_answer(body=png),
    ]
    result = await client.send(replace(edit, n=2), profile, KEY)
    assert [image.data for image in result.images] == [png, png]
    _post, own, foreign = gateway.requests
    assert (own.method, own.target) == ("GET", "/files/a.jpg?sig=1")
    assert own.header("Authorization") == f"Bearer {KEY}"
    assert foreign.header("Authorization") is None


async def test_a_data_url_needs_no_download(
    gateway: Any, client: GatewayClient, edit: EditRequest, profile: Profile, png: bytes
) -> None:
    import base64

    gateway.script[0].body = linking("data:image/png;base64," + base64.b64encode(png).decode())
    assert (await client.send(edit, profile, None)).images[0].data == png
    assert len(gateway.requests) == 1


async def test_redirects_of_a_link_are_followed_a_few_times(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    make_answer: MakeAnswer,
    png: bytes,
) -> None:
    hop = make_answer(status=302, headers={"Location": "/next"})
    gateway.script = [make_answer(body=linking("/a")), hop, hop, hop, make_answer(body=png)]
    assert (await client.send(edit, profile, None)).images[0].data == png
    gateway.requests.clear()
    gateway.script = [make_answer(body=linking("/a")), hop]
    with pytest.raises(BadReply) as caught:
        await client.send(edit, profile, None)
    assert "redirected too often" in caught.value.message
    assert len(gateway.requests) == 5


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://h/x", "gopher://x", "//", "http://"])
async def test_other_schemes_are_refused(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    make_answer: MakeAnswer,
    url: str,
) -> None:
    gateway.script = [make_answer(body=linking(url))]
    with pytest.raises(BadReply):
        await client.send(edit, profile, None)
    gateway.script = [
        make_answer(body=linking("/a")),
        make_answer(status=302, headers={"Location": "file:///etc/passwd"}),
    ]
    with pytest.raises(BadReply, match="http"):
        await client.send(edit, profile, None)


@pytest.mark.parametrize(("status", "body"), [(403, b""), (404, b""), (200, b"<html>gone</html>")])
async def test_an_expired_link_is_told_with_the_request_id(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    make_answer: MakeAnswer,
    status: int,
    body: bytes,
) -> None:
    gateway.script = [
        make_answer(body=linking("/a"), headers={"x-request-id": "r1"}),
        make_answer(status=status, body=body),
    ]
    with pytest.raises(BadReply) as caught:
        await client.send(edit, profile, None)
    assert caught.value.request_id == "r1"
    assert "billed" in caught.value.hint


async def test_a_dead_link_does_not_lose_the_other_pictures(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    make_answer: MakeAnswer,
    png: bytes,
) -> None:
    gateway.script = [
        make_answer(body=linking("/a", "/b")),
        make_answer(status=404),
        make_answer(body=png),
    ]
    result = await client.send(replace(edit, n=2), profile, None)
    assert len(result.images) == 1
    assert "404" in result.errors[0].message
