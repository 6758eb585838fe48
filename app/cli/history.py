"""`maskroom history`: looking at what was sent and received, and writing it again."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from app.base.errors import ExitCode
from app.base.text import tr
from app.cli.edit import cost_json, rect_json, size_json
from app.cli.housekeeping import run_housekeeping
from app.cli.printing import print_json, print_line, print_table, say
from app.edits.types import Cost
from app.history.types import HistoryEntry, HistoryFilter, HistoryResult
from app.session.mending import rebuild_history, salvage_words
from app.session.workspace import Workspace


async def run_history(workspace: Workspace, options: argparse.Namespace) -> int:
    """Look at the history, or write one of its results."""
    actions = workspace.history_actions
    match options.action:
        case "list":
            _print_entries(await _listed(workspace, options), options.json, tr("The history has none."))
        case "search":
            found = await actions.search(options.text, options.limit)
            _print_entries(found, options.json, tr("No prompt in the history holds these words."))
        case "show":
            entry = await actions.get(options.id)
            print_json(_whole_entry_json(entry))
        case "costs" | "space" | "clean" | "archive" | "import":
            await run_housekeeping(workspace, options)
        case "rebuild":
            await _rebuild(workspace, options)
        case _:
            await _export(workspace, options)
    return ExitCode.DONE


async def _listed(workspace: Workspace, options: argparse.Namespace) -> tuple[HistoryEntry, ...]:
    """The newest entries that fit the options."""
    shelf = workspace.history_shelf
    wanted = HistoryFilter(
        starred=options.starred, provider=options.provider, model=options.model, tag=options.tag
    )
    rows = await shelf.rows(wanted, limit=options.limit)
    return await shelf.entries([id for id, _ in rows])


async def _export(workspace: Workspace, options: argparse.Namespace) -> None:
    path = Path(options.output)
    lossy = False
    if options.raw:
        await workspace.history_actions.export_raw(options.id, path)
    else:
        saved = await workspace.history_actions.export(options.id, path)
        lossy = saved.lossy
        for note in saved.notes:
            say(note)
    if options.json:
        print_json({"output": str(path), "lossy": lossy})
    else:
        print_line(str(path))


async def _rebuild(workspace: Workspace, options: argparse.Namespace) -> None:
    found = await rebuild_history(workspace)
    await workspace.recover()
    if options.json:
        print_json({"entries": found.entries, "old": str(found.aside) if found.aside else None})
    else:
        print_line(" ".join(salvage_words(found)).rstrip())


def _print_entries(entries: tuple[HistoryEntry, ...], as_json: bool, if_none: str) -> None:
    if as_json:
        print_json({"entries": [entry_json(entry) for entry in entries]})
        return
    if not entries:
        say(if_none)
    print_table([_row(entry) for entry in entries])


def _row(entry: HistoryEntry) -> tuple[str, ...]:
    prompt = entry.prompt if len(entry.prompt) <= 48 else entry.prompt[:47] + "…"
    return (
        entry.id,
        entry.created,
        entry.state.value,
        f"{entry.provider}/{entry.model}",
        str(len(entry.results)),
        entry.document_name,
        prompt,
    )


def entry_json(entry: HistoryEntry) -> dict[str, object]:
    """An entry as the contract writes it."""
    return {
        "id": entry.id,
        "state": entry.state.value,
        "created": entry.created,
        "prompt": entry.prompt,
        "provider": entry.provider,
        "model": entry.model,
        "results": [_result_json(result, entry) for result in entry.results],
    }


def _result_json(result: HistoryResult, entry: HistoryEntry) -> dict[str, object]:
    cost = None
    if result.cost_amount is not None:
        cost = Cost(result.cost_amount, result.cost_currency or "", result.cost_estimated)
    return {
        "id": result.id,
        "request_id": entry.request_id,
        "cost": cost_json(cost),
        "received_sha256": result.received_sha256,
        "revised_prompt": result.revised_prompt,
        "width": result.width,
        "height": result.height,
    }


def _whole_entry_json(entry: HistoryEntry) -> dict[str, object]:
    return {
        **entry_json(entry),
        "document_name": entry.document_name,
        "region": rect_json(entry.region),
        "size_send": size_json(entry.size_send),
        "has_mask": entry.has_mask,
        "n": entry.n,
        "note": entry.note,
        "tags": list(entry.tags),
        "deleted": entry.deleted,
        "starred": [result.id for result in entry.results if result.starred],
        "parameters": dict(entry.parameters),
        "feather": entry.feather,
        "parents": list(entry.parents),
        "request_id": entry.request_id,
        "request_ids": list(entry.request_ids),
        "rate_limits": dataclasses.asdict(entry.rate_limits) if entry.rate_limits else None,
        "seconds": entry.seconds,
        "error": (
            {"code": entry.error_code, "message": entry.error_message, "hint": entry.error_hint}
            if entry.error_code
            else None
        ),
    }
