"""Settings: sound whatever the file holds, kept across restarts, shared with other processes."""

import asyncio
import dataclasses
import logging
import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from app.base.notices import Level, Notice, Notices
from app.settings.document import settings_from, write_into
from app.settings.model import Settings, options_of
from app.settings.store import SettingsStore

SECTIONS = [field.name for field in dataclasses.fields(Settings)]
OPTIONS = [
    (section, name, option)
    for section in SECTIONS
    for name, option in options_of(type(getattr(Settings(), section))).items()
]


@pytest.fixture
def told() -> list[Notice]:
    return []


@pytest.fixture
def notices(told: list[Notice]) -> Notices:
    made = Notices()
    made.subscribe(told.append)
    return made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


@pytest.mark.parametrize(("section", "name", "option"), OPTIONS, ids=lambda value: str(value)[:20])
def test_every_default_is_described_and_in_its_own_range(section: str, name: str, option: Any) -> None:
    assert option.title
    assert option.help or not option.shown
    default = getattr(getattr(Settings(), section), name)
    document = {section: {name: list(default) if isinstance(default, tuple) else default}}
    assert settings_from(document) == Settings()
    assert (default == "auto" and option.auto) or isinstance(default, option.kind)


SCALARS = (
    st.text(max_size=8)
    | st.integers()
    | st.floats()
    | st.booleans()
    | st.none()
    | st.lists(st.text(max_size=4))
)


@given(
    st.dictionaries(
        st.sampled_from(SECTIONS) | st.text(max_size=3),
        SCALARS
        | st.dictionaries(st.sampled_from([name for _, name, _ in OPTIONS]) | st.text(max_size=3), SCALARS),
    )
)
def test_whatever_a_file_holds_the_settings_are_sound(document: dict[str, Any]) -> None:
    settings = settings_from(document)
    for section, name, option in OPTIONS:
        value = getattr(getattr(settings, section), name)
        if option.auto and value == "auto":
            continue
        assert type(value) is option.kind
        if option.minimum is not None:
            assert option.minimum <= value <= option.maximum
    # What is sound is read back as it was.
    touched = {(section, name) for section, name, _ in OPTIONS}
    written: dict[str, Any] = {}
    write_into(written, settings, touched)
    assert settings_from(tomllib.loads(tomli_w.dumps(written))) == settings


def test_out_of_range_is_clamped_and_another_kind_is_ignored(caplog: pytest.LogCaptureFixture) -> None:
    settings = settings_from(
        {
            "brush": {"diameter": 1e9, "hardness": "soft", "opacity": 0},
            "edit": {"variants": 99, "grow": -3, "provider": 5, "feather": True},
            "canvas": {"overlay_colour": "red"},
            "export": 7,
        }
    )
    assert (settings.brush.diameter, settings.brush.hardness, settings.brush.opacity) == (5000.0, 0.8, 0.01)
    assert (settings.edit.variants, settings.edit.grow, settings.edit.provider, settings.edit.feather) == (
        *(10, 0, "local"),
        2,
    )
    assert settings.canvas == Settings().canvas
    assert settings.export == Settings().export
    assert "brush.diameter was out of range; now 5000.0" in caplog.text
    assert "brush.hardness is of another kind" in caplog.text
    assert len(caplog.records) == 9


async def test_changes_hold_at_once_and_survive(path: Path, notices: Notices, told: list[Notice]) -> None:
    store = SettingsStore(path, notices)
    seen: list[Settings] = []
    store.changed.connect(seen.append)
    await store.update("brush", diameter=40.0, hardness=2.0)
    await store.update("edit", grow=12)
    await store.update("files", recent=("/a.png", "/b.jpg"))
    await store.update("edit", grow=12)
    assert [settings.brush.diameter for settings in seen] == [40.0] * 3
    again = SettingsStore(path, notices).value
    assert again == store.value == seen[-1]
    assert (again.brush.hardness, again.edit.grow, again.files.recent) == (1.0, 12, ("/a.png", "/b.jpg"))
    assert told == []


async def test_a_default_needs_no_mention(path: Path, notices: Notices) -> None:
    store = SettingsStore(path, notices)
    await store.update("edit", variants=4)
    assert tomllib.loads(path.read_text()) == {"edit": {"variants": 4}}
    await store.update("edit", variants=Settings().edit.variants)
    assert tomllib.loads(path.read_text()) == {}


async def test_what_this_version_does_not_know_stays(path: Path, notices: Notices) -> None:
    path.write_text('future = 1\n[brush]\nscatter = 0.5\n[later]\nx = ["y"]\n')
    store = SettingsStore(path, notices)
    await store.update("brush", diameter=12.0)
    assert tomllib.loads(path.read_text()) == {
        "future": 1,
        "brush": {"scatter": 0.5, "diameter": 12.0},
        "later": {"x": ["y"]},
    }


async def test_two_programs_keep_each_others_changes(path: Path, notices: Notices) -> None:
    window, other = SettingsStore(path, notices), SettingsStore(path, notices)
    await window.update("brush", diameter=12.0)
    await other.update("brush", hardness=0.3)
    await window.update("edit", variants=3)
    value = SettingsStore(path, notices).value
    assert (value.brush.diameter, value.brush.hardness, value.edit.variants) == (12.0, 0.3, 3)


async def test_many_changes_at_once_end_with_the_last(path: Path, notices: Notices) -> None:
    store = SettingsStore(path, notices)
    await asyncio.gather(*(store.update("brush", diameter=float(size)) for size in range(10, 60)))
    assert SettingsStore(path, notices).value.brush.diameter == 59.0


@pytest.mark.parametrize("content", [b"[brush\n", b"\xff\xfe\x00", b"a = 1\na = 2"])
async def test_a_broken_file_is_kept_aside_with_a_notice(
    path: Path, notices: Notices, told: list[Notice], content: bytes
) -> None:
    path.write_bytes(content)
    store = SettingsStore(path, notices)
    assert store.value == Settings()
    aside = path.with_name("settings.broken.toml")
    assert aside.read_bytes() == content
    [notice] = told
    assert notice.level is Level.WARNING
    assert str(aside) in notice.hint
    await store.update("brush", diameter=12.0)
    assert SettingsStore(path, notices).value.brush.diameter == 12.0
    assert aside.read_bytes() == content
    assert len(told) == 1


async def test_a_file_that_cannot_be_read_is_told_and_not_overwritten(
    path: Path, notices: Notices, told: list[Notice]
) -> None:
    path.mkdir()
    store = SettingsStore(path, notices)
    await store.update("brush", diameter=12.0)
    assert store.value.brush.diameter == 12.0
    assert path.is_dir()
    assert [notice.level for notice in told] == [Level.ERROR]


async def test_a_file_that_cannot_be_written_is_told_and_the_change_holds(
    tmp_path: Path, notices: Notices, told: list[Notice]
) -> None:
    store = SettingsStore(tmp_path / "gone" / "settings.toml", notices)
    await store.update("brush", diameter=12.0)
    assert store.value.brush.diameter == 12.0
    assert [notice.level for notice in told] == [Level.ERROR]


async def test_only_what_exists_can_be_changed(path: Path, notices: Notices) -> None:
    store = SettingsStore(path, notices)
    for section, name in (("brush", "colour"), ("nothing", "diameter")):
        with pytest.raises(TypeError):
            await store.update(section, **{name: 1})
    assert not path.exists()


async def test_a_change_of_another_kind_is_refused_and_logged(
    path: Path, notices: Notices, caplog: pytest.LogCaptureFixture
) -> None:
    store = SettingsStore(path, notices)
    with caplog.at_level(logging.WARNING):
        await store.update("brush", diameter="large")
    assert store.value == Settings()
    assert "another kind" in caplog.text
