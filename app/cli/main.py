"""The top of the command line: parse, run, and turn whatever happened into an exit code and a sentence.

Only the grammar is loaded here, so that `--help` and `--version` answer at once.
"""

from __future__ import annotations

import signal
import threading

from app.base.errors import ExitCode, InternalError, MaskroomError, OutputError
from app.base.text import tr
from app.cli.parser import make_parser
from app.cli.printing import error_json, finish_printing, print_json, say
from app.cli.streams import abandon_stdout, prepare_streams


def run_command(words: list[str]) -> int:
    """Run one command line; returns the exit code, and never lets a traceback out."""
    prepare_streams()
    _take_terminate_as_interrupt()
    wants_json = "--json" in words
    try:
        code = _run(words)
        finish_printing()
        return code
    except KeyboardInterrupt:
        say(tr("Cancelled."))
        return ExitCode.CANCELLED
    except MaskroomError as error:
        return _fail(error, wants_json)
    except BrokenPipeError:
        # Whoever read our output has gone: nothing is wrong.
        abandon_stdout()
        return ExitCode.DONE
    except Exception as error:  # noqa: BLE001 - the top of the program: there is nobody above to tell
        fault = InternalError(
            tr("Something went wrong inside Maskroom."),
            tr("It says: {fault}", fault=f"{type(error).__name__}: {error}"),
        )
        return _fail(fault, wants_json)


def _run(words: list[str]) -> int:
    options = make_parser().parse_args(words)
    if options.command is None:
        make_parser().print_help()
        return ExitCode.USAGE
    from app.cli.dispatch import dispatch

    return dispatch(options)


def _take_terminate_as_interrupt() -> None:
    """Until the event loop watches signals, let SIGTERM cancel as Ctrl+C does."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def _fail(error: MaskroomError, wants_json: bool) -> int:
    try:
        if wants_json:
            print_json({"error": error_json(error)})
        finish_printing()
    except (OutputError, BrokenPipeError):
        abandon_stdout()
    say(error.message, error.hint)
    return error.exit_code
