"""From the bytes of a reply to the pictures in it, whatever shape the provider chose.

A reply is judged by what it holds, never by what it says it is: pictures are known by their first bytes.
Links are only named here; downloading them is the client's matter. Everything here is plain computing on
one reply and belongs off the event loop.
"""

from __future__ import annotations

import enum
import itertools
import math
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from app.base.errors import BadReply, GatewayError
from app.base.text import tr
from app.edits.types import ReceivedImage, Usage
from app.gateways.events import Event, begins_like_events, events_in, is_event_stream
from app.gateways.loose_json import parse_json
from app.gateways.picture_data import decode_base64, picture_in_data_url, picture_size, received_image
from app.gateways.refusals import Headers, error_object, refusal, request_id
from app.gateways.types import CostReport

MOST_IMAGES = 100
"""Items of one reply that are looked at; no provider sends nearly as many."""

_LINK_KEYS = ("url", "image_url")
_IMAGE_KEYS = ("b64_json", "b64", "image_base64", "base64", "image", *_LINK_KEYS)
_LINK = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_LIST_KEYS = ("data", "images", "output")
_FINAL = re.compile(r"(completed?|final|done|image)$", re.IGNORECASE)
_PARTIAL = re.compile(r"partial|preview|progress", re.IGNORECASE)


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
    here: bool = False,
    sent_urls: bool = False,
    report: CostReport | None = None,
    clock: Callable[[], float] = time.time,
) -> Reply:
    """The images of a reply, in order.

    `asked` is how many were asked for and `seed` with which seed: it is that of the image where there is
    only one and the reply says nothing. `report` is where the provider tells its price. The rest is for the
    words of a refusal, see `refusal`.

    Raises:
        Refused, Unreachable: the provider said no; see `refusals`.
        BadReply: it said yes, but there is no usable image.
    """
    named = {name.lower(): value for name, value in headers}

    def refused(complaint: bytes) -> GatewayError:
        return refusal(
            status,
            named,
            complaint,
            had_key=had_key,
            hide=hide,
            here=here,
            sent_urls=sent_urls,
            clock=clock,
        )

    if not 200 <= status < 300:
        raise refused(body)
    only_preview = False
    errors: list[str] = []
    contents: tuple[object, ...]
    if picture_size(body) is not None:
        contents = (body,)
    elif _holds_events(body, named):
        told = _tell_apart(events_in(body))
        contents = told.contents
        only_preview = told.had_preview
        if told.complaint is not None:
            error = refused(told.complaint)
            if not contents:
                raise error
            errors.append(error.message)
    else:
        contents = (_parse(body, named, hide),)
        if error_object(contents[0]):
            raise refused(body)
    images: list[ReceivedImage | LinkedImage] = []
    items = itertools.chain.from_iterable(map(_items, contents))
    for index, item in enumerate(itertools.islice(items, MOST_IMAGES)):
        try:
            images.append(_image(item, seed if asked == 1 else None))
        except ValueError as flaw:
            errors.append(tr("Image {number}: {reason}.", number=index + 1, reason=str(flaw)))
    if not images:
        nothing = tr("The provider returned no image.")
        if only_preview:
            nothing = tr("The provider sent a preview, but the image itself never came.")
        raise BadReply(
            errors[0] if errors else nothing,
            tr("It may have been billed all the same. Try again, or choose another model."),
            details=hide(f"{named.get('content-type', '')}: {body[:500]!r}"),
            request_id=request_id(named),
        )
    if not errors and len(images) < asked:
        errors.append(tr("The provider sent {came} of {asked} pictures.", came=len(images), asked=asked))
    usages = [usage for content in contents if (usage := _usage(content, report)) is not None]
    usage = _with_named_price(usages[-1] if usages else None, named, report)
    return Reply(tuple(images), request_id(named), usage, tuple(errors))


class EventKind(enum.Enum):
    """What an event of a streamed reply brings."""

    PREVIEW = enum.auto()
    """A picture that is not finished."""
    FINAL = enum.auto()
    """One or more finished pictures."""
    ERROR = enum.auto()
    END = enum.auto()
    OTHER = enum.auto()
    """Nothing that an edit needs, such as text that a model thinks aloud."""


@dataclass(frozen=True, slots=True)
class Streamed:
    """An event, understood."""

    kind: EventKind
    content: object = None
    count: int = 0
    """How many finished pictures it says to have."""
    picture: bytes | None = field(default=None, repr=False)
    """Of a preview, where it is there and can be opened."""


def read_event(event: Event) -> Streamed:
    """What one event of a stream brings. Raises nothing: what makes no sense is `OTHER`."""
    if event.data.strip() == b"[DONE]":
        return Streamed(EventKind.END)
    try:
        content = parse_json(event.data)
    except (ValueError, RecursionError):
        return Streamed(EventKind.ERROR if event.name == "error" else EventKind.OTHER)
    if not isinstance(content, Mapping):
        return Streamed(EventKind.ERROR if event.name == "error" else EventKind.OTHER)
    told = content.get("type") or event.name
    name = told if isinstance(told, str) else ""
    if error_object(content) or "error" in (name, event.name):
        return Streamed(EventKind.ERROR, content)
    items = list(itertools.islice(_items(content), MOST_IMAGES))
    if not items:
        return Streamed(EventKind.OTHER)
    is_partial = _PARTIAL.search(name) is not None or content.get("partial_image_index") is not None
    if not is_partial and (not name or _FINAL.search(name) or isinstance(content.get("data"), (list, dict))):
        return Streamed(EventKind.FINAL, content, len(items))
    try:
        image = _image(items[0], None)
    except ValueError:
        return Streamed(EventKind.PREVIEW)
    return Streamed(EventKind.PREVIEW, picture=image.data if isinstance(image, ReceivedImage) else None)


@dataclass(frozen=True, slots=True)
class _Told:
    """What a whole stream told."""

    contents: tuple[object, ...]
    """Of the events with finished pictures."""
    had_preview: bool
    complaint: bytes | None
    """The data of the first error."""


def _tell_apart(events: Iterator[Event]) -> _Told:
    contents: list[object] = []
    had_preview = False
    complaint: bytes | None = None
    for event in events:
        found = read_event(event)
        match found.kind:
            case EventKind.FINAL:
                contents.append(found.content)
            case EventKind.PREVIEW:
                had_preview = True
            case EventKind.ERROR:
                complaint = event.data if complaint is None else complaint
            case EventKind.END:
                break
    return _Told(tuple(contents), had_preview, complaint)


def _holds_events(body: bytes, headers: Headers) -> bool:
    """A stream is one that says so, unless it is plain JSON all the same; without a word it is looked at."""
    if is_event_stream(headers.get("content-type", "")):
        return not body.lstrip().startswith((b"{", b"["))
    return begins_like_events(body)


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
    if isinstance(content, bytes):
        yield content
    if isinstance(content, list):
        yield from content
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
    if isinstance(item, bytes):
        return received_image(item, None, seed)
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
    return received_image(data, revised, seed)


def _text(item: object, fields: Mapping[object, object]) -> tuple[str, bool]:
    """The one string of an item that holds or names its image, and whether it names it."""
    found = [("", item)] if isinstance(item, str) else [(key, fields.get(key)) for key in _IMAGE_KEYS]
    for key, value in found:
        text = value.get("url") or value.get("b64_json") if isinstance(value, Mapping) else value
        if isinstance(text, str) and text.strip():
            text = text.strip()
            return text, key in _LINK_KEYS or _LINK.match(text) is not None
    return "", False


def _with_named_price(usage: Usage | None, named: Headers, report: CostReport | None) -> Usage | None:
    """`usage` with the price that a header of the reply tells, where the provider is known to tell it there."""
    price = _price(named.get(report.header)) if report is not None and report.header else None
    return usage if price is None else replace(usage or Usage(), cost=price)


def _price(value: object) -> float | None:
    """A price as a provider writes it; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        price = float(value)
    except ValueError:
        return None
    return price if 0 <= price < math.inf else None


def _usage(content: object, report: CostReport | None) -> Usage | None:
    found = content.get("usage") if isinstance(content, Mapping) else None
    if not isinstance(found, Mapping):
        return None

    def count(*names: str, within: Mapping[object, object] = found) -> int | None:
        values = (within.get(name) for name in names)
        return next((v for v in values if isinstance(v, int) and not isinstance(v, bool) and v >= 0), None)

    details = found.get("input_tokens_details") or found.get("prompt_tokens_details")
    split = details if isinstance(details, Mapping) else {}
    return Usage(
        input_tokens=count("input_tokens", "prompt_tokens"),
        output_tokens=count("output_tokens", "completion_tokens"),
        total_tokens=count("total_tokens"),
        input_text_tokens=count("text_tokens", within=split),
        input_image_tokens=count("image_tokens", within=split),
        cost=_price(found.get(report.field)) if report is not None and report.field else None,
    )
