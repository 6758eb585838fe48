"""Entries and results to fill a store with."""

import datetime
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.base.geometry import Rect, Size
from app.base.states import JobState
from app.history.statements import write_entry
from app.history.store import DATABASE_NAME, HistoryStore
from app.history.types import HistoryEntry, HistoryResult

MODELS = (
    ("local", "auto"),
    ("local", "instant"),
    ("studio", "paint-1"),
    ("studio", "paint-2"),
    ("cloud", "edit-xl"),
)
WORDS = (
    *(
        "red",
        "boat",
        "harbour",
        "evening",
        "light",
        "glass",
        "table",
        "linen",
        "sofa",
        "lamp",
        "oak",
        "floor",
    ),
    *(
        "window",
        "garden",
        "stone",
        "path",
        "soft",
        "shadow",
        "remove",
        "cable",
        "sky",
        "cloud",
        "brick",
        "wall",
    ),
    *("poster", "plant", "leaf", "water", "reflection", "portrait", "jacket", "denim", "button", "street"),
)


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


def fill(folder: Path, count: int, *, thumbnail: Callable[[int], bytes] | None = None) -> None:
    """Make a store of `count` entries like those of months of work: many with several variants, some failed.

    In one transaction and with a few shared files, so that ten thousand take seconds and not minutes.
    `thumbnail` makes the small picture of a result; only some differ.
    """
    store = HistoryStore(folder)
    store.open()
    chance = random.Random(7)
    shared = {name: store.put_file(name.encode()) for name in ("source", "picture", "mask", "image")}
    made = thumbnail or (lambda number: b"thumbnail %d" % number)
    thumbnails = [store.put_file(made(number)) for number in range(48)]
    start = datetime.datetime(2026, 1, 5, 9, tzinfo=datetime.UTC)
    with closing(sqlite3.connect(folder / DATABASE_NAME)) as connection, connection:
        for number in range(count):
            id = f"{number:08d}"
            moment = start + datetime.timedelta(minutes=25 * number)
            provider, model = chance.choice(MODELS)
            failed = number % 17 == 0
            words = " ".join(chance.choice(WORDS) for _ in range(chance.randint(4, 14)))
            entry = HistoryEntry(
                id=id,
                state=JobState.FAILED if failed else JobState.DONE,
                created=moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                document_id=f"d{number // 40}",
                document_name=f"{chance.choice(WORDS)}-{number // 40}.jpg",
                source_sha256=shared["source"],
                parents=(f"{number - 1:08d}-1",) if number % 5 and (number - 1) % 17 else (),
                region=Rect(10, 20, 300, 200),
                size_send=Size(640, 448),
                content_send=Rect(0, 0, 640, 427),
                picture_sha256=shared["picture"],
                mask_sha256=shared["mask"],
                has_mask=True,
                prompt=f"number {number} {words}",
                provider=provider,
                model=model,
                n=1 + number % 3,
                parameters={"seed": number, "strength": 0.8},
                form={"context_share": 0.6},
                request_id=f"req-{number}",
                seconds=chance.uniform(2, 90),
                error_code="refused" if failed else None,
                error_message="The provider refused the request." if failed else None,
                note="for the client" if number % 50 == 3 else None,
                tags=("keep",) if number % 40 == 5 else (),
            )
            results = () if failed else range(entry.n)
            rows = tuple(
                HistoryResult(
                    id=f"{id}-{index + 1}",
                    entry_id=id,
                    index=index,
                    received_sha256=shared["image"],
                    width=640,
                    height=448,
                    media_type="image/png",
                    revised_prompt=f"{entry.prompt}, softly lit" if number % 4 == 0 else None,
                    seed=number,
                    thumbnail_sha256=thumbnails[(number + index) % len(thumbnails)],
                    outside_changed_pixels=0,
                    cost_amount=0.04 if provider != "local" else 0.0,
                    cost_currency="USD",
                    applied=number % 6 == 0 and index == 0,
                    starred=number % 25 == 4 and index == 0,
                )
                for index in results
            )
            write_entry(connection, replace(entry, results=rows), "1@0")
    store.close()
