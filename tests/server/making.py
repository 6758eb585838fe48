"""Pictures, masks and forms for the server's tests."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import numpy as np

from app.imaging.arrays import U8
from app.imaging.codecs import decode_picture, encode_png

Files = list[tuple[str, tuple[str, bytes, str]]]


def stripes(height: int = 48, width: int = 64) -> U8:
    """A picture with something to continue: (h, w, 3)."""
    y, x = np.mgrid[:height, :width]
    wave = 128 + 60 * np.sin(x / 3.0)
    return np.stack((wave, 255 - wave, np.broadcast_to(y * 2, wave.shape)), axis=2).astype(np.uint8)


def spot(height: int = 48, width: int = 64, radius: int = 8) -> U8:
    """A disc of coverage in the middle: (h, w)."""
    y, x = np.mgrid[:height, :width]
    inside = (y - height // 2) ** 2 + (x - width // 2) ** 2 <= radius**2
    return np.where(inside, np.uint8(255), np.uint8(0))


def mask_png(coverage: U8) -> bytes:
    """Transparent = edit."""
    return encode_png(np.dstack((coverage, coverage, coverage, 255 - coverage)))


def files(picture: U8, coverage: U8 | None, image_field: str = "image") -> Files:
    found: Files = [(image_field, ("image.png", encode_png(picture), "image/png"))]
    if coverage is not None:
        found.append(("mask", ("mask.png", mask_png(coverage), "image/png")))
    return found


def pictures(reply: httpx.Response) -> list[U8]:
    assert reply.status_code == 200, reply.text
    return [decode_picture(base64.b64decode(item["b64_json"])) for item in reply.json()["data"]]


def rejected(reply: httpx.Response, status: int, param: str | None, code: str) -> dict[str, Any]:
    assert reply.status_code == status, reply.text
    assert reply.headers["x-request-id"].startswith("req_")
    error = reply.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert (error["param"], error["code"]) == (param, code)
    assert error["message"].endswith((".", ")"))
    return dict(error)
