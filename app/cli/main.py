"""The top of the command line: parse, run, and turn whatever happened into an exit code and a sentence."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable

from app.base.errors import ExitCode, InternalError, MaskroomError
from app.base.notices import Notices
from app.base.text import tr
from app.cli import doctor, edit, history, providers, serve
from app.cli.parser import make_parser
from app.cli.printing import error_json, print_json, say, show_notice
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
    "doctor": doctor.run_doctor,
}


def run_command(words: list[str]) -> int:
    """Run one command line; returns the exit code, and never lets a traceback out."""
    wants_json = "--json" in words
    try:
        options = make_parser().parse_args(words)
        if options.command is None:
            make_parser().print_help()
            return ExitCode.USAGE
        return asyncio.run(_run(options))
    except (KeyboardInterrupt, asyncio.CancelledError):
        say(tr("Cancelled."))
        return ExitCode.CANCELLED
    except MaskroomError as error:
        return _fail(error, wants_json)
    except BrokenPipeError:
        # Whoever read our output has gone: nothing is wrong, and Python must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.DONE
    except Exception as error:
        log.exception("command failed")
        fault = InternalError(
            tr("Something went wrong inside Maskroom."),
            tr("The log in the data folder tells more; “maskroom doctor” names it."),
            details=repr(error),
        )
        return _fail(fault, wants_json)


async def _run(options: argparse.Namespace) -> int:
    notices = Notices()
    notices.subscribe(show_notice)
    workspace = build_workspace(resolve_folders(os.environ), os.environ, notices)
    task = asyncio.current_task()
    assert task is not None
    if os.name == "posix":
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        await workspace.recover()
        return await HANDLERS[options.command](workspace, options)
    finally:
        await workspace.aclose()


def _fail(error: MaskroomError, wants_json: bool) -> int:
    if wants_json:
        print_json({"error": error_json(error)})
    say(error.message, error.hint)
    return error.exit_code
