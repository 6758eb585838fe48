"""The list of requests beneath the Edit panel: progress, time, cancel, and the reason where one failed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from app.base.states import JobState
from app.base.text import tr
from app.ui.links import Links
from app.ui.theme import SPACE
from app.ui.widgets.labels import ElidedLabel, make_icon_button, make_label
from app.ui.wording import seconds_text, state_text

if TYPE_CHECKING:
    from app.jobs.types import Job
    from app.session.workspace import Workspace

MOST = 8
"""Older ones are in the history."""
ROWS_IN_SIGHT = 2.5
TICK_MILLISECONDS = 500
PROGRESS_STEPS = 1000
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


class JobRow(QWidget):
    """One request."""

    def __init__(self, job: Job, parent: JobsPanel) -> None:
        super().__init__(parent)
        self.job = job
        self._title = ElidedLabel(job.title)
        self._times = ElidedLabel()
        self._times.setProperty("role", "muted")
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
        words = QVBoxLayout()
        words.setSpacing(2)
        for widget in (self._title, self._bar, self._times, self.error, self.hint):
            words.addWidget(widget)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE * 3 // 2, SPACE // 2, SPACE, SPACE // 2)
        row.setSpacing(SPACE // 2)
        row.addLayout(words, 1)
        row.addWidget(self.retry, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.cancel, 0, Qt.AlignmentFlag.AlignTop)
        self.mirror(job)

    def height_for(self, width: int) -> int:
        """How tall the row is when it is `width` wide and its sentences wrap."""
        wrapped = self.heightForWidth(width)
        return wrapped if wrapped >= 0 else self.sizeHint().height()

    def mirror(self, job: Job) -> None:
        self.job = job
        now = time.time()
        final = job.state.is_final
        self._times.setText(job_times(job, now))
        self._bar.setVisible(not final)
        progress = job_progress(job, now)
        if progress is None and job.state is not JobState.QUEUED:
            self._bar.setRange(0, 0)
        else:
            self._bar.setRange(0, PROGRESS_STEPS)
            self._bar.setValue(round(PROGRESS_STEPS * (progress or 0.0)))
        self.cancel.setVisible(not final)
        self.retry.setVisible(job.state in (JobState.FAILED, JobState.CANCELLED))
        failed = job.error if job.state is JobState.FAILED else None
        self.error.setVisible(failed is not None)
        self.hint.setVisible(failed is not None and bool(failed.hint or failed.request_id))
        if failed is not None:
            self.error.setText(failed.message)
            number = tr("Request {id}", id=failed.request_id) if failed.request_id else ""
            self.hint.setText(" ".join(part for part in (failed.hint, number) if part))


class JobsPanel(QWidget):
    """The newest requests of all documents, newest first."""

    cancel_wanted = Signal(str)
    retry_wanted = Signal(str)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("jobs")
        self.setAccessibleName(tr("Requests"))
        self._worker = workspace.worker
        self._links = Links()
        self._rows: dict[str, JobRow] = {}
        heading = make_label(tr("Requests"), "heading")
        self.clear = make_icon_button("list-x", tr("Clear the finished requests"))
        self.clear.clicked.connect(self.forget_finished)
        head = QHBoxLayout()
        head.setContentsMargins(SPACE * 3 // 2, SPACE // 2, SPACE, 0)
        head.addWidget(heading)
        head.addStretch(1)
        head.addWidget(self.clear)
        self._empty = make_label(tr("Nothing is running."), "muted")
        self._empty.setContentsMargins(SPACE * 3 // 2, 0, SPACE, SPACE)
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
        column.addWidget(self._empty)
        column.addWidget(self._scroll)
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MILLISECONDS)
        self._timer.timeout.connect(self._tick)
        self._links.add(workspace.worker.changed.connect(lambda job: self.mirror()))
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
        running = any(not job.state.is_final for job in jobs)
        if running and not self._timer.isActive():
            self._timer.start()
        elif not running:
            self._timer.stop()
        self.clear.setVisible(any(job.state.is_final for job in jobs))
        self._empty.setVisible(not jobs)
        self._scroll.setVisible(bool(jobs))
        self._fit(jobs)

    def _fit(self, jobs: tuple[Job, ...]) -> None:
        """Show the newest row whole, and of the others as many as there is room for."""
        heights = [self._rows[job.id].height_for(self._scroll.viewport().width()) for job in jobs]
        if heights:
            tallest = max(heights)
            self._scroll.setFixedHeight(
                min(sum(heights) + SPACE, max(tallest, round(heights[0] * ROWS_IN_SIGHT)))
            )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit(self._worker.jobs[:MOST])

    def _tick(self) -> None:
        for row in self._rows.values():
            if not row.job.state.is_final:
                row.mirror(row.job)
