"""The list of requests beneath the Edit panel: progress, time, order, cancel, and the reason where one failed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from app.base.errors import PhotographError
from app.base.geometry import Size
from app.base.text import tr
from app.ui.icons import icon
from app.ui.links import Links
from app.ui.panels.job_row import JobRow, Standing
from app.ui.pictures import image_of_rgb
from app.ui.theme import SPACE
from app.ui.widgets.labels import make_icon_button, make_label

if TYPE_CHECKING:
    from app.jobs.types import Job
    from app.session.workspace import Workspace
    from app.ui.tasks import Tasks

MOST = 8
"""Of those that have ended; older ones are in the history."""
HEIGHT = 112
"""Of the list, with or without rows: two that run, or one with all that is told of a failure."""
TICK_MILLISECONDS = 500
PREVIEW = Size(56, 56)


class JobsPanel(QWidget):
    """All requests that wait or run, and the newest that have ended, of all documents, newest first."""

    cancel_wanted = Signal(str)
    resend_wanted = Signal(str)
    cancel_all_wanted = Signal()
    pause_wanted = Signal()

    def __init__(self, workspace: Workspace, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("jobs")
        self.setAccessibleName(tr("Requests"))
        self._worker = workspace.worker
        self._tasks = tasks
        self._previews: dict[str, bytes] = {}
        """The newest preview of each request that has not been drawn; the others were overtaken."""
        self._links = Links()
        self._rows: dict[str, JobRow] = {}
        self._make_head()
        self._make_list()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE // 2)
        column.addLayout(self._head)
        column.addWidget(self._pages)
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MILLISECONDS)
        self._timer.timeout.connect(self._tick)
        self._links.add(
            self._worker.changed.connect(self._take_job),
            self._worker.queue_changed.connect(self.mirror),
            workspace.pipeline.preview.connect(self._take_preview),
        )
        self.mirror()

    def _make_head(self) -> None:
        self.pause = make_icon_button("pause", tr("Pause the queue"))
        self.pause.setCheckable(True)
        self.pause.clicked.connect(self.pause_wanted)
        self.cancel_all = make_icon_button("ban", tr("Cancel all requests"))
        self.cancel_all.clicked.connect(self.cancel_all_wanted)
        self.clear = make_icon_button("list-x", tr("Clear the finished requests"))
        self.clear.clicked.connect(self.forget_finished)
        self._waiting = make_label(role="muted")
        self._head = QHBoxLayout()
        self._head.setContentsMargins(SPACE * 3 // 2, SPACE // 2, SPACE, 0)
        self._head.addWidget(make_label(tr("Requests"), "heading"))
        self._head.addSpacing(SPACE // 2)
        self._head.addWidget(self._waiting)
        self._head.addStretch(1)
        for button in (self.pause, self.cancel_all, self.clear):
            keeping = button.sizePolicy()
            keeping.setRetainSizeWhenHidden(True)
            button.setSizePolicy(keeping)
            self._head.addWidget(button)

    def _make_list(self) -> None:
        self._empty = make_label(tr("Nothing is running."), "muted")
        self._empty.setContentsMargins(SPACE * 3 // 2, SPACE // 2, SPACE, 0)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._list = QWidget()
        self._column = QVBoxLayout(self._list)
        self._column.setContentsMargins(0, 0, 0, SPACE // 2)
        self._column.setSpacing(0)
        self._column.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidget(self._list)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        # Of one height, so that Generate and Cancel above keep their place whatever comes and goes here.
        self._pages = QStackedWidget()
        self._pages.setFixedHeight(HEIGHT)
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self._scroll)

    @property
    def rows(self) -> tuple[JobRow, ...]:
        return tuple(self._rows.values())

    def detach(self) -> None:
        self._timer.stop()
        self._links.clear()

    def forget_finished(self) -> None:
        self._worker.forget_finished()
        self.mirror()

    def mirror(self) -> None:
        """Show the jobs as they stand now."""
        jobs = _listed(self._worker.jobs)
        listed = {job.id for job in jobs}
        for id in [id for id in self._rows if id not in listed]:
            row = self._rows.pop(id)
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        for place, job in enumerate(jobs):
            if job.id in self._rows:
                self._rows[job.id].mirror(job)
            else:
                self._add_row(job, place)
        self._mirror_head()

    def _add_row(self, job: Job, place: int) -> None:
        row = self._rows[job.id] = JobRow(job, self._worker.now, self._standing, self._list)
        row.cancel_wanted.connect(self.cancel_wanted)
        row.resend_wanted.connect(self.resend_wanted)
        row.front_wanted.connect(lambda id: self._worker.move(id, to_front=True))
        row.back_wanted.connect(lambda id: self._worker.move(id, to_front=False))
        row.provider_pause_wanted.connect(self._toggle_provider)
        self._column.insertWidget(place, row)
        if place == 0:
            self._scroll.verticalScrollBar().setValue(0)

    def _take_job(self, job: Job) -> None:
        """One job changed: of fifty that wait, the others need not be drawn for it."""
        row = self._rows.get(job.id)
        if row is None and self._worker.jobs[0].id == job.id:
            self._add_row(job, 0)
        elif row is None or job.state.is_final:
            self.mirror()
        else:
            row.mirror(job)
        self._mirror_head()

    def _mirror_head(self) -> None:
        jobs = self._worker.jobs
        unfinished = sum(not job.state.is_final for job in jobs)
        paused = self._worker.is_paused()
        if unfinished and not self._timer.isActive():
            self._timer.start()
        elif not unfinished:
            self._timer.stop()
        self.clear.setVisible(unfinished < len(jobs))
        self.cancel_all.setVisible(unfinished > 1)
        self.pause.setVisible(paused or unfinished > 0)
        self.pause.setChecked(paused)
        self.pause.setIcon(icon("play" if paused else "pause"))
        title = tr("Resume the queue") if paused else tr("Pause the queue")
        self.pause.setAccessibleName(title)
        self.pause.setToolTip(title)
        self._waiting.setText(tr("paused") if paused else str(unfinished) if unfinished > 1 else "")
        self._empty.setText(tr("Nothing is sent while paused.") if paused else tr("Nothing is running."))
        self._pages.setCurrentWidget(self._scroll if jobs else self._empty)

    def _standing(self, job: Job) -> Standing:
        worker = self._worker
        return Standing(worker.place_in_line(job.id), worker.is_paused(), worker.is_paused(job.provider))

    def _toggle_provider(self, provider: str) -> None:
        if self._worker.is_paused(provider):
            self._worker.resume(provider)
        else:
            self._worker.pause(provider)

    def _take_preview(self, id: str, picture: bytes) -> None:
        is_drawing = bool(self._previews)
        self._previews[id] = picture
        if not is_drawing:
            self._tasks.start(self._draw_previews(), "preview")

    async def _draw_previews(self) -> None:
        ratio = self.devicePixelRatioF()
        bounds = Size(round(PREVIEW.width * ratio), round(PREVIEW.height * ratio))
        while self._previews:
            id, picture = next(iter(self._previews.items()))
            try:
                image = await asyncio.to_thread(_small_image, picture, bounds)
            except PhotographError:
                image = None  # Only a preview: the picture itself will tell if something is wrong.
            if image is not None and id in self._rows:
                self._rows[id].show_preview(image)
            if self._previews.get(id) is picture:
                del self._previews[id]

    def _tick(self) -> None:
        for row in self._rows.values():
            if not row.job.state.is_final:
                row.mirror(row.job)


def _small_image(picture: bytes, bounds: Size) -> QImage:
    """An encoded picture inside `bounds` device pixels; for a worker. Raises PhotographError."""
    from app.imaging.load import load_preview
    from app.imaging.resample import resize_picture

    bgra = load_preview(picture, bounds)
    size = Size(bgra.shape[1], bgra.shape[0]).fitted_into(bounds)
    return image_of_rgb(resize_picture(bgra, size)[..., 2::-1])


def _listed(jobs: tuple[Job, ...]) -> tuple[Job, ...]:
    """All that have not ended, and the newest of those that have, in their order."""
    ended = {job.id for job in [job for job in jobs if job.state.is_final][:MOST]}
    return tuple(job for job in jobs if not job.state.is_final or job.id in ended)
