"""Keeping the history in order: what it takes, making room, and all of it as one file. Work happens in threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from app.base.notices import Notices
from app.base.signal import Signal
from app.base.text import tr, tr_count
from app.base.work import Work
from app.history.archive import Imported
from app.history.space import CleanPlan, CleanRules, SpaceUsed
from app.history.store import HistoryStore

GIGABYTE = 1_000_000_000

_T = TypeVar("_T")


class Housekeeping:
    """The use cases over one store."""

    def __init__(self, history: HistoryStore, changed: Signal[[str]]) -> None:
        """`changed` is emitted with "" when many entries came or went."""
        self._history = history
        self._changed = changed

    async def used(self) -> SpaceUsed:
        """What the history takes. Raises StoreError."""
        return await asyncio.to_thread(self._history.space.used)

    async def plan(self, rules: CleanRules) -> CleanPlan:
        """What a clean-up by `rules` would take. Raises StoreError."""
        return await asyncio.to_thread(self._history.space.plan, rules)

    async def clean(self, plan: CleanPlan, work: Work) -> int:
        """Delete for good what `plan` names, but for what became dear since; returns how many entries.

        Raises:
            Cancelled: it was cancelled; what went is gone, the rest is whole.
            StoreError: the disk refuses.
        """
        return await self._changing(lambda: self._history.clean(plan, work))

    async def keep_within(self, limit: int, notices: Notices, *, may_clean: bool) -> None:
        """Say that the history has grown beyond `limit` bytes (0 = none), or make it fit if that is allowed.

        Raises:
            StoreError: the history cannot be read or written.
        """
        used = await self.used() if limit else None
        if used is None or used.files <= limit:
            return
        taken = tr(
            "The history takes {size:.1f} GB, the limit is {limit:g} GB.",
            size=used.files / GIGABYTE,
            limit=limit / GIGABYTE,
        )
        plan = await self.plan(CleanRules(to_bytes=limit)) if may_clean else CleanPlan((), 0)
        if not plan.ids:
            hint = tr("“Space of the history” makes room, the Preferences raise the limit.")
            notices.warning(taken, hint, topic="space")
            return
        gone = await self.clean(plan, Work())
        notices.info(
            tr_count(
                "1 old edit went to make room: {size:.1f} GB.",
                "{count} old edits went to make room: {size:.1f} GB.",
                gone,
                size=plan.bytes / GIGABYTE,
            ),
            topic="space",
        )

    async def write_archive(self, path: Path, work: Work) -> int:
        """Write everything to one file; returns the number of images. Raises Cancelled, OutputError, StoreError."""
        return await asyncio.to_thread(self._history.archive.write, path, work)

    async def read_archive(self, path: Path, work: Work) -> Imported:
        """Take in what is not here yet. Raises Cancelled, InputError, StoreError."""
        return await self._changing(lambda: self._history.archive.read(path, work))

    async def _changing(self, change: Callable[[], _T]) -> _T:
        try:
            return await asyncio.to_thread(change)
        finally:
            self._changed.emit("")
