"""The history as a shelf to look through: filtered rows, marks, the bin, the tree of edits, prompts.

Everything blocks on the disk, so everything happens in threads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from app.base.errors import MaskroomError
from app.base.geometry import Size
from app.base.signal import Signal
from app.history.store import HistoryStore
from app.history.types import HistoryEntry, HistoryFacets, HistoryFilter, HistoryResult, StoredPrompt
from app.imaging.arrays import U8
from app.imaging.codecs import decode_picture
from app.imaging.resample import resize_picture


class HistoryShelf:
    """Emits `changed` with an entry's id after each change of a mark."""

    def __init__(self, history: HistoryStore, changed: Signal[[str]]) -> None:
        self._history = history
        self._changed = changed

    async def rows(
        self, wanted: HistoryFilter, *, variants: bool = False, limit: int | None = None
    ) -> tuple[tuple[str, int], ...]:
        """The ids of the entries that fit, newest first; see `Catalogue.rows`."""
        return await asyncio.to_thread(self._history.catalogue.rows, wanted, variants=variants, limit=limit)

    async def first(
        self, wanted: HistoryFilter, *, variants: bool, limit: int, page: int
    ) -> tuple[tuple[tuple[str, int], ...], tuple[HistoryEntry, ...]]:
        """The first `limit` rows, and the entries of the first `page` of them."""

        def read() -> tuple[tuple[tuple[str, int], ...], tuple[HistoryEntry, ...]]:
            rows = self._history.catalogue.rows(wanted, variants=variants, limit=limit)
            return rows, self._history.entries(tuple(dict.fromkeys(id for id, _ in rows[:page])))

        return await asyncio.to_thread(read)

    async def entries(self, ids: Sequence[str]) -> tuple[HistoryEntry, ...]:
        """The entries of these ids that are there."""
        return await asyncio.to_thread(self._history.entries, ids)

    async def picture(self, result: HistoryResult, side: int | None = None) -> U8 | None:
        """A result's small picture as (h, w, 3) RGB, sRGB, or its middle as (side, side, 3); None = there is none."""
        if result.thumbnail_sha256 is None:
            return None
        try:
            return await asyncio.to_thread(_small_picture, self._history, result.thumbnail_sha256, side)
        except MaskroomError:
            return None

    async def facets(self) -> HistoryFacets:
        """What there is to filter by."""
        return await asyncio.to_thread(self._history.catalogue.facets)

    async def family(self, entry_id: str) -> tuple[HistoryEntry, ...]:
        """An entry's tree of edits; see `Catalogue.family`. Raises InputError for an unknown id."""
        return await asyncio.to_thread(self._history.catalogue.family, entry_id)

    async def star(self, entry_id: str, result_id: str, starred: bool) -> None:
        """Star one of an entry's results, or take the star away."""
        await asyncio.to_thread(self._history.marks.star, result_id, starred)
        self._changed.emit(entry_id)

    async def set_note(self, entry_id: str, note: str) -> None:
        """Write a note; an empty one takes it away."""
        await asyncio.to_thread(self._history.marks.set_note, entry_id, note)
        self._changed.emit(entry_id)

    async def set_tags(self, entry_id: str, tags: Sequence[str]) -> None:
        """Give an entry these tags and no others."""
        await asyncio.to_thread(self._history.marks.set_tags, entry_id, tags)
        self._changed.emit(entry_id)

    async def delete(self, entry_id: str) -> None:
        """Put an entry into the bin.

        Raises:
            UsageError: its request is still on its way.
        """
        await asyncio.to_thread(self._history.marks.put_into_bin, entry_id)
        self._changed.emit(entry_id)

    async def restore(self, entry_id: str) -> None:
        """Bring an entry back from the bin."""
        await asyncio.to_thread(self._history.marks.restore, (entry_id,))
        self._changed.emit(entry_id)

    async def prompts(self) -> tuple[StoredPrompt, ...]:
        """Saved prompts, then used ones, the last used first."""
        return await asyncio.to_thread(self._history.prompts.list)

    async def saved_prompts(self) -> frozenset[str]:
        """The texts of the saved prompts."""
        return await asyncio.to_thread(self._history.prompts.saved)

    async def save_prompt(self, text: str, saved: bool = True) -> None:
        """Keep a prompt among the saved ones, or no longer."""
        await asyncio.to_thread(self._history.prompts.save, text, saved)

    async def forget_prompt(self, text: str) -> None:
        """Take a prompt off the list."""
        await asyncio.to_thread(self._history.prompts.forget, text)


def _small_picture(history: HistoryStore, sha256: str, side: int | None) -> U8:
    rgb = decode_picture(history.read_file(sha256))[..., :3]
    if side is None:
        return rgb
    height, width = rgb.shape[:2]
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    return resize_picture(rgb[top : top + edge, left : left + edge], Size(side, side))


def matching_prompts(prompts: Sequence[StoredPrompt], text: str) -> tuple[StoredPrompt, ...]:
    """Those that hold every word of `text` somewhere; case does not count."""
    words = text.casefold().split()
    return tuple(each for each in prompts if all(word in each.text.casefold() for word in words))
