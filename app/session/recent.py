"""The list of recently opened files, newest first."""

from __future__ import annotations

from pathlib import Path

MOST = 12


def with_recent(files: tuple[str, ...], path: Path) -> tuple[str, ...]:
    """`files` with `path` at the front, each once, at most twelve."""
    name = str(path.absolute())
    return (name, *(f for f in files if f != name))[:MOST]
