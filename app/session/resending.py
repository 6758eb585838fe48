"""Sends a request of the history once more, by the user's choice: a new entry from what was stored, pixel for pixel.

Works without the document being open; the images then go to the history alone.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from app.base.errors import Refused
from app.base.states import JobState
from app.base.text import tr
from app.edits.types import Missing
from app.history.types import HistoryEntry
from app.imaging.load import load_photograph
from app.jobs.types import Job
from app.session.candidates import Candidate
from app.session.extending import margins_of
from app.session.money import expected_cost
from app.session.records import load_request
from app.session.recovery import NOT_SENT
from app.session.source import Origin, data_source

if TYPE_CHECKING:
    from app.session.document_session import DocumentSession
    from app.session.workspace import Workspace


async def send_again(workspace: Workspace, entry_id: str) -> str:
    """Queue the request of an entry as a new one; returns the new entry's id.

    Raises:
        InputError: there is no such entry.
        StoreError: one of its files is gone, or the history cannot be written.
        UsageError: its provider is not set up any more, or has reached what may be spent there in a month.
    """
    history = workspace.history
    entry = await workspace.history_actions.get(entry_id)
    request = await asyncio.to_thread(load_request, history, entry)
    source = await asyncio.to_thread(history.read_file, entry.source_sha256)
    session = _session_of(workspace, entry)
    request = replace(
        request, id=history.new_id(), document_id=session.id if session is not None else entry.document_id
    )
    profile = workspace.providers.get(request.provider)
    over = await workspace.money.over_limit(profile, expected_cost(request, profile))
    if over is not None:
        raise over.error
    seconds = await asyncio.to_thread(
        workspace.estimator, profile, profile.card(request.model), request.coverage, request.n
    )
    origin = Origin(
        data_source(source, entry.document_name),
        partial(load_photograph, source, name=entry.document_name, limits=workspace.limits),
        entry.parents,
        entry.form,
        tuple(reference.name for reference in entry.references),
    )
    deliver = partial(session.deliver, margins_of(entry.form)) if session is not None else _keep
    await workspace.pipeline.submit(request, origin, deliver, expected_seconds=seconds)
    if may_be_billed(entry, workspace.worker.job(entry_id)):
        workspace.notices.info(
            tr("Sent again as a new request."),
            tr("The earlier one may have been billed, too."),
            topic="resend",
        )
    return request.id


def _keep(found: tuple[Candidate, ...], missing: tuple[Missing, ...]) -> None:
    """No document of the photograph is open: the images are in the history."""


def may_be_billed(entry: HistoryEntry, job: Job | None) -> bool:
    """Whether a provider may ask money for a request although no result came; `job` is what this run knows of it."""
    if entry.state is JobState.INTERRUPTED:
        return entry.error_code != NOT_SENT
    if job is not None:
        return job.sent and not isinstance(job.error, Refused)
    return entry.state is JobState.CANCELLED or entry.error_code in ("timed_out", "unreachable", "bad_reply")


def _session_of(workspace: Workspace, entry: HistoryEntry) -> DocumentSession | None:
    """The open document that the entry's region was cut from, or another of the same photograph."""
    for session in workspace.documents:
        if session.id == entry.document_id and session.document is not None:
            return session
    for session in workspace.documents:
        if session.source is not None and session.source.sha256 == entry.source_sha256:
            return session
    return None
