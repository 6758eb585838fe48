"""Everything that is open: documents as tabs, the one queue, the one history, tools and commands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from app.base.errors import MaskroomError, StoreError
from app.base.geometry import Size
from app.base.notices import Level, Notice, Notices
from app.base.signal import Signal
from app.base.text import tr, tr_count
from app.document.composition import Made
from app.document.document import Document
from app.document.openraster_reader import is_openraster
from app.edits.types import Context
from app.engines.host import EngineHost
from app.gateways.client import Transports
from app.gateways.discovery import ListedModel, list_models
from app.gateways.model_cache import ModelCache
from app.gateways.providers import ProviderStore
from app.gateways.types import Profile
from app.history.store import HistoryStore
from app.imaging.load import Limits, load_preview, probe
from app.imaging.pyramid import Preview
from app.jobs.types import Job
from app.jobs.worker import RequestWorker
from app.session.commands import CommandRegistry
from app.session.compressing import Compressing
from app.session.document_session import DocumentSession
from app.session.estimates import Estimator
from app.session.form import EditForm
from app.session.form_entry import fill_form
from app.session.history_actions import HistoryActions
from app.session.history_shelf import HistoryShelf
from app.session.housekeeping import GIGABYTE, Housekeeping
from app.session.keeper import SessionKeeper
from app.session.kept_brushes import KeptBrushes
from app.session.kept_tabs import LookedAt
from app.session.model_lists import ModelLists
from app.session.money import Money
from app.session.opening import Opened, open_bytes
from app.session.pipeline import EditPipeline
from app.session.recent import with_recent
from app.session.recovery import interrupted_job, recover
from app.session.source import Source, data_source, read_source
from app.session.stamping import Stamping
from app.session.tidying import Tidying
from app.session.toolbox import ToolBox
from app.settings.folders import Folders
from app.settings.model import EditSettings
from app.settings.secrets import Secrets, variable_of
from app.settings.store import SettingsStore

PREVIEW_BOUNDS = Size(1440, 1440)
"""The first picture of a large file is decoded to about this size."""


class Workspace:
    """The root of a running program, window or command line. Lives on the event loop's thread."""

    def __init__(
        self,
        *,
        folders: Folders,
        notices: Notices,
        settings: SettingsStore,
        secrets: Secrets,
        providers: ProviderStore,
        history: HistoryStore,
        worker: RequestWorker,
        pipeline: EditPipeline,
        estimator: Estimator,
        money: Money,
        toolbox: ToolBox,
        commands: CommandRegistry,
        limits: Limits = Limits(),
        transports: Transports,
        host: EngineHost,
        end_logging: Callable[[], None],
    ) -> None:
        self.folders = folders
        self.notices = notices
        self.settings = settings
        self.secrets = secrets
        self.providers = providers
        self.history = history
        self.worker = worker
        self.pipeline = pipeline
        self.toolbox = toolbox
        self.commands = commands
        self.limits = limits
        self.host = host
        self.estimator = estimator
        self.money = money
        self.models = ModelLists(ModelCache(folders.cache / "models"), self._list_models)
        self.history_actions = HistoryActions(history, limits, pipeline.entry_changed)
        self.history_shelf = HistoryShelf(history, pipeline.entry_changed)
        self.housekeeping = Housekeeping(history, pipeline.entry_changed)
        self.documents_changed: Signal[[]] = Signal()
        self.current_changed: Signal[[]] = Signal()
        self.keeper = SessionKeeper(self, folders.session)
        self.history_changed: Signal[[str]] = pipeline.entry_changed
        """Emitted with the id of the entry that was added, changed or deleted; "" = of many."""
        self.history_replaced: Signal[[]] = Signal()
        """Emitted when another database has taken the place of the history's."""
        self.tidying = Tidying(
            lambda: self.keeper.is_writing or any(each.is_drawing for each in self._documents)
        )
        self._compressing = Compressing(
            lambda: any(each.is_drawing or each.is_stepping for each in self._documents)
        )
        worker.changed.connect(self._tidy_after)
        pipeline.held.connect(self._tell_held)
        self._told_held: Notice | None = None
        self._transports = transports
        self._end_logging = end_logging
        self._loop = asyncio.get_running_loop()
        self._chores: set[asyncio.Future[Any]] = set()
        self._kept_brushes = KeptBrushes(toolbox, settings)
        self._stamping = Stamping(toolbox, lambda: bool(self._documents))
        self.documents_changed.connect(self._stamping.soon)
        self._documents: tuple[DocumentSession, ...] = ()
        self._current: DocumentSession | None = None
        settings.changed.connect(lambda changed: self._limit_steps())

    @property
    def documents(self) -> tuple[DocumentSession, ...]:
        """The open documents in the order of their tabs, those that are being opened included."""
        return self._documents

    @property
    def current(self) -> DocumentSession | None:
        return self._current

    def set_current(self, session: DocumentSession | None) -> None:
        if session is not self._current:
            self._current = session
            self.current_changed.emit()

    async def open_files(self, paths: Sequence[Path]) -> tuple[DocumentSession, ...]:
        """Open each file in a tab of its own; files that cannot be opened are told as notices."""
        sessions = [self._add(path.name, path) for path in paths]
        opened = []
        for session, path in zip(sessions, paths, strict=True):
            if await self._open(session, partial(read_source, path, self.limits)):
                await self.remember_file(path)
                opened.append(session)
        return tuple(opened)

    async def open_data(self, data: bytes, name: str) -> DocumentSession | None:
        """Open pasted or dropped picture data in a tab of its own."""
        session = self._add(name, None)
        opened = await self._open(session, lambda: (data_source(data, name), data))
        return session if opened else None

    async def open_again(
        self,
        name: str,
        path: Path | None,
        load: Callable[[], Opened],
        *,
        id: str,
        view: LookedAt | None,
    ) -> DocumentSession | None:
        """Open what `load` gives, in a thread, in the tab that it had; what cannot be opened is told."""
        session = self._add(name, path)
        session.id, session.view = id, view
        try:
            opened = await asyncio.to_thread(load)
        except MaskroomError as error:
            self._give_up(session, error)
            return None
        if session not in self._documents:
            return None
        self._show(session, opened)
        return session

    def close(self, session: DocumentSession) -> None:
        """Close a tab; what it held unsaved is the caller's question to ask first."""
        index = self._documents.index(session)
        self._documents = tuple(s for s in self._documents if s is not session)
        # At once, but for the threads that are still at work for it: `aclose` waits for those.
        session.retire()
        _look_after(self._loop.create_task(session.aclose()), self._chores)
        self.tidying.soon()
        if self._current is session:
            neighbours = self._documents[index : index + 1] or self._documents[-1:]
            self._current = neighbours[0] if neighbours else None
            self.current_changed.emit()
        self.documents_changed.emit()

    async def aclose(self) -> None:
        """Cancel what runs, wait for it, and let go of everything; nothing works afterwards."""
        await self.keeper.stop()
        await self.worker.aclose()
        await self.pipeline.aclose()
        for session in self._documents:
            await session.aclose()
        await self.tidying.aclose()
        await self._compressing.aclose()
        await self._stamping.aclose()
        await self._kept_brushes.aclose()
        while self._chores:
            await asyncio.gather(*self._chores)
        await self.host.aclose()
        await asyncio.to_thread(self.history.close)
        self._end_logging()

    async def recover(self) -> None:
        """Finish what an earlier run left behind when it was killed; to be awaited once, at the start."""
        interrupted = await recover(self.history, self.pipeline, self.folders.recovery_lock)
        for entry in interrupted:
            self.worker.show_ended(interrupted_job(entry))
        if interrupted:
            self.notices.warning(
                tr_count(
                    "One request was cut off when Maskroom last ended.",
                    "{count} requests were cut off when Maskroom last ended.",
                    len(interrupted),
                ),
                tr("The history shows what is known and can send again; what was sent may have been billed."),
                topic="recovery",
            )

    async def keep_history_small(self) -> None:
        """See to the limit that the settings put on the history; to be awaited once, at the start."""
        history = self.settings.value.history
        await self.housekeeping.keep_within(history.limit * GIGABYTE, self.notices, may_clean=history.clean)

    def _tell_held(self, error: StoreError) -> None:
        notice = Notice(
            Level.WARNING,
            error.message,
            tr("A result that came is held in memory and stored as soon as that works: do not end Maskroom."),
            "held",
        )
        if notice != self._told_held:
            self._told_held = notice
            self.notices.post(notice)

    async def _list_models(self, profile: Profile, key: str | None) -> tuple[ListedModel, ...]:
        """The models that a provider says it has, asked with `key` or else the stored one."""
        if key is None and profile.needs_key:
            key = await self.secrets.get(profile.name)
        return await list_models(profile, key, self._transports(profile))

    async def serve(self, port: int, on_ready: Callable[[str], None]) -> None:
        """Offer the built-in engine on 127.0.0.1 until the awaiting task is cancelled.

        Raises:
            UsageError: the port is taken.
        """
        from app.server.serve import serve

        await serve(self.host, port, on_ready=on_ready)

    def key_variable(self, provider: str) -> str:
        """The environment variable that gives a provider's key for one run."""
        return variable_of(provider)

    def _add(self, name: str, path: Path | None) -> DocumentSession:
        form = self._new_form()
        session = DocumentSession(
            name,
            path,
            form=form,
            pipeline=self.pipeline,
            new_request_id=self.history.new_id,
            estimator=self.estimator,
            money=self.money,
            notices=self.notices,
            stamps=self._stamping.stamps,
        )
        session.let_go.connect(self.tidying.soon)
        self._documents = (*self._documents, session)
        self._current = session
        self.documents_changed.emit()
        self.current_changed.emit()
        return session

    def _new_form(self) -> EditForm:
        """The form of a new tab, as the settings have it."""
        defaults = self.settings.value.edit
        try:
            form = EditForm(self.providers.get, defaults.provider, defaults.model)
        except MaskroomError as error:
            self.notices.error(error, topic="provider")
            form = EditForm(self.providers.get, EditSettings().provider)
        form.set_variants(defaults.variants)
        form.set_context(Context(share=defaults.context_share))
        form.set_grow(None if defaults.grow == "auto" else defaults.grow)
        form.set_feather(defaults.feather)
        return form

    async def _open(self, session: DocumentSession, read: Callable[[], tuple[Source, bytes]]) -> bool:
        try:
            source, data = await asyncio.to_thread(read)
            if not is_openraster(data):
                await self._preview(session, data)
            opened = await asyncio.to_thread(open_bytes, data, source, session.name, self.limits)
        except MaskroomError as error:
            self._give_up(session, error)
            return False
        if session not in self._documents:
            return False
        self._show(session, opened)
        return True

    def _give_up(self, session: DocumentSession, error: MaskroomError) -> None:
        self.notices.error(error)
        session.show_failure()
        if session in self._documents:
            self.close(session)

    async def _preview(self, session: DocumentSession, data: bytes) -> None:
        info = await asyncio.to_thread(probe, data, name=session.name, limits=self.limits)
        if info.has_quick_preview:
            picture = await asyncio.to_thread(
                load_preview, data, PREVIEW_BOUNDS, name=session.name, limits=self.limits
            )
            session.show_preview(await asyncio.to_thread(Preview.of, picture), info.size)

    def _show(self, session: DocumentSession, opened: Opened) -> None:
        document = Document(
            opened.photograph,
            opened.prepared,
            undo_limit=self._undo_limit,
            compressor=self._compressing.soon,
            background=self._in_background,
            margins=opened.margins,
        )
        document.start_from(opened.layers, opened.masks, opened.active_mask)
        fill_form(session.form, opened.form)
        session.form.set_references(opened.references)
        session.file = session.path if opened.is_own else None
        session.show_document(document, opened.source)
        # Now that nobody shows the preview any more, what opening needed for a while can go.
        self.tidying.soon()
        for note in opened.notes:
            self.notices.info(f"{session.name}: {note}")

    @property
    def _undo_limit(self) -> int:
        return self.settings.value.steps.memory * 1024 * 1024

    def _limit_steps(self) -> None:
        for session in self._documents:
            if session.document is not None:
                session.document.undo.set_limit(self._undo_limit)

    def _tidy_after(self, job: Job) -> None:
        if job.state.is_final:
            self._told_held = None
            self.tidying.soon()

    async def remember_file(self, path: Path) -> None:
        """Put a file first in the list of those used last."""
        recent = with_recent(self.settings.value.files.recent, path)
        await self.settings.update("files", recent=recent)

    def _in_background(self, work: Callable[[], Made], done: Callable[[Callable[[], Made]], None]) -> None:
        """Run `work` in a thread and then `done` here, with what came of it; `aclose` waits for it."""
        future = self._loop.run_in_executor(None, work)
        _look_after(future, self._chores)
        future.add_done_callback(lambda finished: done(finished.result))


def _look_after(chore: asyncio.Future[Any], chores: set[asyncio.Future[Any]]) -> None:
    """Keep a chore among the `chores` until it is done."""
    chores.add(chore)
    chore.add_done_callback(chores.discard)
