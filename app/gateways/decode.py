"""From the bytes of a reply to the pictures in it, whatever shape the provider chose.

A reply is judged by what it holds, never by what it says it is: pictures are known by their first bytes.
Links are only named here; downloading them is the client's matter. Everything here is plain computing on
one reply and belongs off the event loop.
"""

from __future__ import annotations

import binascii
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from app.base.errors import BadReply, PhotographError
from app.base.text import tr
from app.edits.types import ReceivedImage, Usage
from app.gateways.loose_json import parse_json
from app.gateways.refusals import Headers, error_object, refusal, request_id
from app.imaging.load import probe

SLICE = 4 << 20
"""Characters of base64 that are decoded in one go: one long C call would stop every other thread."""

MOST_IMAGES = 100
"""Items of one reply that are looked at; no provider sends nearly as many."""

_LINK_KEYS = ("url", "image_url")
_IMAGE_KEYS = ("b64_json", "b64", "image_base64", "base64", "image", *_LINK_KEYS)
_LINK = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_LIST_KEYS = ("data", "images", "output")
_URL_SAFE = str.maketrans("-_", "+/", " \t\r\n")


@dataclass(frozen=True, slots=True)
class LinkedImage:
    """An image that the provider only points to."""

    url: str
    revised_prompt: str | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What one call brought."""

    images: tuple[ReceivedImage | LinkedImage, ...]
    request_id: str | None = None
    usage: Usage | None = None
    errors: tuple[str, ...] = field(default=())
    """Sentences about images that did not come, when others did."""


def decode_reply(
    status: int,
    headers: Iterable[tuple[str, str]],
    body: bytes,
    *,
    asked: int = 1,
    seed: int | None = None,
    had_key: bool = True,
    hide: Callable[[str], str] = str,
) -> Reply:
    """The images of a reply, in order.

    `asked` is how many were asked for and `seed` with which seed: it is that of the image where there is
    only one and the reply says nothing. `hide` takes keys out of texts that are quoted.

    Raises:
        Refused, Unreachable: the provider said no; see `refusals`.
        BadReply: it said yes, but there is no usable image.
    """
    named = {name.lower(): value for name, value in headers}
    if not 200 <= status < 300:
        raise refusal(status, named, body, had_key=had_key, hide=hide)
    if is_picture(body):
        return Reply((ReceivedImage(body, seed=seed if asked == 1 else None),), request_id(named))
    content = _parse(body, named, hide)
    if error_object(content):
        raise refusal(status, named, body, had_key=had_key, hide=hide)
    images: list[ReceivedImage | LinkedImage] = []
    errors: list[str] = []
    for index, item in enumerate(itertools.islice(_items(content), MOST_IMAGES)):
        try:
            images.append(_image(item, seed if asked == 1 else None))
        except ValueError as error:
            errors.append(tr("Image {number}: {reason}.", number=index + 1, reason=str(error)))
    if not images:
        raise BadReply(
            errors[0] if errors else tr("The provider returned no image."),
            tr("It may have been billed all the same. Try again, or choose another model."),
            details=hide(f"{named.get('content-type', '')}: {body[:500]!r}"),
            request_id=request_id(named),
        )
    if not errors and len(images) < asked:
        errors.append(tr("The provider sent {came} of {asked} pictures.", came=len(images), asked=asked))
    return Reply(tuple(images), request_id(named), _usage(content), tuple(errors))


def is_picture(data: bytes) -> bool:
    """True when `data` begins like a picture that can be opened."""
    try:
        probe(data)
    except PhotographError:
        return False
    return True


def picture_in_data_url(url: str) -> bytes:
    """The bytes of a `data:` URL. Raises ValueError."""
    head, comma, text = url.partition(",")
    if not comma:
        raise ValueError(tr("its data: URL has no data"))
    return decode_base64(text) if head.endswith(";base64") else unquote_to_bytes(text)


def decode_base64(text: str) -> bytes:
    """Base64 with line breaks, with the URL-safe alphabet, or without padding. Raises ValueError.

    Decoded in slices, so that other threads get their turn.
    """
    pieces: list[bytes] = []
    rest = ""
    for start in range(0, len(text), SLICE):
        clean = rest + text[start : start + SLICE].translate(_URL_SAFE)
        if start + SLICE >= len(text):
            clean = clean.rstrip("=")
            clean += "=" * (-len(clean) % 4)
        whole = len(clean) - len(clean) % 4
        rest = clean[whole:]
        try:
            pieces.append(binascii.a2b_base64(clean[:whole].encode("ascii"), strict_mode=True))
        except (binascii.Error, UnicodeEncodeError):
            raise ValueError(tr("it is not base64")) from None
    return b"".join(pieces)


def _parse(body: bytes, headers: Headers, hide: Callable[[str], str]) -> object:
    try:
        return parse_json(body)
    except (ValueError, RecursionError) as error:
        if not body.strip():
            message = tr("The provider sent an empty reply.")
        elif body.lstrip().startswith(b"<"):
            message = tr("The provider sent a web page instead of an image.")
        else:
            message = tr("The provider's reply is cut off or no JSON.")
        raise BadReply(
            message,
            tr("Check the provider's base URL. The edit may have been billed."),
            details=hide(f"{headers.get('content-type', '')}: {error}: {body[:500]!r}"),
            request_id=request_id(headers),
        ) from error


def _items(content: object, depth: int = 0) -> Iterator[object]:
    """What may be an image, in order: from a list, an object, a map of numbers, or the reply itself."""
    if isinstance(content, list):
        yield from content
        return
    if not isinstance(content, Mapping):
        return
    for key in _LIST_KEYS:
        found = content.get(key)
        if isinstance(found, list):
            yield from found
        elif isinstance(found, Mapping) and _is_image(found):
            yield found
        elif isinstance(found, Mapping) and found and all(_is_number(name) for name in found):
            yield from (found[name] for name in sorted(found, key=lambda name: int(str(name))))
        elif isinstance(found, Mapping) and depth < 3:
            yield from _items(found, depth + 1)
        elif isinstance(found, str) and found:
            yield found
        else:
            continue
        return
    if _is_image(content):
        yield content


def _is_image(content: Mapping[object, object]) -> bool:
    return any(content.get(key) for key in _IMAGE_KEYS)


def _is_number(name: object) -> bool:
    return re.fullmatch(r"\d{1,6}", str(name), re.ASCII) is not None


def _image(item: object, seed: int | None) -> ReceivedImage | LinkedImage:
    """One item of the reply; raises ValueError with the reason why there is no image in it."""
    fields: Mapping[object, object] = item if isinstance(item, Mapping) else {}
    text, is_link = _text(item, fields)
    if not text:
        raise ValueError(tr("the provider returned no image"))
    told = fields.get("revised_prompt")
    revised = told if isinstance(told, str) and told.strip() else None
    own_seed = fields.get("seed")
    if isinstance(own_seed, int) and not isinstance(own_seed, bool):
        seed = own_seed
    if text[:5].lower() == "data:":
        data = picture_in_data_url(text)
    elif is_link:
        return LinkedImage(text, revised, seed)
    else:
        data = decode_base64(text)
    if not is_picture(data):
        raise ValueError(tr("what the provider sent is no picture"))
    return ReceivedImage(data, revised, seed)


def _text(item: object, fields: Mapping[object, object]) -> tuple[str, bool]:
    """The one string of an item that holds or names its image, and whether it names it."""
    found = [("", item)] if isinstance(item, str) else [(key, fields.get(key)) for key in _IMAGE_KEYS]
    for key, value in found:
        text = value.get("url") or value.get("b64_json") if isinstance(value, Mapping) else value
        if isinstance(text, str) and text.strip():
            text = text.strip()
            return text, key in _LINK_KEYS or _LINK.match(text) is not None
    return "", False


def _usage(content: object) -> Usage | None:
    found = content.get("usage") if isinstance(content, Mapping) else None
    if not isinstance(found, Mapping):
        return None

    def count(*names: str) -> int | None:
        values = (found.get(name) for name in names)
        return next((v for v in values if isinstance(v, int) and not isinstance(v, bool)), None)

    return Usage(
        input_tokens=count("input_tokens", "prompt_tokens"),
        output_tokens=count("output_tokens", "completion_tokens"),
        total_tokens=count("total_tokens"),
    )
