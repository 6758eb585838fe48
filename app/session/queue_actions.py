"""The queue as commands: pause, resume, and cancel with a sentence on what may still be billed."""

from __future__ import annotations

from app.base.text import tr, tr_count
from app.session.commands import command
from app.session.workspace import Workspace

EDIT = "edit"


def has_running_jobs(workspace: Workspace) -> bool:
    """True while a request waits or runs."""
    return any(not job.state.is_final for job in workspace.worker.jobs)


def may_pause(workspace: Workspace) -> bool:
    """True while there is something to pause or to resume."""
    return has_running_jobs(workspace) or workspace.worker.is_paused()


@command("edit.cancel", title=tr("Cancel all requests"), group=EDIT, when=has_running_jobs, section="request")
def cancel(workspace: Workspace) -> None:
    """Stop everything that waits or runs."""
    cancel_requests(workspace)


@command("jobs.pause", title=tr("Pause or resume the queue"), group=EDIT, when=may_pause, section="request")
def toggle_pause(workspace: Workspace) -> None:
    """Send nothing more for now; what runs goes on."""
    worker = workspace.worker
    if worker.is_paused():
        worker.resume()
    else:
        worker.pause()


def cancel_requests(workspace: Workspace, document_id: str | None = None) -> None:
    """Cancel what waits or runs, of one document or all, and tell what may still be billed of several."""
    worker = workspace.worker
    wanted = [
        job
        for job in reversed(worker.jobs)
        if not job.state.is_final and document_id in (None, job.document_id)
    ]
    # Those that wait go first, so that none of them starts in the place of another.
    for job in sorted(wanted, key=lambda job: job.started is not None):
        worker.cancel(job.id)
    sent = sum(job.sent for job in wanted)
    if len(wanted) > 1 and sent:
        workspace.notices.info(
            tr("{count} requests were cancelled.", count=len(wanted)),
            tr_count(
                "One of them had been sent: the provider may still bill it.",
                "{count} of them had been sent: the provider may still bill them.",
                sent,
            ),
            topic="cancel",
        )
