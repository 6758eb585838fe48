"""Keeping the history in order: what it takes, making room, and all of it as one file. Work happens in threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from app.base.signal import Signal
from app.base.work import Work
from app.history.archive import Imported
from app.history.space import CleanPlan, CleanRules, SpaceUsed
from app.history.store import HistoryStore

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
