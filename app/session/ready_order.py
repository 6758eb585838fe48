"""An order of the command line, checked against its model before anything is sent.

Files are read, parameters filled in and the region planned; nothing is written.
"""

from __future__ import annotations

import asyncio
import math
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from app.base.errors import MaskError, UsageError
from app.base.geometry import Rect
from app.base.text import tr
from app.edits.types import EditRequest, ParameterValue
from app.gateways.encode import too_many_references
from app.gateways.fitting import fit_references
from app.gateways.types import Parameter, ParameterKind, Profile
from app.imaging.arrays import U8, as_samples
from app.imaging.colour import ColourSpace
from app.imaging.load import load_photograph
from app.imaging.mask_files import load_mask
from app.imaging.photograph import Photograph
from app.session.effective_mask import EffectiveMask, effective_mask
from app.session.form import EditForm
from app.session.outcome import EditOrder
from app.session.planning import Planned, Wish, plan_requests
from app.session.references import Reference, read_reference
from app.session.requests import freeze_request
from app.session.source import Source, read_source
from app.session.workspace import Workspace


@dataclass(frozen=True, slots=True, eq=False)
class ReadyOrder:
    """An order after all checks."""

    source: Source
    photograph: Photograph
    cut: Callable[[Rect], U8]
    form: EditForm
    mask: EffectiveMask | None
    planned: Planned
    """At least one request."""
    dropped: tuple[str, ...]


async def prepare_order(workspace: Workspace, order: EditOrder) -> ReadyOrder:
    """Check an order against its model, read its files, and plan it.

    Raises:
        InputError, UsageError: it cannot be.
    """
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

    planned = await asyncio.to_thread(
        plan_requests, photograph.size, mask, Wish.of(form), cut, workspace.estimator
    )
    return ReadyOrder(source, photograph, cut, form, mask, planned, dropped)


def _references(workspace: Workspace, order: EditOrder, profile: Profile) -> tuple[Reference, ...]:
    """The files of --reference, read; raises UsageError where there are more than the provider takes."""
    if len(order.references) > profile.most_references:
        raise too_many_references(profile, tr("Leave out some --reference."))
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
    form.set_islands(order.islands)
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


async def freeze_order(
    ready: ReadyOrder, order: EditOrder, new_id: Callable[[], str]
) -> tuple[EditRequest, ...]:
    """The requests of a checked order. Raises UsageError for a reference that stays too large."""
    sent = tuple(each.picture for each in ready.form.taken_references())
    references = await asyncio.to_thread(fit_references, sent, ready.form.profile)
    document_id = uuid.uuid4().hex
    return tuple(
        [
            freeze_request(
                ready.form,
                part.plan,
                await asyncio.to_thread(ready.cut, part.plan.region),
                part.mask,
                id=new_id(),
                document_id=document_id,
                document_name=order.image.name,
                references=references,
            )
            for part in ready.planned.parts
        ]
    )
