"""Extending the canvas of an open photograph, and how stored entries know of the canvas they were made on.

An entry of the history keeps the photograph's file and the margins; both give the extended picture again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from app.base.errors import InputError
from app.base.geometry import Margins, Size
from app.base.text import tr
from app.document.document import Document
from app.document.extension import prepare_extension
from app.edits.types import ParameterValue
from app.imaging.sources import Limits
from app.session.candidates import Candidate
from app.session.layer_work import settled

KEPT_AS = "canvas"


async def extend_canvas(document: Document, added: Margins, limits: Limits) -> None:
    """Make the canvas larger: what is new is mirrored from the photograph, and masked. One undo step.

    Raises:
        InputError: it would be larger than any photograph that can be opened.
    """
    if added.is_empty:
        return
    size = added.around(document.size)
    if size.area > limits.max_pixels:
        raise InputError(
            tr("A canvas of {size} is too large.", size=size),
            tr("At most {n} million pixels can be worked on.", n=limits.max_pixels // 1_000_000),
        )
    while True:
        await _until_free(document)
        document.end_painting()
        await settled(document)
        revision = document.revision
        made = await asyncio.to_thread(
            prepare_extension,
            document.ground,
            document.masks,
            document.active_mask,
            document.layers,
            added,
        )
        # Whoever painted meanwhile loses nothing: it is all made anew from what is there now.
        if document.revision == revision and not document.undo.is_held:
            document.extend(made)
            return


async def _until_free(document: Document) -> None:
    """Wait until no stroke is being drawn."""
    freed = asyncio.Event()
    stop = document.undo.changed.connect(freed.set)
    try:
        while document.undo.is_held:
            freed.clear()
            await freed.wait()
    finally:
        stop()


def kept_margins(margins: Margins) -> dict[str, ParameterValue]:
    """What an entry of the history keeps of the canvas that it was made on."""
    if margins.is_empty:
        return {}
    return {KEPT_AS: f"{margins.left},{margins.top},{margins.right},{margins.bottom}"}


def margins_of(kept: Mapping[str, ParameterValue]) -> Margins:
    """What `kept_margins` wrote; none where nothing was, or nothing that makes sense."""
    try:
        left, top, right, bottom = map(int, str(kept.get(KEPT_AS, "")).split(","))
        return Margins(left, top, right, bottom)
    except ValueError:
        return Margins()


def moved_candidate(candidate: Candidate, dx: int, dy: int) -> Candidate:
    """The candidate at another place of a larger or smaller canvas; its arrays are shared."""
    source = candidate.source
    if source is not None:
        placement = replace(source.placement, region=source.placement.region.translated(dx, dy))
        source = replace(source, placement=placement)
    patch = replace(candidate.patch, region=candidate.patch.region.translated(dx, dy))
    report, heat = candidate.report, candidate.report.heat
    if heat is not None:
        report = replace(report, heat=replace(heat, rect_doc=heat.rect_doc.translated(dx, dy)))
    return replace(candidate, patch=patch, report=report, source=source)


def between_canvases(
    candidates: tuple[Candidate, ...], before: Margins, after: Margins, size: Size
) -> tuple[Candidate, ...]:
    """Candidates of a canvas with the margins `before` on one of `size` with `after`: those that still fit."""
    dx, dy = after.left - before.left, after.top - before.top
    moved = (moved_candidate(each, dx, dy) if dx or dy else each for each in candidates)
    return tuple(each for each in moved if size.rect.contains(each.patch.region))
