"""Where results of the command line go, checked before anything is sent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.base.errors import OutputError
from app.session.output_paths import output_paths


def test_without_output_beside_the_caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert output_paths(None, Path("/photos/cat.jpeg"), 2) == (
        Path("cat-edit-1.png"),
        Path("cat-edit-2.png"),
    )


def test_an_existing_folder_takes_numbered_files(tmp_path: Path) -> None:
    assert output_paths(str(tmp_path), Path("cat.jpeg"), 1) == (tmp_path / "cat-edit-1.png",)


def test_a_trailing_slash_makes_the_folder(tmp_path: Path) -> None:
    paths = output_paths(str(tmp_path / "new" / "deep") + "/", Path("cat.jpeg"), 1)
    assert paths == (tmp_path / "new" / "deep" / "cat-edit-1.png",)
    assert paths[0].parent.is_dir()


def test_one_file_keeps_its_name_and_several_are_numbered(tmp_path: Path) -> None:
    out = tmp_path / "out.tif"
    assert output_paths(str(out), Path("cat.jpeg"), 1) == (out,)
    assert output_paths(str(out), Path("cat.jpeg"), 2) == (tmp_path / "out-1.tif", tmp_path / "out-2.tif")


@pytest.mark.parametrize("name", ["out.xyz", "out", "missing/out.png", "n" * 300 + ".png", "n" * 300 + "/"])
def test_what_cannot_be_written_is_said_before(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError):
        output_paths(str(tmp_path / name), Path("cat.jpeg"), 1)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="written"):
        output_paths(str(tmp_path / "out.png"), Path("cat.jpeg"), 1)


@pytest.mark.parametrize("n", [1, 2])
def test_a_name_that_grows_too_long_is_said_before(tmp_path: Path, n: int) -> None:
    with pytest.raises(OutputError, match="too long"):
        output_paths(None, Path("n" * 250 + ".png"), n)


@pytest.mark.skipif(os.name != "posix", reason="needs symbolic links")
def test_links_in_a_circle_are_said_before(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OutputError, match=r"circle|folder"):
        output_paths(str(tmp_path / "loop" / "out.png"), Path("cat.jpeg"), 1)


def test_a_file_in_the_way_of_a_folder_is_said_before(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(OutputError, match="in the way"):
        output_paths(f"{tmp_path / 'taken'}/", Path("cat.jpeg"), 1)
