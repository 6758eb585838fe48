"""Files that are never half written: a temporary neighbour, fsync, rename, fsync of the folder."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in place of `path` in one step.

    Readers see the old file or the whole new one, also after a crash or a power cut. A symbolic link is
    followed, so that its target is replaced. Permissions of an existing file are kept.

    Raises:
        OSError: the folder cannot be written, or the disk is full; `path` is then as it was.
    """
    target = resolved(path)
    name = target.with_name(f".{target.name[:40]}.{secrets.token_hex(8)}.part")
    # Created with open's own mode, which the system masks: to ask for the umask is to change it for a
    # moment, and other threads write files too.
    handle = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            os.chmod(name, target.stat().st_mode & 0o7777)
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
    sync_folder(target.parent)


def resolved(path: Path) -> Path:
    """The absolute path behind all symbolic links; links that lead in a circle are left as they are.

    `Path.resolve` fails on such a circle, with an error that is no OSError.
    """
    return Path(os.path.realpath(path))


def sync_folder(folder: Path) -> None:
    """Make renames inside `folder` durable, on systems whose folders can be synced."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
