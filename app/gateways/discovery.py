"""Asking a provider which models it has. Free of charge, and never needed: an id can always be typed.

Some lists tell what each model can do, most tell nothing. Where a list tells, only models that edit pictures
are offered; where it does not, its ids help with typing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from app.base.errors import BadReply, GatewayError
from app.base.text import tr
from app.gateways.addresses import MODELS, endpoint
from app.gateways.connection import CHUNK, Certificates, authorization, hider, open_client, telling
from app.gateways.loose_json import parse_json
from app.gateways.refusals import refusal, request_id
from app.gateways.types import ModelCard, Profile

if TYPE_CHECKING:
    import httpx

READ_SECONDS = 30.0
LARGEST_LIST = 16 << 20

_EDITS_PICTURES = "image_edit"
_TAKES_PICTURES = "image"
_NO_LIST = frozenset({"wrong_address", "unknown_model"})
_FAULT = "provider_fault"


@dataclass(frozen=True, slots=True)
class ListedModel:
    """One model of a provider's list."""

    id: str
    title: str
    """The id where the list gives no other name."""
    can_edit: bool | None = None
    """Whether it edits pictures; None where the list does not tell."""


@dataclass(frozen=True, slots=True)
class ModelOffer:
    """What a person can choose from."""

    cards: tuple[ModelCard, ...]
    """Offered as choices, the chosen one among them."""
    completions: tuple[str, ...] = ()
    """More ids that exist, of which nothing is known."""


def offered_models(profile: Profile, listed: Sequence[ListedModel], chosen: str) -> ModelOffer:
    """What to offer of `profile` when its list held `listed` (empty: never asked) and `chosen` is in use.

    A list that tells capabilities decides: exactly the models that can edit are offered, those with a card of
    their own first. Otherwise all cards are, and the list completes what is typed. Any other id can be typed.
    """
    completions: tuple[str, ...] = ()
    if any(model.can_edit is not None for model in listed):
        able = {model.id: model.title for model in listed if model.can_edit}
        cards = tuple(card for card in profile.models if card.id in able)
        carded = {card.id for card in cards}
        cards += tuple(
            replace(profile.card(id), title=title) for id, title in able.items() if id not in carded
        )
    else:
        cards = profile.models
        carded = {card.id for card in cards}
        completions = tuple(model.id for model in listed if model.id not in carded)
    if chosen and chosen not in {card.id for card in cards}:
        cards = (*cards, profile.card(chosen))
    return ModelOffer(cards, tuple(id for id in completions if id != chosen))


async def list_models(
    profile: Profile, key: str | None, transport: httpx.AsyncBaseTransport | None = None
) -> tuple[ListedModel, ...]:
    """The models of `GET /v1/models`, in the provider's order, each once. `transport` None means the network.

    Raises:
        Refused, Unreachable: as for an edit.
        BadReply: the answer is no list of models.
    """
    url = endpoint(profile.base_url, MODELS)
    headers = {"Accept": "application/json", **authorization(key)}
    hide = hider(key)
    body = bytearray()
    async with await open_client(url, READ_SECONDS, transport, Certificates()) as client:
        with telling(url, hide, lambda: False):
            async with client.stream("GET", url, headers=headers) as response:
                async for chunk in response.aiter_bytes(CHUNK):
                    body += chunk
                    if len(body) > LARGEST_LIST:
                        break
                status = response.status_code
                received = {name.lower(): value for name, value in response.headers.items()}
    if not 200 <= status < 300:
        raise _of_a_list(refusal(status, received, bytes(body), had_key=len(headers) > 1, hide=hide))
    models = _models(bytes(body))
    if models is None:
        raise BadReply(
            tr("The provider's list of models cannot be read."),
            tr("Type the model's id."),
            details=hide(repr(bytes(body[:500]))),
            request_id=request_id(received),
        )
    return models


def _of_a_list(error: GatewayError) -> GatewayError:
    """`error` in words that fit a question that costs nothing; those of `refusal` speak of a paid edit."""
    if error.code in _NO_LIST:
        error.message = tr("There is no list of models at this address.")
        error.hint = tr("Check the provider's base URL, or type the model's id.")
    elif error.code == _FAULT:
        error.hint = tr("Try again later, or type the model's id.")
    return error


def _models(body: bytes) -> tuple[ListedModel, ...] | None:
    """The models of a list, of an object with `data` or `models`, or None where there is no such thing."""
    try:
        content = parse_json(body)
    except (ValueError, RecursionError):
        return None
    if isinstance(content, dict):
        content = next((content[key] for key in ("data", "models") if key in content), None)
    if not isinstance(content, list):
        return None
    found: dict[str, ListedModel] = {}
    for item in content:
        model = _model(item)
        if model is not None:
            found.setdefault(model.id, model)
    return tuple(found.values())


def _model(item: object) -> ListedModel | None:
    if isinstance(item, str) and item:
        return ListedModel(item, item)
    if not isinstance(item, dict):
        return None
    names = [item.get(key) for key in ("id", "name", "display_name", "title")]
    texts = [name if isinstance(name, str) else "" for name in names]
    id = texts[0] or texts[1]
    title = texts[1] or texts[2] or texts[3] or id
    return ListedModel(id, " ".join(title.split()), _can_edit(item)) if id else None


def _can_edit(item: Mapping[Any, Any]) -> bool | None:
    """What a list says of a model, in either of the places where lists say it."""
    inner = item.get("architecture")
    architecture: Mapping[Any, Any] = inner if isinstance(inner, dict) else {}
    told = [
        words
        for place, key in (
            (item, "capabilities"),
            (architecture, "capabilities"),
            (architecture, "features"),
        )
        for words in _words(place.get(key))
    ]
    if not told:
        return None
    inputs = list(_words(architecture.get("input_modalities")))
    takes = not inputs or any(_TAKES_PICTURES in words for words in inputs)
    return takes and any(_EDITS_PICTURES in words for words in told)


def _words(value: object) -> Iterator[frozenset[str]]:
    """The words of a list, or those that an object says are true; nothing where there is neither."""
    if isinstance(value, list):
        yield frozenset(word for word in value if isinstance(word, str))
    elif isinstance(value, dict):
        yield frozenset(word for word, holds in value.items() if isinstance(word, str) and holds)
