"""The whole history as one file, and back: a ZIP of the database as it is at one moment and all its images.

Importing adds what is not there yet and changes nothing that is. Every image is checked against its name.
"""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from app.base.errors import InputError, MaskroomError, OutputError, StoreError, from_os_error
from app.base.files import write_atomically
from app.base.states import JobState
from app.base.text import tr
from app.base.work import Work
from app.history.database import Database
from app.history.files import SHA256, ContentFiles
from app.history.reading import Reader
from app.history.schema import bring_up_to_date
from app.history.statements import files_of
from app.history.types import HistoryEntry

FORMAT = "maskroom-history"
VERSION = 1
MANIFEST, TABLES, IMAGES = "manifest.json", "history.sqlite", "images/"
LARGEST_TABLES = 4 << 30
LARGEST_IMAGE = 2 << 30
CHUNK = 1 << 20
_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
"""Ids become parts of file names; nobody knows who wrote an archive."""

_ALL_IDS = "SELECT id FROM entries ORDER BY created, id"

_SAVE_PROMPT = """
    INSERT INTO prompts (text, saved, used, last_used) VALUES (?, ?, ?, ?)
    ON CONFLICT (text) DO UPDATE SET saved = 1
"""

_COSTS = """
    SELECT result_id, created, provider, model, document_id, document_name, source_sha256, amount, currency,
           estimated
    FROM removed_costs
"""

_KEEP_COST = """
    INSERT OR IGNORE INTO removed_costs
        (result_id, created, provider, model, document_id, document_name, source_sha256, amount, currency,
         estimated)
        SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10
        WHERE NOT EXISTS (SELECT 1 FROM results WHERE id = ?1)
"""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, in entries."""

    added: int
    known: int
    """They were there already, and stayed as they were."""
    broken: int
    """They were left out: an image of theirs is missing in the archive or damaged, or an id is none of ours."""


class Archive:
    """Writes and reads archives for one database and its files. Takes long: to be called in a thread."""

    def __init__(
        self, database: Database, files: ContentFiles, add: Callable[[HistoryEntry], object]
    ) -> None:
        """`add` writes an entry whose files were put."""
        self._database = database
        self._files = files
        self._add = add

    def write(self, path: Path, work: Work) -> int:
        """Write everything to `path`; returns the number of images. An existing file is replaced whole.

        An image that is missing or damaged on the disk is left out: the rest of the history is worth keeping.

        Raises:
            Cancelled: it was cancelled; `path` is as it was.
            OutputError: it cannot be written there.
            StoreError: the history cannot be read.
        """
        try:
            with tempfile.TemporaryDirectory(prefix="maskroom-") as folder:
                tables = Path(folder) / TABLES
                self._database.copy_to(tables)
                names = _image_names(tables)
                write_atomically(path, lambda file: _write(file, tables, names, self._files, work))
        except OSError as error:
            raise from_os_error(error, path.name, kind=OutputError) from error
        return len(names)

    def read(self, path: Path, work: Work) -> Imported:
        """Take in every entry of the archive at `path` whose id is not here yet.

        Raises:
            Cancelled: it was cancelled; what was taken in stays, and is whole.
            InputError: it cannot be read, or is no archive of a history.
            StoreError: the disk refuses.
        """
        added = known = broken = 0
        with ArchiveReader(path) as archive:
            entries = archive.entries()
            here = {row["id"] for row in self._database.rows(_ALL_IDS)}
            for place, entry in enumerate(entries):
                work.step(place / len(entries))
                if entry.id in here:
                    known += 1
                    continue
                if not all(_ID.fullmatch(id) for id in (entry.id, *(each.id for each in entry.results))):
                    broken += 1
                    continue
                try:
                    _put_images(entry, archive, self._files)
                except InputError:
                    broken += 1
                    continue
                self._add(entry)
                added += 1
            self._take_rest(archive)
        return Imported(added, known, broken)

    def _take_rest(self, archive: ArchiveReader) -> None:
        """What belongs to no entry: the prompts that were saved, and what deleted entries have cost."""
        prompts, costs = archive.rest()
        with self._database.transaction() as connection:
            connection.executemany(_SAVE_PROMPT, prompts)
            connection.executemany(_KEEP_COST, costs)
            # What came back with its entry counts there.
            connection.execute("DELETE FROM removed_costs WHERE result_id IN (SELECT id FROM results)")


def _image_names(tables: Path) -> tuple[str, ...]:
    with _opened(tables) as database:
        entries = _entries(database)
        return tuple(dict.fromkeys(name for entry in entries for name in files_of(entry)))


def _write(file: BinaryIO, tables: Path, names: Iterable[str], files: ContentFiles, work: Work) -> None:
    names = tuple(names)
    # Images are compressed already.
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(MANIFEST, json.dumps({"format": FORMAT, "version": VERSION}))
        archive.write(tables, TABLES, zipfile.ZIP_DEFLATED)
        for place, name in enumerate(names):
            work.step(place / len(names))
            with contextlib.suppress(StoreError):
                archive.writestr(IMAGES + name, files.read(name))


class ArchiveReader:
    """An archive that was opened and looks like one. To be closed, or used in a `with`."""

    def __init__(self, path: Path) -> None:
        """
        Raises:
            InputError: it cannot be read, is no archive of a history, or is one of a newer Maskroom.
        """
        self._name = path.name
        self._folder = tempfile.TemporaryDirectory(prefix="maskroom-")
        try:
            self._archive = zipfile.ZipFile(path)
            self._check()
            self._tables = Path(self._folder.name) / TABLES
            self._extract_tables()
            self._names = {
                name.removeprefix(IMAGES): name
                for name in self._archive.namelist()
                if name.startswith(IMAGES) and SHA256.fullmatch(name.removeprefix(IMAGES))
            }
        except OSError as error:
            self.close()
            raise from_os_error(error, self._name, kind=InputError) from error
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
            self.close()
            raise self._no_archive(repr(error)) from error
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> ArchiveReader:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; may be called more than once."""
        if hasattr(self, "_archive"):
            self._archive.close()
        self._folder.cleanup()

    def entries(self) -> tuple[HistoryEntry, ...]:
        """All entries, the oldest first; what was under way when it was written is interrupted.

        Raises:
            StoreError: its tables are damaged, or of a newer Maskroom.
        """
        with _opened(self._tables) as database:
            return tuple(
                entry if entry.state.is_final else replace(entry, state=JobState.INTERRUPTED)
                for entry in _entries(database)
            )

    def rest(self) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
        """The rows of `prompts` that were saved, and of `removed_costs`."""
        with _opened(self._tables) as database:
            prompts = database.rows("SELECT text, saved, used, last_used FROM prompts WHERE saved")
            return [tuple(row) for row in prompts], [tuple(row) for row in database.rows(_COSTS)]

    def image(self, name: str) -> bytes:
        """The bytes that stand under a file's name; not checked against it.

        Raises:
            InputError: there are none, or they are damaged.
        """
        try:
            info = self._archive.getinfo(self._names[name])
            if info.file_size > LARGEST_IMAGE:
                raise self._no_archive(f"{info.file_size} bytes in one image")
            return self._archive.read(info)
        except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
            raise InputError(
                tr("An image in “{name}” is missing or damaged.", name=self._name), details=repr(error)
            ) from error

    def _check(self) -> None:
        manifest = self._archive.getinfo(MANIFEST) if MANIFEST in self._archive.namelist() else None
        if manifest is None or manifest.file_size > CHUNK or TABLES not in self._archive.namelist():
            raise self._no_archive("no manifest")
        found = json.loads(self._archive.read(manifest))
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise self._no_archive(repr(found)[:200])
        if found.get("version") != VERSION:
            raise InputError(
                tr("“{name}” was written by a newer version of Maskroom.", name=self._name),
                tr("Update Maskroom, and import it then."),
                code="newer_file",
            )

    def _extract_tables(self) -> None:
        written = 0
        with self._archive.open(TABLES) as source, self._tables.open("wb") as target:
            while chunk := source.read(CHUNK):
                written += len(chunk)
                if written > LARGEST_TABLES:
                    raise self._no_archive("its tables are too large")
                target.write(chunk)

    def _no_archive(self, details: str) -> InputError:
        return InputError(
            tr("“{name}” is no archive of a history, or is damaged.", name=self._name),
            tr("Choose a file that “Export the history” wrote."),
            code="bad_file",
            details=details,
        )


def _put_images(entry: HistoryEntry, archive: ArchiveReader, files: ContentFiles) -> None:
    """Put and hold all images of an entry.

    Raises:
        InputError: one is missing or damaged in the archive; none is held then.
        StoreError: the disk refuses.
    """
    held: list[str] = []
    try:
        for name in files_of(entry):
            stored = files.put(archive.image(name))
            held.append(stored)
            if stored != name:
                raise InputError(tr("An image in the archive is damaged."), details=name)
    except MaskroomError:
        files.claim(held)
        raise


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Database]:
    """A copy of the tables, brought up to date."""
    database = Database(path)
    try:
        database.open(bring_up_to_date)
        yield database
    finally:
        database.close()


def _entries(database: Database) -> tuple[HistoryEntry, ...]:
    try:
        return Reader(database).entries([row["id"] for row in database.rows(_ALL_IDS)])
    except (ValueError, TypeError, KeyError, sqlite3.Error) as error:
        raise StoreError(tr("The tables of the history are damaged."), details=repr(error)) from error
