"""The status bar: zoom, size, mask coverage, colour and depth, and how many requests run."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel, QStatusBar, QWidget

from app.base.states import JobState
from app.base.text import tr
from app.session.document_session import Stage
from app.ui.links import Links
from app.ui.panels.options_bar import tool_hint
from app.ui.panels.selecting_view import SelectingView
from app.ui.widgets.labels import ElidedLabel
from app.ui.wording import percent_text, size_text

if TYPE_CHECKING:
    from app.document.document import Document
    from app.imaging.photograph import Photograph
    from app.session.document_session import DocumentSession
    from app.session.workspace import Workspace
    from app.ui.canvas.view_transform import ViewTransform
    from app.ui.tasks import Tasks

REST_MILLISECONDS = 250
"""Counting the mask waits until the strokes rest."""


def colour_text(photograph: Photograph) -> str:
    """Format, channels, depth and whether a profile came with it: "JPEG · RGB 8 bit · ICC profile"."""
    profile = tr("ICC profile") if photograph.metadata.icc else "sRGB"
    channels = {"L": tr("Grey"), "LA": tr("Grey + alpha")}.get(
        photograph.channels.value, photograph.channels.value
    )
    depth = tr("{channels} {bits} bit", channels=channels, bits=photograph.bits)
    return f"{photograph.format} · {depth} · {profile}"


class StatusBar(QStatusBar):
    """Mirrors the document in front, the zoom and the queue."""

    def __init__(self, workspace: Workspace, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self._workspace = workspace
        self._tasks = tasks
        self._session: DocumentSession | None = None
        self._links = Links()
        self._own_links = Links()
        self.zoom, self.size_label, self.coverage = QLabel(), QLabel(), QLabel()
        self.colour, self.jobs = QLabel(), QLabel()
        self.display = QLabel()
        for label, name in (
            (self.zoom, tr("Zoom")),
            (self.size_label, tr("Size of the photograph")),
            (self.colour, tr("Colour and depth")),
            (self.display, tr("Photographs are shown in the colours of this display profile")),
            (self.coverage, tr("Mask coverage")),
        ):
            label.setAccessibleName(name)
            label.setToolTip(name)
            self.addWidget(label)
        self.hint = ElidedLabel()
        self.hint.setProperty("role", "muted")
        self.hint.setAccessibleName(tr("How the tool is used"))
        self.addWidget(self.hint, 1)
        self.selecting = SelectingView()
        self.addPermanentWidget(self.selecting)
        self.activity = QLabel()
        self.activity.setAccessibleName(tr("What is being done"))
        self.addPermanentWidget(self.activity)
        self.activity.hide()
        self.jobs.setAccessibleName(tr("Running requests"))
        self.addPermanentWidget(self.jobs)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MILLISECONDS)
        self._rest.timeout.connect(self._mirror_mask)
        self._own_links.add(
            workspace.worker.changed.connect(lambda job: self._mirror_jobs()),
            workspace.toolbox.changed.connect(self._mirror_tool),
        )
        self._mirror_tool()
        self.set_session(None)
        self._mirror_jobs()

    def set_session(self, session: DocumentSession | None) -> None:
        self._links.clear()
        self._session = session
        if session is not None:
            self._links.add(
                session.stage_changed.connect(self._mirror_stage),
                session.planning.changed.connect(self._mirror_tool),
            )
        self._mirror_tool()
        self._mirror_stage()

    def show_view(self, view: ViewTransform) -> None:
        """How large the photograph is shown, in device pixels, and how it is turned."""
        percent = view.scale * 100
        words = [f"{percent:.1f} %" if percent < 10 else f"{percent:.0f} %"]
        degrees = round(view.angle, 1) % 360
        if degrees:
            # Half a turn at most, either way.
            words.append(f"{degrees - 360 if degrees > 180 else degrees:g}°")
        if view.mirror:
            words.append(tr("mirrored"))
        if (text := " · ".join(words)) != self.zoom.text():
            self.zoom.setText(text)

    def show_display(self, name: str) -> None:
        """The display profile that pictures are shown by; an empty name where they are shown as sRGB."""
        self.display.setText(tr("Display: {name}", name=name) if name else "")
        self._mirror_display()

    def show_activity(self, text: str) -> None:
        """Tell what the program is busy with; an empty text when it is done."""
        self.activity.setText(text)
        self.activity.setVisible(bool(text))

    def detach(self) -> None:
        self._rest.stop()
        self.selecting.detach()
        self._links.clear()
        self._own_links.clear()

    def _mirror_stage(self) -> None:
        session = self._session
        document = session.document if session is not None else None
        self.selecting.follow(session.selecting if session is not None else None)
        self._mirror_display()
        for label in (self.zoom, self.size_label, self.colour, self.coverage, self.hint):
            label.setVisible(session is not None)
        if session is None:
            return
        size = session.size
        self.size_label.setText(f"{size_text(size)} px" if size else "")
        if document is None:
            self.colour.setText(tr("Opening…") if session.stage is Stage.OPENING else "")
            self.coverage.setText("")
            return
        self.colour.setText(colour_text(document.photograph))
        self._links.add(document.mask_changed.connect(lambda rects: self._rest.start()))
        self._mirror_mask()

    def _mirror_display(self) -> None:
        self.display.setVisible(self._session is not None and bool(self.display.text()))

    def _mirror_mask(self) -> None:
        if self._session is not None and self._session.document is not None:
            self._tasks.start(self._count(self._session.document), "counting the mask")

    async def _count(self, document: Document) -> None:
        mask, revision = document.mask, document.mask.revision
        share = await asyncio.to_thread(mask.share)
        is_shown = self._session is not None and self._session.document is document
        if not is_shown or document.mask is not mask or mask.revision != revision:
            # What is shown now tells by itself.
            return
        self.coverage.setText(tr("Mask {share}", share=percent_text(share)) if share else tr("No mask"))

    def _mirror_tool(self) -> None:
        split = self._session is not None and self._session.region.is_split
        self.hint.setText(tool_hint(self._workspace.toolbox.tool, is_split=split))

    def _mirror_jobs(self) -> None:
        unfinished = [job for job in self._workspace.worker.jobs if not job.state.is_final]
        waiting = sum(job.state is JobState.QUEUED for job in unfinished)
        running = len(unfinished) - waiting
        parts = (
            tr("{n} running", n=running) if running else "",
            tr("{n} waiting", n=waiting) if waiting else "",
        )
        self.jobs.setText(", ".join(filter(None, parts)))
        self.jobs.setVisible(bool(unfinished))
