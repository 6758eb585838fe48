"""How the command line speaks: results on stdout, sentences on stderr, JSON where it was asked for."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from app.base.errors import MaskroomError
from app.base.notices import Notice


def print_json(value: object) -> None:
    """One JSON document on stdout."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Left-aligned columns on stdout."""
    if not rows:
        return
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def say(text: str, hint: str = "") -> None:
    """One sentence on stderr, with the next step behind it."""
    print(f"maskroom: {text}{' ' + hint if hint else ''}", file=sys.stderr)


def show_notice(notice: Notice) -> None:
    """A notice of the session, on stderr."""
    say(notice.text, notice.hint)


def error_json(error: MaskroomError) -> dict[str, object]:
    """An error as the contract's JSON object."""
    return {
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
        "request_id": error.request_id,
    }


class ProgressLine:
    """A percentage on stderr that is overwritten in place; silent where nobody watches."""

    def __init__(self) -> None:
        self._shown = -1
        self._on = sys.stderr.isatty()

    def show(self, share: float) -> None:
        percent = round(share * 100)
        if self._on and percent != self._shown:
            self._shown = percent
            print(f"\r{percent:3d} %", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self._shown >= 0:
            print("\r     \r", end="", file=sys.stderr, flush=True)
