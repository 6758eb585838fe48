"""After a crash: takes in replies that had come whole, and marks the rest of what was under way."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import logging
from datetime import datetime
from pathlib import Path

from app.base.errors import GatewayError, InternalError, MaskroomError, PhotographError
from app.base.file_lock import locked
from app.base.states import JobState
from app.base.text import tr
from app.history.store import HistoryStore
from app.history.types import HistoryEntry
from app.jobs.types import Job
from app.session.pipeline import EditPipeline
from app.session.records import load_request

log = logging.getLogger(__name__)

NOT_SENT = "not_sent"
"""The code of what was interrupted before its turn came."""


class Fate(enum.Enum):
    """What became of an entry that a dead process left unfinished."""

    TAKEN_IN = enum.auto()
    """Its reply was on disk and is a result now."""
    INTERRUPTED = enum.auto()
    """Nothing usable of it had arrived."""
    LEFT = enum.auto()
    """Its reply is on disk, but cannot be taken in at present: a later start tries again."""


async def recover(history: HistoryStore, pipeline: EditPipeline, lock: Path) -> tuple[HistoryEntry, ...]:
    """Finish what dead processes left; returns the entries that are now interrupted. Nothing is sent again.

    A reply whose last byte had arrived becomes an ordinary result; everything else that was queued, running
    or receiving is marked as interrupted. Processes that start at once do this one after the other, by the
    file `lock`: two that took in the same reply would trip over each other.
    """
    if not await asyncio.to_thread(history.abandoned):
        return ()
    with contextlib.ExitStack() as holding:
        try:
            await asyncio.to_thread(holding.enter_context, locked(lock))
        except OSError as error:
            log.warning("somebody else takes up what was left: %r", error)
            return ()
        return await _take_up(history, pipeline)


async def _take_up(history: HistoryStore, pipeline: EditPipeline) -> tuple[HistoryEntry, ...]:
    abandoned = await asyncio.to_thread(history.abandoned)
    fates = [(entry, await _finish(history, pipeline, entry)) for entry in abandoned]
    interrupted = [entry for entry, fate in fates if fate is Fate.INTERRUPTED]
    for entry in interrupted:
        await asyncio.to_thread(
            history.set_state,
            entry.id,
            JobState.INTERRUPTED,
            error=what_is_known(entry.state, pipeline.may_bill(entry.provider)),
        )
        pipeline.entry_changed.emit(entry.id)
    return tuple([await asyncio.to_thread(history.get, entry.id) for entry in interrupted])


def what_is_known(state: JobState, may_bill: bool) -> MaskroomError:
    """What to tell of a request that was in `state` when its program was killed."""
    if not may_bill:
        return InternalError(
            tr("Maskroom ended before this was done."), tr("It can be done again."), code=NOT_SENT
        )
    if state is JobState.QUEUED:
        return InternalError(
            tr("Maskroom ended while this waited for its turn."),
            tr("Nothing was sent; it can be sent again."),
            code=NOT_SENT,
        )
    if state is JobState.RUNNING:
        return InternalError(
            tr("Maskroom ended before an answer came."),
            tr("It may have been sent and billed. Sending it again is a new request."),
            code="interrupted",
        )
    return InternalError(
        tr("Maskroom ended while the reply was arriving."),
        tr("It has probably been billed. Sending it again is a new request."),
        code="interrupted",
    )


def interrupted_job(entry: HistoryEntry) -> Job:
    """An interrupted entry as the queue shows it."""
    return Job(
        id=entry.id,
        provider=entry.provider,
        document_id=entry.document_id,
        title=entry.prompt or entry.document_name,
        state=entry.state,
        created=datetime.fromisoformat(entry.created).timestamp(),
        sent=entry.error_code != NOT_SENT,
        request_ids=entry.request_ids,
        error=InternalError(entry.error_message or "", entry.error_hint or "", code=entry.error_code),
    )


async def _finish(history: HistoryStore, pipeline: EditPipeline, entry: HistoryEntry) -> Fate:
    holds_reply = pipeline.holds_reply(entry.id)
    # The spool is let go when all results are in: those of an entry without one are complete.
    if not holds_reply and not entry.results:
        pipeline.forget_reply(entry.id)
        return Fate.INTERRUPTED
    try:
        request = await asyncio.to_thread(load_request, history, entry)
    except MaskroomError as error:
        # What the request was is lost, so nobody could place its picture; the bytes stay in the spool.
        log.warning("entry %s cannot be read: %s %s", entry.id, error.message, error.details)
        return Fate.INTERRUPTED
    try:
        if holds_reply:
            await pipeline.recover(request, entry)
        else:
            await pipeline.complete(request, entry)
    except (GatewayError, PhotographError) as error:
        log.warning("the reply to %s is of no use: %s %s", entry.id, error.message, error.details)
        pipeline.forget_reply(entry.id)
        return Fate.INTERRUPTED
    except MaskroomError as error:
        log.warning("the reply to %s waits: %s %s", entry.id, error.message, error.details)
        return Fate.LEFT
    return Fate.TAKEN_IN
