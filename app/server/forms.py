"""The fields of `POST /v1/images/edits`, from a form or from JSON, to one typed form.

Every value that the specification bounds is checked, also where a heal has no use for it. Fields that are
not in it are ignored, as gateways do. Some of it is slow: it belongs in a thread.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence

import numpy as np
from python_multipart.multipart import parse_options_header

from app.base.errors import PhotographError
from app.base.geometry import Size
from app.base.text import tr
from app.engines.types import HealMethod, HealRequest
from app.imaging.arrays import U8
from app.imaging.codecs import decode_picture
from app.imaging.masks import size_of
from app.server.errors import Rejected, no_such_model, rejection_of
from app.server.json_body import parse_json_body
from app.server.multipart import parse_form
from app.server.types import EditForm, OutputFormat, ReplyWishes, Sent

MAX_N = 8
MAX_SEED = 2**31 - 1
MAX_IMAGES = 16
MAX_PARTIALS = 3
MAX_PROMPT = 32_000
MAX_PIXELS = 250_000_000
LONGEST_EDGE, MOST_PIXELS, EDGE_STEP, WIDEST = 3840, 3840 * 2160, 16, 3
"""Of a size that is asked for: it is enlarged to, so it must have an end."""

_WHOLE = re.compile(r"[0-9]{1,19}")


def read_form(body: bytes, content_type: str) -> EditForm:
    """What is asked in `body`.

    Raises:
        Rejected: a field is missing or cannot be.
    """
    sent = _read_body(body, content_type)
    method = _method(_text(sent, "model") or HealMethod.AUTO.value)
    n = _whole(sent, "n", 1, MAX_N) or 1
    seeds = _seeds(_whole(sent, "seed", 0, MAX_SEED), n)
    partials = _partials(sent, n)
    _check_unused(sent)
    if sent.image_count > MAX_IMAGES:
        raise Rejected(
            tr("At most {count} images can be sent.", count=MAX_IMAGES),
            param=sent.image_field,
            code="too_many_images",
        )
    if sent.canvas is None:
        raise Rejected(
            tr("The file {name} is missing.", name=sent.image_field),
            param=sent.image_field,
            code="missing_file",
        )
    picture = _decode(sent.canvas, sent.image_field)
    coverage = _coverage(sent.mask, picture)
    background = _choice(sent, "background", ("auto", "opaque", "transparent")) or "auto"
    reply = _reply_wishes(sent, picture, background)
    return EditForm(
        HealRequest(np.ascontiguousarray(picture[..., :3]), coverage, method, seeds),
        alpha=np.ascontiguousarray(picture[..., 3]) if picture.shape[2] == 4 else None,
        is_opaque=background == "opaque" or reply.format is OutputFormat.JPEG,
        reply=reply,
        partials=partials,
    )


def _read_body(body: bytes, content_type: str) -> Sent:
    kind, options = parse_options_header(content_type)
    if kind == b"application/json":
        return parse_json_body(body)
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise Rejected(
            tr("This address takes multipart/form-data or application/json."),
            status=415,
            code="invalid_content_type",
        )
    parts = parse_form(body, boundary)
    texts = {part.name: part.data for part in reversed(parts) if part.filename is None}
    images = [part.data for part in parts if part.name in ("image", "image[]") and part.filename is not None]
    masks = [part.data for part in parts if part.name == "mask" and part.filename is not None]
    return Sent(
        fields=texts,
        canvas=images[0] if images else None,
        image_count=len(images),
        mask=masks[0] if masks else None,
        is_json=False,
    )


def _value(sent: Sent, name: str) -> object:
    """What a field holds, None where it is absent or empty."""
    value = sent.fields.get(name)
    if isinstance(value, bytes):
        try:
            value = value.decode("utf-8").strip()
        except UnicodeDecodeError:
            raise Rejected(
                tr("The field {name} is no UTF-8 text.", name=name), param=name, code="invalid_value"
            ) from None
    return None if value == "" else value


def _text(sent: Sent, name: str) -> str | None:
    value = _value(sent, name)
    if value is None or isinstance(value, str):
        return value
    raise Rejected(tr("{name} must be a text.", name=name), param=name, code="invalid_type")


def _whole(sent: Sent, name: str, least: int, most: int) -> int | None:
    value = _value(sent, name)
    if value is None:
        return None
    if isinstance(value, str) and not sent.is_json and _WHOLE.fullmatch(value):
        value = int(value)
    # JSON's true is no number, though Python says so.
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise Rejected(
            tr("{name} must be a whole number from {least} to {most}.", name=name, least=least, most=most),
            param=name,
            code="invalid_value",
        )
    return value


def _choice(sent: Sent, name: str, possible: Sequence[str]) -> str | None:
    """One of `possible`, None where it is absent."""
    text = _text(sent, name)
    if text is None or text.lower() in possible:
        return text and text.lower()
    raise Rejected(
        tr("{name} can be {possible} here.", name=name, possible=", ".join(possible)),
        param=name,
        code="unsupported_value",
    )


def _flag(sent: Sent, name: str) -> bool:
    if isinstance(value := sent.fields.get(name), bool):
        return value
    return _choice(sent, name, ("false", "true")) == "true"


def _method(model: str) -> HealMethod:
    for method in HealMethod:
        if method.value == model:
            return method
    raise no_such_model(model)


def _seeds(first: int | None, n: int) -> tuple[int, ...]:
    """Consecutive seeds. Without one every request draws anew, beginning with the truest kind of variant."""
    if first is None:
        first = secrets.randbelow(MAX_SEED // 4) * 4
    return tuple((first + index) % (MAX_SEED + 1) for index in range(n))


def _partials(sent: Sent, n: int) -> int | None:
    partials = _whole(sent, "partial_images", 0, MAX_PARTIALS) or 0
    if not _flag(sent, "stream"):
        return None
    if n > 1:
        # Its events do not tell which picture they belong to.
        raise Rejected(tr("A stream carries one picture: n must be 1."), param="n", code="unsupported_value")
    return partials


def _check_unused(sent: Sent) -> None:
    """Refuse values that no gateway would take in fields that a heal has no use for."""
    _choice(sent, "input_fidelity", ("high", "low"))
    _choice(sent, "moderation", ("auto", "low"))
    _text(sent, "user")
    if len(_text(sent, "prompt") or "") > MAX_PROMPT:
        raise Rejected(
            tr("The prompt can have {count} characters.", count=MAX_PROMPT),
            param="prompt",
            code="string_above_max_length",
        )


def _reply_wishes(sent: Sent, picture: U8, background: str) -> ReplyWishes:
    """How to answer; what would come out otherwise than asked is refused."""
    form = OutputFormat(_choice(sent, "output_format", [each.value for each in OutputFormat]) or "png")
    compression = _whole(sent, "output_compression", 0, 100)
    if compression not in (None, 100) and form is OutputFormat.PNG:
        raise Rejected(
            tr("PNG loses nothing, so output_compression can only be 100."),
            param="output_compression",
            code="unsupported_value",
        )
    if form is OutputFormat.JPEG and background == "transparent":
        raise Rejected(
            tr("JPEG holds no transparency. Choose png or webp."),
            param="background",
            code="unsupported_value",
        )
    size = _size(_text(sent, "size"), size_of(picture))
    if max(size.width, size.height) > form.max_side:
        raise Rejected(
            tr("{format} holds {count} pixels a side.", format=form.value, count=form.max_side),
            param="output_format",
            code="unsupported_value",
        )
    as_url = _choice(sent, "response_format", ("b64_json", "url")) == "url"
    if as_url and _flag(sent, "stream"):
        raise Rejected(
            tr("A stream carries pictures themselves: response_format must be b64_json."),
            param="response_format",
            code="unsupported_value",
        )
    quality = _choice(sent, "quality", ("auto", "low", "medium", "high", "xhigh", "max", "standard"))
    return ReplyWishes(
        form,
        compression=100 if compression is None else compression,
        size=size,
        quality="high" if quality in (None, "auto", "standard") else quality,
        as_url=as_url,
    )


def _size(asked: str | None, own: Size) -> Size:
    """The size of the results: the picture's own, or another that gateways would make, by scaling."""
    if asked is None or asked.lower() == "auto":
        return own
    found = re.fullmatch(r"([0-9]{1,5})x([0-9]{1,5})", asked.lower())
    if found is not None:
        size = Size(int(found[1]), int(found[2]))
        if size == own or _is_usual(size):
            return size
    raise Rejected(
        tr(
            "size must be auto, {own}, or sides in steps of {step} up to {most} and at most {widest} to 1.",
            own=own,
            step=EDGE_STEP,
            most=LONGEST_EDGE,
            widest=WIDEST,
        ),
        param="size",
        code="unsupported_value",
    )


def _is_usual(size: Size) -> bool:
    short, long = sorted((size.width, size.height))
    return (
        short > 0
        and size.width % EDGE_STEP == size.height % EDGE_STEP == 0
        and long <= min(LONGEST_EDGE, WIDEST * short)
        and size.area <= MOST_PIXELS
    )


def _decode(file: bytes, param: str) -> U8:
    try:
        return decode_picture(file, MAX_PIXELS, name=param)
    except PhotographError as error:
        raise rejection_of(error, param) from error


def _coverage(file: bytes | None, picture: U8) -> U8:
    """(h, w): 255 where the mask is fully transparent, down to 0 where it is opaque."""
    if file is None:
        raise Rejected(
            tr("This model heals what a mask shows, so a mask is needed."), param="mask", code="missing_mask"
        )
    mask = _decode(file, "mask")
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
                mask=size_of(mask),
                picture=size_of(picture),
            ),
            param="mask",
            code="mask_size",
        )
    return np.uint8(255) - mask[..., 3]
