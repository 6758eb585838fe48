"""The list of models, in the shapes that providers give it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.base.errors import BadReply, GatewayError, Refused, Unreachable
from app.gateways.catalogue import Catalogue
from app.gateways.discovery import ListedModel, ModelOffer, list_models, offered_models
from app.gateways.model_cache import ModelCache
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
    assert await list_models(profile, "k") == (ListedModel("a", "a"), ListedModel("b", "b"))
    (asked,) = gateway.requests
    assert (asked.method, asked.target) == ("GET", "/v1/models")
    assert asked.header("Authorization") == "Bearer k"


@pytest.mark.parametrize("body", [b"", b"<html>", b"3", b'{"data": {}}', b"{}"])
async def test_what_is_no_list_is_told(gateway: Any, profile: Profile, body: bytes) -> None:
    gateway.script[0].body = body
    with pytest.raises(BadReply):
        await list_models(profile, None)


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (404, b"nope", "wrong_address"),
        (404, b'{"error":{"message":"no such route: /v1/models"}}', "wrong_address"),
        (404, b'{"error":{"message":"unknown model"}}', "unknown_model"),
        (405, b"", "wrong_address"),
        (500, b'{"error":"down"}', "provider_fault"),
        (503, b"", "provider_fault"),
    ],
)
async def test_a_missing_list_is_no_missing_edit_and_costs_nothing(
    gateway: Any, profile: Profile, status: int, body: bytes, code: str
) -> None:
    gateway.script[0].status, gateway.script[0].body = status, body
    with pytest.raises(GatewayError) as caught:
        await list_models(profile, None)
    assert caught.value.code == code
    told = f"{caught.value.message} {caught.value.hint}"
    assert "edit" not in told
    assert "billed" not in told
    assert "type the model's id" in told


async def test_a_refused_key_and_a_closed_port_are_told(gateway: Any, profile: Profile) -> None:
    gateway.script[0].status = 401
    with pytest.raises(Refused) as caught:
        await list_models(profile, "k")
    assert caught.value.code == "key_refused"
    await gateway.stop()
    with pytest.raises(Unreachable):
        await list_models(profile, None)


def told(id: str, **more: object) -> dict[str, object]:
    return {"id": id, "name": f"Model {id}", **more}


@pytest.mark.parametrize(
    ("model", "can_edit"),
    [
        (told("a", architecture={"input_modalities": ["text", "image"], "features": ["image_edit"]}), True),
        (told("a", architecture={"input_modalities": ["image"], "capabilities": ["image_edit"]}), True),
        (told("a", architecture={"input_modalities": ["image"]}, capabilities=["chat", "image_edit"]), True),
        (told("a", architecture={"input_modalities": ["image"]}, capabilities={"image_edit": True}), True),
        (told("a", architecture={"input_modalities": ["image"]}, capabilities={"image_edit": False}), False),
        (told("a", architecture={"input_modalities": ["text"], "features": ["image_edit"]}), False),
        (told("a", architecture={"input_modalities": ["image"], "features": ["image_generation"]}), False),
        (told("a", architecture={"input_modalities": ["image"], "features": []}), False),
        (told("a", architecture={"input_modalities": ["text", "image"]}), None),
        (told("a", architecture={"input_modalities": ["text"]}), None),
        (told("a", architecture="transformer", capabilities="image_edit"), None),
        (told("a", object="model", created=1, owned_by="x"), None),
    ],
)
async def test_capabilities_are_read_in_both_places(
    gateway: Any, profile: Profile, model: object, can_edit: bool | None
) -> None:
    gateway.script[0].body = json.dumps({"data": [model]}).encode()
    assert await list_models(profile, None) == (ListedModel("a", "Model a", can_edit),)


def listed(*models: tuple[str, bool | None]) -> tuple[ListedModel, ...]:
    return tuple(ListedModel(id, id.upper(), can_edit) for id, can_edit in models)


def ids(offer: ModelOffer) -> list[str]:
    return [card.id for card in offer.cards]


def test_a_list_that_tells_offers_exactly_what_can_edit(catalogue: Catalogue) -> None:
    shipped = catalogue.profiles["therouter"]
    kontext = "black-forest-labs/flux-kontext-pro"
    models = listed(("new/editor", True), ("some/chat", False), ("odd/one", None), (kontext, True))
    offer = offered_models(shipped, models, kontext)
    assert ids(offer) == [kontext, "new/editor"]
    assert offer.cards[0] is shipped.card(kontext)
    assert offer.cards[1].title == "NEW/EDITOR"
    assert offer.cards[1].takes == shipped.card("unknown").takes
    assert offer.completions == ()
    assert ids(offered_models(shipped, models, "typed/by-hand"))[-1] == "typed/by-hand"
    assert ids(offered_models(shipped, models, shipped.default_model))[-1] == shipped.default_model


def test_a_list_that_tells_nothing_only_completes(catalogue: Catalogue) -> None:
    shipped = catalogue.profiles["openai"]
    known = [card.id for card in shipped.models]
    offer = offered_models(shipped, listed((known[0], None), ("x", None), ("y", None)), "x")
    assert ids(offer) == [*known, "x"]
    assert offer.completions == ("y",)
    assert offered_models(shipped, (), known[0]) == ModelOffer(shipped.models)


def test_the_cache_belongs_to_an_address_and_a_dialect(profile: Profile, tmp_path: Path) -> None:
    cache = ModelCache(tmp_path / "cache" / "models", lambda: "2026-01-02T03:04:05+00:00")
    assert cache.load(profile) is None
    models = listed(("a", True), ("ä/b", None))
    known = cache.store(profile, models)
    assert known.fetched == "2026-01-02T03:04:05+00:00"
    assert cache.load(profile) == known
    assert cache.load(replace(profile, base_url="http://elsewhere.test/v1")) is None
    assert cache.load(replace(profile, dialect=replace(profile.dialect, name="another"))) is None
    assert cache.load(replace(profile, name="another")) is None
    assert [path.name for path in (tmp_path / "cache" / "models").iterdir()] == ["mine.json"]


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"models": 3}', b"\xff\xfe", b"[" * 100_000])
def test_a_damaged_cache_is_an_empty_one(profile: Profile, tmp_path: Path, damage: bytes) -> None:
    cache = ModelCache(tmp_path)
    cache.store(profile, listed(("a", True)))
    (tmp_path / "mine.json").write_bytes(damage)
    assert cache.load(profile) is None


def test_a_folder_that_cannot_be_written_costs_only_the_cache(profile: Profile, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = ModelCache(tmp_path / "file" / "models")
    assert cache.store(profile, listed(("a", None))).models == listed(("a", None))
    assert cache.load(profile) is None
