"""Streams of events, read as they come over a real port."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import httpx
import numpy as np
import pytest

from app.base.errors import EngineError
from app.engines.healing import heal
from app.engines.host import EngineHost
from app.engines.types import HealMethod, HealProgress, HealRequest
from app.imaging.arrays import U8
from app.imaging.codecs import decode_picture
from app.server.app import create_app
from tests.server.conftest import Told
from tests.server.making import files, rejected, spot, stripes
from tests.server.test_serve import serving

PICTURE, SPOT = stripes(), spot()
COMMON = {"type", "b64_json", "created_at", "size", "quality", "background", "output_format"}


def events_of(text: str) -> list[tuple[str, Any]]:
    """Name and data of each event; every one is an `event:` line, a `data:` line and an empty line."""
    found = []
    for block in text.removesuffix("\n\n").split("\n\n"):
        name, data = block.split("\n")
        found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def picture_of(data: dict[str, Any]) -> U8:
    return decode_picture(base64.b64decode(data["b64_json"]))


async def post(client: httpx.AsyncClient, **fields: str) -> httpx.Response:
    return await client.post("images/edits", data={"stream": "true", **fields}, files=files(PICTURE, SPOT))


async def test_an_early_picture_and_the_result(client: httpx.AsyncClient, told: Told) -> None:
    reply = await client.post(
        "images/edits",
        data={"stream": "true", "partial_images": "3", "model": "patchmatch", "seed": "6"},
        files=files(PICTURE, SPOT),
        headers={"x-client-request-id": "job"},
    )
    assert reply.headers["content-type"].startswith("text/event-stream")
    (first, partial), (last, completed) = events_of(reply.text)
    assert (first, last) == ("image_edit.partial_image", "image_edit.completed")
    assert set(partial) == COMMON | {"partial_image_index"}
    assert set(completed) == COMMON | {"usage", "seed"}
    assert partial["partial_image_index"] == 0
    assert completed["seed"] == 6
    assert completed["usage"]["total_tokens"] == 0
    assert np.array_equal(picture_of(partial), heal(PICTURE, SPOT, HealMethod.INSTANT, 6))
    assert np.array_equal(picture_of(completed), heal(PICTURE, SPOT, HealMethod.PATCHMATCH, 6))
    shares = [share for _, share in told]
    assert shares == sorted(shares)


@pytest.mark.parametrize("fields", [{}, {"partial_images": "0"}, {"partial_images": "2", "model": "instant"}])
async def test_no_picture_comes_twice(client: httpx.AsyncClient, fields: dict[str, str]) -> None:
    ((name, data),) = events_of((await post(client, output_format="webp", **fields)).text)
    assert name == data["type"] == "image_edit.completed"
    assert data["output_format"] == "webp"


async def test_a_stream_is_of_one_picture(client: httpx.AsyncClient) -> None:
    rejected(await post(client, n="2"), 400, "n", "unsupported_value")
    rejected(await post(client, partial_images="4"), 400, "partial_images", "invalid_value")


async def test_bad_input_has_its_own_status_in_a_stream_too(client: httpx.AsyncClient) -> None:
    for partials in ("0", "1"):
        reply = await client.post(
            "images/edits",
            data={"stream": "true", "partial_images": partials},
            files=files(PICTURE, SPOT * 0),
        )
        rejected(reply, 400, "mask", "bad_mask")


class FailingHost(EngineHost):
    """An engine whose textures fail."""

    async def heal(
        self, request: HealRequest, on_progress: HealProgress = lambda share: None
    ) -> tuple[U8, ...]:
        if request.method is HealMethod.INSTANT:
            return (request.picture,)
        raise EngineError("The engine failed.")


async def test_a_late_error_is_the_last_event() -> None:
    host = FailingHost()
    transport = httpx.ASGITransport(create_app(host), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1/v1") as client:
        reply = await post(client, partial_images="1")
    await host.aclose()
    (first, _), (last, data) = events_of(reply.text)
    assert (first, last) == ("image_edit.partial_image", "error")
    assert data["error"] == {
        "message": "The engine failed.",
        "type": "server_error",
        "param": None,
        "code": "engine",
    }


class WatchedHost(EngineHost):
    """Remembers which heals were cancelled."""

    def __init__(self) -> None:
        super().__init__()
        self.cancelled: list[HealMethod] = []

    async def heal(
        self, request: HealRequest, on_progress: HealProgress = lambda share: None
    ) -> tuple[U8, ...]:
        try:
            return await super().heal(request, on_progress)
        except asyncio.CancelledError:
            self.cancelled.append(request.method)
            raise


async def test_the_early_picture_comes_during_the_heal_which_ends_with_its_client() -> None:
    host = WatchedHost()
    picture = np.random.default_rng(0).integers(0, 255, (900, 900, 3), np.uint8)
    fields = {"model": "patchmatch", "seed": "2", "stream": "true", "partial_images": "1"}
    async with serving(host) as base_url, httpx.AsyncClient(base_url=base_url, trust_env=False) as client:
        async with client.stream(
            "POST", "images/edits", data=fields, files=files(picture, spot(900, 900, 180)), timeout=60
        ) as reply:
            lines = reply.aiter_lines()
            assert await anext(lines) == "event: image_edit.partial_image"
        await lines.aclose()
        assert (await post(client)).status_code == 200
    assert host.cancelled == [HealMethod.PATCHMATCH]
    await host.aclose()
