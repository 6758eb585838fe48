"""The list of requests beneath the Edit panel: progress, time, cancel, and the reason where one failed."""

from __future__ import annotations

import asyncio
import math
import time
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.base.errors import PhotographError
from app.base.geometry import Size
from app.base.states import JobState
from app.base.text import tr
from app.ui.links import Links
from app.ui.pictures import image_of_rgb
from app.ui.theme import SPACE
from app.ui.widgets.labels import ElidedLabel, make_icon_button, make_label
from app.ui.wording import limits_text, seconds_text, state_text

if TYPE_CHECKING:
    from app.jobs.types import Job
    from app.session.workspace import Workspace
    from app.ui.tasks import Tasks

MOST = 8
"""Older ones are in the history."""
HEIGHT = 112
"""Of the list, with or without rows: two that run, or one with all that is told of a failure."""
TICK_MILLISECONDS = 500
PROGRESS_STEPS = 1000
PREVIEW = Size(56, 56)
LATE, LATE_SECONDS = 1.2, 5.0
"""A request that takes this many times and seconds longer than expected is told as such."""


def job_progress(job: Job, now: float) -> float | None:
    """How far a job is, 0–1: as the provider tells, else guessed from its usual time, but never the end."""
    if job.progress is not None:
        return job.progress
    if job.started is None or not job.expected_seconds:
        return None
    return min(0.95, (now - job.started) / job.expected_seconds)


def job_times(job: Job, now: float) -> str:
    """State and time, such as "Running · 3 s of about 12 s"."""
    words = state_text(job.state)
    if job.waiting_until is not None:
        rest = seconds_text(math.ceil(max(0.0, job.waiting_until - now)) or 1)
        return tr("The provider asks to wait · {time}", time=rest)
    if job.started is None:
        return words
    spent = seconds_text(max(0.0, (job.finished or now) - job.started))
    if job.state.is_final:
        return f"{words} · {spent}"
    if job.expected_seconds:
        expected = seconds_text(job.expected_seconds)
        if now - job.started > job.expected_seconds * LATE + LATE_SECONDS:
            return f"{words} · " + tr("{spent}, expected {expected}", spent=spent, expected=expected)
        return f"{words} · " + tr("{spent} of about {expected}", spent=spent, expected=expected)
    return f"{words} · {spent}"


def job_words(job: Job) -> tuple[str, str]:
    """What a job that ended without a result says: the reason, and what to know or do about it."""
    if job.state is JobState.CANCELLED and job.sent:
        return "", tr("It had been sent: the provider may still bill it.")
    if job.state is not JobState.FAILED or job.error is None:
        return "", ""
    number = tr("Request {id}", id=job.error.request_id) if job.error.request_id else ""
    return job.error.message, " ".join(part for part in (job.error.hint, number) if part)


def job_facts(job: Job) -> str:
    """The provider's numbers of the calls, and what it said of its limits."""
    number = tr("Request {id}", id=", ".join(job.request_ids)) if job.request_ids else ""
    return " · ".join(part for part in (number, limits_text(job.rate_limits)) if part)


class JobRow(QWidget):
    """One request."""

    def __init__(self, job: Job, parent: JobsPanel) -> None:
        super().__init__(parent)
        self.job = job
        self._title = ElidedLabel(job.title)
        self.times = ElidedLabel()
        self.times.setProperty("role", "muted")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(tr("Progress of {title}", title=job.title))
        self.error = make_label(role="error", wrap=True, selectable=True)
        self.hint = make_label(role="muted", wrap=True, selectable=True)
        self.cancel = make_icon_button("x", tr("Cancel {title}", title=job.title), tip=tr("Cancel"))
        self.retry = make_icon_button(
            "rotate-ccw", tr("Try {title} again", title=job.title), tip=tr("Try again")
        )
        self.cancel.clicked.connect(lambda: parent.cancel_wanted.emit(self.job.id))
        self.retry.clicked.connect(lambda: parent.retry_wanted.emit(self.job.id))
        self.preview = QLabel()
        self.preview.setAccessibleName(tr("Preview of {title}", title=job.title))
        self.preview.hide()
        words = QVBoxLayout()
        words.setSpacing(2)
        for widget in (self._title, self._bar, self.times, self.error, self.hint):
            words.addWidget(widget)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE * 3 // 2, SPACE // 2, SPACE, SPACE // 2)
        row.setSpacing(SPACE // 2)
        row.addWidget(self.preview, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        row.addWidget(self.retry, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.cancel, 0, Qt.AlignmentFlag.AlignTop)
        self.mirror(job)

    def mirror(self, job: Job) -> None:
        self.job = job
        now = time.time()
        final = job.state.is_final
        self.times.setText(job_times(job, now))
        self.times.setToolTip(job_facts(job))
        self._bar.setVisible(not final)
        progress = job_progress(job, now)
        if progress is None and job.state is not JobState.QUEUED:
            self._bar.setRange(0, 0)
        else:
            self._bar.setRange(0, PROGRESS_STEPS)
            self._bar.setValue(round(PROGRESS_STEPS * (progress or 0.0)))
        self.cancel.setVisible(not final)
        self.retry.setVisible(job.state in (JobState.FAILED, JobState.CANCELLED))
        for label, text in zip((self.error, self.hint), job_words(job), strict=True):
            label.setText(text)
            label.setVisible(bool(text))
        if final:
            self.preview.hide()

    def show_preview(self, image: QImage) -> None:
        """What the request's images look like so far, until they are here."""
        if self.job.state.is_final:
            return
        pixmap = QPixmap.fromImage(image)
        pixmap.setDevicePixelRatio(self.devicePixelRatioF())
        self.preview.setPixmap(pixmap)
        self.preview.show()


class JobsPanel(QWidget):
    """The newest requests of all documents, newest first."""

    cancel_wanted = Signal(str)
    retry_wanted = Signal(str)

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
        heading = make_label(tr("Requests"), "heading")
        self.clear = make_icon_button("list-x", tr("Clear the finished requests"))
        self.clear.clicked.connect(self.forget_finished)
        keeping = self.clear.sizePolicy()
        keeping.setRetainSizeWhenHidden(True)
        self.clear.setSizePolicy(keeping)
        head = QHBoxLayout()
        head.setContentsMargins(SPACE * 3 // 2, SPACE // 2, SPACE, 0)
        head.addWidget(heading)
        head.addStretch(1)
        head.addWidget(self.clear)
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
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE // 2)
        column.addLayout(head)
        # Of one height, so that Generate and Cancel above keep their place whatever comes and goes here.
        self._pages = QStackedWidget()
        self._pages.setFixedHeight(HEIGHT)
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self._scroll)
        column.addWidget(self._pages)
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MILLISECONDS)
        self._timer.timeout.connect(self._tick)
        self._links.add(
            workspace.worker.changed.connect(lambda job: self.mirror()),
            workspace.pipeline.preview.connect(self._take_preview),
        )
        self.mirror()

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
        jobs = self._worker.jobs[:MOST]
        listed = {job.id for job in jobs}
        for id in [id for id in self._rows if id not in listed]:
            row = self._rows.pop(id)
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        for job in reversed(jobs):
            if job.id in self._rows:
                self._rows[job.id].mirror(job)
            else:
                row = self._rows[job.id] = JobRow(job, self)
                self._column.insertWidget(0, row)
                self._scroll.verticalScrollBar().setValue(0)
        running = any(not job.state.is_final for job in jobs)
        if running and not self._timer.isActive():
            self._timer.start()
        elif not running:
            self._timer.stop()
        self.clear.setVisible(any(job.state.is_final for job in jobs))
        self._pages.setCurrentWidget(self._scroll if jobs else self._empty)

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
