"""The form of `POST /v1/images/edits` and its reply: OpenAI's shape to heal requests and back.

Plain computing on bytes and arrays, some of it slow: it belongs in a thread.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from app.base.errors import PhotographError
from app.base.text import tr
from app.engines.types import HealMethod, HealRequest
from app.imaging.arrays import U8
from app.imaging.codecs import decode_picture, encode_png
from app.server.errors import Rejected, rejection_of
from app.server.multipart import Part, parse_form

MAX_N = 8
MAX_SEED = 2**31 - 1
MAX_PIXELS = 250_000_000
SLICE = 3 << 20
"""Bytes turned into base64 in one go, a multiple of 3: longer calls would stop every other thread."""


@dataclass(frozen=True, slots=True, eq=False)
class EditForm:
    """What was asked, understood."""

    request: HealRequest
    alpha: U8 | None
    """(h, w) of the sent picture, which the reply keeps; None where it had none."""


def read_form(body: bytes, content_type: str) -> EditForm:
    """The request in a form. Fields that the engine has no use for are ignored, as gateways do.

    Raises:
        Rejected: a field is missing or cannot be.
    """
    parts = parse_form(body, content_type)
    method = _method(_text(parts, "model") or HealMethod.AUTO.value)
    seeds = _seeds(_whole(parts, "seed", 0, MAX_SEED), _whole(parts, "n", 1, MAX_N) or 1)
    _check_reply_wishes(parts)
    picture = _picture(parts, ("image", "image[]"))
    coverage = _coverage(parts, picture)
    _check_size(_text(parts, "size"), picture)
    alpha = np.ascontiguousarray(picture[..., 3]) if picture.shape[2] == 4 else None
    rgb = np.ascontiguousarray(picture[..., :3])
    return EditForm(HealRequest(rgb, coverage, method, seeds), alpha)


def write_reply(form: EditForm, results: Sequence[U8], created: int) -> list[bytes]:
    """The JSON reply in pieces; each item tells its seed, so that one variant can be made again."""
    pieces = [f'{{"created":{created},"data":['.encode()]
    for index, (result, seed) in enumerate(zip(results, form.request.seeds, strict=True)):
        picture = result if form.alpha is None else np.dstack((result, form.alpha))
        pieces.append(b',{"b64_json":"' if index else b'{"b64_json":"')
        pieces += _base64(encode_png(picture))
        pieces.append(f'","seed":{seed}}}'.encode())
    pieces.append(b"]}")
    return pieces


def model_list() -> bytes:
    """The reply of `GET /v1/models`."""
    models = [
        {"id": method.value, "object": "model", "created": 0, "owned_by": "maskroom"} for method in HealMethod
    ]
    return json.dumps({"object": "list", "data": models}).encode()


def _base64(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), SLICE):
        yield base64.b64encode(data[start : start + SLICE])


def _text(parts: Sequence[Part], name: str) -> str | None:
    """The value of a text field, None where it is absent or empty."""
    for part in parts:
        if part.name == name and part.filename is None:
            try:
                return part.data.decode("utf-8").strip() or None
            except UnicodeDecodeError:
                raise Rejected(tr("The field {name} is no UTF-8 text.", name=name), param=name) from None
    return None


def _whole(parts: Sequence[Part], name: str, least: int, most: int) -> int | None:
    text = _text(parts, name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most):
        raise Rejected(
            tr("{name} must be a whole number from {least} to {most}.", name=name, least=least, most=most),
            param=name,
            code="invalid_value",
        )
    return int(text)


def _method(model: str) -> HealMethod:
    for method in HealMethod:
        if method.value == model:
            return method
    known = ", ".join(method.value for method in HealMethod)
    raise Rejected(
        tr("There is no model {model} here. The models are {known}.", model=model, known=known),
        status=404,
        param="model",
        code="model_not_found",
    )


def _seeds(first: int | None, n: int) -> tuple[int, ...]:
    """Consecutive seeds. Without one every request draws anew, beginning with the truest kind of variant."""
    if first is None:
        first = secrets.randbelow(MAX_SEED // 4) * 4
    return tuple((first + index) % (MAX_SEED + 1) for index in range(n))


def _check_reply_wishes(parts: Sequence[Part]) -> None:
    """Refuse what would come out otherwise than asked."""
    for name, possible in (("response_format", "b64_json"), ("output_format", "png"), ("stream", "false")):
        text = _text(parts, name)
        if text is not None and text.lower() != possible:
            raise Rejected(
                tr("{name} can only be {possible} here.", name=name, possible=possible),
                param=name,
                code="unsupported_value",
            )


def _picture(parts: Sequence[Part], names: tuple[str, ...]) -> U8:
    """The first of the files with one of `names`, (h, w, 3 or 4)."""
    for part in parts:
        if part.name in names and part.filename is not None:
            return _decode(part, names[0])
    raise Rejected(tr("The file {name} is missing.", name=names[0]), param=names[0], code="missing_file")


def _decode(part: Part, param: str) -> U8:
    try:
        return decode_picture(part.data, MAX_PIXELS, name=param)
    except PhotographError as error:
        raise rejection_of(error, param) from error


def _coverage(parts: Sequence[Part], picture: U8) -> U8:
    """(h, w): 255 where the mask is fully transparent, down to 0 where it is opaque."""
    for part in parts:
        if part.name == "mask" and part.filename is not None:
            break
    else:
        raise Rejected(
            tr("This model heals what a mask shows, so a mask is needed."), param="mask", code="missing_mask"
        )
    mask = _decode(part, "mask")
    if mask.shape[2] != 4:
        raise Rejected(
            tr("The mask has no alpha channel; transparent pixels show what to heal."),
            param="mask",
            code="mask_without_alpha",
        )
    if mask.shape[:2] != picture.shape[:2]:
        raise Rejected(
            tr(
                "The mask is {mask} pixels, the picture {picture}.",
                mask=_size(mask),
                picture=_size(picture),
            ),
            param="mask",
            code="mask_size",
        )
    return np.uint8(255) - mask[..., 3]


def _check_size(size: str | None, picture: U8) -> None:
    if size is not None and size.lower() not in ("auto", _size(picture)):
        raise Rejected(
            tr("The result has the picture's size, {size}.", size=_size(picture)),
            param="size",
            code="unsupported_value",
        )


def _size(picture: U8) -> str:
    return f"{picture.shape[1]}x{picture.shape[0]}"
