"""Where results of the command line go, decided and checked before anything is sent or paid."""

from __future__ import annotations

import os
from pathlib import Path

from app.base.errors import OutputError, from_os_error
from app.base.files import resolved
from app.base.text import tr
from app.imaging.save import format_for


def output_paths(output: str | None, image: Path, n: int) -> tuple[Path, ...]:
    """One path for each of `n` results.

    An existing folder or a trailing slash is a folder; FILE becomes FILE-1.ext … for several; without
    `output` the results go to the current folder as IMAGE-edit-1.png.

    Raises:
        OutputError: unknown suffix, no such folder, a name that cannot be, or a folder that cannot be written.
    """
    try:
        paths = _paths(output, image, n)
        for path in paths:
            _check(path)
    except OSError as error:
        raise from_os_error(error, output or image.name, kind=OutputError) from error
    return tuple(paths)


def _paths(output: str | None, image: Path, n: int) -> list[Path]:
    numbers = range(1, n + 1)
    if output is None:
        return [Path(f"{image.stem}-edit-{i}.png") for i in numbers]
    if output.endswith(("/", os.sep)) or Path(output).is_dir():
        folder = Path(output)
        folder.mkdir(parents=True, exist_ok=True)
        return [folder / f"{image.stem}-edit-{i}.png" for i in numbers]
    path = Path(output)
    return [path] if n == 1 else [path.with_name(f"{path.stem}-{i}{path.suffix}") for i in numbers]


def _check(path: Path) -> None:
    format_for(path)
    folder = resolved(path).parent
    if not folder.is_dir():
        raise OutputError(
            tr("“{name}”: its folder does not exist.", name=str(path)), tr("Make the folder first.")
        )
    if path.is_dir():
        raise OutputError(tr("“{name}” is a folder.", name=str(path)), tr("Name a file in it."))
    if not os.access(folder, os.W_OK):
        raise OutputError(
            tr("“{name}”: its folder cannot be written.", name=str(path)),
            tr("Choose another folder or change its permissions."),
        )
