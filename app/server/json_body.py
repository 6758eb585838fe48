"""Reading a JSON body: the pictures in its data URLs are taken out before it is parsed.

A parser would walk through tens of megabytes of base64 in one call and stop every other thread meanwhile.
What is left without them is short. It is read in a thread.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping

from app.base.text import tr
from app.server.errors import Rejected
from app.server.types import Sent

MAX_REST = 4 << 20
"""Bytes that a body may have apart from its pictures."""
SLICE = 4 << 20
"""Characters of base64 decoded in one go, a multiple of 4."""

_OPENING = b'"data:'
"""A quote that no backslash precedes begins or ends a text, and this can only follow one that begins it."""
_KIND = re.compile(rb"(?:[^\",\\]|\\/){0,100};base64,")
_LIFTED = "data:lifted,"


def parse_json_body(body: bytes) -> Sent:
    """The request in `body`. Takes a while for large bodies: call it in a thread.

    Raises:
        Rejected: it is no JSON object, or its pictures are no data URLs.
    """
    rest, pictures = _lift(body)
    if len(rest) > MAX_REST:
        raise Rejected(
            tr("Apart from its images the request is too large."), status=413, code="request_too_large"
        )
    try:
        content = json.loads(rest)
    except (ValueError, RecursionError) as error:
        raise Rejected(tr("The body is no JSON."), code="invalid_json") from error
    if not isinstance(content, dict):
        raise Rejected(tr("The body is no JSON object."), code="invalid_json")
    images = content.pop("images", None) or []
    if not isinstance(images, list):
        raise Rejected(tr("{name} must be a list.", name="images"), param="images", code="invalid_type")
    texts = [_referred(item, "images", pictures) for item in images]
    mask = content.pop("mask", None)
    return Sent(
        fields=content,
        canvas=_decoded(texts[0], "images") if texts else None,
        image_count=len(texts),
        mask=None if mask is None else _decoded(_referred(mask, "mask", pictures), "mask"),
        is_json=True,
    )


def _lift(body: bytes) -> tuple[bytes, list[bytes | memoryview]]:
    """`body` with a number in place of each base64 text, and those texts."""
    view = memoryview(body)
    kept: list[bytes | memoryview] = []
    lifted: list[bytes | memoryview] = []
    copied = position = 0
    while (opening := body.find(_OPENING, position)) >= 0:
        position = opening + len(_OPENING)
        kind = _KIND.match(body, position)
        if kind is None or body[max(0, opening - 1) : opening] == b"\\":
            continue
        start, end = kind.end(), body.find(b'"', position)
        if end < start or body[end - 1 : end] == b"\\":
            continue  # some other text, which the parser may judge
        kept += (view[copied:opening], f'"{_LIFTED}{len(lifted)}'.encode())
        # Some writers put a backslash before every slash.
        is_plain = body.find(b"\\", start, end) < 0
        lifted.append(view[start:end] if is_plain else body[start:end].replace(b"\\/", b"/"))
        copied = position = end
    kept.append(view[copied:])
    return b"".join(kept), lifted


def _referred(item: object, param: str, pictures: list[bytes | memoryview]) -> bytes | memoryview:
    """The base64 that `{"image_url": "data:…"}` holds."""
    url = item.get("image_url") if isinstance(item, Mapping) else None
    if not isinstance(url, str):
        if isinstance(item, Mapping) and item.get("file_id") is not None:
            raise Rejected(
                tr("No files are kept here. Send {name} as a data URL.", name=param),
                param=param,
                code="unsupported_value",
            )
        raise Rejected(
            tr("{name} must hold objects with an image_url.", name=param), param=param, code="invalid_type"
        )
    number = url.removeprefix(_LIFTED)
    if number != url and number.isdecimal() and len(number) < 5 and int(number) < len(pictures):
        return pictures[int(number)]
    raise Rejected(
        tr("This server fetches nothing. Send {name} as a data URL in base64.", name=param),
        param=param,
        code="unsupported_url",
    )


def _decoded(text: bytes | memoryview, param: str) -> bytes:
    parts = []
    try:
        for start in range(0, len(text), SLICE):
            part = bytes(text[start : start + SLICE])
            parts.append(base64.b64decode(part + b"=" * (-len(part) % 4), validate=True))
    except binascii.Error as error:
        raise Rejected(
            tr("The base64 in {name} is damaged.", name=param), param=param, code="invalid_base64"
        ) from error
    return b"".join(parts)
