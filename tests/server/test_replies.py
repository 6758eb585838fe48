"""How results are sent: formats, sizes, links, and what is told about them."""

from __future__ import annotations

import base64
import io

import httpx
import numpy as np
import pytest
from PIL import Image

from app.engines.healing import heal
from app.engines.host import EngineHost
from app.engines.types import HealMethod
from app.imaging.arrays import U8
from app.imaging.codecs import decode_picture
from app.server.app import create_app
from app.server.errors import Rejected
from app.server.files import MAX_SECONDS, FileShelf
from app.server.types import OutputFormat
from tests.server.making import files, pictures, rejected, spot, stripes

PICTURE, SPOT = stripes(), spot()
HEALED = heal(PICTURE, SPOT, HealMethod.INSTANT)
ALPHA = np.where(np.arange(64) < 20, np.uint8(0), np.uint8(255)) * np.ones((48, 1), np.uint8)


async def post(client: httpx.AsyncClient, picture: U8 = PICTURE, **fields: str) -> httpx.Response:
    return await client.post("images/edits", data={"model": "instant", **fields}, files=files(picture, SPOT))


def received(reply: httpx.Response) -> Image.Image:
    assert reply.status_code == 200, reply.text
    return Image.open(io.BytesIO(base64.b64decode(reply.json()["data"][0]["b64_json"])))


async def test_the_reply_tells_what_the_specification_asks_for(client: httpx.AsyncClient) -> None:
    told = (await post(client, seed="5")).json()
    (item,) = told.pop("data")
    assert set(item) == {"b64_json", "seed"}
    assert isinstance(told.pop("created"), int)
    assert told == {
        "background": "opaque",
        "output_format": "png",
        "quality": "high",
        "size": "64x48",
        "usage": {
            "input_tokens": 0,
            "input_tokens_details": {"image_tokens": 0, "text_tokens": 0},
            "output_tokens": 0,
            "total_tokens": 0,
        },
    }


@pytest.mark.parametrize("name", ["png", "jpeg", "webp"])
async def test_the_format_is_the_one_asked_for(client: httpx.AsyncClient, name: str) -> None:
    reply = await post(client, output_format=name)
    image = received(reply)
    assert image.format == name.upper()
    assert reply.json()["output_format"] == name
    furthest = np.abs(np.asarray(image.convert("RGB")).astype(int) - HEALED).max()
    assert furthest <= (12 if name == "jpeg" else 0)


@pytest.mark.parametrize("name", ["jpeg", "webp"])
async def test_compression_makes_it_smaller(client: httpx.AsyncClient, name: str) -> None:
    sizes = []
    for compression in ("0", "60", "100"):
        reply = await post(client, output_format=name, output_compression=compression)
        assert received(reply).size == (64, 48)
        sizes.append(len(reply.content))
    assert sizes[0] < sizes[1] < sizes[2]


async def test_another_size_is_the_result_scaled(client: httpx.AsyncClient) -> None:
    reply = await post(client, size="1024x768")
    assert reply.json()["size"] == "1024x768"
    (large,) = pictures(reply)
    assert large.shape == (768, 1024, 3)
    back = np.asarray(Image.fromarray(large).resize((64, 48), Image.Resampling.BOX)).astype(int)
    assert np.abs(back - HEALED)[8:-8, 8:-8].mean() < 4
    (stretched,) = pictures(await post(client, size="256x512"))
    assert stretched.shape == (512, 256, 3)


@pytest.mark.parametrize(
    "size", ["1024x1000", "0x0", "16x64", "3856x2160", "3840x3840", "64x49", "64", "-64x48"]
)
async def test_sizes_that_no_gateway_makes(client: httpx.AsyncClient, size: str) -> None:
    rejected(await post(client, size=size), 400, "size", "unsupported_value")


async def test_transparency_is_kept_or_laid_on_white(client: httpx.AsyncClient) -> None:
    rgba = np.dstack((PICTURE, ALPHA))
    kept = await post(client, rgba)
    assert kept.json()["background"] == "transparent"
    assert np.array_equal(np.asarray(received(kept))[..., 3], ALPHA)
    for fields in ({"background": "opaque"}, {"output_format": "jpeg"}):
        reply = await post(client, rgba, **fields)
        assert reply.json()["background"] == "opaque"
        image = np.asarray(received(reply))
        assert image.shape[2] == 3
        assert (image[:, :16] > 240).all()
    assert (await post(client, background="transparent")).json()["background"] == "opaque"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"output_format": "gif"}, "output_format"),
        ({"output_compression": "90"}, "output_compression"),
        ({"output_format": "jpeg", "background": "transparent"}, "background"),
        ({"background": "pink"}, "background"),
        ({"quality": "best"}, "quality"),
        ({"input_fidelity": "middle"}, "input_fidelity"),
        ({"moderation": "none"}, "moderation"),
        ({"response_format": "path"}, "response_format"),
        ({"stream": "true", "response_format": "url"}, "response_format"),
    ],
)
async def test_wishes_that_cannot_be(client: httpx.AsyncClient, fields: dict[str, str], param: str) -> None:
    rejected(await post(client, **fields), 400, param, "unsupported_value")


async def test_a_picture_too_long_for_the_format_is_refused_before_the_heal(
    client: httpx.AsyncClient,
) -> None:
    long, hole = np.zeros((8, 16_400, 3), np.uint8), np.zeros((8, 16_400), np.uint8)
    hole[4, 5] = 255
    reply = await client.post("images/edits", files=files(long, hole), data={"output_format": "webp"})
    rejected(reply, 400, "output_format", "unsupported_value")


@pytest.mark.parametrize("quality", ["low", "medium", "high", "xhigh", "max"])
async def test_a_quality_is_told_back(client: httpx.AsyncClient, quality: str) -> None:
    assert (await post(client, quality=quality)).json()["quality"] == quality


@pytest.mark.parametrize("name", ["png", "jpeg", "webp"])
async def test_a_link_leads_to_the_picture(client: httpx.AsyncClient, name: str) -> None:
    reply = await client.post(
        "http://localhost:4711/v1/images/edits",
        data={"model": "instant", "n": "2", "response_format": "url", "output_format": name},
        files=files(PICTURE, SPOT),
    )
    urls = [item["url"] for item in reply.json()["data"]]
    assert len(set(urls)) == 2
    for url in urls:
        assert url.startswith("http://localhost:4711/v1/files/")
        assert url.endswith(f".{name}")
        file = await client.get(url)
        assert file.headers["content-type"] == f"image/{name}"
        assert file.headers["content-length"] == str(len(file.content))
        assert decode_picture(file.content).shape == (48, 64, 3)
        assert (await client.head(url)).headers["content-length"] == str(len(file.content))


async def test_a_name_that_was_never_given_leads_nowhere(client: httpx.AsyncClient) -> None:
    rejected(await client.get("files/guessed.png"), 404, None, "file_not_found")
    rejected(await client.delete("files/guessed.png"), 405, None, "method_not_allowed")


async def test_links_end_after_an_hour(host: EngineHost) -> None:
    now = [100.0]
    app = create_app(host, shelf=FileShelf(lambda: now[0]))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1/v1") as client:
        url = (await post(client, response_format="url")).json()["data"][0]["url"]
        now[0] += MAX_SECONDS - 1
        assert (await client.get(url)).status_code == 200
        now[0] += 1
        rejected(await client.get(url), 404, None, "file_not_found")


def test_the_oldest_go_where_there_is_no_room() -> None:
    shelf = FileShelf(max_bytes=100)
    (first,) = shelf.keep([b"a" * 40], OutputFormat.PNG)
    second, third = shelf.keep([b"b" * 30, b"c" * 30], OutputFormat.JPEG)
    assert shelf.get(first).data == b"a" * 40
    (fourth,) = shelf.keep([b"d" * 10], OutputFormat.WEBP)
    for name in (second, third, fourth):
        assert shelf.get(name).data
    with pytest.raises(Rejected, match="no such picture"):
        shelf.get(first)
    with pytest.raises(Rejected, match="too large"):
        shelf.keep([b"e" * 60, b"f" * 60], OutputFormat.PNG)
    assert shelf.get(fourth).format is OutputFormat.WEBP


async def test_one_model_tells_that_it_edits(client: httpx.AsyncClient) -> None:
    listed = (await client.get("models")).json()["data"]
    for model in listed:
        assert (await client.get(f"models/{model['id']}")).json() == model
        assert "image" in model["architecture"]["input_modalities"]
        assert "image_edit" in model["capabilities"]
        assert {type(model[name]) for name in ("id", "object", "owned_by")} == {str}
    rejected(await client.get("models/dall-e-2"), 404, "model", "model_not_found")
    rejected(await client.get("models/some/gpt"), 404, "model", "model_not_found")


async def test_addresses_with_a_slash_too_many_are_no_redirects(client: httpx.AsyncClient) -> None:
    rejected(await client.post("images/edits/", files=files(PICTURE, SPOT)), 404, None, "not_found")
