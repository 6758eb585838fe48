"""`maskroom doctor`: what works and what is missing."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from app.base.errors import ExitCode
from app.cli.printing import print_json, print_table
from app.session.health import Verdict, examine
from app.settings.folders import Folders

MARKS = {Verdict.GOOD: "ok", Verdict.LACKING: "--", Verdict.BROKEN: "!!"}


async def run_doctor(folders: Folders, environ: Mapping[str, str], options: argparse.Namespace) -> int:
    """Print all findings; fails when something is broken. Needs no workspace: that may be what is broken."""
    findings = await examine(folders, environ)
    if options.json:
        print_json(
            {
                "findings": [
                    {"subject": f.subject, "verdict": f.verdict.value, "text": f.text} for f in findings
                ]
            }
        )
    else:
        print_table([(MARKS[f.verdict], f.subject, f.text) for f in findings])
    broken = any(f.verdict is Verdict.BROKEN for f in findings)
    return ExitCode.INTERNAL if broken else ExitCode.DONE
