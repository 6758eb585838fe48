"""The three standard streams as every command may rely on them: there, and able to take any text.

A program may be started with streams closed, or under a locale that cannot spell a file's name. Neither may
cost a result.
"""

from __future__ import annotations

import io
import os
import sys

NAMES = ("stdin", "stdout", "stderr")


def prepare_streams() -> None:
    """Put the null device in place of closed streams, and let stdout spell what its encoding cannot.

    Without a descriptor of its own a closed stream's number goes to the next file that is opened, and
    whatever a library prints would land in it.
    """
    for descriptor, name in enumerate(NAMES):
        if getattr(sys, name) is None:
            setattr(sys, name, _null_stream(descriptor, "r" if descriptor == 0 else "w"))
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Names of files that are no valid text go out as the very bytes that they are.
        spelling = "surrogateescape" if _is_utf8(sys.stdout) else "backslashreplace"
        sys.stdout.reconfigure(errors=spelling)


def abandon_stdout() -> None:
    """Drop what stdout could not take, so that Python does not try, and complain, once more at its end."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


def _is_utf8(stream: io.TextIOWrapper) -> bool:
    return stream.encoding.lower().replace("-", "") == "utf8"


def _null_stream(descriptor: int, mode: str) -> io.TextIOWrapper:
    handle = os.open(os.devnull, os.O_RDWR)
    if handle != descriptor and not _is_open(descriptor):
        os.dup2(handle, descriptor)
        os.close(handle)
        handle = descriptor
    return io.TextIOWrapper(io.FileIO(handle, mode), encoding="utf-8", errors="replace")


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
