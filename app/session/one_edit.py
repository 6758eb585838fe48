"""One edit from files to files: the same road as in the window, without one.

Everything is checked before anything is sent; what may have been billed is never sent twice.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path

import numpy as np

from app.base.errors import BadReply, InternalError, MaskroomError, OutputError
from app.base.geometry import Rect
from app.base.text import tr
from app.document.document import Document
from app.edits.types import EditRequest, Missing
from app.gateways.encode import call_sizes
from app.gateways.inspection import inspect_request
from app.gateways.pricing import estimated_cost, total_cost
from app.gateways.types import Transport
from app.imaging.arrays import Samples
from app.imaging.photograph import Photograph
from app.imaging.save import Saved, save_photograph
from app.jobs.types import Job
from app.session.candidates import Candidate, layer_of
from app.session.money import cost_of, expected_cost
from app.session.outcome import (
    EditOrder,
    EditOutcome,
    PlannedFile,
    PlannedOrder,
    PlannedPart,
    PlannedRequest,
    WrittenResult,
)
from app.session.output_paths import output_paths
from app.session.pipeline import Deliver
from app.session.ready_order import ReadyOrder, freeze_order, prepare_order
from app.session.source import Origin
from app.session.verdicts import mask_warning
from app.session.workspace import Workspace


async def plan_order(workspace: Workspace, order: EditOrder) -> PlannedOrder:
    """What `run_order` would send. Sends and writes nothing.

    Raises:
        InputError, UsageError: the order cannot be.
    """
    ready = await prepare_order(workspace, order)
    form, card, parts = ready.form, ready.form.card, ready.planned.parts
    first, calls = (
        parts[0].plan,
        call_sizes(order.n, form.profile.most_at_once(form.model, form.taken_values())),
    )
    warnings = dict.fromkeys(sentence for part in parts for sentence in part.plan.warnings)
    return PlannedOrder(
        provider=form.provider,
        model=form.model,
        base_url=form.profile.base_url,
        stays_here=form.profile.transport is Transport.IN_PROCESS,
        document=ready.photograph.size,
        region=first.region,
        mask_bounds=parts[0].mask.rect if parts[0].mask else None,
        size_send=first.size_send,
        scale=first.scale,
        parts=tuple(
            PlannedPart(
                part.plan.region,
                part.mask.rect if part.mask else None,
                part.plan.size_send,
                part.plan.scale,
            )
            for part in parts
        ),
        n=order.n,
        calls=len(calls) * len(parts),
        prompt_sent=form.takes("prompt") and bool(order.prompt),
        parameters=form.taken_values(),
        dropped=ready.dropped,
        warnings=(*warnings, *form.advice()),
        cost=total_cost(
            estimated_cost(card, form.taken_values().get("quality"), part.plan.size_send, order.n)
            for part in parts
        ),
        seconds=ready.planned.seconds,
        request=await _inspected(ready, order),
    )


async def _inspected(ready: ReadyOrder, order: EditOrder) -> PlannedRequest:
    request = (await freeze_order(ready, order, lambda: "plan"))[0]
    found = await asyncio.to_thread(inspect_request, request, ready.form.profile)
    return PlannedRequest(
        method=found.method,
        url=found.url,
        host=found.host,
        fields=dict(found.fields[0]),
        files=tuple(
            PlannedFile(file.name, file.filename, file.media_type, len(file.data)) for file in found.files
        ),
        body_bytes=found.body_bytes,
    )


async def run_order(
    workspace: Workspace, order: EditOrder, progress: Callable[[float], object] = lambda share: None
) -> EditOutcome:
    """Edit a file: send it, put what comes back, write one file for each variant.

    Islands that are sent one by one meet again in each file; one that did not come is left as it was there.

    `progress` is called with a share (0 … 1) where the provider tells one.

    Raises:
        MaskroomError: nothing came, or nothing could be written; received results stay in the history.
        asyncio.CancelledError: the task was cancelled; the request is cancelled with it.
    """
    paths = output_paths(order.output, order.image, order.n)
    ready = await prepare_order(workspace, order)
    if ready.dropped:
        workspace.notices.info(dropped_sentence(ready.form.model, ready.dropped))
    requests = await freeze_order(ready, order, workspace.history.new_id)
    profile = ready.form.profile
    cost = total_cost(expected_cost(request, profile) for request in requests)
    over = await workspace.money.over_limit(profile, cost)
    if over is not None and not order.over_limit:
        raise over.error
    replies = await _send(workspace, requests, ready, progress)
    errors = [error for reply in replies for error in reply.errors]
    if not any(reply.found for reply in replies):
        raise errors[0] if errors else InternalError(tr("No result came."))
    warning = mask_warning(chain.from_iterable(reply.found for reply in replies), profile.name)
    if warning is not None:
        workspace.notices.warning(*warning)
    # What came first for each island makes the first file, and so on.
    variants = tuple(
        tuple(candidate for candidate in each if candidate is not None)
        for each in zip_longest(*(reply.found for reply in replies))
    )
    written = await asyncio.to_thread(_write_all, ready.photograph, variants, paths)
    results: list[WrittenResult] = []
    for candidates, outcome in zip(variants, written, strict=False):
        if isinstance(outcome, MaskroomError):
            outcome.hint = tr(
                "{hint} The result is kept: “maskroom history export {id} --output FILE” writes it.",
                hint=outcome.hint,
                id=candidates[0].result_id,
            )
            errors.append(outcome)
            continue
        for candidate in candidates:
            await workspace.history_actions.mark_applied(candidate)
            results.append(await _result(workspace, ready, candidate, outcome))
    if not results:
        raise errors[0]
    return EditOutcome(tuple(results), tuple(errors))


async def _result(
    workspace: Workspace, ready: ReadyOrder, candidate: Candidate, outcome: _Written
) -> WrittenResult:
    entry = await workspace.history_actions.get(candidate.entry_id)
    costs = {result.id: cost_of(result) for result in entry.results}
    return WrittenResult(
        id=candidate.result_id,
        output=outcome.saved.path,
        size=ready.photograph.size,
        region=candidate.patch.region,
        outside_changed_pixels=outcome.outside_changed_pixels,
        leak=candidate.report.leak,
        revised_prompt=candidate.revised_prompt,
        seed=candidate.seed,
        provider=entry.provider,
        model=entry.model,
        request_id=entry.request_id,
        cost=costs.get(candidate.result_id),
        seconds=entry.seconds or 0.0,
        lossy=outcome.saved.lossy,
        notes=outcome.saved.notes,
    )


def dropped_sentence(model: str, dropped: tuple[str, ...]) -> str:
    """Says what was asked for but is not sent."""
    return tr("{model} does not take {names}: not sent.", model=model, names=", ".join(dropped))


@dataclass(frozen=True, slots=True)
class _Reply:
    """What came of one request."""

    found: tuple[Candidate, ...] = ()
    errors: tuple[MaskroomError, ...] = ()


async def _send(
    workspace: Workspace,
    requests: tuple[EditRequest, ...],
    ready: ReadyOrder,
    progress: Callable[[float], object],
) -> list[_Reply]:
    """Send all requests and wait for all of them; cancelled together."""
    delivered: dict[str, _Reply] = {}
    shares = dict.fromkeys((request.id for request in requests), 0.0)
    told: set[float] = set()

    def follow(job: Job) -> None:
        if job.progress is not None and job.id in shares:
            shares[job.id] = job.progress
            progress(sum(shares.values()) / len(shares))
        if job.waiting_until is not None and job.waiting_until not in told:
            told.add(job.waiting_until)
            seconds = max(1, math.ceil(job.waiting_until - workspace.worker.now()))
            workspace.notices.info(tr("Waits {seconds} s for the provider's limit.", seconds=seconds))

    def deliver(id: str) -> Deliver:
        def take(found: tuple[Candidate, ...], missing: tuple[Missing, ...]) -> None:
            errors = [
                BadReply(each.message, each.hint, code=each.code, request_id=each.request_id)
                for each in missing
            ]
            delivered[id] = _Reply(found, tuple(errors))

        return take

    origin = Origin(
        ready.source,
        lambda: ready.photograph,
        form=ready.form.kept(),
        reference_names=tuple(each.name for each in ready.form.taken_references()),
    )
    stop = workspace.worker.changed.connect(follow)
    try:
        for part, request in zip(ready.planned.parts, requests, strict=True):
            await workspace.pipeline.submit(
                request, origin, deliver(request.id), expected_seconds=part.seconds
            )
        try:
            jobs = [await workspace.worker.wait(request.id) for request in requests]
        except asyncio.CancelledError:
            for request in requests:
                workspace.worker.cancel(request.id)
            if any([(await workspace.worker.wait(request.id)).sent for request in requests]):
                workspace.notices.warning(tr("It had been sent: the provider may still bill it."))
            raise
    finally:
        stop()
    for job in jobs:
        if job.error is not None:
            delivered[job.id] = _Reply(errors=(job.error,))
        elif job.id not in delivered:
            raise asyncio.CancelledError
    return [delivered[request.id] for request in requests]


@dataclass(frozen=True, slots=True)
class _Written:
    saved: Saved
    outside_changed_pixels: int


def _write_all(
    photograph: Photograph, variants: tuple[tuple[Candidate, ...], ...], paths: tuple[Path, ...]
) -> list[_Written | MaskroomError]:
    """Lay the candidates of each variant on the photograph, count what changed outside, and write it."""
    document = Document(photograph)
    before = document.flatten_samples()
    outcomes: list[_Written | MaskroomError] = []
    for candidates, path in zip(variants, paths, strict=False):
        document.add_layer(*map(layer_of, candidates))
        finished = document.flatten_photograph()
        changed = _changed_outside(before, finished.samples, candidates)
        document.undo.undo()
        try:
            outcomes.append(_Written(save_photograph(finished, path), changed))
        except OutputError as error:
            outcomes.append(error)
    return outcomes


def _changed_outside(before: Samples, after: Samples, candidates: tuple[Candidate, ...]) -> int:
    """Pixels without coverage that differ between two (H, W[, C]) pictures, counted in strips."""
    changed = 0
    for top in range(0, before.shape[0], 256):
        rows = Rect(0, top, before.shape[1], min(256, before.shape[0] - top))
        differs = before[rows.slices] != after[rows.slices]
        if differs.ndim == 3:
            differs = differs.any(axis=2)
        for candidate in candidates:
            region = candidate.patch.region
            part = rows.intersected(region)
            if not part.is_empty:
                inside = candidate.patch.coverage[part.relative_to(region).slices] > 0
                differs[part.relative_to(rows).slices][inside] = False
        changed += int(np.count_nonzero(differs))
    return changed
