"""The history's database when it is damaged: told at the start, rebuilt by choice, and copied now and then before."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from app.base.errors import StoreError, UsageError
from app.base.notices import Notices
from app.base.text import tr, tr_count
from app.history.faults import REBUILD
from app.history.salvage import Salvage, back_up, backup_of, rebuild
from app.history.store import DATABASE_NAME, IMAGES_NAME, HistoryStore
from app.session.commands import command

if TYPE_CHECKING:
    from app.session.workspace import Workspace

BACKUP_SECONDS = 3600.0
"""Age at which the copy of the database is made anew."""


def open_history(history: HistoryStore, folder: Path, notices: Notices, *, must_open: bool) -> None:
    """Open the history below `folder`, and tell what is wrong with it.

    Raises:
        StoreError: it cannot be opened, and `must_open`; else that is a notice, and whatever needs the history
            says so when it is asked.
    """
    is_lost = _is_lost(folder)
    try:
        history.open()
    except StoreError as error:
        if must_open:
            raise
        notices.error(error, topic="store")
        return
    if is_lost:
        database = folder / DATABASE_NAME
        hint = tr("The received images are still in “{folder}”.", folder=folder / IMAGES_NAME)
        commands: tuple[str, ...] = ()
        if backup_of(database).is_file():
            hint = tr("There is a copy of it: rebuild the history to have its entries back.")
            commands = (REBUILD,)
        notices.warning(tr("The history's database was gone; a new one was begun."), hint, "store", commands)


def _is_lost(folder: Path) -> bool:
    """Whether the database is missing or empty although there was something in it."""
    database = folder / DATABASE_NAME
    try:
        if database.stat().st_size:
            return False
    except OSError:
        pass
    try:
        return backup_of(database).is_file() or any((folder / IMAGES_NAME).iterdir())
    except OSError:
        return False


async def rebuild_history(workspace: Workspace) -> Salvage:
    """Make a new database of what can be read, and go on with it.

    Raises:
        UsageError: requests are on their way.
        StoreError: another program has it open, or the disk refuses; all is then as it was.
    """
    if any(not job.state.is_final for job in workspace.worker.jobs):
        raise UsageError(
            tr("The history cannot be rebuilt while requests are on their way."),
            tr("Wait for them, or cancel them first."),
        )
    history, database = workspace.history, workspace.folders.history / DATABASE_NAME
    await asyncio.to_thread(history.close)
    try:
        return await asyncio.to_thread(rebuild, database, datetime.now())
    finally:
        await asyncio.to_thread(history.open)
        workspace.history_replaced.emit()
        workspace.history_changed.emit("")


async def keep_backed_up(workspace: Workspace) -> None:
    """Back up the history from time to time, until the awaiting task is cancelled. Raises StoreError."""
    while True:
        await back_up_history(workspace)
        await asyncio.sleep(BACKUP_SECONDS)


async def back_up_history(workspace: Workspace) -> None:
    """Copy the database where the last copy is an hour old.

    Raises:
        StoreError: it is damaged, or cannot be copied.
    """
    database = workspace.folders.history / DATABASE_NAME

    def work() -> None:
        copy = backup_of(database)
        if not database.is_file():
            return
        # A clock that was set back must not keep it from being made anew.
        if copy.is_file() and abs(time.time() - copy.stat().st_mtime) < BACKUP_SECONDS:
            return
        back_up(database)

    await asyncio.to_thread(work)


@command(REBUILD, title=tr("Rebuild the history"), group="edit", hidden=True)
async def rebuild_by_choice(workspace: Workspace) -> None:
    """Make a new history of all that can be read of a damaged one."""
    found = await rebuild_history(workspace)
    # Where the old file is should be there to be read for as long as anybody wants.
    workspace.notices.warning(*salvage_words(found), topic="store")
    await workspace.recover()


def salvage_words(found: Salvage) -> tuple[str, str]:
    """What came of a rebuilding, and where the old file is."""
    told = tr_count(
        "The history was rebuilt; it holds one entry.",
        "The history was rebuilt; it holds {count} entries.",
        found.entries,
    )
    if found.aside is None:
        return told, ""
    return told, tr("The old file is kept as “{name}”.", name=found.aside)
