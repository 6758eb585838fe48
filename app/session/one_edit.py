"""One edit from files to files: the same road as in the window, without one.

Everything is checked before anything is sent; what may have been billed is never sent twice.
"""

from __future__ import annotations

import asyncio
import math
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.base.errors import BadReply, InternalError, MaskError, MaskroomError, OutputError, UsageError
from app.base.geometry import Rect
from app.base.text import tr
from app.document.document import Document
from app.edits.types import Cost, EditPlan, EditRequest, ParameterValue
from app.gateways.encode import call_sizes
from app.gateways.fitting import fit_references
from app.gateways.types import Parameter, ParameterKind, Profile, Transport
from app.imaging.arrays import U8, Samples, as_samples
from app.imaging.colour import ColourSpace
from app.imaging.load import load_photograph
from app.imaging.mask_files import load_mask
from app.imaging.photograph import Photograph
from app.imaging.save import Saved, save_photograph
from app.jobs.types import Job
from app.session.candidates import Candidate, layer_of
from app.session.effective_mask import EffectiveMask, effective_mask
from app.session.form import EditForm
from app.session.outcome import EditOrder, EditOutcome, PlannedOrder, WrittenResult
from app.session.output_paths import output_paths
from app.session.planning import fitted_plan
from app.session.references import Reference, read_reference
from app.session.requests import freeze_request
from app.session.source import Origin, Source, read_source
from app.session.verdicts import mask_warning
from app.session.workspace import Workspace


@dataclass(frozen=True, slots=True, eq=False)
class _Ready:
    """An order after all checks."""

    source: Source
    photograph: Photograph
    cut: Callable[[Rect], U8]
    form: EditForm
    mask: EffectiveMask | None
    plan: EditPlan
    dropped: tuple[str, ...]
    seconds: float | None


async def plan_order(workspace: Workspace, order: EditOrder) -> PlannedOrder:
    """What `run_order` would send. Sends and writes nothing.

    Raises:
        InputError, UsageError: the order cannot be.
    """
    ready = await _prepare(workspace, order)
    form, card = ready.form, ready.form.card
    n = order.n if form.takes("n") or card.max_n == 1 else 1
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
        n=n,
        calls=len(call_sizes(n, form.profile.most_at_once(form.model, form.taken_values()))),
        prompt_sent=form.takes("prompt") and bool(order.prompt),
        parameters=form.taken_values(),
        dropped=ready.dropped,
        warnings=(*ready.plan.warnings, *form.advice()),
        cost=_times(card.price_at(form.values.get("quality")), n),
        seconds=ready.seconds,
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
    ready = await _prepare(workspace, order)
    if ready.dropped:
        workspace.notices.info(dropped_sentence(ready.form.model, ready.dropped))
    references = tuple(each.picture for each in ready.form.taken_references())
    request = freeze_request(
        ready.form,
        ready.plan,
        await asyncio.to_thread(ready.cut, ready.plan.region),
        ready.mask,
        id=workspace.history.new_id(),
        document_id=uuid.uuid4().hex,
        document_name=order.image.name,
        references=await asyncio.to_thread(fit_references, references, ready.form.profile),
    )
    found, missing = await _send(workspace, request, ready, progress)
    warning = mask_warning(found, request.provider)
    if warning is not None:
        workspace.notices.warning(*warning)
    entry = await workspace.history_actions.get(request.id)
    errors: list[MaskroomError] = [BadReply(text) for text in missing]
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
                cost=ready.form.card.price_at(request.parameters.get("quality")),
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


async def _prepare(workspace: Workspace, order: EditOrder) -> _Ready:
    form = _filled_form(workspace, order)
    dropped = _fill_parameters(form, order)
    form.set_references(await asyncio.to_thread(_references, workspace, order, form.profile))
    source, photograph, painted = await asyncio.to_thread(_read, workspace, order)
    for note in photograph.notes:
        workspace.notices.info(f"{source.name}: {note}")
    card = form.card
    if painted is None and card.needs_mask:
        raise MaskError(
            tr("{model} needs a mask.", model=form.card.title), tr("Name one with --mask."), code="no_mask"
        )
    mask = None
    if painted is not None:
        rect = photograph.size.rect
        mask = await asyncio.to_thread(effective_mask, photograph.size, rect, painted, order.grow)

    def cut(region: Rect) -> U8:
        samples = photograph.samples[region.slices]
        return ColourSpace(photograph.metadata.icc, photograph.channels).to_srgb(as_samples(samples))

    plan = await asyncio.to_thread(
        fitted_plan,
        photograph.size,
        mask.rect if mask else None,
        form.context,
        form.size,
        cut,
        form.profile,
        card,
        form.taken_references(),
    )
    seconds = None
    if mask is not None:
        seconds = await asyncio.to_thread(
            workspace.estimator, form.profile, card, mask.within(plan.region), order.n
        )
    return _Ready(source, photograph, cut, form, mask, plan, dropped, seconds)


def _references(workspace: Workspace, order: EditOrder, profile: Profile) -> tuple[Reference, ...]:
    """The files of --reference, read; raises UsageError where there are more than the provider takes."""
    most = profile.most_references
    if len(order.references) > most:
        raise UsageError(
            tr("{title} takes no more than {most} reference images.", title=profile.title, most=most)
            if most
            else tr("{title} takes no reference images.", title=profile.title),
            tr("Leave out some --reference."),
            code="too_many_images",
        )
    found = []
    for path in order.references:
        source, data = read_source(path, workspace.limits)
        found.append(read_reference(data, source.name, workspace.limits))
    return tuple(found)


def _filled_form(workspace: Workspace, order: EditOrder) -> EditForm:
    provider = order.provider or workspace.settings.value.edit.provider
    form = EditForm(workspace.providers.get, provider, order.model or "")
    form.set_prompt(order.prompt)
    form.set_variants(order.n)
    form.set_context(order.context)
    form.set_feather(order.feather)
    form.set_grow(order.grow)
    if order.size is not None and form.takes("size"):
        form.set_size(order.size)
    return form


def _fill_parameters(form: EditForm, order: EditOrder) -> tuple[str, ...]:
    """Set what the model takes; returns the canonical names of what it does not."""
    known = {name: p for p in form.profile.dialect.parameters for name in (p.name, p.wire)}
    wanted: dict[str, ParameterValue] = dict(order.parameters)
    extras: dict[str, ParameterValue] = {}
    for key, text in order.free.items():
        if key in known:
            wanted[known[key].name] = parse_value(text, known[key])
        else:
            extras[key] = text
    for name, value in wanted.items():
        if name in known:
            check_range(value, known[name])
        form.set_value(name, value)
    form.set_extras(extras)
    dropped = [name for name in wanted if not form.takes(name)]
    if order.prompt and not form.takes("prompt"):
        dropped.insert(0, "prompt")
    if order.size is not None and not form.takes("size"):
        dropped.append("size")
    return tuple(dropped)


def parse_value(text: str, parameter: Parameter) -> ParameterValue:
    """A value typed by hand, as its parameter's kind.

    Raises:
        UsageError: it is no such value.
    """
    try:
        match parameter.kind:
            case ParameterKind.NUMBER:
                return float(text)
            case ParameterKind.INTEGER:
                return int(text)
            case ParameterKind.FLAG:
                return {"true": True, "false": False, "1": True, "0": False}[text.lower()]
            case ParameterKind.CHOICE | ParameterKind.TEXT:
                return text
    except (ValueError, KeyError):
        raise UsageError(
            tr("{name}: “{text}” is not a value it takes.", name=parameter.name, text=text)
        ) from None


def check_range(value: ParameterValue, parameter: Parameter) -> None:
    """Raises UsageError when `value` lies outside what the parameter takes."""
    if parameter.choices and str(value) not in parameter.choices:
        raise UsageError(
            tr("{name} cannot be {value}.", name=parameter.name, value=value),
            tr("Choose one of {choices}.", choices=", ".join(parameter.choices)),
        )
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        low, high = parameter.minimum, parameter.maximum
        # A NaN is neither below nor above anything, and no wire can carry one.
        if (
            not math.isfinite(value)
            or (low is not None and value < low)
            or (high is not None and value > high)
        ):
            raise UsageError(
                tr("{name} cannot be {value}.", name=parameter.name, value=value),
                tr(
                    "It goes from {low} to {high}.",
                    low="−∞" if low is None else f"{low:.12g}",
                    high="∞" if high is None else f"{high:.12g}",
                ),
            )


def _read(workspace: Workspace, order: EditOrder) -> tuple[Source, Photograph, U8 | None]:
    source, data = read_source(order.image, workspace.limits)
    photograph = load_photograph(data, name=source.name, limits=workspace.limits)
    if order.mask is None:
        return source, photograph, None
    mask = load_mask(order.mask, photograph.size, order.mask_convention, order.invert_mask)
    return source, photograph, mask


async def _send(
    workspace: Workspace,
    request: EditRequest,
    ready: _Ready,
    progress: Callable[[float], object],
) -> tuple[tuple[Candidate, ...], tuple[str, ...]]:
    delivered: list[tuple[tuple[Candidate, ...], tuple[str, ...]]] = []
    told: set[float] = set()

    def follow(job: Job) -> None:
        if job.progress is not None:
            progress(job.progress)
        if job.waiting_until is not None and job.waiting_until not in told:
            told.add(job.waiting_until)
            seconds = max(1, math.ceil(job.waiting_until - time.time()))
            workspace.notices.info(tr("The provider asks to wait {seconds} seconds.", seconds=seconds))

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


def _times(price: Cost | None, n: int) -> Cost | None:
    return None if price is None else Cost(price.amount * n, price.currency, price.estimated)
