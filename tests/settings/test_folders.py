"""One folder holds everything, and one variable moves it."""

from pathlib import Path

import pytest

from app.base.errors import StoreError
from app.settings.folders import Folders, resolve_folders


def test_the_variable_moves_everything(tmp_path: Path) -> None:
    folders = resolve_folders({"MASKROOM_HOME": str(tmp_path / "mine")})
    places = (folders.history, folders.spool, folders.logs, folders.cache, folders.settings_file)
    assert all(place.is_relative_to(tmp_path / "mine") for place in places)
    assert len(set(places)) == len(places)
    assert not folders.data.exists()


def test_a_relative_or_home_path_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    assert resolve_folders({"MASKROOM_HOME": "here"}).data == tmp_path / "here"
    assert resolve_folders({"MASKROOM_HOME": "~/there"}).data == tmp_path / "home" / "there"


def test_without_it_the_system_says_where() -> None:
    for environ in ({}, {"MASKROOM_HOME": " "}):
        folders = resolve_folders(environ)
        assert folders.data.is_absolute()
        assert "maskroom" in folders.data.name.lower()


def test_the_folders_are_made_once(tmp_path: Path) -> None:
    folders = Folders(tmp_path / "deep" / "data")
    folders.ensure()
    (folders.history / "kept").write_bytes(b"")
    folders.ensure()
    made = sorted(path.name for path in folders.data.iterdir())
    assert made == ["cache", "history", "logs", "session", "spool"]
    assert (folders.history / "kept").exists()


def test_a_place_that_cannot_be_used_is_told_with_a_way_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for data in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(StoreError, match="data folder cannot be used") as caught:
            Folders(data).ensure()
        assert "MASKROOM_HOME" in caught.value.hint


def test_the_home_of_nobody_is_said_in_words() -> None:
    with pytest.raises(StoreError, match="no such home folder"):
        resolve_folders({"MASKROOM_HOME": "~no-such-user-here/data"})
