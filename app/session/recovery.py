"""After a crash: takes in replies that had come whole, and marks the rest of what was under way."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import logging
from pathlib import Path

from app.base.errors import GatewayError, MaskroomError, PhotographError
from app.base.file_lock import locked
from app.history.store import HistoryStore
from app.history.types import HistoryEntry
from app.session.pipeline import EditPipeline
from app.session.records import load_request

log = logging.getLogger(__name__)


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
    if abandoned:
        left = [entry.id for entry, fate in fates if fate is Fate.LEFT]
        await asyncio.to_thread(history.interrupt_unfinished, left)
        for entry in abandoned:
            pipeline.entry_changed.emit(entry.id)
    return tuple(entry for entry, fate in fates if fate is Fate.INTERRUPTED)


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
