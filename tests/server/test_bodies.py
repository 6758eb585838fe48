"""Bodies of every kind: the same edit as a form and as JSON, and whatever is neither a result nor a crash."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.engines.healing import heal
from app.engines.host import EngineHost
from app.engines.types import HealMethod, HealProgress, HealRequest
from app.imaging.arrays import U8
from app.imaging.codecs import encode_png
from app.server.app import create_app
from app.server.json_body import MAX_REST, parse_json_body
from tests.server.making import mask_png, pictures, rejected, spot, stripes

PICTURE, SPOT = stripes(), spot()


def data_url(file: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(file).decode()}"


def body(**fields: object) -> dict[str, object]:
    images = [{"image_url": data_url(encode_png(PICTURE))}]
    return {"images": images, "mask": {"image_url": data_url(mask_png(SPOT))}, "seed": 0, **fields}


async def post(client: httpx.AsyncClient, content: object) -> httpx.Response:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return await client.post("images/edits", content=raw, headers={"content-type": "application/json"})


async def test_json_makes_the_same_edit_as_a_form(client: httpx.AsyncClient) -> None:
    reply = await post(
        client, body(model="patchmatch", n=2, seed=6, stream=False, user="x", extra={"a": [1]})
    )
    for seed, picture in zip((6, 7), pictures(reply), strict=True):
        assert np.array_equal(picture, heal(PICTURE, SPOT, HealMethod.PATCHMATCH, seed))


async def test_null_and_empty_fields_are_absent(client: httpx.AsyncClient) -> None:
    fields = {"n": None, "size": None, "stream": None, "model": None, "quality": "", "response_format": None}
    assert len(pictures(await post(client, body(**fields)))) == 1


async def test_further_images_are_references(client: httpx.AsyncClient) -> None:
    other = {"image_url": data_url(b"never looked at", "image/webp")}
    images = [{"image_url": data_url(encode_png(PICTURE))}, *[other] * 15]
    assert pictures(await post(client, body(images=images)))[0].shape == PICTURE.shape
    rejected(await post(client, body(images=[*images, other])), 400, "images", "too_many_images")


async def test_slashes_may_be_escaped_and_padding_be_missing(client: httpx.AsyncClient) -> None:
    escaped = json.dumps(body()).replace("/", "\\/").replace('="', '"').replace('="', '"')
    assert pictures(await post(client, escaped.encode()))[0].shape == PICTURE.shape


async def test_a_prompt_that_looks_like_a_picture_is_a_prompt(client: httpx.AsyncClient) -> None:
    for prompt in ('data:image/png;base64,"quoted"', 'say "data:image/png;base64,AAAA"', "data:lifted,7"):
        assert (await post(client, body(prompt=prompt))).status_code == 200


@pytest.mark.parametrize(
    ("fields", "param", "code"),
    [
        ({"images": None}, "images", "missing_file"),
        ({"images": []}, "images", "missing_file"),
        ({"images": "x"}, "images", "invalid_type"),
        ({"images": ["data:image/png;base64,AAAA"]}, "images", "invalid_type"),
        ({"images": [{"image_url": {"url": "x"}}]}, "images", "invalid_type"),
        ({"images": [{"image_url": "https://example.com/a.png"}]}, "images", "unsupported_url"),
        ({"images": [{"image_url": "file:///etc/passwd"}]}, "images", "unsupported_url"),
        ({"images": [{"image_url": "data:lifted,7"}]}, "images", "unsupported_url"),
        ({"images": [{"image_url": "data:image/png,raw"}]}, "images", "unsupported_url"),
        ({"images": [{"file_id": "file-1"}]}, "images", "unsupported_value"),
        ({"images": [{"image_url": "data:image/png;base64,!!!!"}]}, "images", "invalid_base64"),
        ({"images": [{"image_url": "data:image/png;base64,AAAAA"}]}, "images", "invalid_base64"),
        ({"images": [{"image_url": "data:image/png;base64,AAAA"}]}, "images", "bad_photograph"),
        ({"mask": None}, "mask", "missing_mask"),
        ({"mask": "data:image/png;base64,AAAA"}, "mask", "invalid_type"),
        ({"mask": {"image_url": "http://127.0.0.1/m.png"}}, "mask", "unsupported_url"),
        ({"n": "2"}, "n", "invalid_value"),
        ({"n": True}, "n", "invalid_value"),
        ({"n": 1.5}, "n", "invalid_value"),
        ({"seed": -1}, "seed", "invalid_value"),
        ({"stream": 1}, "stream", "invalid_type"),
        ({"quality": 3}, "quality", "invalid_type"),
        ({"prompt": ["x"]}, "prompt", "invalid_type"),
        ({"prompt": "x" * 32_001}, "prompt", "string_above_max_length"),
    ],
)
async def test_json_that_cannot_be(
    client: httpx.AsyncClient, fields: dict[str, Any], param: str, code: str
) -> None:
    rejected(await post(client, body(**fields)), 400, param, code)


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"null", b'{"n":' + b"9" * 5000 + b"}", b"[" * 100_000, b'{"a":"\xff"}']
)
async def test_bodies_that_are_no_json_object(client: httpx.AsyncClient, raw: bytes) -> None:
    rejected(await post(client, raw), 400, None, "invalid_json")


async def test_half_a_surrogate_pair_is_told_back_all_the_same(client: httpx.AsyncClient) -> None:
    rejected(await post(client, json.dumps(body(model="\ud800")).encode()), 404, "model", "model_not_found")


async def test_a_body_that_is_large_without_its_images_is_refused(client: httpx.AsyncClient) -> None:
    rejected(await post(client, body(padding="x" * MAX_REST)), 413, None, "request_too_large")


def test_large_pictures_come_out_byte_for_byte() -> None:
    first, second = (np.random.default_rng(seed).bytes(9_000_001 + seed) for seed in (0, 1))
    content = {"images": [{"image_url": data_url(first)}], "mask": {"image_url": data_url(second)}, "n": 2}
    sent = parse_json_body(json.dumps(content).encode())
    assert (sent.canvas, sent.image_count) == (first, 1)
    assert sent.mask == second
    assert sent.fields == {"n": 2}


class InstantHost(EngineHost):
    """Heals here and at once, so that thousands of requests take seconds."""

    async def heal(
        self, request: HealRequest, on_progress: HealProgress = lambda share: None
    ) -> tuple[U8, ...]:
        return tuple(heal(request.picture, request.coverage, HealMethod.INSTANT) for _ in request.seeds)


SMALL = stripes(12, 16)
SMALL_FILES = {
    "image": encode_png(SMALL),
    "mask": mask_png(spot(12, 16, 3)),
    "grey": encode_png(SMALL[..., 0]),
    "cut": encode_png(SMALL)[:90],
    "text": b"not a picture",
    "none": b"",
}
NAMES = st.sampled_from(["image", "image[]", "mask", "images", "mask[]", "prompt", "extra", ""])
VALUES = {
    "model": ["auto", "patchmatch", "instant", "gpt-image-2", "\ud800", ""],
    "n": ["1", "2", "8", "0", "9", "-1", "x", "1" * 30],
    "seed": ["0", "7", str(2**31 - 1), str(2**31)],
    "size": ["auto", "16x12", "256x256", "16x32", "0x0", "9x9", "99999x1", "axb", "x", "512X512"],
    "response_format": ["b64_json", "url", "path"],
    "output_format": ["png", "jpeg", "webp", "gif", "PNG"],
    "output_compression": ["0", "50", "100", "101"],
    "background": ["auto", "opaque", "transparent", "pink"],
    "quality": ["auto", "low", "max", "best"],
    "input_fidelity": ["high", "low", "mid"],
    "moderation": ["auto", "low", "none"],
    "stream": ["true", "false", "True", "maybe"],
    "partial_images": ["0", "1", "3", "4"],
    "prompt": ["", "heal", "\x00", "x" * 33_000, "ünïcode 🖌"],
    "user": ["", "me"],
}
FIELDS = st.dictionaries(st.sampled_from(sorted(VALUES)), st.integers(0, 9), max_size=5).map(
    lambda drawn: {name: VALUES[name][index % len(VALUES[name])] for name, index in drawn.items()}
)
FILES = st.lists(st.tuples(NAMES, st.sampled_from(sorted(SMALL_FILES))), max_size=4)
CUTS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), st.binary(max_size=12)), max_size=2)
USUAL = [("image", "image"), ("mask", "mask")]


def as_form(fields: dict[str, str], files: list[tuple[str, str]]) -> tuple[bytes, str]:
    raw = b""
    for name, value in fields.items():
        raw += f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
        raw += value.encode("utf-8", "surrogatepass") + b"\r\n"
    for name, file in files:
        raw += f'--edge\r\nContent-Disposition: form-data; name="{name}"; filename="a.png"\r\n\r\n'.encode()
        raw += SMALL_FILES[file] + b"\r\n"
    return raw + b"--edge--\r\n", "multipart/form-data; boundary=edge"


def as_json(fields: dict[str, str], files: list[tuple[str, str]]) -> tuple[bytes, str]:
    content: dict[str, Any] = {}
    for name, value in fields.items():
        content[name] = int(value) if value.isascii() and value.isdigit() else value
        if value in ("true", "false"):
            content[name] = value == "true"
    for name, file in files:
        reference = {"image_url": data_url(SMALL_FILES[file])}
        if name.startswith("image"):
            content.setdefault("images", []).append(reference)
        else:
            content[name] = reference
    return json.dumps(content).encode(), "application/json"


@pytest.fixture
async def instant_client() -> AsyncIterator[httpx.AsyncClient]:
    host = InstantHost()
    transport = httpx.ASGITransport(create_app(host), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1/v1") as client:
        yield client
    await host.aclose()


@settings(max_examples=300, suppress_health_check=[*HealthCheck])
@given(
    fields=FIELDS,
    files=st.one_of(st.just(USUAL), FILES),
    is_json=st.booleans(),
    cuts=st.one_of(st.just([]), CUTS),
)
async def test_every_request_gets_a_result_or_a_typed_error(
    instant_client: httpx.AsyncClient,
    fields: dict[str, str],
    files: list[tuple[str, str]],
    is_json: bool,
    cuts: list[tuple[float, int, bytes]],
) -> None:
    raw, kind = (as_json if is_json else as_form)(fields, files)
    for place, length, put in cuts:
        at = int(place * len(raw))
        raw = raw[:at] + put + raw[at + length :]
    reply = await instant_client.post("images/edits", content=raw, headers={"content-type": kind})
    if reply.status_code == 200:
        if reply.headers["content-type"].startswith("application/json"):
            assert all(item.get("b64_json") or item["url"] for item in reply.json()["data"])
        else:
            assert b"event: image_edit.completed\n" in reply.content
        return
    error = reply.json()["error"]
    assert reply.status_code in (400, 404, 413, 415), reply.text
    assert set(error) == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error"
    assert error["code"]
