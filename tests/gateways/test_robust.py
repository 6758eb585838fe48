"""Replies that nobody has seen yet, and some that mean harm: an image or a typed error, in little memory."""

import asyncio
import base64
import gzip
import json
import os
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.base.errors import BadReply, GatewayError, Unreachable
from app.edits.types import EditRequest
from app.gateways.client import GatewayClient
from app.gateways.decode import MOST_IMAGES, decode_reply
from app.gateways.events import events_in
from app.gateways.loose_json import MOST_VALUES
from app.gateways.picture_data import LONGEST_PERCENT, MOST_PIXELS
from app.gateways.types import Profile
from app.imaging.codecs import encode_png

PNG = encode_png(np.zeros((3, 4, 3), np.uint8))
B64 = base64.b64encode(PNG).decode()
EXAMPLES = 10_000 if os.environ.get("HYPOTHESIS_PROFILE") == "search" else 300


def events(*contents: object) -> bytes:
    return b"".join(b"event: e\ndata: " + json.dumps(content).encode() + b"\n\n" for content in contents)


GOOD = [
    json.dumps(content).encode()
    for content in (
        {"created": 1, "data": [{"b64_json": B64, "revised_prompt": "x"}], "usage": {"total_tokens": 1}},
        {"data": {"b64_json": B64, "seed": 3}},
        {"data": {"0": {"b64_json": B64}, "1": {"url": "http://h/x.png"}}},
        {"data": [B64, f"data:image/png;base64,{B64}"]},
        {"data": [{"image_url": {"url": "data:image/png,%89PNG"}}]},
        {"images": [{"image": base64.urlsafe_b64encode(PNG).decode().rstrip("=")}]},
        {"error": {"message": 'x {"error": {"message": "inner", "code": "c"}}', "code": "429"}},
        {"detail": [{"loc": ["body", "size"], "msg": "m"}]},
    )
] + [
    PNG,
    events(
        {"type": "image_edit.partial_image", "b64_json": B64, "partial_image_index": 0},
        {"type": "image_edit.completed", "b64_json": B64},
    ),
    events({"type": "ar_delta", "delta": "t"}, {"type": "image", "data": [{"b64_json": B64}]})
    + b"data: [DONE]\n\n",
    events({"type": "error", "error": {"message": "m", "type": "server_error"}}),
    b'--b\r\nContent-Disposition: form-data; name="image"\r\nContent-Type: image/png\r\n\r\n'
    + PNG
    + b"\r\n--b--",
    b"<html><body>502</body></html>",
]
TYPES = [
    "application/json",
    "text/event-stream",
    "image/png",
    "multipart/form-data; boundary=b",
    "text/html",
    "",
]
SPLINTERS = [
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b"null",
        b"true",
        b"\x00",
        b"\\u",
        b"\\ud800",
        b"1e999",
        b"-",
        b"9" * 400,
    ),
    *(b"\r", b"\n\n", b"data:", b":", b"event: error\n", b"[DONE]", b"\xef\xbb\xbf", b"\xff\xfe", b"%", b"="),
    *(b'"data":', b'"error":', b'"url":', b"[" * 300, b'{"data":' * 60, PNG[:16]),
]


@pytest.mark.timeout(900)
@given(st.data())
@settings(max_examples=EXAMPLES)
def test_a_mutated_reply_gives_an_image_or_a_typed_error(data: st.DataObject) -> None:
    body = bytearray(data.draw(st.sampled_from(GOOD)))
    for _step in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(body)))
        match data.draw(st.sampled_from(["flip", "cut", "insert", "repeat", "end", "join"])):
            case "flip" if at < len(body):
                body[at] ^= data.draw(st.integers(1, 255))
            case "cut":
                del body[at : at + data.draw(st.integers(1, 40))]
            case "insert":
                body[at:at] = data.draw(st.sampled_from(SPLINTERS))
            case "end":
                del body[at:]
            case "join":
                body += data.draw(st.sampled_from(GOOD))
            case _:
                body[at:at] = body[max(0, at - 20) : at]
    status = data.draw(st.sampled_from([200, 200, 200, 201, 400, 429, 500, 503]))
    headers = (("Content-Type", data.draw(st.sampled_from(TYPES))), ("Retry-After", "1"))
    check(bytes(body), status, headers, asked=data.draw(st.integers(1, 3)))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.just(B64),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("data", "b64_json", "url", "error", "message", "code", "usage", "0", "1", "images"),
                    *("detail", "type", "revised_prompt", "seed", "partial_image_index", "image_url", "loc"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@pytest.mark.timeout(900)
@given(json_values, st.sampled_from([200, 400, 500]), st.booleans())
@settings(max_examples=EXAMPLES)
def test_any_json_gives_an_image_or_a_typed_error(content: object, status: int, as_event: bool) -> None:
    body = json.dumps(content).encode()
    check(events(content) if as_event else body, status, (), asked=2)


def check(body: bytes, status: int, headers: Any, asked: int) -> None:
    try:
        reply = decode_reply(status, headers, body, asked=asked)
    except GatewayError as error:
        message = error.message
    else:
        message = "an image"
        assert reply.images
        assert status < 300
    assert 0 < len(message) < 1000


@pytest.mark.parametrize("nest", [lambda n: b"[" * n + b"]" * n, lambda n: b'{"data":' * n + b"1" + b"}" * n])
@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("as_event", [True, False])
def test_deep_nesting_is_an_error_not_a_crash(
    nest: Callable[[int], bytes], status: int, as_event: bool
) -> None:
    for depth in (200, 100_000):
        body = nest(depth)
        with pytest.raises(GatewayError):
            decode_reply(status, (), b"data: " + body + b"\n\n" if as_event else body)


def test_a_flood_of_images_is_cut_short() -> None:
    reply = decode_reply(200, (), json.dumps({"data": [{"b64_json": B64}] * 5000}).encode())
    assert len(reply.images) == MOST_IMAGES


def huge_png(side: int) -> bytes:
    """A PNG of a few hundred bytes that says it has `side` × `side` pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(100)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [10_001, 100_000])
def test_a_small_file_with_too_many_pixels_is_refused_before_it_is_decoded(side: int) -> None:
    assert side * side > MOST_PIXELS
    picture = huge_png(side)
    for body in (picture, json.dumps({"data": [base64.b64encode(picture).decode()]}).encode()):
        with pytest.raises(BadReply, match="too large"):
            decode_reply(200, (), body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"data": [' + b"[]," * MOST_VALUES + b"0]}",
        b"[" + b"0," * (4 * MOST_VALUES) + b"0]",
        b'{"data": [{"url": "data:image/png,' + b"%41" * (LONGEST_PERCENT // 2) + b'"}]}',
        b"\n" * (2 << 20),
        b"data\n" * 600_000,
        b"data: 1\n\n" * (1 << 15),
        b'{"error": "' + b"x\x01".replace(b"\x01", b" ") * (8 << 20) + b'"}',
    ],
    ids=["lists", "numbers", "percent", "lines", "data-lines", "events", "words"],
)
def test_a_reply_made_to_fill_the_memory_does_not(body: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(GatewayError) as caught:
            decode_reply(200, (("Content-Type", "text/event-stream"),), body)
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 8 * len(body) + (64 << 20)
    assert len(caught.value.message) < 1000


def test_a_very_large_picture_is_decoded_in_slices() -> None:
    """Noise behind a good header: 64 MB of base64."""
    noise = np.random.default_rng(1).bytes(1 << 20) * 48
    picture = PNG + noise
    body = b'{"data": [{"b64_json": "' + base64.b64encode(picture) + b'"}]}'
    (image,) = decode_reply(200, (), body).images
    assert getattr(image, "data", b"") == picture


def test_a_line_of_a_stream_may_be_as_long_as_a_reply() -> None:
    long = b"x" * (64 << 20)
    assert [len(event.data) for event in events_in(b"data: " + long + b"\n\n")] == [len(long)]


async def test_a_bomb_of_zeros_ends_at_the_limit(
    gateway: Any, client: GatewayClient, edit: EditRequest, profile: Profile, tmp_path: Path
) -> None:
    """A quarter of a megabyte on the wire that unpacks to 260 MB."""
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(1 << 20)
    bomb = b"".join(pack.compress(zeros) for _ in range(260)) + pack.flush()
    assert len(bomb) < 1 << 20
    gateway.script[0].body = bomb
    gateway.script[0].headers = {"Content-Encoding": "gzip"}
    with pytest.raises(BadReply, match="larger than 256 MB"):
        await client.send(edit, profile, None)
    assert list((tmp_path / "spool").iterdir()) == []


@pytest.mark.parametrize(
    "headers",
    [
        {f"X-Flood-{number}": "x" * 900 for number in range(400)},
        {"X-Long": "x" * 500_000},
    ],
    ids=["many", "long"],
)
async def test_a_flood_of_headers_is_an_error_of_the_line(
    gateway: Any,
    client: GatewayClient,
    edit: EditRequest,
    profile: Profile,
    good: bytes,
    headers: dict[str, str],
) -> None:
    gateway.script[0].body, gateway.script[0].headers = good, headers
    with pytest.raises(Unreachable) as caught:
        await client.send(edit, profile, None)
    assert len(gateway.requests) == 1
    assert "billed" in caught.value.hint


async def test_damaged_packing_and_broken_complaints_are_told(
    gateway: Any, client: GatewayClient, edit: EditRequest, profile: Profile, make_answer: Callable[..., Any]
) -> None:
    gateway.script = [make_answer(body=gzip.compress(b"{}")[:-9], headers={"Content-Encoding": "gzip"})]
    with pytest.raises(GatewayError):
        await client.send(edit, profile, None)
    gateway.script = [make_answer(body=b"no gzip at all", headers={"Content-Encoding": "gzip"})]
    with pytest.raises(Unreachable):
        await client.send(edit, profile, None)
    words = b'{"error": {"message": "the key is wrong", "code": "invalid_api_key"}}'
    gateway.script = [make_answer(status=401, body=words + b" " * 100, cut_after=len(words))]
    with pytest.raises(GatewayError) as caught:
        await client.send(edit, profile, "k")
    assert caught.value.code == "key_refused"
    await asyncio.sleep(0)
