"""Reference images: pictures that go along with the canvas, made ready for sending once and shown small."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.base.errors import MaskroomError
from app.base.geometry import Size
from app.base.notices import Notices
from app.base.text import tr
from app.imaging.arrays import U8
from app.imaging.codecs import decode_picture, thumbnail
from app.imaging.resample import resize_picture
from app.imaging.sources import Limits
from app.session.source import read_source

BOUNDS = Size(2048, 2048)
"""Larger ones are reduced to fit: no model looks at more of a reference."""
_SMALL = Size(96, 96)


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """One reference image."""

    name: str
    picture: U8 = field(repr=False)
    """(h, w, 3) RGB or (h, w, 4) RGBA, sRGB, as it is sent; read-only."""
    small: bytes = field(repr=False)
    """A PNG for lists."""


def read_reference(data: bytes, name: str, limits: Limits = Limits()) -> Reference:
    """A picture file of any supported format as a reference. Slow enough for a thread.

    Raises:
        PhotographError: it is no usable picture.
    """
    picture = decode_picture(data, limits.max_pixels, name=name)
    if picture.shape[2] == 4 and bool((picture[..., 3] == 255).all()):
        picture = picture[..., :3].copy()
    picture = resize_picture(picture, Size(picture.shape[1], picture.shape[0]).fitted_into(BOUNDS))
    picture.flags.writeable = False
    return reference_of(name, picture)


def reference_of(name: str, picture: U8) -> Reference:
    """A picture that is ready for sending, (h, w, 3) RGB or (h, w, 4) RGBA, read-only, as a reference."""
    return Reference(name, picture, thumbnail(picture, _SMALL))


async def load_references(
    files: Sequence[Path], data: bytes | None, limits: Limits, notices: Notices
) -> tuple[Reference, ...]:
    """Files, and a picture from the clipboard, as references; what cannot be read is told as a notice."""
    found = []
    for path in files:
        try:
            source, content = await asyncio.to_thread(read_source, path, limits)
            found.append(await asyncio.to_thread(read_reference, content, source.name, limits))
        except MaskroomError as error:
            notices.error(error, topic="references")
    if data is not None:
        try:
            found.append(await asyncio.to_thread(read_reference, data, tr("Pasted picture"), limits))
        except MaskroomError as error:
            notices.error(error, topic="references")
    return tuple(found)
