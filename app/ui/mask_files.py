"""What a user does with masks as files and on the clipboard: load, save, copy, paste."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QWidget

from app.base.text import tr
from app.session import mask_actions
from app.ui.dialogs.files import ask_mask, ask_mask_target
from app.ui.transfer import encode_image, offer_of

if TYPE_CHECKING:
    from app.imaging.arrays import U8
    from app.session.document_session import DocumentSession
    from app.session.workspace import Workspace


class MaskFlows:
    """Dialogs and the clipboard joined to the session's mask functions."""

    def __init__(self, workspace: Workspace, window: QWidget) -> None:
        self._workspace = workspace
        self._window = window
        self._copied: tuple[int, U8] | None = None
        """What was copied here last, and the key of the picture that stands for it on the clipboard."""

    async def load(self) -> None:
        """Ask for a mask file and take it into the active mask."""
        session = self._workspace.current
        if session is None:
            return
        chosen = await ask_mask(self._window, self._workspace.settings.value.files.open_folder)
        if chosen is not None:
            path, convention = chosen
            if not await mask_actions.load_mask(session, path, path.name, convention):
                self._tell_same()

    async def save(self) -> None:
        """Ask where to write the active mask, and in which convention."""
        session = self._workspace.current
        if session is None:
            return
        remembered = self._workspace.settings.value.files.export_folder
        folder = Path(remembered) if remembered else session.path.parent if session.path else Path.home()
        chosen = await ask_mask_target(self._window, folder / f"{Path(session.name).stem}-mask.png")
        if chosen is not None:
            path, convention = chosen
            await mask_actions.save_mask(session, path, convention)
            self._workspace.notices.info(tr("Saved “{name}”.", name=path.name), topic="mask")

    async def copy(self) -> None:
        """Put the active mask on the clipboard, as a grey picture for others and exactly for here."""
        session = self._workspace.current
        coverage = await mask_actions.copied_mask(session) if session is not None else None
        if coverage is None:
            return
        # Of its own memory, since the clipboard may hold it until after Python's end; filled in a thread as an array.
        image = QImage(coverage.shape[1], coverage.shape[0], QImage.Format.Format_Grayscale8)
        await asyncio.to_thread(_fill, image.bits(), image.bytesPerLine(), coverage)
        self._copied = (image.cacheKey(), coverage)
        QGuiApplication.clipboard().setImage(image)
        self._workspace.notices.info(tr("The mask is on the clipboard."), topic="mask")

    async def paste(self) -> None:
        """Take the clipboard's picture as the mask: white, or what is transparent, is to be edited."""
        session = self._workspace.current
        if session is None:
            return
        data = QGuiApplication.clipboard().mimeData()
        image = data.imageData() if data.hasImage() else None
        key = image.cacheKey() if isinstance(image, QImage) else None
        if self._copied is not None and key == self._copied[0]:
            if not await mask_actions.set_mask(session, self._copied[1], tr("Paste mask")):
                self._tell_same()
            return
        await self._paste_picture(session, data)

    async def _paste_picture(self, session: DocumentSession, data: QMimeData) -> None:
        offer = offer_of(data)
        source: Path | bytes | None = offer.files[0] if offer.files else offer.encoded
        if source is None and offer.image is not None:
            source = await encode_image(offer.image)
        if source is None:
            self._workspace.notices.info(
                tr("The clipboard holds no picture."),
                tr("Copy a mask here or in another program, then paste it."),
                topic="mask",
            )
            return
        name = source.name if isinstance(source, Path) else tr("Pasted mask")
        if not await mask_actions.load_mask(session, source, name):
            self._tell_same()

    def _tell_same(self) -> None:
        self._workspace.notices.info(tr("The mask is like this already."), topic="mask")


def _fill(bits: bytes | bytearray | memoryview, stride: int, coverage: U8) -> None:
    """Write (h, w) coverage into a grey picture's lines of `stride` bytes."""
    import numpy as np

    height, width = coverage.shape
    np.copyto(np.frombuffer(bits, np.uint8).reshape(height, stride)[:, :width], coverage)
