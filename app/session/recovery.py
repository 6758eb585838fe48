"""After a crash: takes in replies that had come whole, and marks the rest of what was under way."""

from __future__ import annotations

import asyncio
import logging

from app.base.errors import MaskroomError
from app.base.states import JobState
from app.history.store import HistoryStore
from app.history.types import HistoryEntry
from app.session.pipeline import EditPipeline
from app.session.records import load_request

log = logging.getLogger(__name__)


async def recover(history: HistoryStore, pipeline: EditPipeline) -> tuple[HistoryEntry, ...]:
    """Finish what dead processes left; returns the entries that are now interrupted. Nothing is sent again.

    A reply whose last byte had arrived becomes an ordinary result; everything else that was queued, running
    or receiving is marked as interrupted.
    """
    abandoned = await asyncio.to_thread(history.abandoned)
    interrupted = [entry for entry in abandoned if not await _take_in(history, pipeline, entry)]
    if abandoned:
        await asyncio.to_thread(history.interrupt_unfinished)
        for entry in abandoned:
            pipeline.entry_changed.emit(entry.id)
    return tuple(interrupted)


async def _take_in(history: HistoryStore, pipeline: EditPipeline, entry: HistoryEntry) -> bool:
    """True when the entry's replies were on disk and are results now."""
    if entry.state is JobState.QUEUED:
        return False
    try:
        request = await asyncio.to_thread(load_request, history, entry)
        return await pipeline.recover(request, entry)
    except MaskroomError as error:
        log.warning("entry %s cannot be recovered: %s %s", entry.id, error.message, error.details)
        return False
