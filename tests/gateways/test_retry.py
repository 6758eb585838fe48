"""When a call is sent again by itself: only where no work can have begun, after the time that was asked for."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.base.errors import MaskroomError, Refused, Unreachable
from app.base.rate_limits import RateLimits
from app.edits.types import EditRequest
from app.gateways import exchange
from app.gateways.client import GatewayClient
from app.gateways.exchange import Watch
from app.gateways.limits import asked_wait, rate_limits
from app.gateways.retry import MOST_WAITS, PAUSES
from app.gateways.types import Profile

MakeAnswer = Callable[..., Any]


def busy(make_answer: MakeAnswer, status: int = 429, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = json.dumps({"error": {"message": "slow down", "code": "rate_limit_exceeded"}}).encode()
    return make_answer(status=status, body=body, headers={"Content-Type": "application/json", **named})


@pytest.mark.parametrize("status", [429, 503])
async def test_a_busy_provider_is_asked_again_after_the_time_it_names(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    good: bytes,
    make_answer: MakeAnswer,
    pauses: Any,
    status: int,
) -> None:
    told: list[float | None] = []
    sent: list[int] = []
    gateway.script = [busy(make_answer, status, Retry_After="1"), make_answer(body=good)]
    began = pauses.now
    watch = Watch(waiting=told.append, sent=lambda: sent.append(1))
    result = await client.send(edit, profile, None, watch)
    assert len(result.images) == 1
    assert result.errors == ()
    first, second = gateway.requests
    assert first.body == second.body
    assert pauses.slept == [1.0]
    assert told == [began + 1.0, None]
    assert sent == [1, 1]


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after-ms": "250", "retry-after": "30"}, 0.25),
        ({"retry-after": "30"}, 30.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "Tue, 14 Nov 2023 22:13:50 GMT"}, 30.0),
        ({"retry-after": "Tue, 14 Nov 2023 22:10:00 GMT"}, 0.0),
        ({"retry-after": "Tue, 14 Nov 2023 23:00:20 GMT", "date": "Tue, 14 Nov 2023 23:00:00 GMT"}, 20.0),
        ({"llm_provider-retry-after": "7"}, 7.0),
        ({"llm_provider-retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "3", "llm_provider-retry-after-ms": "1500"}, 3.0),
        ({"retry-after-ms": "soon", "retry-after": "4"}, 4.0),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "1e9"}, None),
        ({"retry-after": "tomorrow"}, None),
        ({"retry-after": "Fri, 99 Foo 99999999999 99:99:99 GMT"}, None),
        ({}, None),
    ],
)
def test_the_time_to_wait_is_read_in_every_form(headers: dict[str, str], wait: float | None) -> None:
    """1 700 000 000 is 2023-11-14 22:13:20 UTC."""
    assert asked_wait(headers, 1_700_000_000.0) == wait


async def test_milliseconds_win_over_seconds_and_a_date_is_understood(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    good: bytes,
    make_answer: MakeAnswer,
    pauses: Any,
) -> None:
    gateway.script = [
        busy(make_answer, Retry_After="90", retry_after_ms="40"),
        busy(make_answer, Retry_After="Tue, 14 Nov 2023 22:13:50 GMT"),
        make_answer(body=good),
    ]
    await client.send(edit, profile, None)
    assert pauses.slept == [0.04, pytest.approx(29.96)]


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"Retry_After": "600"}, "10 min"),
        ({"Retry_After": "121"}, "3 min"),
        ({"Retry_After": "0"}, "a moment"),
        ({}, "a moment"),
    ],
)
async def test_a_long_wait_or_none_is_told_and_not_taken(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    make_answer: MakeAnswer,
    pauses: Any,
    headers: dict[str, str],
    told: str,
) -> None:
    gateway.script = [busy(make_answer, **headers)]
    with pytest.raises(Refused) as caught:
        await client.send(edit, profile, None)
    assert (len(gateway.requests), pauses.slept) == (1, [])
    assert caught.value.code == "rate_limited"
    assert told in caught.value.hint


async def test_a_provider_that_stays_busy_is_given_up(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    make_answer: MakeAnswer,
    pauses: Any,
) -> None:
    gateway.script = [busy(make_answer, Retry_After="120")]
    with pytest.raises(Refused) as caught:
        await client.send(edit, profile, None)
    assert pauses.slept == [120.0] * MOST_WAITS
    assert len(gateway.requests) == MOST_WAITS + 1
    assert "120 s" in caught.value.hint


async def test_an_empty_account_is_not_asked_again(
    gateway: Any, client: GatewayClient, edit: EditRequest, profile: Profile, make_answer: MakeAnswer
) -> None:
    body = json.dumps({"error": {"message": "quota", "code": "insufficient_quota"}}).encode()
    gateway.script = [make_answer(status=429, body=body, headers={"Retry-After": "1"})]
    with pytest.raises(Refused) as caught:
        await client.send(edit, profile, None)
    assert caught.value.code == "billing"
    assert len(gateway.requests) == 1


async def test_only_the_call_that_was_held_up_is_sent_again(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    good: bytes,
    make_answer: MakeAnswer,
) -> None:
    one_each = replace(profile, unlisted=replace(profile.card("x"), max_n=1), models=(), concurrency=1)
    ids: list[str | None] = []
    gateway.script = [
        make_answer(body=good, headers={"x-request-id": "a"}),
        busy(make_answer, Retry_After="2", X_Request_Id="b"),
        make_answer(body=good, headers={"x-request-id": "c"}),
        make_answer(body=good),
    ]
    watch = Watch(answered=lambda id, limits: ids.append(id))
    result = await client.send(replace(edit, n=3, parameters={"seed": 5}), one_each, None, watch)
    assert [image.seed for image in result.images] == [5, 6, 7]
    assert ids == ["a", "b", "c", None]
    bodies = [request.body for request in gateway.requests]
    assert len(bodies) == 4
    assert bodies[1] == bodies[2]
    assert len(set(bodies)) == 3


async def test_waiting_can_be_cancelled_at_any_moment(
    gateway: Any,
    edit: EditRequest,
    profile: Profile,
    make_answer: MakeAnswer,
    tmp_path: Path,
) -> None:
    told: list[float | None] = []
    waits = asyncio.Event()

    async def sleep(seconds: float) -> None:
        waits.set()
        await asyncio.Event().wait()

    client = GatewayClient(lambda profile: None, tmp_path / "spool", sleep=sleep, clock=lambda: 50.0)
    gateway.script = [busy(make_answer, Retry_After="100")]
    task = asyncio.create_task(client.send(edit, profile, None, Watch(waiting=told.append)))
    await waits.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert told == [150.0, None]
    assert len(gateway.requests) == 1


async def test_an_upload_that_broke_midway_is_sent_again(
    edit: EditRequest,
    profile: Profile,
    good: bytes,
    tmp_path: Path,
    pauses: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The body is cut into tiny pieces, and the first connection is reset before all of them were read."""
    monkeypatch.setattr(exchange, "CHUNK", 256)
    whole: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        whole.append(length)
        if len(whole) == 1:
            writer.transport.abort()
            return
        await reader.readexactly(length)
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + good)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    client = GatewayClient(lambda profile: None, tmp_path / "spool", sleep=pauses.sleep)
    large = replace(edit, prompt="a lamp " * 1_000_000)
    async with server:
        result = await client.send(large, replace(profile, base_url=url), None)
    assert len(result.images) == 1
    assert pauses.slept == [PAUSES[0]]


async def test_a_line_that_breaks_after_the_upload_is_not_tried_again(
    gateway: Any, client: GatewayClient, edit: EditRequest, profile: Profile, make_answer: MakeAnswer
) -> None:
    gateway.script = [make_answer(body=b"x" * 100, cut_after=0)]
    with pytest.raises(Unreachable) as caught:
        await client.send(edit, profile, None)
    assert len(gateway.requests) == 1
    assert "billed" in caught.value.hint


@pytest.mark.parametrize(
    ("headers", "limits"),
    [
        ({"x-ratelimit-limit": "60", "x-ratelimit-remaining": "59"}, RateLimits(60, 59)),
        (
            {
                "x-ratelimit-limit-requests": "5",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-requests": "12s",
                "x-ratelimit-remaining-tokens": "149984",
            },
            RateLimits(5, 0, "12s"),
        ),
        ({"llm_provider-x-ratelimit-remaining-requests": "3"}, RateLimits(remaining=3)),
        ({"ratelimit-limit": "100, 100;w=60"}, RateLimits(limit=100)),
        (
            {"x-ratelimit-limit": "many", "x-ratelimit-reset": "a\x00b" * 100},
            RateLimits(reset="ab" * 13 + "a"),
        ),
        ({"x-ratelimit-limit": "9" * 400}, None),
        ({"x-ratelimit-remaining-tokens": "7"}, None),
        ({}, None),
    ],
)
def test_limits_are_read_under_every_name(headers: dict[str, str], limits: RateLimits | None) -> None:
    assert rate_limits(headers) == limits


async def test_ids_and_limits_are_told_also_when_the_answer_is_no(
    gateway: Any, client: GatewayClient, edit: EditRequest, profile: Profile, make_answer: MakeAnswer
) -> None:
    told: list[tuple[str | None, RateLimits | None]] = []
    gateway.script = [
        make_answer(status=400, headers={"x-request-id": "r1", "X-RateLimit-Remaining": "4"}),
    ]
    with pytest.raises(MaskroomError):
        await client.send(edit, profile, None, Watch(answered=lambda *words: told.append(words)))
    assert told == [("r1", RateLimits(remaining=4))]


async def test_a_provider_without_requests_left_is_not_asked_before_its_next_window(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    good: bytes,
    make_answer: MakeAnswer,
    pauses: Any,
) -> None:
    spent = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "40s"}
    kind = {"Content-Type": "application/json"}
    gateway.script = [make_answer(body=good, headers={**kind, **spent}), make_answer(body=good)]
    told: list[float | None] = []
    await client.send(edit, profile, None)
    assert pauses.slept == []
    began = pauses.now
    await client.send(edit, profile, None, Watch(waiting=told.append))
    assert pauses.slept == [40.0]
    assert told == [began + 40.0, None]
    assert len(gateway.requests) == 2
    await client.send(edit, replace(profile, name="another"), None)
    assert len(pauses.slept) == 1
