"""Entries and results to fill a store with."""

from dataclasses import dataclass, replace
from typing import Any

from app.base.geometry import Rect, Size
from app.base.states import JobState
from app.history.store import HistoryStore
from app.history.types import HistoryEntry, HistoryResult


@dataclass
class Clock:
    """Seconds since the epoch, moved by hand."""

    now: float

    def __call__(self) -> float:
        return self.now


def add_entry(store: HistoryStore, prompt: str = "a red boat", **changes: Any) -> HistoryEntry:
    """Add an entry with three files that no other test entry has, unless told otherwise."""
    id = changes.pop("id", None) or store.new_id()
    files = {
        f"{name}_sha256": store.put_file(changes.pop(name, f"{name} of {id}".encode()))
        for name in ("source", "picture", "mask")
    }
    entry = HistoryEntry(
        id=id,
        state=JobState.QUEUED,
        created=store.now(),
        document_id="d1",
        document_name="boat.jpg",
        parents=(),
        region=Rect(10, 20, 300, 200),
        size_send=Size(640, 448),
        content_send=Rect(0, 0, 640, 427),
        has_mask=True,
        prompt=prompt,
        provider="local",
        model="auto",
        n=2,
        **files,
    )
    entry = replace(entry, **changes)
    store.add(entry)
    return entry


def add_result(store: HistoryStore, entry: HistoryEntry, index: int = 0, **changes: Any) -> HistoryResult:
    id = store.new_id()
    result = HistoryResult(
        id=id,
        entry_id=entry.id,
        index=index,
        received_sha256=store.put_file(changes.pop("received", f"image {id}".encode())),
        width=640,
        height=448,
        media_type="image/png",
    )
    result = replace(result, **changes)
    store.add_result(result)
    return result
