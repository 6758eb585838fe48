"""Between the frozen types and the columns of the tables; the only place that knows both."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from app.base.geometry import Rect, Size
from app.base.rate_limits import RateLimits
from app.base.states import JobState
from app.history.types import HistoryEntry, HistoryReference, HistoryResult

Column = str | int | float | None


def entry_columns(entry: HistoryEntry, owner: str) -> dict[str, Column]:
    """The columns of an entry, without its results, parents, references and tags."""
    return _storable(
        {
            "id": entry.id,
            "state": entry.state.value,
            "created": entry.created,
            "owner": owner,
            "document_id": entry.document_id,
            "document_name": entry.document_name,
            "source_sha256": entry.source_sha256,
            "region_x": entry.region.x,
            "region_y": entry.region.y,
            "region_width": entry.region.width,
            "region_height": entry.region.height,
            "send_width": entry.size_send.width,
            "send_height": entry.size_send.height,
            "content_x": entry.content_send.x,
            "content_y": entry.content_send.y,
            "content_width": entry.content_send.width,
            "content_height": entry.content_send.height,
            "picture_sha256": entry.picture_sha256,
            "mask_sha256": entry.mask_sha256,
            "has_mask": int(entry.has_mask),
            "prompt": entry.prompt,
            "provider": entry.provider,
            "model": entry.model,
            "n": entry.n,
            "parameters": json.dumps(dict(entry.parameters)),
            "extras": json.dumps(dict(entry.extras)),
            "form": json.dumps(dict(entry.form)),
            "feather": entry.feather,
            "request_id": entry.request_id,
            "request_ids": json.dumps(entry.request_ids),
            "rate_limits": rate_limits_column(entry.rate_limits),
            "seconds": entry.seconds,
            "error_code": entry.error_code,
            "error_message": entry.error_message,
            "error_hint": entry.error_hint,
            "recipe": json.dumps(dict(entry.recipe)),
            "expected_amount": entry.expected_amount,
            "expected_currency": entry.expected_currency,
            "usage": json_column(entry.usage),
            "note": entry.note,
            "deleted": entry.deleted,
        }
    )


def entry_from_row(
    row: sqlite3.Row,
    parents: Iterable[str],
    references: Iterable[HistoryReference],
    results: Iterable[HistoryResult],
    tags: Iterable[str],
) -> HistoryEntry:
    """The entry of a row of `entries`, with what belongs to it."""
    return HistoryEntry(
        id=row["id"],
        state=JobState(row["state"]),
        created=row["created"],
        document_id=row["document_id"],
        document_name=row["document_name"],
        source_sha256=row["source_sha256"],
        parents=tuple(parents),
        region=Rect(row["region_x"], row["region_y"], row["region_width"], row["region_height"]),
        size_send=Size(row["send_width"], row["send_height"]),
        content_send=Rect(row["content_x"], row["content_y"], row["content_width"], row["content_height"]),
        picture_sha256=row["picture_sha256"],
        mask_sha256=row["mask_sha256"],
        has_mask=bool(row["has_mask"]),
        prompt=row["prompt"],
        provider=row["provider"],
        model=row["model"],
        n=row["n"],
        parameters=json.loads(row["parameters"]),
        extras=json.loads(row["extras"]),
        form=json.loads(row["form"]),
        feather=row["feather"],
        references=tuple(references),
        results=tuple(results),
        request_id=row["request_id"],
        request_ids=tuple(json.loads(row["request_ids"])),
        rate_limits=_rate_limits(row["rate_limits"]),
        seconds=row["seconds"],
        error_code=row["error_code"],
        error_message=row["error_message"],
        error_hint=row["error_hint"],
        recipe=json.loads(row["recipe"]),
        expected_amount=row["expected_amount"],
        expected_currency=row["expected_currency"],
        usage=None if row["usage"] is None else json.loads(row["usage"]),
        note=row["note"],
        tags=tuple(tags),
        deleted=row["deleted"],
    )


def json_column(value: Mapping[str, Any] | None) -> str | None:
    """The column of a JSON object that may be unknown."""
    return None if value is None else json.dumps(dict(value))


def rate_limits_column(limits: RateLimits | None) -> str | None:
    """The column of what a provider said of its limits."""
    return None if limits is None else json.dumps(dataclasses.asdict(limits))


def _rate_limits(column: str | None) -> RateLimits | None:
    return None if column is None else RateLimits(**json.loads(column))


def result_columns(result: HistoryResult) -> dict[str, Column]:
    """The columns of a result."""
    return _storable(
        {
            "id": result.id,
            "entry_id": result.entry_id,
            "position": result.index,
            "received_sha256": result.received_sha256,
            "width": result.width,
            "height": result.height,
            "media_type": result.media_type,
            "revised_prompt": result.revised_prompt,
            "seed": None if result.seed is None else str(result.seed),
            "thumbnail_sha256": result.thumbnail_sha256,
            "outside_changed_pixels": result.outside_changed_pixels,
            "leak": result.leak,
            "cost_amount": result.cost_amount,
            "cost_currency": result.cost_currency,
            "cost_estimated": int(result.cost_estimated),
            "applied": int(result.applied),
            "starred": int(result.starred),
        }
    )


def result_from_row(row: sqlite3.Row) -> HistoryResult:
    """The result of a row of `results`."""
    return HistoryResult(
        id=row["id"],
        entry_id=row["entry_id"],
        index=row["position"],
        received_sha256=row["received_sha256"],
        width=row["width"],
        height=row["height"],
        media_type=row["media_type"],
        revised_prompt=row["revised_prompt"],
        seed=None if row["seed"] is None else int(row["seed"]),
        thumbnail_sha256=row["thumbnail_sha256"],
        outside_changed_pixels=row["outside_changed_pixels"],
        leak=row["leak"],
        cost_amount=row["cost_amount"],
        cost_currency=row["cost_currency"],
        cost_estimated=bool(row["cost_estimated"]),
        applied=bool(row["applied"]),
        starred=bool(row["starred"]),
    )


def storable_text(text: str) -> str:
    """`text` as UTF-8 can hold it: half surrogates, as in file names of an old encoding, become `?`."""
    return text.encode("utf-8", "replace").decode("utf-8")


def match_expression(text: str) -> str:
    """The FTS5 query for entries that hold every word of `text`, each perhaps only begun.

    Each word stands as a quoted string, so nothing that the user types is read as FTS5's own syntax.
    """
    words = storable_text(text).replace("\0", " ").split()
    return " ".join('"' + word.replace('"', '""') + '"*' for word in words)


def _storable(columns: Mapping[str, Any]) -> dict[str, Column]:
    return {
        name: storable_text(value) if isinstance(value, str) else value for name, value in columns.items()
    }
