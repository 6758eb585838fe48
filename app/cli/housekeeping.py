"""`maskroom history costs|space|clean|archive|import`: money and room."""

from __future__ import annotations

import argparse
import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.base.text import tr, tr_count
from app.base.work import Work
from app.cli.printing import print_json, print_line, print_table, say
from app.history.space import CleanRules
from app.session.workspace import Workspace


async def run_housekeeping(workspace: Workspace, options: argparse.Namespace) -> None:
    """One of the commands that look at the history as a whole."""
    match options.action:
        case "costs":
            await _costs(workspace, options)
        case "space":
            await _space(workspace, options.json)
        case "clean":
            await _clean(workspace, options)
        case "archive":
            await _archive(workspace, options)
        case _:
            await _import(workspace, options)


async def _costs(workspace: Workspace, options: argparse.Namespace) -> None:
    found = await workspace.money.by_month(options.month or "")
    providers = (await workspace.money.totals()).month
    if options.json:
        print_json(
            {
                "months": [_renamed(dataclasses.asdict(each), "month") for each in found],
                "this_month": [_renamed(dataclasses.asdict(each), "provider") for each in providers],
            }
        )
        return
    if not found:
        say(tr("Nothing was spent."))
    print_table(
        [
            (
                each.key,
                f"{each.amount:.4f} {each.currency}",
                tr_count("1 image", "{count} images", each.images),
                tr("{amount:.4f} estimated", amount=each.estimated) if each.estimated else "",
                tr("{amount:.4f} under way", amount=each.pending) if each.pending else "",
                tr("{amount:.4f} cut off, perhaps billed", amount=each.unsure) if each.unsure else "",
            )
            for each in found
        ]
    )


def _renamed(total: dict[str, object], key: str) -> dict[str, object]:
    return {key: total.pop("key"), **total}


async def _space(workspace: Workspace, as_json: bool) -> None:
    used = await workspace.housekeeping.used()
    if as_json:
        print_json({"total": used.total, **dataclasses.asdict(used)})
        return
    print_table(
        [
            (
                f"{each.bytes / 1e6:.1f} MB",
                each.document_name,
                tr_count("1 edit", "{count} edits", each.entries),
                tr("{count} starred or applied", count=each.dear) if each.dear else "",
            )
            for each in used.documents
        ]
    )
    print_line(
        tr_count(
            "{size:.1f} MB in all, 1 edit in the bin",
            "{size:.1f} MB in all, {count} edits in the bin",
            used.in_bin,
            size=used.total / 1e6,
        )
    )


async def _clean(workspace: Workspace, options: argparse.Namespace) -> None:
    before = ""
    if options.older_than is not None:
        before = (datetime.now(UTC) - timedelta(days=options.older_than)).isoformat(timespec="milliseconds")
    plan = await workspace.housekeeping.plan(CleanRules(options.to, before, not options.keep_bin))
    gone = 0 if options.dry_run else await workspace.housekeeping.clean(plan, Work())
    if options.json:
        print_json({"deleted": gone, "ids": list(plan.ids), "bytes": plan.bytes, "dry_run": options.dry_run})
    elif options.dry_run:
        print_line(
            tr_count(
                "1 edit would go: {size:.1f} MB",
                "{count} edits would go: {size:.1f} MB",
                len(plan.ids),
                size=plan.bytes / 1e6,
            )
        )
    else:
        print_line(
            tr_count(
                "1 edit is gone: {size:.1f} MB",
                "{count} edits are gone: {size:.1f} MB",
                gone,
                size=plan.bytes / 1e6,
            )
        )


async def _archive(workspace: Workspace, options: argparse.Namespace) -> None:
    path = Path(options.output)
    images = await workspace.housekeeping.write_archive(path, Work())
    if options.json:
        print_json({"output": str(path), "images": images})
    else:
        print_line(str(path))


async def _import(workspace: Workspace, options: argparse.Namespace) -> None:
    imported = await workspace.housekeeping.read_archive(Path(options.file), Work())
    if options.json:
        print_json(dataclasses.asdict(imported))
        return
    print_line(
        tr_count(
            "1 edit came in, {known} there already",
            "{count} edits came in, {known} there already",
            imported.added,
            known=tr_count("1 was", "{count} were", imported.known),
        )
    )
    if imported.broken:
        say(
            tr_count(
                "1 edit was left out: its images are missing or damaged.",
                "{count} edits were left out: their images are missing or damaged.",
                imported.broken,
            )
        )
