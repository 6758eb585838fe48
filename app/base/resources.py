"""Where the files that come with the program lie: from a checkout, a wheel, or a frozen bundle."""

from __future__ import annotations

import sys
from pathlib import Path


def resource_path(*parts: str) -> Path:
    """The path of a file under `resources/`, such as `resource_path("icons", "brush.svg")`.

    Raises:
        FileNotFoundError: this installation has no resources folder.
    """
    package = Path(__file__).resolve().parent.parent
    frozen = getattr(sys, "_MEIPASS", None)
    candidates = [Path(frozen) / "resources"] if frozen else []
    candidates += [package / "_resources", package.parent / "resources"]
    for folder in candidates:
        if folder.is_dir():
            return folder.joinpath(*parts)
    raise FileNotFoundError("resources")
