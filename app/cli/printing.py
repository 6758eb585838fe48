"""How the command line speaks: results on stdout, sentences on stderr, JSON where it was asked for."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Sequence

from app.base.errors import MaskroomError, OutputError, from_os_error
from app.base.notices import Notice
from app.base.text import tr


def print_line(text: str) -> None:
    """One line on stdout.

    Raises:
        OutputError: stdout takes no more, for instance because it is a file on a full disk.
        BrokenPipeError: whoever read it has gone.
    """
    try:
        print(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _refused(error) from error


def finish_printing() -> None:
    """Send what is still held back to stdout. Raises as `print_line`."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _refused(error) from error


def _refused(error: OSError) -> MaskroomError:
    return from_os_error(error, tr("standard output"), kind=OutputError)


def print_json(value: object) -> None:
    """One JSON document on stdout, in ASCII where stdout cannot spell it otherwise. Raises as `print_line`."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    try:
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        text = json.dumps(value, indent=2)
    print_line(text)


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Left-aligned columns on stdout. Raises as `print_line`."""
    if not rows:
        return
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print_line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def say(text: str, hint: str = "") -> None:
    """One sentence on stderr, with the next step behind it; lost where stderr takes nothing."""
    with contextlib.suppress(OSError):
        print(f"maskroom: {text}{' ' + hint if hint else ''}", file=sys.stderr, flush=True)


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
