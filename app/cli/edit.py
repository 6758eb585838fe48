"""`maskroom edit` and `maskroom plan`."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.base.errors import ExitCode
from app.base.geometry import Rect, Size
from app.base.states import MaskConvention
from app.base.text import tr
from app.cli.parser import WHOLE
from app.cli.printing import ProgressLine, error_json, print_json, print_line, print_table, say
from app.edits.types import Context, Cost, Islands
from app.session.one_edit import dropped_sentence, plan_order, run_order
from app.session.outcome import EditOrder, PlannedOrder, PlannedPart, WrittenResult
from app.session.workspace import Workspace

PARAMETER_OPTIONS = ("strength", "guidance", "steps", "seed")


async def run_edit(workspace: Workspace, options: argparse.Namespace) -> int:
    """Edit one photograph and write the results."""
    progress = ProgressLine()
    order = _order(options)
    try:
        outcome = await run_order(workspace, order, progress.show)
    finally:
        progress.clear()
    for error in outcome.errors:
        say(error.message, error.hint)
    # Islands that were sent one by one share a file.
    written = {result.output: result for result in outcome.results}.values()
    for result in written:
        for note in result.notes:
            say(note)
    if options.json:
        print_json(
            {
                "results": [result_json(result) for result in outcome.results],
                "errors": [error_json(error) for error in outcome.errors],
            }
        )
        return ExitCode.DONE
    for result in written:
        print_line(str(result.output))
        say(
            tr(
                "{count} pixels outside the mask changed{lossy}.",
                count=result.outside_changed_pixels,
                lossy=tr(" before this lossy format was written") if result.lossy else "",
            )
        )
    return ExitCode.DONE


async def run_plan(workspace: Workspace, options: argparse.Namespace) -> int:
    """Print what would be sent."""
    plan = await plan_order(workspace, _order(options))
    if options.json:
        print_json(plan_json(plan))
    else:
        print_table(_plan_rows(plan))
    for warning in plan.warnings:
        say(warning)
    if plan.dropped:
        say(dropped_sentence(plan.model, plan.dropped))
    return ExitCode.DONE


def _order(options: argparse.Namespace) -> EditOrder:
    values = {name: getattr(options, name) for name in PARAMETER_OPTIONS}
    return EditOrder(
        image=Path(options.image),
        mask=Path(options.mask) if options.mask is not None else None,
        mask_convention=MaskConvention(options.mask_convention) if options.mask_convention else None,
        invert_mask=options.invert_mask,
        prompt=options.prompt,
        provider=options.provider,
        model=options.model,
        n=options.n,
        size=options.size,
        parameters={name: value for name, value in values.items() if value is not None},
        free=dict(options.param),
        references=tuple(Path(name) for name in options.reference),
        context=_context(options.context, options.region),
        islands=Islands(options.islands),
        grow=options.grow,
        feather=options.feather,
        over_limit=options.over_limit,
        output=options.output,
    )


def _context(choice: str | int, region: Rect | None) -> Context:
    if isinstance(choice, int):
        return Context(pixels=choice, region=region)
    return Context(whole=choice == WHOLE, region=region)


def rect_json(rect: Rect) -> dict[str, int]:
    """A rectangle as the contract writes it."""
    return {"x": rect.x, "y": rect.y, "width": rect.width, "height": rect.height}


def size_json(size: Size) -> dict[str, int]:
    """A size as the contract writes it."""
    return {"width": size.width, "height": size.height}


def cost_json(cost: Cost | None) -> dict[str, object] | None:
    """A price as the contract writes it."""
    if cost is None:
        return None
    return {"amount": cost.amount, "currency": cost.currency, "estimated": cost.estimated}


def result_json(result: WrittenResult) -> dict[str, object]:
    """A written result as the contract writes it; what is unknown is null."""
    return {
        "id": result.id,
        "output": str(result.output),
        **size_json(result.size),
        "region": rect_json(result.region),
        "outside_changed_pixels": result.outside_changed_pixels,
        "leak": result.leak,
        "revised_prompt": result.revised_prompt,
        "seed": result.seed,
        "provider": result.provider,
        "model": result.model,
        "request_id": result.request_id,
        "cost": cost_json(result.cost),
        "seconds": round(result.seconds, 3),
        "lossy": result.lossy,
    }


def plan_json(plan: PlannedOrder) -> dict[str, object]:
    """A plan as JSON."""
    return {
        "provider": plan.provider,
        "model": plan.model,
        "base_url": plan.base_url,
        "stays_here": plan.stays_here,
        "document": size_json(plan.document),
        "region": rect_json(plan.region),
        "mask_bounds": rect_json(plan.mask_bounds) if plan.mask_bounds else None,
        "size_send": size_json(plan.size_send),
        "scale": plan.scale,
        "requests": [
            {
                "region": rect_json(part.region),
                "mask_bounds": rect_json(part.mask_bounds) if part.mask_bounds else None,
                "size_send": size_json(part.size_send),
                "scale": part.scale,
            }
            for part in plan.parts
        ],
        "n": plan.n,
        "calls": plan.calls,
        "prompt_sent": plan.prompt_sent,
        "parameters": dict(plan.parameters),
        "dropped": list(plan.dropped),
        "warnings": list(plan.warnings),
        "cost": cost_json(plan.cost),
        "seconds": plan.seconds,
        "request": {
            "method": plan.request.method,
            "url": plan.request.url,
            "host": plan.request.host,
            "fields": dict(plan.request.fields),
            "files": [
                {
                    "field": file.field,
                    "filename": file.filename,
                    "media_type": file.media_type,
                    "bytes": file.bytes,
                }
                for file in plan.request.files
            ],
            "body_bytes": plan.request.body_bytes,
        },
    }


def _part_rows(part: PlannedPart, document: Size) -> tuple[tuple[str, str], ...]:
    region = part.region
    return (
        (tr("Region"), f"{region.size} at {region.x},{region.y} of {document}"),
        (tr("Sent as"), f"{part.size_send} (scale {part.scale:.3g})"),
    )


def _plan_rows(plan: PlannedOrder) -> list[tuple[str, str]]:
    rows = [
        (tr("Provider"), f"{plan.provider} · {plan.model or tr('the server’s own model')}"),
        (tr("Goes to"), tr("nowhere: it stays on this machine") if plan.stays_here else plan.base_url),
        *(row for part in plan.parts for row in _part_rows(part, plan.document)),
        (tr("Variants"), tr("{n} in {calls} request(s)", n=plan.n, calls=plan.calls)),
    ]
    rows += [(file.field, f"{file.media_type}, {file.bytes / 1000:.0f} kB") for file in plan.request.files]
    rows += [(name, str(value)) for name, value in plan.parameters.items()]
    if plan.cost is not None:
        about = tr("about ") if plan.cost.estimated else ""
        rows.append((tr("Price"), f"{about}{plan.cost.amount:.3f} {plan.cost.currency}"))
    if plan.seconds is not None:
        rows.append((tr("Time"), tr("about {seconds:.0f} s", seconds=max(1.0, plan.seconds))))
    return rows
