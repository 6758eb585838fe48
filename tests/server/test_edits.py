"""POST /v1/images/edits in OpenAI's shape over a real heal."""

from __future__ import annotations

import asyncio
import time

import httpx
import numpy as np
import pytest

from app.engines.healing import heal
from app.engines.host import EngineHost
from app.engines.types import HealMethod
from app.imaging.codecs import encode_png
from tests.server.conftest import Told
from tests.server.making import Files, files, mask_png, pictures, rejected, spot, stripes

PICTURE, SPOT = stripes(), spot()


async def post(client: httpx.AsyncClient, parts: Files | None = None, **fields: str) -> httpx.Response:
    return await client.post(
        "images/edits", data=fields, files=files(PICTURE, SPOT) if parts is None else parts
    )


async def test_the_reply_is_what_the_engine_makes(client: httpx.AsyncClient) -> None:
    before = int(time.time())
    reply = await post(client, model="patchmatch", n="2", seed="6", prompt="ignored", size="auto", user="x")
    assert reply.status_code == 200
    assert before <= reply.json()["created"] <= time.time()
    assert [item["seed"] for item in reply.json()["data"]] == [6, 7]
    for seed, picture in zip((6, 7), pictures(reply), strict=True):
        assert np.array_equal(picture, heal(PICTURE, SPOT, HealMethod.PATCHMATCH, seed))


async def test_without_a_seed_every_request_draws_anew_and_tells_its_seeds(client: httpx.AsyncClient) -> None:
    first, second = [await post(client, n="2") for _ in range(2)]
    seeds = [[item["seed"] for item in reply.json()["data"]] for reply in (first, second)]
    assert seeds[0] != seeds[1]
    assert all(pair[1] == pair[0] + 1 for pair in seeds)
    again = await post(client, seed=str(seeds[0][1]))
    assert np.array_equal(pictures(again)[0], pictures(first)[1])


async def test_the_instant_model_is_there(client: httpx.AsyncClient) -> None:
    (picture,) = pictures(await post(client, model="instant", seed="0"))
    assert np.array_equal(picture, heal(PICTURE, SPOT, HealMethod.INSTANT))


async def test_the_first_of_several_images_is_the_canvas(client: httpx.AsyncClient) -> None:
    other = ("image[]", ("other.png", encode_png(stripes(10, 10)), "image/png"))
    parts = files(PICTURE, SPOT, "image[]")
    (picture,) = pictures(await post(client, [parts[0], other, parts[1]], seed="0"))
    assert picture.shape == PICTURE.shape


async def test_a_picture_with_alpha_keeps_it(client: httpx.AsyncClient) -> None:
    alpha = (
        np.linspace(1, 255, PICTURE.shape[0] * PICTURE.shape[1]).reshape(PICTURE.shape[:2]).astype(np.uint8)
    )
    (picture,) = pictures(await post(client, files(np.dstack((PICTURE, alpha)), SPOT), seed="0"))
    assert np.array_equal(picture[..., 3], alpha)
    assert np.array_equal(picture[SPOT == 0][:, :3], PICTURE[SPOT == 0])


async def test_faintly_transparent_mask_pixels_are_edited_too(client: httpx.AsyncClient) -> None:
    marked = PICTURE.copy()
    marked[SPOT > 0] = (255, 0, 255)
    (picture,) = pictures(await post(client, files(marked, np.minimum(SPOT, 3)), seed="0"))
    assert not (picture[SPOT > 0] == (255, 0, 255)).all(axis=1).any()


async def test_the_mask_s_colours_do_not_matter(client: httpx.AsyncClient) -> None:
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 255, (*SPOT.shape, 3), np.uint8)
    parts = files(PICTURE, None)
    parts.append(("mask", ("mask.png", encode_png(np.dstack((colours, 255 - SPOT))), "image/png")))
    (picture,) = pictures(await post(client, parts, seed="0"))
    assert np.array_equal(picture, pictures(await post(client, seed="0"))[0])


async def test_progress_is_told_under_the_client_s_own_name(client: httpx.AsyncClient, told: Told) -> None:
    await client.post(
        "images/edits", files=files(PICTURE, SPOT), data={"n": "3"}, headers={"x-client-request-id": "job-7"}
    )
    assert {name for name, _ in told} == {"job-7"}
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.mark.parametrize(
    ("fields", "status", "param", "code"),
    [
        ({"n": "0"}, 400, "n", "invalid_value"),
        ({"n": "9"}, 400, "n", "invalid_value"),
        ({"n": "two"}, 400, "n", "invalid_value"),
        ({"seed": "-1"}, 400, "seed", "invalid_value"),
        ({"seed": "1" * 30}, 400, "seed", "invalid_value"),
        ({"seed": "²"}, 400, "seed", "invalid_value"),
        ({"size": "10x10"}, 400, "size", "unsupported_value"),
        ({"model": "gpt-image-1"}, 404, "model", "model_not_found"),
    ],
)
async def test_fields_that_cannot_be(
    client: httpx.AsyncClient, fields: dict[str, str], status: int, param: str, code: str
) -> None:
    rejected(await post(client, **fields), status, param, code)


async def test_usual_fields_that_can_be(client: httpx.AsyncClient) -> None:
    reply = await post(
        client, n="1", size="64x48", response_format="b64_json", output_format="png", stream="false"
    )
    assert reply.status_code == 200


async def test_a_missing_picture_or_mask(client: httpx.AsyncClient) -> None:
    rejected(await post(client, files(PICTURE, None)), 400, "mask", "missing_mask")
    rejected(await post(client, files(PICTURE, SPOT)[1:]), 400, "image", "missing_file")


async def test_masks_that_cannot_be(client: httpx.AsyncClient) -> None:
    def with_mask(data: bytes) -> Files:
        return [*files(PICTURE, None), ("mask", ("mask.png", data, "image/png"))]

    rejected(await post(client, with_mask(encode_png(SPOT))), 400, "mask", "mask_without_alpha")
    rejected(await post(client, with_mask(mask_png(SPOT[:-1]))), 400, "mask", "mask_size")
    rejected(await post(client, with_mask(mask_png(SPOT * 0))), 400, "mask", "bad_mask")
    rejected(await post(client, with_mask(mask_png(SPOT * 0 + 255))), 400, "mask", "bad_mask")
    rejected(await post(client, with_mask(b"GIF89a")), 400, "mask", "bad_photograph")


async def test_pictures_that_cannot_be(client: httpx.AsyncClient) -> None:
    broken = encode_png(PICTURE)[:200]
    parts = [("image", ("image.png", broken, "image/png")), files(PICTURE, SPOT)[1]]
    rejected(await post(client, parts), 400, "image", "bad_photograph")


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (b"no boundary in here", "multipart/form-data; boundary=b", "invalid_form"),
        (
            b'--b\r\nContent-Disposition: form-data; name="n"\r\n\r\n1',
            "multipart/form-data; boundary=b",
            "invalid_form",
        ),
        (
            b"--b\r\nContent-Type: a/b\r\n\r\n1\r\n--b--\r\n",
            "multipart/form-data; boundary=b",
            "invalid_form",
        ),
    ],
)
async def test_bodies_that_are_no_form(
    client: httpx.AsyncClient, body: bytes, content_type: str, code: str
) -> None:
    reply = await client.post("images/edits", content=body, headers={"content-type": content_type})
    rejected(reply, 400, None, code)


async def test_a_body_that_is_announced_too_large_is_refused_unread(client: httpx.AsyncClient) -> None:
    reply = await client.post("images/edits", content=b"", headers={"content-length": str(1 << 40)})
    rejected(reply, 413, None, "request_too_large")


async def test_cancelling_the_call_stops_the_engine_within_a_second(
    client: httpx.AsyncClient, host: EngineHost, told: Told
) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (900, 900, 3), np.uint8)
    call = asyncio.create_task(
        client.post(
            "images/edits",
            files=files(picture, spot(900, 900, 180)),
            data={"model": "patchmatch", "seed": "2"},
            headers={"x-client-request-id": "job"},
        )
    )
    while not any(share > 0 for _, share in told):
        await asyncio.sleep(0.02)
    began = time.monotonic()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert time.monotonic() - began < 1.0
    heard = len(told)
    assert (await post(client)).status_code == 200
    assert len(told) == heard


async def test_models_are_listed(client: httpx.AsyncClient) -> None:
    listed = (await client.get("models")).json()
    assert listed["object"] == "list"
    assert [model["id"] for model in listed["data"]] == ["auto", "patchmatch", "instant"]
    assert all(model["object"] == "model" for model in listed["data"])


async def test_other_addresses_and_methods_answer_in_the_same_shape(client: httpx.AsyncClient) -> None:
    rejected(await client.get("images/generations"), 404, None, "not_found")
    reply = await client.get("images/edits")
    rejected(reply, 405, None, "method_not_allowed")
    assert "POST" in reply.headers["allow"]


@pytest.mark.parametrize(
    "origin", ["https://example.com", "null", "http://127.0.0.1.example.com", "http://[::"]
)
async def test_web_pages_of_other_sites_are_refused(client: httpx.AsyncClient, origin: str) -> None:
    rejected(await client.get("models", headers={"origin": origin}), 403, None, "cross_origin")


async def test_names_bent_to_this_machine_are_refused(client: httpx.AsyncClient) -> None:
    rejected(await client.get("models", headers={"host": "evil.example:8765"}), 403, None, "cross_origin")


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1", "http://[::1]:9"])
async def test_pages_of_this_machine_are_welcome(client: httpx.AsyncClient, origin: str) -> None:
    assert (await client.get("models", headers={"origin": origin})).status_code == 200


async def test_a_fault_of_the_server_is_told_without_its_inside(
    client: httpx.AsyncClient, host: EngineHost, caplog: pytest.LogCaptureFixture
) -> None:
    await host.aclose()
    error = rejected(await post(client), 500, None, "internal")
    assert error["type"] == "server_error"
    assert "Traceback" not in error["message"]
