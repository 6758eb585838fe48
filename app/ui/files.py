"""What a user does with files: open, save, export, close with the question, paste, save from the history."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from app.base.cancel import Cancelled, CancelToken
from app.base.errors import MaskroomError
from app.base.resources import resource_path
from app.base.text import tr
from app.imaging.save import ExportOptions, Saved, format_for
from app.session.document_files import SUFFIX, save_document
from app.session.references import load_references
from app.ui.dialogs.confirm import Choice, Loss, Unsaved, ask_unsaved
from app.ui.dialogs.export import ask_export
from app.ui.dialogs.files import ask_documents, ask_photographs, ask_target
from app.ui.transfer import SUFFIXES, Offer, encode_image

if TYPE_CHECKING:
    from app.history.types import HistoryEntry, HistoryResult
    from app.session.document_session import DocumentSession
    from app.session.workspace import Workspace
    from app.ui.transfer import Transfer


class FileFlows:
    """Dialogs joined to the session. One export at a time, so that a name is never written twice at once."""

    def __init__(
        self,
        workspace: Workspace,
        transfer: Transfer,
        window: QWidget,
        tell_activity: Callable[[str], None],
    ) -> None:
        self._workspace = workspace
        self._transfer = transfer
        self._window = window
        self._tell_activity = tell_activity
        self._writing = asyncio.Lock()
        self._saving: CancelToken | None = None

    async def ask_open(self) -> None:
        """Let the user choose photographs and documents, and open them."""
        files = self._workspace.settings.value.files
        chosen = await ask_documents(self._window, files.open_folder)
        if chosen:
            await self.open_files(chosen)

    async def open_files(self, paths: Sequence[Path]) -> None:
        """Open each in a tab, or show the tab that has it; the first one's folder is where the next dialog starts."""
        workspace = self._workspace
        await workspace.settings.update("files", open_folder=str(paths[0].absolute().parent))
        shown = {each.path.absolute(): each for each in workspace.documents if each.path is not None}
        await workspace.open_files([path for path in paths if path.absolute() not in shown])
        last = shown.get(paths[-1].absolute())
        if last is not None and last in workspace.documents:
            workspace.set_current(last)

    async def ask_references(self) -> None:
        """Let the user choose reference images for the document in front."""
        folder = self._workspace.settings.value.files.open_folder
        chosen = await ask_photographs(self._window, folder)
        if chosen:
            await self._add_references(Offer(files=tuple(chosen)))

    async def take_references(self, offer: Offer) -> None:
        """Add what was dropped or pasted as reference images."""
        await self._add_references(offer)

    async def _add_references(self, offer: Offer) -> None:
        session = self._workspace.current
        if session is None:
            return
        data = offer.encoded
        if data is None and offer.image is not None:
            data = await encode_image(offer.image)
        found = await load_references(offer.files, data, self._workspace.limits, self._workspace.notices)
        session.form.set_references((*session.form.references, *found))

    async def paste(self) -> None:
        await self._transfer.paste()

    async def copy(self) -> None:
        session = self._workspace.current
        if session is not None:
            await self._transfer.copy(session)

    async def export_as(self, session: DocumentSession | None = None) -> bool:
        """Ask where and how, then write; False when cancelled or not written."""
        session = session or self._workspace.current
        if session is None or session.document is None:
            return False
        target = session.export_target
        defaults = self._workspace.settings.value.export
        options = target.options if target else ExportOptions(defaults.quality, defaults.lossless)
        suggested = target.path if target else self._suggested_path(session)
        own = target.path if target else None
        chosen = await ask_export(session.document.photograph, suggested, options, self._window, own)
        return chosen is not None and await self._write(session, *chosen)

    async def export_again(self) -> bool:
        """Write once more to where it was exported last; the first time, ask."""
        session = self._workspace.current
        if session is None:
            return False
        target = session.export_target
        if target is None:
            return await self.export_as(session)
        return await self._write(session, target.path, target.options)

    async def close_current(self) -> None:
        if self._workspace.current is not None:
            await self.close(self._workspace.current)

    async def close(self, session: DocumentSession) -> None:
        """Close a tab, after asking about what was not saved."""
        if await self.may_lose([session]) and session in self._workspace.documents:
            self._workspace.close(session)

    async def may_lose(self, sessions: Sequence[DocumentSession], requests: int = 0) -> bool:
        """True when nothing would be lost, or the user saved or let go of it.

        `requests` is how many that still run would be cancelled.
        """
        modified = [session for session in sessions if session.is_modified]
        if not modified and not requests:
            return True
        if len(modified) == 1:
            self._workspace.set_current(modified[0])
        answer = await ask_unsaved(Loss(tuple(map(_unsaved, modified)), requests), self._window)
        if answer.choice is Choice.SAVE:
            for place in answer.save:
                self._workspace.set_current(modified[place])
                if not await self.save(modified[place]):
                    return False
        return answer.choice is not Choice.CANCEL

    async def save(self, session: DocumentSession | None = None) -> bool:
        """Save to the document's own file; the first time, ask. False when cancelled or not written."""
        session = session or self._workspace.current
        if session is None or session.document is None:
            return False
        if session.file is None:
            return await self.save_as(session)
        return await self._save(session, session.file)

    async def save_as(self, session: DocumentSession | None = None) -> bool:
        """Ask where, then save; False when cancelled or not written."""
        session = session or self._workspace.current
        if session is None or session.document is None:
            return False
        suggested = session.file or self._folder_for(session) / f"{Path(session.name).stem}{SUFFIX}"
        path = await ask_target(
            self._window, tr("Save the document"), suggested, tr("Documents, OpenRaster") + f" (*{SUFFIX})"
        )
        return path is not None and await self._save(session, path)

    async def _save(self, session: DocumentSession, path: Path) -> bool:
        def tell(share: float) -> None:
            text = tr("Saving “{name}”… {share} % (Esc cancels)", name=path.name, share=round(100 * share))
            if self._saving is not None:
                self._tell_activity(text)

        try:
            async with self._writing:
                self._saving = CancelToken()
                with self._working(tr("Saving “{name}”…", name=path.name)):
                    await save_document(session, path, tell, self._saving)
        except Cancelled:
            self._workspace.notices.info(tr("“{name}” was not saved.", name=path.name), topic="save")
            return False
        except MaskroomError as error:
            self._workspace.notices.error(error, topic="save")
            return False
        finally:
            self._saving = None
        self._workspace.notices.info(tr("Saved “{name}”.", name=path.name), topic="save")
        await self._workspace.remember_file(path)
        return True

    def cancel_saving(self) -> bool:
        """Stop the document that is being saved; False when none is."""
        if self._saving is None:
            return False
        self._saving.cancel()
        return True

    async def save_result(self, entry: HistoryEntry, result: HistoryResult) -> None:
        """Write the whole photograph with a stored result."""
        suggested = self._suggested_for_result(entry, result, ".png")
        path = await ask_target(self._window, tr("Save the photograph with this result"), suggested)
        if path is not None:
            format_for(path)
            with self._working(tr("Saving “{name}”…", name=path.name)):
                saved = await self._workspace.history_actions.export(result.id, path)
            self._workspace.tidying.soon()
            self._tell(saved)

    async def save_raw(self, entry: HistoryEntry, result: HistoryResult) -> None:
        """Write a stored result just as it was received."""
        suffix = SUFFIXES.get(result.media_type, ".png")
        suggested = self._suggested_for_result(entry, result, suffix)
        path = await ask_target(self._window, tr("Save the received image"), suggested)
        if path is not None:
            await self._workspace.history_actions.export_raw(result.id, path)
            self._workspace.notices.info(tr("Saved “{name}”.", name=path.name), topic="export")

    async def _write(self, session: DocumentSession, path: Path, options: ExportOptions) -> bool:
        try:
            async with self._writing:
                with self._working(tr("Exporting “{name}”…", name=path.name)):
                    saved = await session.export(path, options)
        except MaskroomError as error:
            self._workspace.notices.error(error, topic="export")
            return False
        self._tell(saved)
        await self._workspace.settings.update("files", export_folder=str(path.parent))
        return True

    @contextmanager
    def _working(self, text: str) -> Iterator[None]:
        """A large photograph takes seconds to write: say so for as long as it lasts."""
        self._tell_activity(text)
        try:
            yield
        finally:
            self._tell_activity("")

    def _tell(self, saved: Saved) -> None:
        hint = " ".join(saved.notes)
        if saved.lossy and not hint:
            hint = tr("This format is lossy: pixels outside the mask may differ a little in the file.")
        self._workspace.notices.info(tr("Exported “{name}”.", name=saved.path.name), hint, topic="export")

    def _suggested_path(self, session: DocumentSession) -> Path:
        """NAME-edit beside the source, else in the folder of the last export; in its format if possible."""
        stem, suffix = Path(session.name).stem, Path(session.name).suffix.lower()
        try:
            format_for(Path(f"name{suffix}"))
        except MaskroomError:
            suffix = ".png"
        return self._folder_for(session) / f"{stem}-edit{suffix}"

    def _folder_for(self, session: DocumentSession) -> Path:
        """The folder of the document where that can be written, else that of the last export."""
        remembered = self._workspace.settings.value.files.export_folder
        folder = session.path.absolute().parent if session.path else None
        if folder is None or folder == resource_path("samples") or not os.access(folder, os.W_OK):
            folder = Path(remembered) if remembered else Path.home()
        return folder

    def _suggested_for_result(self, entry: HistoryEntry, result: HistoryResult, suffix: str) -> Path:
        remembered = self._workspace.settings.value.files.export_folder
        folder = Path(remembered) if remembered else Path.home()
        return folder / f"{Path(entry.document_name).stem}-variant-{result.index + 1}{suffix}"


def _unsaved(session: DocumentSession) -> Unsaved:
    """What the question tells about a document."""
    target = session.export_target
    return Unsaved(
        session.name,
        only_painted=session.document is not None and not session.document.layers,
        exported_as=target.path.name if target is not None and session.is_exported else "",
    )
