"""Importing with PySide about, which would read the source of all that is imported: in a process of its own."""

import subprocess
import sys

_READS = """
import linecache
from PySide6.QtCore import QObject
import {module}
from app.ui.plain_imports import import_plainly
print({module}.__file__ in linecache.cache)
import_plainly()
import {other}
print(len(linecache.cache))
print(QObject().objectName() == "")
"""


def test_that_no_source_text_is_kept_in_memory() -> None:
    script = _READS.format(module="colorsys", other="wave")
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    # Should PySide no longer do this by itself, all of this can go.
    assert done.stdout.split() == ["True", "0", "True"]
