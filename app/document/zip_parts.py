"""The members of a ZIP file that nobody trusts, read whole and within limits, and XML without entities.

Nothing is ever unpacked to the disk, so a member's name is only a key: one that climbs out of the file cannot be
reached. What is told about sizes is checked before anything is inflated, and Python's own reader gives
no more bytes than were told.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from xml.etree import ElementTree
from xml.parsers import expat

import numpy as np

from app.base.geometry import Size
from app.base.text import tr
from app.imaging.arrays import U8, as_u8
from app.imaging.load import load_photograph, probe
from app.imaging.photograph import Photograph
from app.imaging.sources import Limits, Unreadable, damaged

MOST_MEMBERS = 4096
MOST_XML = 1 << 22
_DEEPEST = 32
_PIXELS = 6
"""All pictures of a file together may have this many times the pixels of the largest photograph."""


@contextmanager
def telling_zip() -> Iterator[None]:
    """Turn what a ZIP reader raises on damaged files into a reason for the user."""
    try:
        yield
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, zlib.error) as error:
        raise damaged() from error


class Members:
    """The members of one file by name."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        """Read the directory.

        Raises:
            Unreadable: it is no ZIP file, or would inflate to more than the limits allow.
        """
        self._limits = limits
        self._pixels_left = limits.max_pixels * _PIXELS
        with telling_zip():
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        told = self._zip.infolist()
        if len(told) > MOST_MEMBERS or sum(each.file_size for each in told) > limits.max_bytes:
            raise Unreadable(
                tr("it holds more than can be opened"), tr("Save it smaller with another program first.")
            )
        self._told = {each.filename: each for each in told}

    def __contains__(self, name: object) -> bool:
        return name in self._told

    def read(self, name: str, most: int | None = None) -> bytes:
        """The content of a member.

        Raises:
            Unreadable: there is none of that name, it is damaged, or has more than `most` bytes.
        """
        told = self._told.get(name)
        if told is None:
            raise Unreadable(
                tr("a part of it, “{part}”, is missing", part=name[:80]), tr("Open another copy of it.")
            )
        if most is not None and told.file_size > most:
            raise damaged()
        with telling_zip():
            return self._zip.read(told)

    def photograph(self, name: str, called: str) -> Photograph:
        """A member that is a picture file, decoded.

        Raises:
            Unreadable: it is missing, or all pictures together are too large.
            PhotographError: it is no usable picture.
        """
        data = self.read(name)
        self._count(probe(data, name=called, limits=self._limits).size)
        return load_photograph(data, name=called, limits=self._limits)

    def _count(self, size: Size) -> None:
        self._pixels_left -= size.area
        if self._pixels_left < 0:
            raise Unreadable(
                tr("its layers are larger than can be opened"),
                tr("Join some of them with another program first."),
            )


def plain_picture(photograph: Photograph) -> U8:
    """The samples of an 8-bit picture as an array of its own.

    Raises:
        TypeError: they have 16 bits.
    """
    picture = as_u8(np.ascontiguousarray(photograph.samples))
    picture.flags.writeable = False
    return picture


def parse_xml(data: bytes) -> ElementTree.Element:
    """The tree of a small XML file without document type, so without entities that could be expanded.

    Raises:
        Unreadable: it is no such file.
    """
    builder = ElementTree.TreeBuilder()
    depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise damaged()
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    def refuse(*_: object) -> None:
        raise damaged()

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise damaged() from error
    return builder.close()
