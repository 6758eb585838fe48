"""Where an open photograph came from, and how its bytes are had again for the history."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.edits.types import ParameterValue
from app.imaging.encoders import encode_png_file
from app.imaging.photograph import Photograph
from app.imaging.sources import Limits
from app.imaging.sources import read_source as read_file


@dataclass(frozen=True, slots=True)
class Source:
    """The file, or the pasted data, that a document was opened from."""

    name: str
    sha256: str
    """Of the file's bytes when it was opened."""
    path: Path | None = None
    data: bytes | None = field(default=None, repr=False)
    """Kept only where there is no file to read again."""

    def read(self) -> bytes | None:
        """The very bytes that were opened; None when the file has since changed or gone."""
        if self.data is not None:
            return self.data
        if self.path is None:
            return None
        try:
            data = self.path.read_bytes()
        except OSError:
            return None
        return data if hashlib.sha256(data).hexdigest() == self.sha256 else None


@dataclass(frozen=True, slots=True)
class Origin:
    """What a region was cut from: enough to build the composite again at any later time."""

    source: Source
    original: Callable[[], Photograph]
    """Gives the photograph without any edit, in any thread; asked only when the source is gone."""
    parents: tuple[str, ...] = ()
    """Ids of the results that lay on the photograph, lowest first."""
    form: Mapping[str, ParameterValue] = field(default_factory=dict)
    """What the form said that the request does not: `EditForm.kept`."""
    reference_names: tuple[str, ...] = ()
    """What the request's references are called, in their order."""


def read_source(path: Path, limits: Limits) -> tuple[Source, bytes]:
    """Read a file once, so that what is decoded and what is remembered are the same bytes.

    Raises:
        PhotographError: the file cannot be read, is no regular file, or is larger than `limits` allow.
    """
    resolved = path.absolute()
    data = read_file(resolved, path.name, limits)
    return Source(path.name, hashlib.sha256(data).hexdigest(), path=resolved), data


def data_source(data: bytes, name: str) -> Source:
    """The source of pasted or dropped data."""
    return Source(name, hashlib.sha256(data).hexdigest(), data=data)


def source_bytes(origin: Origin) -> bytes:
    """What the history keeps of a photograph, see `bytes_or_copy`."""
    return bytes_or_copy(origin.source, origin.original)


def bytes_or_copy(source: Source, original: Callable[[], Photograph]) -> bytes:
    """The opened bytes of a photograph, or a lossless copy where they are gone.

    A copy holds the same samples, profile and metadata, so a composite made from it is the same.
    """
    data = source.read()
    if data is not None:
        return data
    photograph = original()
    return encode_png_file(photograph.samples, photograph.metadata)
