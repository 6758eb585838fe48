"""Keeps every panel on the document in front, and the commands enabled as things change.

The one place where the window listens to the workspace as a whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit

from app.base.text import tr
from app.session.document_session import Stage
from app.session.toolbox import ToolKind
from app.ui.compositing import mask_rect
from app.ui.links import Links
from app.ui.panels.side import EDIT

if TYPE_CHECKING:
    from app.base.geometry import Rect
    from app.session.document_session import DocumentSession
    from app.ui.desk import Desk


class FollowCurrent:
    """Hands the current session to the panels, and what changes in it to the canvas and the actions."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._session: DocumentSession | None = None
        self._count = 0
        self._works_on_mask = False
        self._links = Links()
        self._document_links = Links()
        self._own_links = Links()
        workspace = desk.workspace
        self._own_links.add(
            workspace.notices.subscribe(desk.notices.show_notice),
            workspace.current_changed.connect(self.take_current),
            workspace.documents_changed.connect(self._mirror_title),
            workspace.worker.changed.connect(lambda job: desk.actions.refresh_soon()),
            workspace.toolbox.changed.connect(self._mirror_tool),
            workspace.settings.changed.connect(lambda settings: desk.mirror_settings()),
        )
        self._mirror_tool()
        self.take_current()

    def detach(self) -> None:
        for links in (self._own_links, self._links, self._document_links):
            links.clear()

    def take_current(self) -> None:
        """Show the document in front, or the empty view."""
        desk, session = self._desk, self._desk.workspace.current
        desk.close_compare()
        self._links.clear()
        self._session = session
        self._count = len(session.candidates.items) if session is not None else 0
        if session is not None:
            self._links.add(
                session.stage_changed.connect(self._mirror_stage),
                session.plan_changed.connect(self._mirror_plan),
                session.plan_changed.connect(self._mirror_edge),
                session.preparing_changed.connect(self._mirror_preparing),
                session.modified_changed.connect(self._mirror_title),
                session.candidates.changed.connect(self._mirror_candidates),
            )
        desk.canvas.set_session(session)
        desk.edit.set_session(session)
        desk.strip.set_session(session)
        desk.status.set_session(session)
        desk.steps.set_session(session)
        desk.history.set_session_available(session is not None)
        desk.centre.setCurrentWidget(desk.host if session is not None else desk.empty)
        if session is not None:
            desk.status.show_view(desk.canvas.navigation.view)
        else:
            desk.empty.open.setFocus(Qt.FocusReason.OtherFocusReason)
        self._mirror_stage()
        self._mirror_plan()
        self._mirror_edge()
        self._mirror_candidates()
        self._mirror_title()

    def cancel_jobs(self) -> None:
        """Cancel what runs or waits for the document in front."""
        worker = self._desk.workspace.worker
        for job in worker.jobs:
            if self._session is not None and job.document_id == self._session.id:
                worker.cancel(job.id)

    def send_over_limit(self) -> None:
        """Send what is painted although it passes the limit of what may be spent."""
        if self._session is not None:
            self._desk.tasks.start(self._session.generate(over_limit=True), "generate")

    def retry(self, job_id: str) -> None:
        """Send a request that failed once more, with the settings and the mask it had."""
        self._desk.tasks.start(self._retry(job_id), "generate")

    async def _retry(self, job_id: str) -> None:
        workspace = self._desk.workspace
        job = workspace.worker.job(job_id)
        for session in workspace.documents:
            if job is not None and session.id == job.document_id:
                workspace.set_current(session)
                entry = await workspace.history_actions.get(job_id)
                await workspace.history_actions.reuse(entry, session)
                await session.generate()

    def _mirror_stage(self) -> None:
        self._document_links.clear()
        desk, session = self._desk, self._session
        document = session.document if session is not None else None
        work = session.mask_work if session is not None else None
        desk.mask_bar.set_work(work)
        desk.mask_picker.set_document(document)
        if work is not None:
            self._document_links.add(work.changed.connect(self._mirror_mask_work))
        if document is not None:
            self._document_links.add(
                document.undo.changed.connect(desk.actions.refresh_soon),
                document.layers_changed.connect(desk.actions.refresh_soon),
                document.mask_changed.connect(lambda rects: self._show_mask()),
            )
        if session is not None and session.stage is Stage.READY and not _is_typing():
            desk.canvas.setFocus(Qt.FocusReason.OtherFocusReason)
        self._mirror_mask_work()
        self._mirror_title()
        desk.actions.refresh()

    def _mirror_mask_work(self) -> None:
        """What is tried out is shown on the canvas; what takes a while is told."""
        work = self._session.mask_work if self._session is not None else None
        self._desk.canvas.source.set_mask_preview(work.preview if work is not None else None)
        busy = work is not None and work.is_busy
        if busy != self._works_on_mask:
            self._works_on_mask = busy
            self._desk.status.show_activity(tr("Changing the mask… Esc cancels") if busy else "")

    def _show_mask(self) -> None:
        """Whoever changes the mask sees it: a variant that hides it gives way, and stays on the strip."""
        session = self._session
        if session is not None and session.candidates.shown is not None:
            session.candidates.select(None)

    def _rect_shown(self, rect_doc: Rect) -> QRect:
        """Where document pixels stand on the canvas, in its own coordinates."""
        canvas = self._desk.canvas
        rect, ratio = canvas.navigation.view.rect_to_view(rect_doc), canvas.devicePixelRatioF()
        return QRectF(rect.x / ratio, rect.y / ratio, rect.width / ratio, rect.height / ratio).toAlignedRect()

    def _mirror_preparing(self) -> None:
        """Whoever sends from the prompt is done typing: the keys are the canvas's and soon the variants'."""
        desk = self._desk
        if self._session is not None and self._session.is_preparing and desk.edit.prompt.hasFocus():
            desk.canvas.setFocus(Qt.FocusReason.OtherFocusReason)
        desk.actions.refresh_soon()

    def _mirror_plan(self) -> None:
        session = self._session
        plan = session.plan if session is not None and session.candidates.shown is None else None
        self._desk.canvas.set_region(plan.region if plan is not None else None)
        self._desk.actions.refresh_soon()

    def _mirror_edge(self) -> None:
        self._desk.canvas.set_edge(self._session.edge if self._session is not None else None)

    def _mirror_candidates(self) -> None:
        desk, session = self._desk, self._session
        if session is None:
            desk.canvas.set_candidate(None)
            desk.leak_map.follow(None)
            return
        shown = session.candidates.shown
        desk.canvas.set_candidate(shown.patch if shown is not None else None)
        desk.leak_map.follow(shown)
        count = len(session.candidates.items)
        if count > self._count and shown is not None:
            desk.host.keep_clear(self._rect_shown(mask_rect(shown.patch)))
        if count > self._count and not _is_typing() and not _is_drawing(session):
            desk.strip.setFocus(Qt.FocusReason.OtherFocusReason)
            desk.side.reveal(EDIT)
        self._count = count
        self._mirror_plan()
        desk.actions.refresh()

    def _mirror_tool(self) -> None:
        desk = self._desk
        for kind in ToolKind:
            desk.actions.action(f"tool.{kind.value}").setChecked(desk.workspace.toolbox.tool is kind)

    def _mirror_title(self) -> None:
        session = self._session
        if session is None:
            self._desk.window.setWindowTitle("Maskroom")
            self._desk.window.setWindowModified(False)
            return
        self._desk.window.setWindowTitle(f"{session.name}[*] — Maskroom")
        self._desk.window.setWindowModified(session.is_modified)


def _is_typing() -> bool:
    return isinstance(QApplication.focusWidget(), (QLineEdit, QPlainTextEdit))


def _is_drawing(session: DocumentSession) -> bool:
    return session.gestures is not None and session.gestures.active
