"""The list of requests beneath the Edit panel: progress, time, order, cancel, and the reason where one failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.base.states import JobState
from app.base.text import tr, tr_count
from app.jobs.types import Job
from app.ui.icons import icon
from app.ui.links import Links
from app.ui.panels.job_row import JobRow, Standing
from app.ui.theme import SPACE
from app.ui.widgets.labels import make_icon_button, make_label

if TYPE_CHECKING:
    from app.session.workspace import Workspace
    from app.ui.panels.previews import Previews

MOST = 8
"""Of those that have ended; older ones are in the history."""
HEIGHT = 112
"""Of the list, with or without rows: two that run, or one with all that is told of a failure."""
WAITING = 6
"""Rows of requests that wait, until more are asked for: a row is dear, and nobody reads fifty of them."""
MORE_WAITING = 50
SPARE = 4
"""Rows that have no job any more and wait for another: to make one takes half a frame."""
FRAME_MILLISECONDS = 16
TICK_MILLISECONDS = 500


class JobsPanel(QWidget):
    """The requests of all documents: what is under way, what waits in the order of its turns, what ended last.

    What changes is shown once per frame, and in a turn of its own: whoever tells of a change is busy enough.
    """

    cancel_wanted = Signal(str)
    resend_wanted = Signal(str)
    cancel_all_wanted = Signal()
    pause_wanted = Signal()

    def __init__(self, workspace: Workspace, previews: Previews, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("jobs")
        self.setAccessibleName(tr("Requests"))
        self._worker = workspace.worker
        self._previews = previews
        self._most_waiting = WAITING
        self._newest = ""
        """The id of the request that was sent last."""
        self._shows_pause: bool | None = None
        self._links = Links()
        self._rows: dict[str, JobRow] = {}
        self._spare: list[JobRow] = []
        self._has_new = False
        """One row is made, or takes up a job, in this frame; the next ones follow in the next."""
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
        self._frame = QTimer(self)
        self._frame.setSingleShot(True)
        self._frame.setInterval(FRAME_MILLISECONDS)
        self._frame.timeout.connect(self.mirror)
        self._is_stale = False
        """Some rows have to wait for the next frame."""
        self._links.add(
            self._worker.changed.connect(lambda job: self._mirror_soon()),
            self._worker.queue_changed.connect(self.mirror),
        )
        previews.changed.connect(self._show_preview)
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
        self.more = QPushButton()
        self.more.setObjectName("jobsMore")
        self.more.setAccessibleName(tr("Show more that wait"))
        self.more.setProperty("role", "line")
        self.more.clicked.connect(self._show_more)
        self.more.hide()
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
        self._frame.stop()
        self._links.clear()
        self._previews.changed.disconnect(self._show_preview)

    def make_ready(self) -> None:
        """Make the row of the first request, and paint it once: all that Qt looks up for that takes a whole frame."""
        nothing = Job(
            "", provider="", document_id="", title="", state=JobState.RUNNING, created=0.0, started=0.0
        )
        row = self._make_row(nothing)
        row.hide()
        row.grab()
        self._spare.append(row)

    def forget_finished(self) -> None:
        self._worker.forget_finished()
        self.mirror()

    def mirror(self) -> None:
        """Show the jobs as they stand now."""
        self._is_stale = False
        under_way, waiting, ended = _listed(self._worker.jobs, self._worker.waiting)
        shown, hidden = waiting[: self._most_waiting], max(0, len(waiting) - self._most_waiting)
        self._drop_rows({job.id for job in (*under_way, *shown, *ended)})
        self._has_new = False
        column: list[QWidget | None] = [self._row_of(job) for job in (*under_way, *shown)]
        column += [self.more, *(self._row_of(job) for job in ended)]
        for place, widget in enumerate(widget for widget in column if widget is not None):
            if self._column.indexOf(widget) != place:
                self._column.removeWidget(widget)
                self._column.insertWidget(place, widget)
                widget.setVisible(widget is not self.more)
        self.more.setVisible(hidden > 0)
        if hidden:
            words = tr_count("Show one more that waits", "Show {count} more that wait", hidden)
            self.more.setText(words)
            self.more.setAccessibleName(words)
        self._reveal_newest()
        self._mirror_head()
        if self._is_stale:
            self._frame.start()

    def _mirror_soon(self) -> None:
        """Show what changed with the next frame."""
        if not self._frame.isActive():
            self._frame.start()

    def _drop_rows(self, listed: set[str]) -> None:
        for id in [id for id in self._rows if id not in listed]:
            row = self._rows.pop(id)
            self._column.removeWidget(row)
            row.hide()
            if len(self._spare) < SPARE:
                self._spare.append(row)
            else:
                row.deleteLater()

    def _row_of(self, job: Job) -> JobRow | None:
        """The row of a job as it stands now; None where it has to wait for the next frame."""
        row = self._rows.get(job.id)
        if row is not None:
            row.mirror(job)
            return row
        if self._has_new or not self._spare:
            if not self._has_new:
                self._spare.append(self._make_row(job))
            self._has_new = self._is_stale = True
            return None
        self._has_new = True
        row = self._rows[job.id] = self._spare.pop()
        row.take(job)
        self._show_preview(job.id)
        return row

    def _make_row(self, job: Job) -> JobRow:
        row = JobRow(job, self._worker.now, self._standing, self._list)
        row.cancel_wanted.connect(self.cancel_wanted)
        row.resend_wanted.connect(self.resend_wanted)
        row.front_wanted.connect(lambda id: self._worker.move(id, to_front=True))
        row.back_wanted.connect(lambda id: self._worker.move(id, to_front=False))
        row.provider_pause_wanted.connect(self._toggle_provider)
        return row

    def _reveal_newest(self) -> None:
        """Whoever sends something sees the top of the list: what is under way, or else what ended last."""
        jobs = self._worker.jobs
        newest = jobs[0].id if jobs else ""
        if newest != self._newest:
            self._newest = newest
            self._scroll.verticalScrollBar().setValue(0)

    def _show_more(self) -> None:
        self._most_waiting += MORE_WAITING
        self.mirror()

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
        if paused is not self._shows_pause:
            self._shows_pause = paused
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

    def _show_preview(self, id: str) -> None:
        row, found = self._rows.get(id), self._previews.get(id)
        if row is not None and found is not None:
            row.show_preview(found.whole)

    def _tick(self) -> None:
        for row in self._rows.values():
            if not row.job.state.is_final:
                row.mirror(row.job)


def _listed(jobs: tuple[Job, ...], order: tuple[str, ...]) -> tuple[list[Job], list[Job], list[Job]]:
    """What is under way, newest first; what waits, in its `order`; the newest of those that have ended."""
    waiting = {job.id: job for job in jobs if job.state is JobState.QUEUED}
    under_way = [job for job in jobs if not job.state.is_final and job.id not in waiting]
    ended = [job for job in jobs if job.state.is_final][:MOST]
    return under_way, [waiting[id] for id in order if id in waiting], ended
