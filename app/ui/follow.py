"""Keeps every panel on the document in front, and the commands enabled as things change.

The one place where the window listens to the workspace as a whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit

from app.base.text import tr
from app.session.document_session import Stage
from app.session.extending import extend_canvas
from app.session.queue_actions import cancel_requests
from app.session.resending import send_again
from app.session.toolbox import ToolKind
from app.ui.links import Links
from app.ui.panels.side import EDIT
from app.ui.theme import DARK
from app.ui.wording import region_text

if TYPE_CHECKING:
    from app.base.geometry import Margins, Rect
    from app.document.document import Document
    from app.document.layers import EditLayer
    from app.imaging.load import Limits
    from app.session.document_session import DocumentSession
    from app.ui.desk import Desk

LAYER_MASK_SHARE = 0.45
"""Of the overlay's opacity: the mask of a layer is judged by what it shows."""


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
        self._steps = QTimer(desk.window)
        self._steps.setSingleShot(True)
        self._steps.timeout.connect(self._step)
        self._to_show: list[Callable[[], None]] = []
        """What of the window does not show the document in front yet, in the order of its turns."""
        workspace = desk.workspace
        self._own_links.add(
            workspace.notices.subscribe(desk.notices.show_notice),
            workspace.current_changed.connect(self.take_current),
            workspace.documents_changed.connect(self._mirror_title),
            workspace.worker.changed.connect(lambda job: desk.actions.refresh_soon()),
            workspace.toolbox.changed.connect(self._mirror_tool),
            workspace.settings.changed.connect(lambda settings: desk.mirror_settings()),
            workspace.keeper.saving.connect(desk.remember_layout),
        )
        self._mirror_tool()
        self.take_current()

    def detach(self) -> None:
        self._steps.stop()
        for links in (self._own_links, self._links, self._document_links):
            links.clear()

    def take_current(self) -> None:
        """Show the document in front, or the empty view."""
        desk, session = self._desk, self._desk.workspace.current
        desk.close_compare()
        desk.extend_bar.leave()
        self._links.clear()
        self._session = session
        self._count = len(session.candidates.items) if session is not None else 0
        if session is not None:
            self._links.add(
                session.stage_changed.connect(self._mirror_stage),
                session.planning.changed.connect(self._mirror_plan),
                session.planning.changed.connect(self._mirror_edge),
                session.region.changed.connect(self._mirror_region),
                session.measuring.changed.connect(self._mirror_region),
                session.preparing_changed.connect(self._mirror_preparing),
                session.modified_changed.connect(self._mirror_title),
                session.candidates.changed.connect(self._mirror_candidates),
            )
        self._recall_view()
        desk.canvas.set_session(session)
        desk.canvas.set_region_hand(session.region if session is not None else None)
        desk.strip.set_session(session)
        desk.status.set_session(session)
        self._to_show = [
            self.show_middle,
            lambda: desk.edit.set_session(session),
            lambda: desk.steps.set_session(session),
            lambda: desk.layers.set_session(session),
        ]
        if session is not None and desk.centre.currentWidget() is desk.empty:
            self._steps.start()
        else:
            # Another document's panels are never in sight beside it: what is typed is this one's.
            while self._to_show:
                self._step()
        desk.history.set_session_available(session is not None)
        if session is not None:
            desk.status.show_view(desk.canvas.navigation.view)
        else:
            desk.empty.open.setFocus(Qt.FocusReason.OtherFocusReason)
        self._mirror_stage()
        self._mirror_plan()
        self._mirror_edge()
        self._mirror_candidates()
        self._mirror_title()

    def _step(self) -> None:
        """Show the photograph, then what stands beside it: all at once would keep the window from its events."""
        self._steps.stop()
        self._to_show.pop(0)()
        if self._to_show:
            self._steps.start()

    def show_middle(self) -> None:
        """Bring the photograph, or the empty view, to the middle of the window."""
        desk = self._desk
        desk.centre.setCurrentWidget(desk.host if self._session is not None else desk.empty)

    def cancel_jobs(self) -> None:
        """Cancel what runs or waits for the document in front."""
        if self._session is not None:
            cancel_requests(self._desk.workspace, self._session.id)

    def send_over_limit(self) -> None:
        """Send what is painted although it passes the limit of what may be spent."""
        if self._session is not None:
            self._desk.tasks.start(self._session.generate(over_limit=True), "generate")

    def extend_canvas(self, added: Margins) -> None:
        """Make the canvas of the document in front larger."""
        session, workspace = self._session, self._desk.workspace
        if session is not None and session.document is not None:
            self._desk.tasks.start(self._extend(session.document, added, workspace.limits), "extend")

    async def _extend(self, document: Document, added: Margins, limits: Limits) -> None:
        self._desk.status.show_activity(tr("Extending the canvas…"))
        try:
            await extend_canvas(document, added, limits)
        finally:
            self._desk.status.show_activity("")

    def resend(self, entry_id: str) -> None:
        """Send a request that brought nothing once more, with the settings and the mask it had."""
        self._desk.tasks.start(send_again(self._desk.workspace, entry_id), "generate")

    def keep_view(self) -> None:
        """Remember how the document in front is looked at."""
        session = self._session
        if (
            session is not None
            and session.document is not None
            and session is self._desk.canvas.source.session
        ):
            session.view = self._desk.canvas.navigation.looked_at()

    def _recall_view(self) -> None:
        """A document that was open before is looked at as it was then."""
        if self._session is not None and self._session.view is not None:
            self._desk.canvas.navigation.recall(self._session, self._session.view)

    def _mirror_stage(self) -> None:
        self._recall_view()
        self._document_links.clear()
        desk, session = self._desk, self._session
        document = session.document if session is not None else None
        work = session.mask_work if session is not None else None
        desk.mask_bar.set_work(work)
        desk.mask_picker.set_document(document)
        desk.leak_map.set_judging(session.judging if session is not None else None)
        if work is not None:
            self._document_links.add(work.changed.connect(self._mirror_mask_work))
        if document is not None:
            self._document_links.add(
                document.undo.changed.connect(desk.actions.refresh_soon),
                document.layers_changed.connect(desk.actions.refresh_soon),
                document.masks_changed.connect(self._mirror_painting),
                document.mask_changed.connect(lambda rects: self._show_mask()),
            )
        if session is not None and session.stage is Stage.READY and not _is_typing():
            desk.canvas.setFocus(Qt.FocusReason.OtherFocusReason)
        if session is not None and session.layers is not None:
            self._document_links.add(session.layers.changed.connect(desk.actions.refresh_soon))
        if session is not None and session.judging is not None:
            self._document_links.add(session.judging.changed.connect(desk.actions.refresh_soon))
        self._mirror_mask_work()
        self._mirror_painting()
        self._mirror_title()
        desk.actions.refresh()

    def _mirror_painting(self) -> None:
        """Whose mask is painted is told in words, by the overlay's colour, and by the outline of where it can be."""
        self._desk.painting_bar.show_layer(self._painted)
        self.mirror_overlay()
        self._mirror_plan()
        self._mirror_edge()

    def mirror_overlay(self) -> None:
        """The mask for the next request has the colour of the settings, that of a layer one of its own."""
        desk, canvas = self._desk, self._desk.workspace.settings.value.canvas
        if self._painted is not None:
            desk.canvas.set_overlay(QColor(DARK.layer_mask), canvas.overlay_opacity * LAYER_MASK_SHARE)
        else:
            desk.canvas.set_overlay(QColor(canvas.overlay_colour), canvas.overlay_opacity)

    @property
    def _painted(self) -> EditLayer | None:
        document = self._session.document if self._session is not None else None
        return document.painted_layer if document is not None else None

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
        self._mirror_region()
        self._desk.actions.refresh_soon()

    def _mirror_region(self) -> None:
        """Outline what is sent, and tell its facts while it is being shaped."""
        desk, session = self._desk, self._session
        if session is None or session.candidates.shown is not None:
            desk.canvas.set_regions()
            return
        if self._painted is not None:
            desk.canvas.set_regions(self._painted.region)
            return
        parts, label = session.shown_parts, ""
        in_hand = desk.workspace.toolbox.tool is ToolKind.REGION
        if session.region.part is not None and (session.region.is_held or in_hand):
            label = region_text(parts[0].plan, session.measuring.sent_bytes)
            if session.region.is_stopped:
                label = tr("{facts} · it holds the mask", facts=label)
        desk.canvas.set_regions(*(part.plan.region for part in parts), label=label)

    def _mirror_edge(self) -> None:
        shown = self._session if self._painted is None else None
        self._desk.canvas.set_edge(shown.planning.edge if shown is not None else None)

    def _mirror_candidates(self) -> None:
        desk, session = self._desk, self._session
        if session is None:
            desk.canvas.set_candidates()
            return
        shown = session.candidates.shown
        desk.canvas.set_candidates(*session.candidates.patches)
        count = len(session.candidates.items)
        if count > self._count and shown is not None:
            desk.host.keep_clear(self._rect_shown(session.candidates.rect_of(shown)))
        if count > self._count and not _is_typing() and not _is_drawing(session):
            desk.strip.setFocus(Qt.FocusReason.OtherFocusReason)
            desk.side.reveal(EDIT)
        self._count = count
        self._mirror_plan()

    def _mirror_tool(self) -> None:
        desk = self._desk
        for kind in ToolKind:
            desk.actions.action(f"tool.{kind.value}").setChecked(desk.workspace.toolbox.tool is kind)
        self._mirror_region()

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
