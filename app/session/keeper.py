"""Keeps what is open: after a crash, or at the next start, the tabs are there again as they were.

Changed documents are written at an interval, and as soon as a request was sent. All writing is done in a thread, on
what does not change any more; the document is painted on meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Hashable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from app.base.errors import MaskroomError
from app.base.geometry import Margins
from app.base.notices import Level, Notice
from app.base.signal import Signal
from app.base.states import JobState
from app.base.text import tr
from app.document.extension import source_photograph
from app.document.saved import margins_entry
from app.history.owner import this_process
from app.session.candidates import Candidate
from app.session.extending import between_canvases, margins_of
from app.session.form_entry import form_entry
from app.session.kept_tabs import (
    VERSION,
    KeptState,
    SourceFile,
    TabEntry,
    TabFolder,
    claim,
    put_aside,
    read_references,
    read_tab,
    remove,
    source_of,
)
from app.session.opening import Opened, open_bytes, open_saved
from app.session.pipeline import renumbered
from app.session.references import reference_of
from app.session.source import bytes_or_copy, read_source

if TYPE_CHECKING:
    from app.document.document import Document
    from app.jobs.types import Job
    from app.session.document_session import DocumentSession
    from app.session.snapshots import Snapshot
    from app.session.source import Source
    from app.session.workspace import Workspace

log = logging.getLogger(__name__)

TOPIC = "session"


@dataclass(slots=True)
class _Kept:
    """What the folder of one open document holds."""

    folder: TabFolder
    stamp: Hashable | None = None
    """Of what was written last; None = nothing yet by this process."""


class SessionKeeper:
    """Writes the open documents of a workspace, and opens those that an earlier run has left."""

    def __init__(self, workspace: Workspace, root: Path) -> None:
        self._workspace = workspace
        self._root = root
        self._owner = this_process()
        self._kept: dict[DocumentSession, _Kept] = {}
        self._restored: tuple[DocumentSession, ...] = ()
        self._writing = asyncio.Lock()
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._failed = False
        self._stopping = False
        self.saving: Signal[[]] = Signal()
        """Emitted on the loop before something is written: others may keep what is theirs."""

    # Opening what was left

    async def restore(self) -> None:
        """Open what an earlier run left: all of it after a crash; after an orderly end where the user likes that.

        Whatever cannot be read is put aside and told; it keeps nothing else from opening.
        """
        workspace = self._workspace
        try:
            found = await asyncio.to_thread(claim, self._root, self._owner)
        except MaskroomError as error:
            workspace.notices.error(error, TOPIC)
            return
        readable = [(folder, entry) for folder, entry in found.items() if entry is not None]
        damaged = [folder for folder, entry in found.items() if entry is None]
        # What was modified is in no other file, however the program ended.
        crashed = [entry for _, entry in readable if entry.is_whole or not entry.ended]
        if not crashed and not workspace.settings.value.session.restore:
            for folder, _ in readable:
                await asyncio.to_thread(remove, folder)
            readable = []
        readable.sort(key=lambda pair: pair[1].place)
        opened = [(entry, await self._reopen(folder, entry)) for folder, entry in readable]
        self._restored = tuple(session for _, session in opened if session is not None)
        front = next((s for entry, s in opened if s is not None and entry.front), None)
        if front is not None:
            workspace.set_current(front)
        await self._tell_damaged(damaged)
        if crashed and self._restored:
            self._tell_restored([entry for entry, session in opened if session is not None])

    async def _reopen(self, folder: Path, entry: TabEntry) -> DocumentSession | None:
        workspace, limits = self._workspace, self._workspace.limits
        path = Path(entry.path) if entry.path is not None else None

        def load() -> Opened:
            if entry.is_whole:
                source, data = source_of(folder, entry, limits)
                opened = open_saved(read_tab(folder, entry, data, limits), source)
            elif path is not None:
                source, data = read_source(path, limits)
                opened = open_bytes(data, source, entry.name, limits)
            else:
                source, data = source_of(folder, entry, limits)
                opened = open_bytes(data, source, entry.name, limits)
            references = read_references(folder, entry, limits)
            return replace(
                opened,
                form=entry.form,
                references=tuple(reference_of(each.name, each.picture) for each in references),
                is_own=entry.file is not None,
            )

        session = await workspace.open_again(entry.name, path, load, id=folder.name, view=entry.view)
        if session is None:
            # The notice says why. What cannot be opened now is not thrown away: it is in no other file.
            if entry.is_whole:
                await self._tell_damaged([folder])
            else:
                await asyncio.to_thread(remove, folder)
            return None
        self._kept[session] = _Kept(TabFolder(folder))
        if entry.is_whole and session.document is not None:
            session.document.undo.mark_unsaved()
        await self._bring_candidates(session, entry)
        return session

    async def _bring_candidates(self, session: DocumentSession, entry: TabEntry) -> None:
        """What waited on the strip; what the history no longer has stays away."""
        found: list[Candidate] = []
        document, actions = session.document, self._workspace.history_actions
        if document is None:
            return
        for result_id in entry.candidates:
            with contextlib.suppress(MaskroomError):
                candidate = await actions.candidate(result_id)
                made_on = margins_of((await actions.get(candidate.entry_id)).form)
                found += between_canvases((candidate,), made_on, document.margins, document.size)
        if found and session in self._workspace.documents:
            session.candidates.add(renumbered(tuple(found), session.candidates.next_number()))
            session.candidates.select(entry.candidate if len(found) == len(entry.candidates) else None)

    async def _tell_damaged(self, folders: list[Path]) -> None:
        for folder in folders:
            with contextlib.suppress(OSError):
                aside = await asyncio.to_thread(put_aside, folder)
                self._workspace.notices.warning(
                    tr("What was kept of a document could not be opened."),
                    tr("It was put aside as “{path}”.", path=aside),
                    topic=f"{TOPIC} {folder.name}",
                )

    def _tell_restored(self, entries: list[TabEntry]) -> None:
        at = _moment(max(entry.saved_at for entry in entries))
        if len(entries) == 1:
            text = tr("Restored “{name}” as it was at {time}.", name=entries[0].name, time=at)
        else:
            text = tr("Restored {count} photographs as they were at {time}.", count=len(entries), time=at)
        hint = tr("Maskroom did not end in order the last time.")
        self._workspace.notices.post(Notice(Level.INFO, text, hint, TOPIC, ("session.discard",)))

    @property
    def is_writing(self) -> bool:
        """Whether documents are being written at this moment."""
        return self._writing.locked()

    @property
    def can_discard(self) -> bool:
        """Whether documents are open that the last run left."""
        return any(session in self._workspace.documents for session in self._restored)

    def discard(self) -> None:
        """Close what was restored; what was in no file is gone then."""
        for session in self._restored:
            if session in self._workspace.documents:
                self._workspace.close(session)
        self._restored = ()

    # Keeping what is open

    def start(self) -> None:
        """Keep the documents from now on, until `stop` or `end`."""
        self._workspace.documents_changed.connect(self._wanted.set)
        self._workspace.worker.changed.connect(self._after_sending)
        self._task = asyncio.get_running_loop().create_task(self._run())

    def _after_sending(self, job: Job) -> None:
        if job.state is JobState.QUEUED:
            self._wanted.set()

    async def _run(self) -> None:
        while not self._stopping:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), self._workspace.settings.value.session.autosave)
            self._wanted.clear()
            if not self._stopping:
                await self._save_whatever_comes()

    async def _save_whatever_comes(self) -> None:
        try:
            await self.save()
        except Exception:
            # A fault in keeping one document must not end the keeping of all.
            log.exception("the open documents could not be kept")

    async def save(self) -> None:
        """Write what changed since it was last written."""
        await self._save(ended=False, let_go=False)

    async def stop(self) -> None:
        """Write no more; what was written stays as it is."""
        if self._task is not None:
            # Not cancelled: what a thread is writing at this moment is to be whole before somebody else writes.
            self._stopping = True
            self._wanted.set()
            await self._task
            self._task = None

    async def end(self, *, let_go: bool) -> None:
        """Write everything a last time.

        `let_go` says that the user was asked: what is still unsaved then comes back as it is in its file, and
        nothing comes back where that is not wanted. Otherwise all of it comes back.
        """
        if self._task is None:
            return
        await self.stop()
        if let_go and not self._workspace.settings.value.session.restore:
            for kept in self._kept.values():
                await asyncio.to_thread(remove, kept.folder.folder)
        else:
            await self._save(ended=True, let_go=let_go)

    async def _save(self, *, ended: bool, let_go: bool) -> None:
        async with self._writing:
            self.saving.emit()
            documents = self._workspace.documents
            for session in [each for each in self._kept if each not in documents]:
                await asyncio.to_thread(remove, self._kept.pop(session).folder.folder)
            failed = False
            for place, session in enumerate(documents):
                try:
                    if session.document is not None and session in self._workspace.documents:
                        await self._save_one(session, place, ended=ended, let_go=let_go)
                except MaskroomError as error:
                    failed = True
                    if not self._failed:
                        self._workspace.notices.error(error, TOPIC)
            self._failed = failed

    async def _save_one(self, session: DocumentSession, place: int, *, ended: bool, let_go: bool) -> None:
        document, source, snapshots = session.document, session.source, session.snapshots
        if document is None or source is None or snapshots is None:
            return
        kept = self._kept.setdefault(session, _Kept(TabFolder(self._root / session.id)))
        is_whole = session.is_modified and not let_go
        entry = self._entry(session, source, place, ended=ended, is_whole=is_whole)
        stamp = _stamp(entry, document, session)
        if stamp == kept.stamp:
            return
        snapshot = await snapshots.take() if is_whole else None
        state = _state(entry, snapshot, document, source, session)
        await asyncio.to_thread(kept.folder.write, state, self._owner)
        kept.stamp = stamp

    def _entry(
        self, session: DocumentSession, source: Source, place: int, *, ended: bool, is_whole: bool
    ) -> TabEntry:
        return TabEntry(
            version=VERSION,
            saved_at=0.0,
            place=place,
            front=session is self._workspace.current,
            ended=ended,
            name=session.name,
            path=None if session.path is None else str(session.path),
            file=None if session.file is None else str(session.file),
            source=SourceFile(source.name, source.sha256, None if source.path is None else str(source.path)),
            is_whole=is_whole,
            form=form_entry(session.form),
            view=session.view,
            candidates=[each.result_id for each in session.candidates.items],
            candidate=session.candidates.selected,
        )


def _stamp(entry: TabEntry, document: Document, session: DocumentSession) -> Hashable:
    """What differs as soon as something else would be written."""
    pixels = document.revision if entry.is_whole else None
    return repr(entry), pixels, tuple(id(each) for each in session.form.references)


def _state(
    entry: TabEntry, snapshot: Snapshot | None, document: Document, source: Source, session: DocumentSession
) -> KeptState:
    ground = document.ground
    return KeptState(
        msgspec.structs.replace(
            entry,
            saved_at=time.time(),
            active_mask=0 if snapshot is None else snapshot.active_mask,
            margins=margins_entry(Margins() if snapshot is None else snapshot.ground.margins),
        ),
        () if snapshot is None else snapshot.layers,
        () if snapshot is None else snapshot.masks,
        session.form.references,
        source,
        lambda: bytes_or_copy(source, partial(source_photograph, ground)),
    )


def _moment(at: float) -> str:
    """A time of today, or with its day."""
    then = datetime.fromtimestamp(at).astimezone()
    same_day = then.date() == datetime.now().astimezone().date()
    return f"{then:%H:%M}" if same_day else f"{then:%Y-%m-%d %H:%M}"
