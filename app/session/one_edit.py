"""One edit from files to files: the same road as in the window, without one.

Everything is checked before anything is sent; what may have been billed is never sent twice.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.base.errors import BadReply, InternalError, MaskroomError, OutputError
from app.base.geometry import Rect
from app.base.text import tr
from app.document.document import Document
from app.edits.types import EditRequest, Missing
from app.gateways.encode import call_sizes
from app.gateways.inspection import inspect_request
from app.gateways.pricing import estimated_cost
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
    PlannedRequest,
    WrittenResult,
)
from app.session.output_paths import output_paths
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
    form, card = ready.form, ready.form.card
    return PlannedOrder(
        provider=form.provider,
        model=form.model,
        base_url=form.profile.base_url,
        stays_here=form.profile.transport is Transport.IN_PROCESS,
        document=ready.photograph.size,
        region=ready.plan.region,
        mask_bounds=ready.mask.rect if ready.mask else None,
        size_send=ready.plan.size_send,
        scale=ready.plan.scale,
        n=order.n,
        calls=len(call_sizes(order.n, form.profile.most_at_once(form.model, form.taken_values()))),
        prompt_sent=form.takes("prompt") and bool(order.prompt),
        parameters=form.taken_values(),
        dropped=ready.dropped,
        warnings=(*ready.plan.warnings, *form.advice()),
        cost=estimated_cost(card, form.taken_values().get("quality"), ready.plan.size_send, order.n),
        seconds=ready.seconds,
        request=await _inspected(ready, order),
    )


async def _inspected(ready: ReadyOrder, order: EditOrder) -> PlannedRequest:
    request = await freeze_order(ready, order, "plan")
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
    """Edit a file: send one request, put what comes back, write one file for each variant.

    `progress` is called with a share (0 … 1) where the provider tells one.

    Raises:
        MaskroomError: nothing came, or nothing could be written; received results stay in the history.
        asyncio.CancelledError: the task was cancelled; the request is cancelled with it.
    """
    paths = output_paths(order.output, order.image, order.n)
    ready = await prepare_order(workspace, order)
    if ready.dropped:
        workspace.notices.info(dropped_sentence(ready.form.model, ready.dropped))
    request = await freeze_order(ready, order, workspace.history.new_id())
    profile = ready.form.profile
    over = await workspace.money.over_limit(profile, expected_cost(request, profile))
    if over is not None and not order.over_limit:
        raise over.error
    found, missing = await _send(workspace, request, ready, progress)
    warning = mask_warning(found, request.provider)
    if warning is not None:
        workspace.notices.warning(*warning)
    entry = await workspace.history_actions.get(request.id)
    costs = {result.id: cost_of(result) for result in entry.results}
    errors: list[MaskroomError] = [
        BadReply(each.message, each.hint, code=each.code, request_id=each.request_id) for each in missing
    ]
    written = await asyncio.to_thread(_write_all, ready.photograph, found, paths)
    results: list[WrittenResult] = []
    for candidate, outcome in zip(found, written, strict=False):
        if isinstance(outcome, MaskroomError):
            outcome.hint = tr(
                "{hint} The result is kept: “maskroom history export {id} --output FILE” writes it.",
                hint=outcome.hint,
                id=candidate.result_id,
            )
            errors.append(outcome)
            continue
        await workspace.history_actions.mark_applied(candidate)
        results.append(
            WrittenResult(
                id=candidate.result_id,
                output=outcome.saved.path,
                size=ready.photograph.size,
                region=ready.plan.region,
                outside_changed_pixels=outcome.outside_changed_pixels,
                leak=candidate.report.leak,
                revised_prompt=candidate.revised_prompt,
                seed=candidate.seed,
                provider=request.provider,
                model=request.model,
                request_id=entry.request_id,
                cost=costs.get(candidate.result_id),
                seconds=entry.seconds or 0.0,
                lossy=outcome.saved.lossy,
                notes=outcome.saved.notes,
            )
        )
    if not results:
        raise errors[0] if errors else InternalError(tr("No result came."))
    return EditOutcome(tuple(results), tuple(errors))


def dropped_sentence(model: str, dropped: tuple[str, ...]) -> str:
    """Says what was asked for but is not sent."""
    return tr("{model} does not take {names}: not sent.", model=model, names=", ".join(dropped))


async def _send(
    workspace: Workspace,
    request: EditRequest,
    ready: ReadyOrder,
    progress: Callable[[float], object],
) -> tuple[tuple[Candidate, ...], tuple[Missing, ...]]:
    delivered: list[tuple[tuple[Candidate, ...], tuple[Missing, ...]]] = []
    told: set[float] = set()

    def follow(job: Job) -> None:
        if job.progress is not None:
            progress(job.progress)
        if job.waiting_until is not None and job.waiting_until not in told:
            told.add(job.waiting_until)
            seconds = max(1, math.ceil(job.waiting_until - workspace.worker.now()))
            workspace.notices.info(tr("Waits {seconds} s for the provider's limit.", seconds=seconds))

    stop = workspace.worker.changed.connect(follow)
    try:
        await workspace.pipeline.submit(
            request,
            Origin(
                ready.source,
                lambda: ready.photograph,
                form=ready.form.kept(),
                reference_names=tuple(each.name for each in ready.form.taken_references()),
            ),
            lambda found, missing: delivered.append((found, missing)),
            expected_seconds=ready.seconds,
        )
        try:
            job = await workspace.worker.wait(request.id)
        except asyncio.CancelledError:
            workspace.worker.cancel(request.id)
            if (await workspace.worker.wait(request.id)).sent:
                workspace.notices.warning(tr("It had been sent: the provider may still bill it."))
            raise
    finally:
        stop()
    if job.error is not None:
        raise job.error
    if not delivered:
        raise asyncio.CancelledError
    return delivered[0]


@dataclass(frozen=True, slots=True)
class _Written:
    saved: Saved
    outside_changed_pixels: int


def _write_all(
    photograph: Photograph, found: tuple[Candidate, ...], paths: tuple[Path, ...]
) -> list[_Written | MaskroomError]:
    """Lay each candidate alone on the photograph, count what changed outside its mask, and write it."""
    document = Document(photograph)
    before = document.flatten_samples()
    outcomes: list[_Written | MaskroomError] = []
    for candidate, path in zip(found, paths, strict=False):
        document.add_layer(layer_of(candidate))
        finished = document.flatten_photograph()
        changed = _changed_outside(before, finished.samples, candidate)
        document.undo.undo()
        try:
            outcomes.append(_Written(save_photograph(finished, path), changed))
        except OutputError as error:
            outcomes.append(error)
    return outcomes


def _changed_outside(before: Samples, after: Samples, candidate: Candidate) -> int:
    """Pixels of coverage 0 that differ between two (H, W[, C]) pictures, counted in strips."""
    region, coverage = candidate.patch.region, candidate.patch.coverage
    changed = 0
    for top in range(0, before.shape[0], 256):
        rows = Rect(0, top, before.shape[1], min(256, before.shape[0] - top))
        differs = before[rows.slices] != after[rows.slices]
        if differs.ndim == 3:
            differs = differs.any(axis=2)
        part = rows.intersected(region)
        if not part.is_empty:
            inside = coverage[part.relative_to(region).slices] > 0
            differs[part.relative_to(rows).slices][inside] = False
        changed += int(np.count_nonzero(differs))
    return changed
