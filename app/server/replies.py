"""Results to files, and files to the JSON of OpenAI's ImagesResponse. Most of it is slow: it belongs in a thread."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence

import numpy as np

from app.imaging.arrays import U8, as_u8
from app.imaging.codecs import encode_png
from app.imaging.encoders import encode_jpeg, encode_webp
from app.imaging.photograph import Metadata
from app.imaging.resample import resize_picture
from app.imaging.save import on_white
from app.server.types import EditForm, OutputFormat

SLICE = 3 << 20
"""Bytes turned into base64 in one go, a multiple of 3: longer calls would stop every other thread."""
NO_USAGE = {
    "input_tokens": 0,
    "input_tokens_details": {"image_tokens": 0, "text_tokens": 0},
    "output_tokens": 0,
    "total_tokens": 0,
}
"""A heal on one's own machine counts no tokens; clients expect the numbers all the same."""


def encode_result(form: EditForm, result: U8) -> bytes:
    """One result (h, w, 3) of `form` as the file that was asked for."""
    picture = result
    if form.alpha is not None:
        picture = np.dstack((result, form.alpha))
        if form.is_opaque:
            picture = as_u8(on_white(picture))
    wishes = form.reply
    if (wishes.size.width, wishes.size.height) != (picture.shape[1], picture.shape[0]):
        picture = resize_picture(picture, wishes.size)
    quality = max(1, wishes.compression)
    if wishes.format is OutputFormat.JPEG:
        return encode_jpeg(picture, Metadata(), quality)
    if wishes.format is OutputFormat.WEBP:
        return encode_webp(picture, Metadata(), quality, lossless=wishes.compression == 100)
    return encode_png(picture)


def embedded(file: bytes) -> list[bytes]:
    """An item's picture in itself, in pieces of JSON."""
    return [b'"b64_json":"', *_base64(file), b'"']


def linked(url: str) -> list[bytes]:
    """An item's picture as a link."""
    return [f'"url":{json.dumps(url)}'.encode()]


def write_reply(form: EditForm, pictures: Sequence[Sequence[bytes]], created: int) -> list[bytes]:
    """The whole reply in pieces, from what `embedded` or `linked` made of each result.

    Each item tells its seed, so that one variant can be made again.
    """
    pieces = [f'{{"created":{created},"data":['.encode()]
    for index, (picture, seed) in enumerate(zip(pictures, form.request.seeds, strict=True)):
        pieces.append(b",{" if index else b"{")
        pieces += picture
        pieces.append(f',"seed":{seed}}}'.encode())
    about = {**about_result(form), "usage": NO_USAGE}
    pieces.append(b"]," + json.dumps(about).encode().removeprefix(b"{"))
    return pieces


def about_result(form: EditForm) -> dict[str, str]:
    """What is told about a result beside its picture."""
    has_alpha = form.alpha is not None and not form.is_opaque
    return {
        "background": "transparent" if has_alpha else "opaque",
        "output_format": form.reply.format.value,
        "quality": form.reply.quality,
        "size": str(form.reply.size),
    }


def _base64(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), SLICE):
        yield base64.b64encode(data[start : start + SLICE])
