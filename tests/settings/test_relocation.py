"""Another folder for all data: the choice is remembered, and what the old one held is there."""

import os
from pathlib import Path

import pytest

from app.base.cancel import Cancelled, CancelToken
from app.base.errors import StoreError
from app.settings.folders import resolve_folders
from app.settings.relocation import (
    bring_data,
    choice_file,
    chosen_folder,
    data_folder_in,
    remember_folder,
    wish_folder,
    wished_folder,
)


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "config"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    folder = tmp_path / "old"
    (folder / "history" / "images").mkdir(parents=True)
    (folder / "history" / "history.sqlite").write_bytes(b"rows")
    (folder / "history" / "images" / "one").write_bytes(b"pixels")
    (folder / "cache").mkdir()
    (folder / "window.lock").touch()
    (folder / "settings.toml").write_text("[edit]\n")
    return folder


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.skipif(os.name != "posix", reason="the variables of other systems differ")
def test_a_choice_is_remembered_and_gives_way_to_the_environment(tmp_path: Path) -> None:
    assert resolve_folders({}).data == tmp_path / "data" / "maskroom"
    wish_folder(tmp_path / "b")
    assert (chosen_folder(), wished_folder()) == (None, tmp_path / "b")
    remember_folder(tmp_path / "b")
    assert (chosen_folder(), wished_folder()) == (tmp_path / "b", None)
    assert resolve_folders({}).data == tmp_path / "b"
    assert resolve_folders({"MASKROOM_HOME": str(tmp_path / "c")}).data == tmp_path / "c"
    wish_folder(tmp_path / "d")
    assert resolve_folders({}).data == tmp_path / "b"
    for damaged in ("", "[]", '{"folder": 3}', '{"folder": "relative"}'):
        choice_file().write_text(damaged)
        assert resolve_folders({}).data == tmp_path / "data" / "maskroom"


def test_all_but_what_is_made_anew_is_copied_and_the_old_stays(old: Path, tmp_path: Path) -> None:
    before = names(old)
    bring_data(old, tmp_path / "new", CancelToken())
    assert names(tmp_path / "new") == {"history/history.sqlite", "history/images/one", "settings.toml"}
    assert names(old) == before


def test_a_folder_with_a_history_is_opened_as_it_is(old: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    (there / "history").mkdir(parents=True)
    bring_data(old, there, CancelToken())
    assert names(there) == set()
    bring_data(tmp_path / "nowhere", tmp_path / "new", CancelToken())
    assert not (tmp_path / "new").exists()


def test_what_was_cut_off_is_gone_on_with(old: Path, tmp_path: Path) -> None:
    new, cancelled = tmp_path / "new", CancelToken()
    cancelled.cancel()
    with pytest.raises(Cancelled):
        bring_data(old, new, cancelled)
    assert not (new / "history").exists()
    (new / "history.moving").mkdir()
    (new / "history.moving" / "half").touch()
    bring_data(old, new, CancelToken())
    assert names(new) == {"history/history.sqlite", "history/images/one", "settings.toml"}


def test_where_nothing_can_be_written_a_sentence_says_so(old: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="could not be copied") as told:
        bring_data(old, tmp_path / "file" / "new", CancelToken())
    assert "as it was" in told.value.hint


def test_a_folder_in_use_gets_one_of_its_own(old: Path, tmp_path: Path) -> None:
    assert data_folder_in(old) == old
    assert data_folder_in(tmp_path) == tmp_path / "Maskroom"
    (tmp_path / "empty").mkdir()
    assert data_folder_in(tmp_path / "empty") == tmp_path / "empty"
