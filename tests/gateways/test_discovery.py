"""The list of models, in the shapes that providers give it."""

import json
from typing import Any

import pytest

from app.base.errors import BadReply, Refused, Unreachable
from app.gateways.discovery import list_models
from app.gateways.types import Profile


@pytest.mark.parametrize(
    "content",
    [
        {"object": "list", "data": [{"id": "a", "created": 1}, {"id": "b"}]},
        {"data": [{"id": "a"}, {"id": "b"}, {"id": "a"}, {}, None, {"id": 3}]},
        {"models": [{"name": "a"}, "b"]},
        ["a", "b"],
    ],
)
async def test_ids_come_in_order_and_once(gateway: Any, profile: Profile, content: object) -> None:
    gateway.script[0].body = json.dumps(content).encode()
    assert await list_models(profile, "k") == ("a", "b")
    (asked,) = gateway.requests
    assert (asked.method, asked.target) == ("GET", "/v1/models")
    assert asked.header("Authorization") == "Bearer k"


@pytest.mark.parametrize("body", [b"", b"<html>", b"3", b'{"data": {}}', b"{}"])
async def test_what_is_no_list_is_told(gateway: Any, profile: Profile, body: bytes) -> None:
    gateway.script[0].body = body
    with pytest.raises(BadReply):
        await list_models(profile, None)


async def test_a_refused_key_and_a_closed_port_are_told(gateway: Any, profile: Profile) -> None:
    gateway.script[0].status = 401
    with pytest.raises(Refused) as caught:
        await list_models(profile, "k")
    assert caught.value.code == "key_refused"
    await gateway.stop()
    with pytest.raises(Unreachable):
        await list_models(profile, None)
