"""Large bodies do not stop the event loop: the window paints while a big region is sent and received."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable

import numpy as np
import pytest

from app.imaging.codecs import decode_picture, encode_png
from app.server.forms import read_form
from app.server.json_body import parse_json_body
from app.server.multipart import parse_form
from app.server.replies import embedded, encode_result, write_reply
from tests.server.making import mask_png, spot


def form(parts: list[tuple[str, str | None, bytes]]) -> tuple[bytes, str]:
    body = b""
    for name, filename, data in parts:
        extra = "" if filename is None else f'; filename="{filename}"'
        body += (
            f'--edge\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n'.encode()
            + data
            + b"\r\n"
        )
    return body + b"--edge--\r\n", "multipart/form-data; boundary=edge"


def test_parts_come_out_byte_for_byte() -> None:
    noise = np.random.default_rng(0).integers(0, 255, 700_001, np.uint8).tobytes()
    tricky = b"\r\n--edg\r\n--edge" + b"x\r\n\r\n--"
    body, _ = form(
        [
            ("image", "a.png", noise),
            ("prompt", None, "naïve “quotes”\r\nline".encode()),
            ("mask", "", tricky[:12]),
        ]
    )
    image, prompt, mask = parse_form(body, b"edge")
    assert (image.name, image.filename, image.data) == ("image", "a.png", noise)
    assert (prompt.filename, prompt.data.decode()) == (None, "naïve “quotes”\r\nline")
    assert (mask.name, mask.data) == ("mask", tricky[:12])


def parts_of_a_form(file: bytes) -> Callable[[], bytes | None]:
    body, _ = form([("image", "a.png", file)])
    return lambda: parse_form(body, b"edge")[0].data


def images_of_json(file: bytes) -> Callable[[], bytes | None]:
    url = f"data:image/png;base64,{base64.b64encode(file).decode()}"
    body = json.dumps({"images": [{"image_url": url}]}).encode()
    return lambda: parse_json_body(body).canvas


@pytest.mark.parametrize("reading", [parts_of_a_form, images_of_json])
async def test_the_loop_goes_on_while_a_large_body_is_read(
    reading: Callable[[bytes], Callable[[], bytes | None]],
) -> None:
    file = np.random.default_rng(0).bytes(24 << 20)
    read = reading(file)
    gaps: list[float] = []

    async def tick() -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            gaps.append(now - last)
            last = now

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0.01)
    gaps.clear()
    found = await asyncio.to_thread(read)
    ticking.cancel()
    assert found == file
    # Generous for a loaded machine: one long C call over such a body takes several times as long.
    assert sorted(gaps)[len(gaps) // 2] < 0.016


def test_a_long_reply_is_one_valid_document() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (1100, 1300, 3), np.uint8)
    body, kind = form(
        [
            ("image", "image.png", encode_png(noise)),
            ("mask", "mask.png", mask_png(spot(1100, 1300))),
            ("n", None, b"2"),
            ("seed", None, b"2147483647"),
        ]
    )
    edit = read_form(body, kind)
    assert edit.request.seeds == (2147483647, 0)
    pictures = [embedded(encode_result(edit, result)) for result in (noise, 255 - noise)]
    reply = json.loads(b"".join(write_reply(edit, pictures, 12)))
    assert reply["created"] == 12
    first, second = (
        decode_picture(base64.b64decode(item["b64_json"], validate=True)) for item in reply["data"]
    )
    assert np.array_equal(first, noise)
    assert np.array_equal(second, 255 - noise)
