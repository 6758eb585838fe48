"""Replies that come as a stream of events: previews, the image, errors, and streams that end too early."""

import asyncio
import base64
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.base.errors import BadReply, Refused, Unreachable
from app.edits.types import EditRequest, Usage
from app.gateways import exchange
from app.gateways.client import GatewayClient
from app.gateways.exchange import Watch
from app.gateways.types import Profile

MakeAnswer = Callable[..., Any]
STREAM = {"Content-Type": "text/event-stream; charset=utf-8", "x-request-id": "s1"}
DONE = b"data: [DONE]\n\n"


def event(name: str, **content: object) -> bytes:
    return f"event: {name}\ndata: {json.dumps({'type': name, **content})}\n\n".encode()


def b64(picture: bytes) -> str:
    return base64.b64encode(picture).decode()


def partial(picture: bytes, index: int = 0) -> bytes:
    return event("image_edit.partial_image", b64_json=b64(picture), partial_image_index=index)


def completed(picture: bytes, **more: object) -> bytes:
    return event("image_edit.completed", b64_json=b64(picture), **more)


@pytest.fixture
def other(small_picture: Any) -> bytes:
    """A picture that is not the final one."""
    from app.imaging.codecs import encode_png

    return encode_png(small_picture // 2)


async def test_previews_are_shown_and_the_completed_image_is_the_result(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    png: bytes,
    other: bytes,
    make_answer: MakeAnswer,
    spool: Path,
) -> None:
    last = completed(png, usage={"total_tokens": 9}, revised_prompt="a lamp, lit")
    gateway.script = [make_answer(headers=STREAM, pieces=(partial(other), partial(png, 1), last))]
    seen: list[tuple[int, bytes]] = []
    kept: list[int] = []

    def preview(call: int, picture: bytes) -> None:
        seen.append((call, picture))
        kept.append(sum(path.stat().st_size for path in spool.iterdir()))

    result = await client.send(edit, profile, None, Watch(preview=preview))
    assert [image.data for image in result.images] == [png]
    assert (result.images[0].revised_prompt, result.usage) == ("a lamp, lit", Usage(total_tokens=9))
    assert (result.request_id, result.errors) == ("s1", ())
    assert seen == [(0, other), (0, png)]
    assert [path.name for path in spool.iterdir()] == [f"{edit.id}-0.reply"]


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("size", [1000, 64 << 10])
async def test_events_may_be_split_anywhere_with_comments_between(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    png: bytes,
    other: bytes,
    make_answer: MakeAnswer,
    end: bytes,
    size: int,
) -> None:
    body = b": hello\n\n" + partial(other) + b": still here\n\n" + completed(png) + DONE
    body = body.replace(b"\n", end)
    pieces = tuple(body[i : i + size] for i in range(0, len(body), size))
    gateway.script = [make_answer(headers=STREAM, pieces=pieces)]
    seen: list[bytes] = []
    result = await client.send(edit, profile, None, Watch(preview=lambda call, data: seen.append(data)))
    assert [image.data for image in result.images] == [png]
    assert seen == [other]


@pytest.mark.parametrize(
    "shape",
    [
        lambda png: event("image_generation.completed", b64_json=b64(png)),
        lambda png: b"data: " + json.dumps({"b64_json": b64(png)}).encode() + b"\n\n",
        lambda png: (
            b"data: "
            + json.dumps({"object": "image.edit.chunk", "type": "ar_delta", "delta": "I see"}).encode()
            + b"\n\ndata: "
            + json.dumps(
                {"object": "image.edit.chunk", "type": "image", "data": [{"b64_json": b64(png)}]}
            ).encode()
            + b"\n\n"
            + DONE
        ),
        lambda png: event("final", data={"0": {"b64_json": b64(png)}}),
        lambda png: event("image_edit.completed", url=f"data:image/png;base64,{b64(png)}"),
        lambda png: event("image_edit.completed", b64_json=b64(png)).rstrip(b"\n"),
    ],
)
async def test_every_shape_of_a_final_event_is_an_image(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    png: bytes,
    make_answer: MakeAnswer,
    shape: Callable[[bytes], bytes],
) -> None:
    gateway.script = [make_answer(headers=STREAM, pieces=(shape(png),))]
    result = await client.send(edit, profile, None)
    assert [image.data for image in result.images] == [png]


async def test_plain_json_in_answer_to_a_stream_is_an_image(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    good: bytes,
    png: bytes,
    make_answer: MakeAnswer,
) -> None:
    for headers in (STREAM, {"Content-Type": "application/json"}, {}):
        gateway.script = [make_answer(body=good, headers=headers)]
        result = await client.send(edit, profile, None)
        assert [image.data for image in result.images] == [png]


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (
            event("error", error={"message": "The safety system stopped it", "code": "moderation_blocked"}),
            "policy",
            "safety system",
        ),
        (event("error", error={"type": "upstream_error", "message": "gone"}), "provider_fault", "gone"),
        (event("error", message="busy now", code="rate_limit_exceeded"), "rate_limited", "busy now"),
        (b"event: error\ndata: plain words\n\n", "refused", "plain words"),
        (
            b'data: {"object": "error", "error": {"message": "inner", "type": "x", "code": 400}}\n\n' + DONE,
            "refused",
            "inner",
        ),
    ],
)
async def test_an_error_event_is_told_like_any_refusal(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    other: bytes,
    make_answer: MakeAnswer,
    error: bytes,
    code: str,
    told: str,
) -> None:
    gateway.script = [make_answer(headers=STREAM, pieces=(partial(other), error))]
    with pytest.raises((Refused, Unreachable)) as caught:
        await client.send(edit, profile, None)
    assert caught.value.code == code
    assert told in caught.value.message
    assert caught.value.request_id == "s1"
    assert "200" not in caught.value.message
    assert len(gateway.requests) == 1


async def test_an_end_after_previews_is_an_error_and_the_stream_is_kept(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    other: bytes,
    make_answer: MakeAnswer,
    spool: Path,
) -> None:
    body = partial(other) + DONE
    gateway.script = [make_answer(headers=STREAM, pieces=(body,))]
    with pytest.raises(BadReply) as caught:
        await client.send(edit, profile, None)
    assert "preview" in caught.value.message
    assert "billed" in caught.value.hint
    assert caught.value.request_id == "s1"
    assert [path.read_bytes() for path in spool.iterdir()] == [body]
    client.release(edit.id)
    assert list(spool.iterdir()) == []


async def test_a_stream_that_never_closes_ends_with_the_last_image(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    png: bytes,
    other: bytes,
    make_answer: MakeAnswer,
) -> None:
    gateway.script = [make_answer(headers=STREAM, pieces=(completed(png), completed(other)), stays_open=True)]
    result = await client.send(replace(edit, n=2), profile, None)
    assert [image.data for image in result.images] == [png, other]
    await asyncio.wait_for(gateway.closed_early.wait(), 5)


@pytest.mark.parametrize("came", [True, False])
async def test_a_stream_that_breaks_loses_no_finished_image(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    png: bytes,
    other: bytes,
    make_answer: MakeAnswer,
    spool: Path,
    came: bool,
) -> None:
    first = completed(png) if came else partial(png)
    body = first + completed(other)
    gateway.script = [make_answer(headers=STREAM, body=body, cut_after=len(first) + 50)]
    sending = client.send(replace(edit, n=2), profile, None)
    if came:
        result = await sending
        assert [image.data for image in result.images] == [png]
        assert "1 of 2" in result.errors[0].message
    else:
        with pytest.raises(Unreachable) as caught:
            await sending
        assert "billed" in caught.value.hint
        assert list(spool.iterdir()) == []


async def test_an_error_after_an_image_costs_only_what_did_not_come(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    png: bytes,
    make_answer: MakeAnswer,
) -> None:
    failure = event("error", error={"message": "second one failed", "type": "server_error"})
    gateway.script = [make_answer(headers=STREAM, pieces=(completed(png), failure))]
    result = await client.send(replace(edit, n=2), profile, None)
    assert [image.data for image in result.images] == [png]
    assert len(result.errors) == 1
    assert "second one failed" in result.errors[0].message


async def test_a_whole_stream_is_read_again_after_a_crash(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    png: bytes,
    other: bytes,
    make_answer: MakeAnswer,
    spool: Path,
) -> None:
    gateway.script = [
        make_answer(headers=STREAM, pieces=(b"\xef\xbb\xbf: hi\n\n", partial(other), completed(png)))
    ]
    await client.send(edit, profile, None)
    found = await GatewayClient(lambda profile: None, spool).recover(edit.id, profile, None)
    assert [image.data for image in found.images] == [png]


async def test_a_picture_that_was_finished_before_the_cancel_is_kept(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    png: bytes,
    other: bytes,
    make_answer: MakeAnswer,
    spool: Path,
) -> None:
    pieces = (completed(png), partial(other))
    gateway.script = [make_answer(headers=STREAM, pieces=pieces, stays_open=True)]
    shown = asyncio.Event()
    watch = Watch(preview=lambda call, data: shown.set())
    sending = asyncio.ensure_future(client.send(replace(edit, n=2), profile, None, watch))
    await asyncio.wait_for(shown.wait(), 10)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert client.holds_reply(edit.id)
    found = await client.recover(edit.id, profile, None)
    assert [image.data for image in found.images] == [png]


async def test_a_preview_that_is_no_picture_is_passed_over(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    png: bytes,
    make_answer: MakeAnswer,
) -> None:
    odd = event("image_edit.partial_image", b64_json="%%%") + b"data: {broken\n\ndata: [1]\n\ndata: 7\n\n"
    gateway.script = [make_answer(headers=STREAM, pieces=(odd, partial(b"<html>"), completed(png)))]
    seen: list[bytes] = []
    result = await client.send(edit, profile, None, Watch(preview=lambda call, data: seen.append(data)))
    assert [image.data for image in result.images] == [png]
    assert seen == []


@pytest.mark.parametrize("limit", ["MOST_LINES", "LARGEST_REPLY"])
async def test_a_stream_without_end_is_given_up(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    make_answer: MakeAnswer,
    monkeypatch: pytest.MonkeyPatch,
    spool: Path,
    limit: str,
) -> None:
    monkeypatch.setattr(exchange, limit, 1000)
    gateway.script = [make_answer(headers=STREAM, pieces=(b"data: {}\n\n" * 500,) * 20)]
    with pytest.raises(BadReply) as caught:
        await client.send(edit, profile, None)
    assert "billed" in caught.value.hint
    assert list(spool.iterdir()) == []


async def test_a_stream_of_comments_alone_times_out_in_the_end(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    make_answer: MakeAnswer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exchange, "LONGEST_SECONDS", 0.3)
    gateway.script = [make_answer(headers=STREAM, pieces=(b": ping\n\n",) * 2000)]
    with pytest.raises(Unreachable) as caught:
        await client.send(edit, profile, None)
    assert caught.value.code == "timed_out"
    assert "billed" in caught.value.hint
