"""Requests as history entries, and history entries as requests again."""

from __future__ import annotations

import numpy as np

from app.base.states import JobState
from app.edits.types import Cost, EditPlan, EditRequest
from app.history.store import HistoryStore
from app.history.types import HistoryEntry, HistoryReference
from app.imaging.arrays import U8, as_u8
from app.imaging.codecs import decode_picture, encode_png
from app.imaging.load import load_photograph
from app.imaging.masks import bounds
from app.imaging.recipe import Recipe
from app.session.source import Origin, source_bytes


def store_request(
    history: HistoryStore, request: EditRequest, origin: Origin, expected: Cost | None = None
) -> HistoryEntry:
    """Put a request with everything needed to repeat or compose it on disk, in state queued.

    `expected` is what it is thought to cost.

    Raises:
        StoreError: it could not be written; then nothing may be sent.
    """
    entry = HistoryEntry(
        id=request.id,
        state=JobState.QUEUED,
        created=history.now(),
        document_id=request.document_id,
        document_name=request.document_name,
        source_sha256=history.put_file(source_bytes(origin)),
        parents=origin.parents,
        region=request.plan.region,
        size_send=request.plan.size_send,
        content_send=request.plan.content_send,
        picture_sha256=history.put_file(encode_png(request.picture)),
        mask_sha256=history.put_file(encode_png(request.coverage)),
        has_mask=request.has_mask,
        prompt=request.prompt,
        provider=request.provider,
        model=request.model,
        n=request.n,
        parameters=dict(request.parameters),
        extras=dict(request.extras),
        form=dict(origin.form),
        feather=request.recipe.feather,
        recipe=request.recipe.kept(),
        expected_amount=expected.amount if expected else None,
        expected_currency=expected.currency if expected else None,
        references=tuple(
            HistoryReference(name, history.put_file(encode_png(picture)))
            for name, picture in zip(origin.reference_names, request.references, strict=True)
        ),
    )
    history.add(entry)
    return entry


def load_request(history: HistoryStore, entry: HistoryEntry) -> EditRequest:
    """The request as it was sent, read back from the history.

    Raises:
        StoreError: one of its files is gone.
        PhotographError: one of its files is damaged.
    """
    coverage = _coverage(history.read_file(entry.mask_sha256))
    mask_bounds = bounds(coverage).translated(entry.region.x, entry.region.y)
    return EditRequest(
        id=entry.id,
        document_id=entry.document_id,
        document_name=entry.document_name,
        plan=EditPlan(
            region=entry.region,
            mask_bounds=mask_bounds,
            size_send=entry.size_send,
            content_send=entry.content_send,
            scale=entry.content_send.width / entry.region.width,
        ),
        picture=decode_picture(history.read_file(entry.picture_sha256)),
        coverage=coverage,
        has_mask=entry.has_mask,
        prompt=entry.prompt,
        provider=entry.provider,
        model=entry.model,
        n=entry.n,
        parameters=dict(entry.parameters),
        extras=dict(entry.extras),
        recipe=Recipe.from_kept({"feather": entry.feather, **entry.recipe}),
        references=tuple(decode_picture(history.read_file(each.sha256)) for each in entry.references),
    )


def _coverage(data: bytes) -> U8:
    """The (h, w) plane of a stored 8-bit grey PNG."""
    return as_u8(np.ascontiguousarray(load_photograph(data).samples))
