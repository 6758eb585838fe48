"""The replies of `GET /v1/models` and `/v1/models/{id}`."""

from __future__ import annotations

import json

from app.engines.types import HealMethod
from app.server.errors import no_such_model


def model_list() -> bytes:
    """All of them, the usual one first."""
    return json.dumps({"object": "list", "data": [_card(method) for method in HealMethod]}).encode()


def one_model(name: str) -> bytes:
    """The one of this id.

    Raises:
        Rejected: there is none.
    """
    for method in HealMethod:
        if method.value == name:
            return json.dumps(_card(method)).encode()
    raise no_such_model(name)


def _card(method: HealMethod) -> dict[str, object]:
    """OpenAI's four fields, and what gateways of many models tell so that clients find those that edit."""
    return {
        "id": method.value,
        "object": "model",
        "created": 0,
        "owned_by": "maskroom",
        "architecture": {
            "input_modalities": ["image"],
            "output_modalities": ["image"],
            "features": ["image_edit"],
        },
        "capabilities": ["image_edit"],
    }
