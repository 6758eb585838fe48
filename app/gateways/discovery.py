"""Asking a provider which models it has. Free of charge, and never needed: an id can always be typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.base.errors import BadReply
from app.base.text import tr
from app.gateways.addresses import MODELS, endpoint
from app.gateways.connection import CHUNK, authorization, hider, open_client, telling
from app.gateways.loose_json import parse_json
from app.gateways.refusals import refusal, request_id
from app.gateways.types import Profile

if TYPE_CHECKING:
    import httpx

READ_SECONDS = 30.0
LARGEST_LIST = 16 << 20


async def list_models(
    profile: Profile, key: str | None, transport: httpx.AsyncBaseTransport | None = None
) -> tuple[str, ...]:
    """The ids of `GET /v1/models`, in the provider's order, each once. `transport` None means the network.

    Raises:
        Refused, Unreachable: as for an edit.
        BadReply: the answer is no list of models.
    """
    url = endpoint(profile.base_url, MODELS)
    headers = {"Accept": "application/json", **authorization(key)}
    hide = hider(key)
    body = bytearray()
    async with await open_client(url, READ_SECONDS, transport) as client:
        with telling(url, hide, lambda: False):
            async with client.stream("GET", url, headers=headers) as response:
                async for chunk in response.aiter_bytes(CHUNK):
                    body += chunk
                    if len(body) > LARGEST_LIST:
                        break
                status = response.status_code
                received = {name.lower(): value for name, value in response.headers.items()}
    if not 200 <= status < 300:
        raise refusal(status, received, bytes(body), had_key=len(headers) > 1, hide=hide)
    ids = _ids(bytes(body))
    if ids is None:
        raise BadReply(
            tr("The provider's list of models cannot be read."),
            tr("Type the model's id."),
            details=hide(repr(bytes(body[:500]))),
            request_id=request_id(received),
        )
    return ids


def _ids(body: bytes) -> tuple[str, ...] | None:
    """The ids of a list, of an object with `data` or `models`, or None where there is no such thing."""
    try:
        content = parse_json(body)
    except (ValueError, RecursionError):
        return None
    if isinstance(content, dict):
        content = next((content[key] for key in ("data", "models") if key in content), None)
    if not isinstance(content, list):
        return None
    found = (item.get("id") or item.get("name") if isinstance(item, dict) else item for item in content)
    return tuple(dict.fromkeys(id for id in found if isinstance(id, str) and id))
