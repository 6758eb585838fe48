"""`maskroom serve`: the built-in engine as a gateway for other programs on this machine."""

from __future__ import annotations

import argparse

from app.base.errors import ExitCode
from app.base.text import tr
from app.cli.printing import finish_printing, print_line, say
from app.session.workspace import Workspace


async def run_serve(workspace: Workspace, options: argparse.Namespace) -> int:
    """Serve until interrupted; the first line on stdout is the base URL."""

    def ready(base_url: str) -> None:
        print_line(base_url)
        finish_printing()
        say(tr("Serving on this machine only. Ctrl+C stops."))

    await workspace.serve(options.port, ready)
    return ExitCode.DONE
