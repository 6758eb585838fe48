"""Reads a TOML file into a typed structure; whatever is wrong is told by file and field."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TypeVar

import msgspec

from app.base.errors import InputError, from_os_error
from app.base.geometry import Size
from app.base.text import tr

T = TypeVar("T")

_SIZE = re.compile(r"([1-9]\d{0,5})x([1-9]\d{0,5})", re.IGNORECASE)
_AT = re.compile(r"^(?P<problem>.*?)(?: - at `(?:key in )?\$\.?(?P<field>.*)`)?$", re.DOTALL)


def read_toml(path: Path, kind: type[T]) -> T:
    """The content of `path` as `kind`, a msgspec structure that forbids unknown fields.

    Raises:
        InputError: unreadable, no TOML, or a field is missing, unknown or of another type.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise from_os_error(error, str(path), kind=InputError) from error
    except UnicodeDecodeError as error:
        raise fault(path, "", tr("it is not UTF-8 text")) from error
    except tomllib.TOMLDecodeError as error:
        raise fault(path, "", str(error)) from error
    return as_kind(content, kind, path)


def as_kind(content: object, kind: type[T], path: Path, at: str = "") -> T:
    """`content`, which stands at the field `at` of the file `path`, as `kind`. Raises InputError."""
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        match = _AT.match(str(error))
        problem, field = (match["problem"], match["field"]) if match else (str(error), None)
        raise fault(path, ".".join(filter(None, (at, field))), problem) from error


def fault(path: Path, field: str, problem: str) -> InputError:
    """The error that names the file and, where it can be told, the field that is wrong in it."""
    where = tr("{file}, {field}", file=path.name, field=field) if field else path.name
    return InputError(
        tr("{where}: {problem}.", where=where, problem=problem.rstrip(".")),
        mend(path),
        code="bad_file",
    )


def mend(path: Path) -> str:
    """What to do about a file that is wrong."""
    return tr("Mend or remove it: {path}", path=path)


def parse_size(text: str) -> Size:
    """“1024x1536” as a size. Raises ValueError."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"“{text}” is no size such as 1024x1536")
    return Size(int(match[1]), int(match[2]))
