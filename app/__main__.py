"""Starts Maskroom: the window, or the command line where a command is named. Imports only that one."""

from __future__ import annotations

import multiprocessing
import sys

COMMANDS = frozenset({"edit", "plan", "providers", "models", "history", "serve", "doctor"})
CANCELLED = 130
"""The exit code of `app.base.errors.ExitCode`, for the time before anything is loaded."""


def main(arguments: list[str] | None = None) -> int:
    """Run with `arguments` (default: the process's own) and return the exit code."""
    multiprocessing.freeze_support()
    words = sys.argv[1:] if arguments is None else arguments
    try:
        return _start(words)
    except KeyboardInterrupt:  # while the modules were still being loaded
        return CANCELLED


def _start(words: list[str]) -> int:
    if words and (words[0] in COMMANDS or (words[0].startswith("-") and words[0] != "--")):
        from app.cli.main import run_command

        return run_command(words)
    from app.ui.app import run_window

    return run_window([word for word in words if word != "--"])


if __name__ == "__main__":
    sys.exit(main())
