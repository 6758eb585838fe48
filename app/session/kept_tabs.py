"""The folder in which open documents keep themselves: what is written there is whole, and written once.

Each document has a folder: large things in files that are named by their content, and `document.json`, which
is replaced in one step and names them. A crash at any moment leaves the state before or after. `owner` says which
process a folder belongs to; a process takes over those of the dead, one process at a time. Nothing is deleted that
could not be read.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from app.base.errors import MaskroomError, PhotographError, StoreError, from_os_error
from app.base.file_lock import locked
from app.base.files import sync_folder, write_atomically
from app.base.geometry import Margins
from app.base.text import tr
from app.document.layers import EditLayer
from app.document.mask_copy import PackedMask
from app.document.saved import (
    Box,
    LayerEntry,
    NamedEntry,
    SavedDocument,
    SavedMask,
    SavedReference,
    layer_entry,
    layer_of_entry,
)
from app.document.zip_parts import plain_picture
from app.history.owner import is_alive
from app.imaging.arrays import U8
from app.imaging.codecs import encode_png_quickly
from app.imaging.extend import extend_photograph
from app.imaging.load import Limits, load_photograph
from app.imaging.sources import check_size, damaged, telling
from app.session.references import Reference
from app.session.source import Source

log = logging.getLogger(__name__)

VERSION = 1
_ENTRY, _OWNER, _LOCK = "document.json", "owner", "lock"
_DAMAGED = ".damaged"


class SourceFile(msgspec.Struct, frozen=True):
    """Where the photograph's bytes are: `path` as long as the file there is the same, else `file` in the folder."""

    name: str
    sha256: str
    path: str | None = None
    file: str | None = None


class LookedAt(msgspec.Struct, frozen=True):
    """How a document was looked at: the point of it in the middle of the view, and how it was scaled and turned."""

    width: int
    height: int
    x: float
    y: float
    scale: float
    angle: float = 0.0
    mirror: bool = False
    fitted: bool = True


class TabEntry(msgspec.Struct, frozen=True):
    """One open document; layers and masks only where they are in no file of its own."""

    version: int
    saved_at: float
    """Seconds since 1970."""
    place: int
    front: bool
    ended: bool
    """The program ended in order afterwards."""
    name: str
    path: str | None
    file: str | None
    """The document's own file."""
    source: SourceFile
    is_whole: bool
    """What is here is all there is: the document was modified."""
    layers: list[LayerEntry] = []
    masks: list[NamedEntry] = []
    active_mask: int = 0
    margins: Box = (0, 0, 0, 0)
    form: dict[str, Any] = {}
    references: list[NamedEntry] = []
    view: LookedAt | None = None
    candidates: list[str] = []
    """Ids of results."""
    candidate: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class KeptState:
    """What is to be written of a document, but for what stands in `entry`."""

    entry: TabEntry
    layers: tuple[EditLayer, ...]
    masks: tuple[tuple[str, PackedMask], ...]
    references: tuple[Reference, ...]
    source: Source
    source_bytes: Callable[[], bytes]
    """Gives the photograph's file; asked once, where `source` has to be kept."""


class TabFolder:
    """The folder of one document. One thread at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._names: dict[int, tuple[object, str]] = {}
        self._used: dict[int, tuple[object, str]] = {}
        self._files: set[str] = set()

    def write(self, state: KeptState, owner: str) -> None:
        """Bring the folder up to date; large things that are there already are not written again.

        Raises:
            StoreError: it could not be written; what was kept before is still there.
        """
        try:
            if not self.folder.is_dir():
                self.folder.mkdir(parents=True)
                (self.folder / _OWNER).write_text(owner, encoding="utf-8")
                sync_folder(self.folder.parent)
            self._used, self._files = {}, set()
            entry = self._complete(state)
            content = msgspec.json.encode(entry)
            write_atomically(self.folder / _ENTRY, lambda file: file.write(content))
            self._names = self._used
            for path in self.folder.iterdir():
                if path.name not in self._files and path.name not in (_ENTRY, _OWNER):
                    path.unlink(missing_ok=True)
        except OSError as error:
            raise from_os_error(error, str(self.folder), kind=StoreError) from error

    def _complete(self, state: KeptState) -> TabEntry:
        source = state.entry.source
        if state.entry.is_whole or state.entry.path is None:
            source = msgspec.structs.replace(source, file=self._named(state.source, state.source_bytes))
        return msgspec.structs.replace(
            state.entry,
            source=source,
            layers=[layer_entry(layer, self) for layer in state.layers],
            masks=[NamedEntry(name, self._put(mask.to_bytes())) for name, mask in state.masks],
            references=[
                NamedEntry(each.name, self.picture("reference", each.picture)) for each in state.references
            ],
        )

    def picture(self, kind: str, picture: U8) -> str:
        """See `PartsOut`."""
        return self._named(picture, lambda: encode_png_quickly(picture))

    def data(self, kind: str, content: bytes) -> str:
        """See `PartsOut`."""
        return self._named(content, lambda: content)

    def _named(self, thing: object, encode: Callable[[], bytes | memoryview]) -> str:
        """The file of `thing`, which never changes: encoded at most once as long as it is in use."""
        known = self._names.get(id(thing)) or self._used.get(id(thing))
        name = known[1] if known is not None else ""
        if not name or not (self.folder / name).is_file():
            name = self._put(encode())
        self._used[id(thing)] = thing, name
        self._files.add(name)
        return name

    def _put(self, content: bytes | memoryview) -> str:
        name = hashlib.sha256(content).hexdigest()
        self._files.add(name)
        path = self.folder / name
        if not (path.is_file() and path.stat().st_size == len(content)):
            write_atomically(path, lambda file: file.write(content))
        return name


class _FolderParts:
    """Reads what `TabFolder` wrote."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder = folder
        self._limits = limits

    def picture(self, name: str) -> U8:
        return plain_picture(load_photograph(self.data(name), name=name, limits=self._limits))

    def data(self, name: str) -> bytes:
        content = (self._folder / Path(name).name).read_bytes()
        if hashlib.sha256(content).hexdigest() != name:
            raise damaged()
        return content


def read_entry(folder: Path) -> TabEntry:
    """What a folder tells of its document.

    Raises:
        StoreError: nothing that can be used.
    """
    try:
        entry = msgspec.json.decode((folder / _ENTRY).read_bytes(), type=TabEntry)
    except OSError as error:
        raise from_os_error(error, str(folder), kind=StoreError) from error
    except msgspec.MsgspecError as error:
        raise StoreError(tr("What was kept of a document is damaged."), details=repr(error)) from error
    if entry.version > VERSION:
        raise StoreError(tr("A newer Maskroom kept a document in a way that this one does not know."))
    return entry


def source_of(folder: Path, entry: TabEntry, limits: Limits) -> tuple[Source, bytes]:
    """The photograph's file.

    Raises:
        PhotographError: it is nowhere any more.
    """
    kept = entry.source
    path = Path(kept.path) if kept.path is not None else None
    source = Source(kept.name, kept.sha256, path=path)
    data = source.read() if path is not None else None
    if data is None and kept.file is not None:
        with telling(entry.name):
            data = _FolderParts(folder, limits).data(kept.file)
        source = Source(kept.name, kept.sha256, data=data)
    if data is None:
        raise PhotographError(
            tr("“{name}”: its photograph is no longer where it was.", name=entry.name),
            tr("Put it back, or open it from where it is now."),
        )
    return source, data


def read_tab(folder: Path, entry: TabEntry, data: bytes, limits: Limits) -> SavedDocument:
    """All of a document that was kept as a whole; `data` is its photograph's file.

    Raises:
        PhotographError: a part of it is missing or damaged.
    """
    parts = _FolderParts(folder, limits)
    with telling(entry.name):
        opened = load_photograph(data, name=entry.source.name, limits=limits)
        margins = Margins(*entry.margins)
        check_size(margins.around(opened.size), limits)
        photograph = extend_photograph(opened, margins)
        masks = [SavedMask(each.name, _coverage(parts.data(each.file))) for each in entry.masks]
        layers = tuple(layer_of_entry(each, parts) for each in entry.layers)
        shape = photograph.size.height, photograph.size.width
        if any(mask.coverage.shape != shape for mask in masks) or not all(
            photograph.size.rect.contains(layer.region) for layer in layers
        ):
            raise damaged()
    return SavedDocument(photograph, data, layers, tuple(masks), entry.active_mask, margins=margins)


def read_references(folder: Path, entry: TabEntry, limits: Limits) -> tuple[SavedReference, ...]:
    """The reference pictures; those that cannot be read are left out."""
    parts, found = _FolderParts(folder, limits), []
    for each in entry.references:
        try:
            with telling(each.name):
                found.append(SavedReference(each.name, parts.picture(each.file)))
        except MaskroomError as error:
            log.warning("a reference is lost: %s %s", error.message, error.details)
    return tuple(found)


def _coverage(content: bytes) -> U8:
    try:
        return np.ascontiguousarray(PackedMask.from_bytes(content).coverage())
    except (msgspec.MsgspecError, ValueError) as error:
        raise damaged() from error


def claim(root: Path, owner: str) -> Mapping[Path, TabEntry | None]:
    """Take over what dead processes left, by folder, for `owner`; None for what cannot be read.

    Raises:
        StoreError: the folder cannot be used.
    """
    found: dict[Path, TabEntry | None] = {}
    try:
        if not root.is_dir():
            return found
        with locked(root / _LOCK):
            for folder in sorted(root.iterdir()):
                if folder.is_dir() and folder.suffix != _DAMAGED and not _is_owned(folder):
                    (folder / _OWNER).write_text(owner, encoding="utf-8")
                    try:
                        found[folder] = read_entry(folder)
                    except StoreError as error:
                        log.warning("%s: %s %s", folder, error.message, error.details)
                        found[folder] = None
    except OSError as error:
        raise from_os_error(error, str(root), kind=StoreError) from error
    return found


def _is_owned(folder: Path) -> bool:
    try:
        return is_alive((folder / _OWNER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False


def put_aside(folder: Path) -> Path:
    """Keep a folder that cannot be read out of the way, for whoever can; returns where it is now."""
    aside = folder.with_name(folder.name + _DAMAGED)
    if aside.exists():
        shutil.rmtree(aside, ignore_errors=True)
    folder.rename(aside)
    return aside


def remove(folder: Path) -> None:
    """Forget a document: the entry goes first, so that no half of one is ever found."""
    (folder / _ENTRY).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
