"""From a parsed command to the handler that does it, on a workspace that lives as long as the command."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable

from app.base.errors import InternalError, MaskroomError
from app.base.notices import Notices
from app.base.text import tr
from app.cli import doctor, edit, history, providers, serve
from app.cli.printing import show_notice
from app.session.bootstrap import build_workspace
from app.session.workspace import Workspace
from app.settings.folders import resolve_folders

log = logging.getLogger(__name__)

Handler = Callable[[Workspace, argparse.Namespace], Awaitable[int]]

HANDLERS: dict[str, Handler] = {
    "edit": edit.run_edit,
    "plan": edit.run_plan,
    "providers": providers.run_providers,
    "models": providers.run_models,
    "history": history.run_history,
    "serve": serve.run_serve,
}


def dispatch(options: argparse.Namespace) -> int:
    """Run the command that `options` name; returns its exit code.

    Raises:
        MaskroomError: it failed.
        KeyboardInterrupt: it was cancelled, by Ctrl+C or by SIGTERM.
    """
    try:
        return asyncio.run(_run(options))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


async def _run(options: argparse.Namespace) -> int:
    notices = Notices()
    notices.subscribe(show_notice)
    folders = resolve_folders(os.environ)
    if options.command == "doctor":
        return await doctor.run_doctor(folders, os.environ, options)
    rebuilds = options.command == "history" and options.action == "rebuild"
    workspace = build_workspace(folders, os.environ, notices, needs_history=not rebuilds)
    task = asyncio.current_task()
    assert task is not None
    if os.name == "posix":
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        if not rebuilds:
            await workspace.recover()
        return await HANDLERS[options.command](workspace, options)
    except (MaskroomError, BrokenPipeError):
        raise
    except Exception as error:
        log.exception("%s failed", options.command)
        raise InternalError(
            tr("Something went wrong inside Maskroom."),
            tr("The log in the data folder tells more; “maskroom doctor” names it."),
            details=repr(error),
        ) from error
    finally:
        await workspace.aclose()
