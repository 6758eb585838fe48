"""What the user says about providers: kept, checked, overriding, and never lost."""

import contextlib
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from app.base.errors import InputError, StoreError, UsageError
from app.base.geometry import Size
from app.base.states import MaskConvention
from app.edits.types import Cost
from app.gateways.catalogue import Catalogue
from app.gateways.provider_settings import FILE_NAME, ProviderSettings
from app.gateways.providers import ProviderStore
from app.gateways.types import Transport

MINE = ProviderSettings(
    "mine", dialect="openai-multipart", base_url="http://127.0.0.1:9/v1", model="some-model"
)


@pytest.fixture
def store(tmp_path: Path, catalogue: Catalogue) -> ProviderStore:
    return ProviderStore(tmp_path, catalogue)


def test_the_built_in_engine_comes_first(store: ProviderStore) -> None:
    names = [profile.name for profile in store.list()]
    assert names[0] == "local"
    assert set(names) == {
        "local",
        "openai",
        "routeway-json",
        "routeway-multipart",
        "therouter",
        "routescope",
        "stable-diffusion-cpp",
        "vllm-omni",
        "litellm",
        "other",
    }
    assert store.get("local").built_in


def test_an_unknown_name_is_told_with_the_known_ones(store: ProviderStore) -> None:
    with pytest.raises(UsageError) as caught:
        store.get("nobody")
    assert "nobody" in caught.value.message
    assert "local" in caught.value.hint


def test_a_new_provider_takes_everything(store: ProviderStore, tmp_path: Path, catalogue: Catalogue) -> None:
    store.save(MINE)
    profile = ProviderStore(tmp_path, catalogue).get("mine")
    assert profile.base_url == "http://127.0.0.1:9/v1"
    assert profile.default_model == "some-model"
    assert {"strength", "guidance", "steps", "seed", "quality", "background"} <= {
        parameter.name for parameter in profile.parameters("some-model")
    }
    assert {"prompt", "n", "size"} <= profile.card("some-model").takes
    assert profile.transport is Transport.HTTP
    assert not profile.built_in
    assert profile.title == "mine"


def test_every_setting_survives_the_file(store: ProviderStore, tmp_path: Path, catalogue: Catalogue) -> None:
    said = replace(
        MINE,
        title="Ours “quoted”",
        models=("other",),
        mask_convention=MaskConvention.OPAQUE,
        invert_mask=True,
        fields=("strength", "n"),
        extras={"user": "u1", "watermark": False, "scale": 1.5, "count": 3},
        sizes=("512x512", "1024x1024"),
        max_n=1,
        concurrency=4,
        needs_key=False,
        timeout=30.0,
    )
    store.save(said)
    again = ProviderStore(tmp_path, catalogue)
    assert again.settings("mine") == said
    profile = again.get("mine")
    assert profile.extras == said.extras
    assert profile.invert_mask
    assert profile.mask_convention is MaskConvention.OPAQUE
    card = profile.card("other")
    assert card.takes == {"prompt", "strength", "n"}
    assert card.sizes.fixed == (Size(512, 512), Size(1024, 1024))
    assert (card.max_n, profile.concurrency, profile.needs_key, profile.timeout) == (1, 4, False, 30.0)
    assert profile.card("typed by hand").takes == card.takes


def test_a_known_model_keeps_its_sizes_at_another_gateway(store: ProviderStore) -> None:
    card = store.save(replace(MINE, model="maker/gpt-image-1")).card("maker/gpt-image-1")
    assert Size(1024, 1536) in card.sizes.fixed
    assert "strength" in card.takes


def test_fields_of_a_shipped_profile_are_overridden_one_by_one(store: ProviderStore) -> None:
    shipped = store.get("openai")
    store.save(ProviderSettings("openai", base_url="http://127.0.0.1:1/v1", invert_mask=True))
    mine = store.get("openai")
    assert mine.base_url == "http://127.0.0.1:1/v1"
    assert mine.invert_mask
    assert (mine.models, mine.title) == (shipped.models, shipped.title)
    store.remove("openai")
    assert store.get("openai") == shipped


def test_removing(store: ProviderStore) -> None:
    store.save(MINE)
    store.remove("mine")
    for name in ("mine", "local"):
        with pytest.raises(UsageError):
            store.remove(name)


def test_another_process_is_seen(store: ProviderStore, tmp_path: Path, catalogue: Catalogue) -> None:
    ProviderStore(tmp_path, catalogue).save(MINE)
    assert store.get("mine").name == "mine"


def test_only_its_owner_can_read_the_file(store: ProviderStore, tmp_path: Path) -> None:
    store.save(MINE)
    store.save(replace(MINE, title="again"))
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (ProviderSettings("new"), "dialect"),
        (ProviderSettings("new", dialect="openai-multipart", model="m"), "base_url"),
        (ProviderSettings("new", dialect="openai-multipart", base_url="http://h"), "model"),
        (replace(MINE, dialect="klingon"), "klingon"),
        (replace(MINE, base_url="ftp://h"), "base_url"),
        (replace(MINE, fields=("sed",)), "sed"),
        (replace(MINE, sizes=("big",)), "sizes"),
        (replace(MINE, max_n=0), "max_n"),
        (replace(MINE, concurrency=0), "concurrency"),
        (replace(MINE, timeout=-1.0), "timeout"),
        (replace(MINE, extras={"image[]": "x"}), "image[]"),
        (replace(MINE, name="no spaces"), "no spaces"),
        (replace(MINE, name="../up"), "../up"),
        (replace(MINE, name="OPENAI"), "OPENAI"),
        (ProviderSettings("local", base_url="http://h/v1"), "base_url"),
    ],
)
def test_what_cannot_be_is_refused_and_not_written(
    store: ProviderStore, tmp_path: Path, settings: ProviderSettings, told: str
) -> None:
    with pytest.raises(UsageError) as caught:
        store.save(settings)
    assert told in caught.value.message
    assert not (tmp_path / FILE_NAME).exists()


BROKEN = [
    ("[providers.x\n", "line"),
    ('[providers.x]\nmodel = "m"\ndialect = "openai-multipart"\n', "providers.x.base_url"),
    ("[providers.x]\ndialect = 7\n", "providers.x.dialect"),
    ('[providers.openai]\nbase_ulr = "http://h"\n', "base_ulr"),
    ('[providers.openai]\nbase_url = "h"\n', "providers.openai.base_url"),
    ("\xff\xfe", "UTF-8"),
]


@pytest.mark.parametrize(("text", "told"), BROKEN)
def test_a_broken_file_is_told_left_alone_and_only_the_built_in_engine_offered(
    tmp_path: Path, catalogue: Catalogue, text: str, told: str
) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(text.encode("latin-1"))
    store = ProviderStore(tmp_path, catalogue)
    assert store.problem is not None
    assert FILE_NAME in store.problem.message
    assert told in store.problem.message
    assert [profile.name for profile in store.list()] == ["local"]
    assert store.get("local").name == "local"
    for act in (lambda: store.get("openai"), lambda: store.save(MINE), lambda: store.remove("openai")):
        with pytest.raises(InputError):
            act()
    assert path.read_bytes() == text.encode("latin-1")
    path.write_text("")
    assert store.problem is None
    assert store.get("openai").name == "openai"


def test_an_unwritable_folder_is_told(tmp_path: Path, catalogue: Catalogue) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        ProviderStore(tmp_path / "file", catalogue).save(MINE)


SET_ONE = """
import sys
from pathlib import Path
from app.base.resources import resource_path
from app.gateways.catalogue import load_catalogue
from app.gateways.provider_settings import ProviderSettings
from app.gateways.providers import ProviderStore

store = ProviderStore(Path(sys.argv[1]), load_catalogue(resource_path("catalogue")))
print("ready", flush=True)
sys.stdin.readline()
for number in range(10):
    store.save(ProviderSettings(f"{sys.argv[2]}{number}", dialect="openai-multipart",
                                base_url="http://127.0.0.1:9/v1", model="m"))
"""


def test_processes_that_set_providers_at_the_same_moment_lose_none(
    store: ProviderStore, tmp_path: Path
) -> None:
    with contextlib.ExitStack() as stack:
        setters = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", SET_ONE, str(tmp_path), name],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for name in ("one", "two", "three")
        ]
        for setter in setters:
            assert setter.stdout is not None
            assert setter.stdout.readline() == "ready\n"
        for setter in setters:
            assert setter.stdin is not None
            setter.stdin.write("go\n")
            setter.stdin.flush()
        for setter in setters:
            setter.communicate(timeout=60)
            assert setter.returncode == 0
    expected = {f"{name}{number}" for name in ("one", "two", "three") for number in range(10)}
    assert {profile.name for profile in store.list()} == set(store.shipped) | expected


def test_a_provider_that_another_removed_does_not_come_back(
    store: ProviderStore, tmp_path: Path, catalogue: Catalogue
) -> None:
    store.save(MINE)
    other = ProviderStore(tmp_path, catalogue)
    other.remove("mine")
    store.save(replace(MINE, name="yours"))
    assert {profile.name for profile in store.list()} == {*store.shipped, "yours"}


OWN_CARD = """
[providers.mine]
like = "therouter"
title = "Mine"
mask_convention = "white"
image_bytes = 1000

[[providers.mine.cards]]
id = "openai/gpt-image-2"
title = "Ours"
takes = ["prompt", "size", "user"]
max_n = 2
sizes = { fixed = ["640x480"] }
price = { currency = "EUR", date = "2026-01-31", amount = 0.5 }
"""


def test_a_file_may_describe_its_own_models_and_begin_with_a_shipped_provider(
    store: ProviderStore, tmp_path: Path, catalogue: Catalogue
) -> None:
    (tmp_path / FILE_NAME).write_text(OWN_CARD)
    shipped, mine = catalogue.profiles["therouter"], store.get("mine")
    assert (mine.dialect, mine.base_url, mine.default_model) == (
        shipped.dialect,
        shipped.base_url,
        shipped.default_model,
    )
    assert len(mine.models) == len(shipped.models)
    assert mine.mask_convention is MaskConvention.WHITE
    assert (mine.limits.image_bytes, mine.limits.mask_bytes) == (1000, shipped.limits.mask_bytes)
    card = mine.card("openai/gpt-image-2")
    assert (card.title, card.takes, card.max_n) == ("Ours", {"prompt", "size", "user"}, 2)
    assert card.price == Cost(0.5, "EUR", True)
    assert card.sizes.fixed == (Size(640, 480),)
    store.save(replace(store.settings("mine"), invert_mask=True))
    again = ProviderStore(tmp_path, catalogue).get("mine")
    assert again.card("openai/gpt-image-2") == card
    assert again.invert_mask


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('like = "therouter"', 'like = "nobody"', "providers.mine.like"),
        ('like = "therouter"', 'like = "local"', "providers.mine.like"),
        ('"prompt", "size"', '"prompt", "strength"', "providers.mine.cards[0].takes"),
        ('title = "Ours"', "", "providers.mine.cards[0]"),
        ("max_n = 2", "max_n = 0", "providers.mine.cards[0].max_n"),
        ("image_bytes = 1000", "image_bytes = -1", "providers.mine.image_bytes"),
        ("image_bytes = 1000", 'formats = ["jpeg"]', "providers.mine.formats"),
    ],
)
def test_a_wrong_field_of_the_users_file_is_told_by_its_place(
    store: ProviderStore, tmp_path: Path, before: str, after: str, told: str
) -> None:
    assert before in OWN_CARD
    (tmp_path / FILE_NAME).write_text(OWN_CARD.replace(before, after))
    problem = store.problem
    assert problem is not None
    assert FILE_NAME in problem.message
    assert told in problem.message
    assert str(tmp_path / FILE_NAME) in problem.hint
