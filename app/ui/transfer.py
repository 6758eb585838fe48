"""What comes in and goes out beside the dialogs: drops, the clipboard, and files that are dragged out."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QGuiApplication, QImage

from app.base.errors import OutputError, from_os_error
from app.base.text import tr
from app.session.history_states import picture_name
from app.ui.compositing import composed_picture
from app.ui.pictures import wrapped_bgra

if TYPE_CHECKING:
    from app.history.types import HistoryEntry, HistoryResult
    from app.session.candidates import Candidate
    from app.session.document_session import DocumentSession
    from app.session.workspace import Workspace

ENCODED_TYPES = (
    "image/png",
    "image/tiff",
    "image/webp",
    "image/avif",
    "image/jpeg",
    "image/bmp",
    "image/gif",
)
"""Encoded forms of a pasted picture, the best first; they keep what Qt's own decoding would lose."""

SUFFIXES = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "image/avif": ".avif"}


def files_in(data: QMimeData) -> list[Path]:
    """Local files that are being dropped or pasted."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


def is_welcome(data: QMimeData) -> bool:
    """True for local files and picture data."""
    return bool(files_in(data)) or data.hasImage() or any(data.hasFormat(each) for each in ENCODED_TYPES)


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """What a drop or the clipboard holds, taken out at once: Qt's own object does not outlive the event."""

    files: tuple[Path, ...] = ()
    encoded: bytes | None = None
    image: QImage | None = None
    """Raw pixels, where no encoded form is offered."""


def offer_of(data: QMimeData) -> Offer:
    """Take out the files, else the encoded picture, else the raw one."""
    files = files_in(data)
    if files:
        return Offer(files=tuple(files))
    for each in ENCODED_TYPES:
        found = bytes(data.data(each).data()) if data.hasFormat(each) else b""
        if found:
            return Offer(encoded=found)
    image = data.imageData() if data.hasImage() else None
    return Offer(image=image) if isinstance(image, QImage) and not image.isNull() else Offer()


async def encode_image(image: QImage) -> bytes:
    """A PNG of raw pixels. Qt would hold Python's lock while it encodes, so that is done on an array."""
    layouts = (QImage.Format.Format_RGB32, QImage.Format.Format_ARGB32)
    plain = image if image.format() in layouts else image.convertToFormat(layouts[image.hasAlphaChannel()])
    has_alpha, bits = plain.format() is layouts[1], plain.constBits()

    def encode() -> bytes:
        import numpy as np

        from app.imaging.codecs import encode_png

        bgra = np.frombuffer(bits, np.uint8).reshape(plain.height(), plain.bytesPerLine() // 4, 4)
        return encode_png(bgra[..., (2, 1, 0, 3)] if has_alpha else bgra[..., 2::-1])

    return await asyncio.to_thread(encode)


class Transfer:
    """Opens what is dropped or pasted, and makes files for what is dragged out."""

    def __init__(self, workspace: Workspace, folder: Path) -> None:
        self._workspace = workspace
        self._folder = folder

    async def take(self, offer: Offer) -> None:
        """Open the files or the picture of an offer."""
        if offer.files:
            await self._workspace.open_files(offer.files)
            return
        picture = offer.encoded
        if picture is None and offer.image is not None:
            picture = await encode_image(offer.image)
        if picture is not None:
            await self._workspace.open_data(picture, tr("Pasted picture"))

    async def paste(self) -> None:
        """Open what the clipboard holds, or say that there is no picture in it."""
        data = QGuiApplication.clipboard().mimeData()
        if is_welcome(data):
            await self.take(offer_of(data))
        else:
            self._workspace.notices.info(
                tr("The clipboard holds no picture."),
                tr("Copy a picture in another program, then paste it here."),
                topic="paste",
            )

    async def copy(self, session: DocumentSession) -> None:
        """Put the photograph as it is shown, with its edits, on the clipboard."""
        document = session.document
        if document is None:
            return
        picture = await asyncio.to_thread(composed_picture, document.picture, session.candidates.patches)
        image = wrapped_bgra(picture)
        QGuiApplication.clipboard().setImage(image)
        self._workspace.notices.info(tr("The picture is on the clipboard."), topic="copy")

    async def file_of_candidate(self, candidate: Candidate) -> Path | None:
        """A file with a telling name that holds a candidate's image as it was received."""
        actions = self._workspace.history_actions
        entry = await actions.get(candidate.entry_id)
        for result in entry.results:
            if result.id == candidate.result_id:
                return await self.file_of_result(result)
        return None

    async def file_of_result(self, result: HistoryResult) -> Path:
        """A file with a telling name that holds a stored result as it was received.

        Raises:
            OutputError: the data folder cannot be written.
        """
        stored = self._workspace.history_actions.received_path(result)
        return await asyncio.to_thread(self.named_copy, stored, result)

    async def file_of_state(self, entry: HistoryEntry, result: HistoryResult) -> Path:
        """A PNG of the whole photograph with a stored result, under a telling name. Made once.

        Raises:
            OutputError: the data folder cannot be written. InputError, StoreError: part of it is gone.
        """
        path = self._folder / result.id / picture_name(entry, result)
        if not await asyncio.to_thread(path.exists):
            try:
                await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
            except OSError as error:
                raise from_os_error(error, path.name, kind=OutputError) from error
            await self._workspace.history_actions.export(result.id, path)
            self._workspace.tidying.soon()
        return path

    def named_copy(self, stored: Path, result: HistoryResult) -> Path:
        """A copy of a stored file under a telling name in the data folder.

        Raises:
            OutputError: the data folder cannot be written.
        """
        suffix = SUFFIXES.get(result.media_type, ".png")
        # An id begins with its time, which the requests for several islands share.
        path = self._folder / f"variant-{result.index + 1}-{result.entry_id[-8:]}{suffix}"
        if path.exists():
            return path
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            # Another drag may ask for the same file meanwhile: it is there whole, or not at all.
            part = path.with_suffix(".part")
            shutil.copyfile(stored, part)
            part.replace(path)
        except OSError as error:
            raise from_os_error(error, path.name, kind=OutputError) from error
        return path

    def clear(self) -> None:
        """Remove the files that were made for dragging; whoever took them has a copy."""
        with contextlib.suppress(OSError):
            shutil.rmtree(self._folder)
