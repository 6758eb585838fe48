"""Keeps PySide from reading the source text of every module that is imported."""

from __future__ import annotations

import builtins
import linecache


def import_plainly() -> None:
    """Import from now on without a look at the source text, and let go of what was read so far.

    PySide wants to know which modules import from its `__feature__`, as none does here. For that it takes the place
    of Python's import and reads the source of all that is imported, numpy and the rest: 15 MB that stay in memory
    for good. What it has replaced it keeps by this name; elsewhere nothing is done.
    """
    replaced = getattr(builtins, "__orig_import__", None)
    if replaced is not None:
        builtins.__import__ = replaced
    linecache.clearcache()
