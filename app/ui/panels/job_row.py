"""One request in the list of requests: what is told of it, and its buttons."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QProgressBar, QToolButton, QVBoxLayout, QWidget

from app.base.states import JobState
from app.base.text import tr
from app.jobs.types import Job
from app.ui.theme import SPACE
from app.ui.widgets.labels import ElidedLabel, make_icon_button, make_label
from app.ui.wording import limits_text, money_text, seconds_text, state_text

PROGRESS_STEPS = 1000
PREVIEW = 56
"""Of the longer edge of a preview."""
LATE, LATE_SECONDS = 1.2, 5.0
"""A request that takes this many times and seconds longer than expected is told as such."""
LEAST_EXPECTED = 1.0
"""Seconds; of what is over sooner no time is forecast."""
RESENDABLE = (JobState.FAILED, JobState.CANCELLED, JobState.INTERRUPTED)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a waiting request stands in the queue."""

    place: int | None = None
    """1 = its provider's next."""
    paused: bool = False
    provider_paused: bool = False


def job_progress(job: Job, now: float) -> float | None:
    """How far a job is, 0–1: as the provider tells, else guessed from its usual time, but never the end."""
    if job.progress is not None:
        return job.progress
    if job.started is None or not job.expected_seconds:
        return None
    return min(0.95, max(0.0, now - job.started) / job.expected_seconds)


def job_times(job: Job, now: float, standing: Standing = Standing()) -> str:
    """State and time, such as "Running · 3 s of about 12 s"."""
    words = state_text(job.state)
    if job.waiting_until is not None:
        rest = seconds_text(math.ceil(max(0.0, job.waiting_until - now)) or 1)
        return tr("Waits {time} for the provider's limit", time=rest)
    if job.state is JobState.QUEUED:
        return f"{words} · {_place_text(standing)}" if _place_text(standing) else words
    if job.started is None:
        return words
    spent = seconds_text(max(0.0, (job.finished or now) - job.started))
    if job.state.is_final or not job.expected_seconds or job.expected_seconds < LEAST_EXPECTED:
        return f"{words} · {spent}"
    expected = seconds_text(job.expected_seconds)
    if job.expected_seconds >= 60:
        expected = tr("{m} min", m=round(job.expected_seconds / 60))
    if now - job.started > job.expected_seconds * LATE + LATE_SECONDS:
        return f"{words} · " + tr("{spent}, expected {expected}", spent=spent, expected=expected)
    return f"{words} · " + tr("{spent} of about {expected}", spent=spent, expected=expected)


def _place_text(standing: Standing) -> str:
    if standing.paused:
        return tr("the queue is paused")
    if standing.provider_paused:
        return tr("the provider is paused")
    if standing.place is None:
        return ""
    return tr("next") if standing.place == 1 else tr("place {n}", n=standing.place)


def job_price(job: Job) -> str:
    """What it will cost, as long as it may: "≈ $0.13"; what came of it is told by the history."""
    if job.price is None or not job.price[0] or job.state.is_final:
        return ""
    return tr("≈ {price}", price=money_text(*job.price))


def job_words(job: Job) -> tuple[str, str]:
    """What a job that ended without a result says: the reason, and what to know or do about it."""
    if job.state is JobState.CANCELLED and job.sent:
        return "", tr("It had been sent: the provider may still bill it.")
    if job.error is None:
        return "", ""
    number = tr("Request {id}", id=job.error.request_id) if job.error.request_id else ""
    return job.error.message, " ".join(part for part in (job.error.hint, number) if part)


def job_facts(job: Job) -> str:
    """The provider's numbers of the calls, and what it said of its limits."""
    number = tr("Request {id}", id=", ".join(job.request_ids)) if job.request_ids else ""
    return " · ".join(part for part in (number, limits_text(job.rate_limits)) if part)


class JobRow(QWidget):
    """One request. Tells what is wanted; does nothing itself."""

    cancel_wanted = Signal(str)
    resend_wanted = Signal(str)
    front_wanted = Signal(str)
    back_wanted = Signal(str)
    provider_pause_wanted = Signal(str)

    def __init__(
        self,
        job: Job,
        now: Callable[[], float],
        standing: Callable[[Job], Standing],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.job = job
        self._now = now
        self._standing = standing
        self._title = ElidedLabel()
        self._price = make_label(role="muted")
        self.times = ElidedLabel()
        self.times.setProperty("role", "muted")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self.error = make_label(role="error", wrap=True, selectable=True)
        self.hint = make_label(role="muted", wrap=True, selectable=True)
        self.more = self._make_menu()
        self.cancel = make_icon_button("x", tr("Cancel"))
        again = tr("Send again, as a new request with the same mask and settings")
        self.retry = make_icon_button("rotate-ccw", again)
        self.cancel.clicked.connect(lambda: self.cancel_wanted.emit(self.job.id))
        self.retry.clicked.connect(lambda: self.resend_wanted.emit(self.job.id))
        self.preview = QLabel()
        self.preview.hide()
        head = QHBoxLayout()
        head.setSpacing(SPACE)
        head.addWidget(self._title, 1)
        head.addWidget(self._price)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addLayout(head)
        for widget in (self._bar, self.times, self.error, self.hint):
            words.addWidget(widget)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE * 3 // 2, SPACE // 2, SPACE, SPACE // 2)
        row.setSpacing(SPACE // 2)
        row.addWidget(self.preview, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        for button in (self.more, self.retry, self.cancel):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        self.take(job)

    def take(self, job: Job) -> None:
        """Show this job from now on, maybe in the place of another."""
        self._title.setText(job.title)
        for part, name in (
            (self._bar, tr("Progress of {title}", title=job.title)),
            (self.cancel, tr("Cancel {title}", title=job.title)),
            (self.retry, tr("Send {title} again", title=job.title)),
            (self.more, tr("Place of {title} in the queue", title=job.title)),
            (self.preview, tr("Preview of {title}", title=job.title)),
        ):
            part.setAccessibleName(name)
        self.preview.hide()
        self._show_job(job)

    def _make_menu(self) -> QToolButton:
        button = make_icon_button("ellipsis", tr("Place in the queue"))
        menu = QMenu(button)
        menu.addAction(tr("Send first"), lambda: self.front_wanted.emit(self.job.id))
        menu.addAction(tr("Send last"), lambda: self.back_wanted.emit(self.job.id))
        menu.addSeparator()
        self._pause = menu.addAction("", lambda: self.provider_pause_wanted.emit(self.job.provider))
        menu.aboutToShow.connect(self._name_pause)
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        return button

    def _name_pause(self) -> None:
        name = self.job.provider
        paused = self._standing(self.job).provider_paused
        self._pause.setText(tr("Resume “{name}”", name=name) if paused else tr("Pause “{name}”", name=name))

    def mirror(self, job: Job) -> None:
        """Show the job as it stands now; where nothing but time has gone by, only what depends on it."""
        if job is not self.job:
            self._show_job(job)
        elif not job.state.is_final:
            self._show_times()

    def _show_job(self, job: Job) -> None:
        """Show all of a job."""
        self.job = job
        final = job.state.is_final
        waits = job.state is JobState.QUEUED
        self._show_times()
        self.times.setToolTip(job_facts(job))
        self._price.setText(job_price(job))
        self._price.setVisible(bool(job_price(job)))
        self._bar.setVisible(not final and not waits)
        self.more.setVisible(waits)
        self.cancel.setVisible(not final)
        self.retry.setVisible(job.state in RESENDABLE)
        for label, text in zip((self.error, self.hint), job_words(job), strict=True):
            label.setText(text)
            label.setVisible(bool(text))
        if final:
            self.preview.hide()

    def _show_times(self) -> None:
        job, now = self.job, self._now()
        waits = job.state is JobState.QUEUED
        self.times.setText(job_times(job, now, self._standing(job) if waits else Standing()))
        if waits:
            return
        progress = job_progress(job, now)
        steps, done = (0, 0) if progress is None else (PROGRESS_STEPS, round(PROGRESS_STEPS * progress))
        if (steps, done) == (self._bar.maximum(), self._bar.value()):
            return
        # A bar paints itself at once, and with it all of the window that waits for its next paint.
        self._bar.setUpdatesEnabled(False)
        self._bar.setRange(0, steps)
        self._bar.setValue(done)
        self._bar.setUpdatesEnabled(True)

    def show_preview(self, pixmap: QPixmap) -> None:
        """What the request's images look like so far, in device pixels, until they are here."""
        if self.job.state.is_final:
            return
        ratio = self.devicePixelRatioF()
        edge = round(PREVIEW * ratio)
        small = pixmap.scaled(
            edge, edge, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        small.setDevicePixelRatio(ratio)
        self.preview.setPixmap(small)
        self.preview.show()
