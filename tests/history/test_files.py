"""Content-addressed files: whole or absent, never rewritten, checked when read."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.base.errors import StoreError
from app.history.files import ContentFiles


@pytest.fixture
def files(tmp_path: Path) -> ContentFiles:
    return ContentFiles(tmp_path / "images")


def test_a_file_is_named_by_its_content(files: ContentFiles, tmp_path: Path) -> None:
    name = files.put(b"picture")
    assert name == hashlib.sha256(b"picture").hexdigest()
    assert files.path(name) == tmp_path / "images" / name[:2] / name
    assert files.path(name).read_bytes() == files.read(name) == b"picture"
    assert [path.name for path in files.path(name).parent.iterdir()] == [name]


def test_a_file_is_written_once(files: ContentFiles) -> None:
    path = files.path(files.put(b"picture"))
    os.utime(path, (1, 1))
    files.put(b"picture")
    assert path.stat().st_mtime == 1


def test_a_file_of_another_size_is_mended(files: ContentFiles) -> None:
    name = files.put(b"picture")
    files.path(name).write_bytes(b"pict")
    files.put(b"picture")
    assert files.read(name) == b"picture"


def test_missing_and_damaged_files_are_told_with_their_path(files: ContentFiles) -> None:
    name = files.put(b"picture")
    files.path(name).write_bytes(b"Picture")
    with pytest.raises(StoreError, match="damaged") as caught:
        files.read(name)
    assert str(files.path(name)) in caught.value.hint
    files.path(name).unlink()
    with pytest.raises(StoreError, match="missing"):
        files.read(name)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_only_a_digest_is_a_name(files: ContentFiles, name: str) -> None:
    with pytest.raises(StoreError):
        files.path(name)


def test_a_held_file_is_not_removed(files: ContentFiles) -> None:
    name = files.put(b"picture")
    files.put(b"picture")
    files.claim([name])
    files.remove(name)
    assert files.read(name) == b"picture"
    files.claim([name, name])
    files.remove(name)
    files.remove(name)
    with pytest.raises(StoreError):
        files.read(name)


def test_a_folder_that_cannot_be_written_is_told_and_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "images").write_bytes(b"a file where the folder should be")
    files = ContentFiles(tmp_path / "images")
    with pytest.raises(StoreError):
        files.put(b"picture")
    (tmp_path / "images").unlink()
    name = files.put(b"picture")
    files.claim([name])
    files.remove(name)
    assert not files.path(name).exists()


def test_many_threads_put_the_same_and_different_files(files: ContentFiles) -> None:
    before = os.umask(0o022)
    os.umask(before)
    contents = [f"picture {number % 7}".encode() * 1000 for number in range(56)]
    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(files.put, contents))
    assert [files.read(name) for name in names] == contents
    assert {path.suffix for name in names for path in files.path(name).parent.iterdir()} == {""}
    after = os.umask(before)
    assert after == before, "the umask is the whole process's"
    if os.name == "posix":
        assert {files.path(name).stat().st_mode & 0o777 for name in names} == {0o666 & ~before}
