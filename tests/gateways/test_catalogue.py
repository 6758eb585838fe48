"""The shipped catalogue is sound, and a wrong file is told by its name and field."""

import shutil
from pathlib import Path

import pytest

from app.base.errors import InputError
from app.base.geometry import Size
from app.base.resources import resource_path
from app.base.states import MaskConvention
from app.edits.types import Cost
from app.gateways.catalogue import Catalogue, load_catalogue
from app.gateways.types import Transport

MULTIPART = "dialects/openai-multipart.toml"
TWICE = '{ name = "seed", bands = [{ from = 1, text = "a" }, { from = 1, text = "b" }] }'


def test_the_built_in_engine_is_there_without_key_or_price(catalogue: Catalogue) -> None:
    local = catalogue.profiles["local"]
    assert local.transport is Transport.IN_PROCESS
    assert not local.needs_key
    assert [card.id for card in local.models] == ["auto", "patchmatch", "instant"]
    assert local.default_model == "auto"
    for card in local.models:
        assert card.takes == {"n", "seed"}
        assert card.max_n == 8
        assert card.needs_mask
        assert card.sizes.admits(Size(517, 389))
        assert card.price is not None
        assert (card.price.amount, card.price.estimated) == (0.0, False)


def test_published_prices_carry_a_date_and_the_highest_is_told_first(catalogue: Catalogue) -> None:
    priced = [card for profile in catalogue.profiles.values() for card in profile.models if card.price_date]
    assert len(priced) == 10
    for card in priced:
        assert len(card.price_date) == len("2026-01-31")
        for quality, cost in card.price_by_quality.items():
            assert cost.estimated
            assert card.price_at(quality) == cost
        assert card.price_at("auto") == card.price_at(None) == card.price
    assert catalogue.profiles["openai"].card("gpt-image-1").price == Cost(0.167, "USD", True)
    flat = catalogue.profiles["therouter"].card("black-forest-labs/flux-kontext-max")
    assert flat.price_at("high") == Cost(0.08, "USD", True)


def test_the_price_of_a_cheap_tier_is_not_told_for_the_others(catalogue: Catalogue) -> None:
    card = catalogue.profiles["therouter"].card("openai/gpt-image-2")
    assert card.price_at("low") == Cost(0.006, "USD", True)
    assert card.price_at("high") is None
    assert card.price_at(None) is None


def test_a_typed_model_takes_all_that_the_dialect_has_a_place_for(catalogue: Catalogue) -> None:
    profile = catalogue.profiles["openai"]
    assert {p.name for p in profile.parameters("typed")} == {p.name for p in profile.dialect.parameters}
    ranges = {p.name: (p.minimum, p.maximum) for p in profile.parameters("typed")}
    assert ranges["strength"] == (0, 1)
    assert ranges["guidance"] == (0, 20)
    assert ranges["steps"] == (1, 100)
    assert "strength" not in {p.name for p in profile.parameters("gpt-image-1")}
    assert profile.mask_convention is MaskConvention.TRANSPARENT


def test_a_new_dialect_takes_one_file_and_no_code(tmp_path: Path) -> None:
    folder = tmp_path / "catalogue"
    shutil.copytree(resource_path("catalogue"), folder)
    text = (
        (folder / "dialects" / "openai-multipart.toml").read_text().replace('"transparent"\n', '"opaque"\n')
    )
    (folder / "dialects" / "ninth.toml").write_text(text)
    assert load_catalogue(folder).dialects["ninth"].mask_convention is MaskConvention.OPAQUE


def test_a_model_may_have_a_time_limit_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "catalogue"
    shutil.copytree(resource_path("catalogue"), folder)
    path = folder / "profiles" / "openai.toml"
    text = path.read_text().replace('title = "GPT Image 2"', 'title = "GPT Image 2"\ntimeout = 1800')
    path.write_text(text)
    profile = load_catalogue(folder).profiles["openai"]
    assert profile.patience("gpt-image-2") == 1800
    assert profile.patience("gpt-image-1") == profile.patience("typed by hand") == profile.timeout == 600


@pytest.mark.parametrize(
    ("file", "before", "after", "told"),
    [
        ("profiles/local.toml", "max_n = 8", 'max_n = "8"', "models[0].max_n"),
        ("profiles/local.toml", "max_n = 8", "max_n = 0", "models[0].max_n"),
        ("profiles/local.toml", "max_n = 8", "max_n = 8\ntimeout = 0.5", "models[0].timeout"),
        ("profiles/local.toml", "concurrency = 1", "concurency = 1", "concurency"),
        ("dialects/therouter.toml", "max_n = 1", "max_n = 0", "max_n"),
        ("profiles/local.toml", 'takes = ["n", "seed"]', 'takes = ["sed"]', "models[0].takes"),
        ("profiles/local.toml", 'dialect = "openai-multipart"', 'dialect = "klingon"', "klingon"),
        ("profiles/local.toml", 'default_model = "auto"', 'default_model = "x"', "default_model"),
        ("profiles/openai.toml", '"1024x1024", "', '"1024 by 1024", "', "models[1].sizes"),
        ("profiles/openai.toml", 'size = "1024x1024"', 'size = "large"', "models[0].price.size"),
        ("profiles/openai.toml", "output = 32.0", "output = -1.0", "models[1].price.tokens"),
        ("profiles/litellm.toml", ', header = "x-litellm-response-cost"', "", "cost_report"),
        ("profiles/openai.toml", "max_aspect = 3.0", "max_aspect = 0.1", "models[0].sizes"),
        ("profiles/openai.toml", "https://api.openai.com/v1", "ftp://x", "base_url"),
        ("profiles/openai.toml", "low = 0.006", "low = -1.0", "models[0].price"),
        ("profiles/openai.toml", 'title = "OpenAI"', "", "title"),
        ("profiles/openai.toml", 'title = "OpenAI"', "title = ", "line"),
        (
            "dialects/openai-multipart.toml",
            '"strength"',
            '{ name = "strength", kind = "colour" }',
            "parameters[0].kind",
        ),
        (
            "dialects/openai-multipart.toml",
            '"strength"',
            '{ name = "strength", kind = "choice" }',
            "parameters[0].choices",
        ),
        (MULTIPART, '"steps"', '"guidance"', "parameters[2].name"),
        (MULTIPART, '"steps"', '"klingon"', "parameters[2]"),
        (
            "dialects/openai-multipart.toml",
            '"steps"',
            '{ name = "steps", place = "prompt" }',
            "parameters[2].place",
        ),
        (MULTIPART, 'body = "multipart"', 'body = "json"', "image_form"),
        ("dialects/routescope.toml", '"png", "jpeg"', '"jpeg"', "formats"),
        ("dialects/therouter.toml", "images = 1,", "images = -1,", "limits.images"),
        (MULTIPART, '"seed"', TWICE, "parameters[3].bands"),
        (MULTIPART, 'mask_field = "mask"', "", "mask_field"),
    ],
)
def test_a_wrong_file_is_told_by_name_and_field(
    tmp_path: Path, file: str, before: str, after: str, told: str
) -> None:
    folder = tmp_path / "catalogue"
    shutil.copytree(resource_path("catalogue"), folder)
    path = folder / file
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after, 1))
    with pytest.raises(InputError) as caught:
        load_catalogue(folder)
    assert path.name in caught.value.message
    assert told in caught.value.message
    assert str(path) in caught.value.hint


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="parameters"):
        load_catalogue(tmp_path)
    (tmp_path / "parameters.toml").write_text("")
    with pytest.raises(InputError, match="dialects"):
        load_catalogue(tmp_path)
