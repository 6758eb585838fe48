"""Patching an EXIF block in place: orientation, sizes, resolution, thumbnail. Never rebuilds it.

Rewriting a block loses maker notes, whose offsets point into the original. So the few bytes that must change
after a picture was turned upright are overwritten where they stand, and every other byte stays.
EXIF is a TIFF structure (TIFF 6.0, section 2; Exif 2.32, section 4).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from app.base.geometry import Size

PREFIX = b"Exif\0\0"
"""What stands before the TIFF structure inside a JPEG segment (and in some WebP files)."""

_ORIENTATION = 0x0112
_X_RESOLUTION = 0x011A
_Y_RESOLUTION = 0x011B
_RESOLUTION_UNIT = 0x0128
_EXIF_IFD = 0x8769
_PIXEL_X = 0xA002
_PIXEL_Y = 0xA003
_THUMBNAIL_OFFSET = 0x0201
_THUMBNAIL_LENGTH = 0x0202
_SHORT, _LONG, _RATIONAL = 3, 4, 5
_MAX_ENTRIES = 1000
_CENTIMETRES = 3


@dataclass(frozen=True, slots=True)
class UprightExif:
    """An EXIF block made to fit the upright picture, and what it said before."""

    exif: bytes
    orientation: int
    """1–8, what the camera meant: Exif 2.32, tag 0x0112."""
    dpi: tuple[float, float] | None
    """Of the picture as it is stored."""


@dataclass(frozen=True, slots=True)
class _Entry:
    tag: int
    kind: int
    count: int
    value_at: int
    """Where the four bytes of value or offset stand."""


def make_upright(exif: bytes) -> UprightExif:
    """The block with orientation 1, and the pixel dimensions exchanged where the picture turned by a quarter.

    The thumbnail is emptied and unlinked: it would go on showing what an edit removed.

    Raises:
        ValueError: it is no EXIF block, or a damaged one.
    """
    block = bytearray(exif.removeprefix(PREFIX))
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(block[:4]))
    if order is None:
        raise ValueError("no TIFF header")
    try:
        return _patch(block, order)
    except (struct.error, IndexError) as error:
        raise ValueError("an offset points outside the block") from error


def with_size(exif: bytes, size: Size) -> bytes:
    """The block with the pixel dimensions of `size`, where it tells any; every other byte stays.

    Raises:
        ValueError: it is no EXIF block, or a damaged one.
    """
    block = bytearray(exif.removeprefix(PREFIX))
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(block[:4]))
    if order is None:
        raise ValueError("no TIFF header")
    try:
        entries = {e.tag: e for e in _entries(block, order, struct.unpack_from(order + "I", block, 4)[0])}
        sizes = _size_entries(block, order, entries)
        if sizes is not None:
            for entry, length in zip(sizes, (size.width, size.height), strict=True):
                if entry.kind == _LONG or length < 1 << 16:
                    _overwrite(block, order, entry, length)
    except (struct.error, IndexError) as error:
        raise ValueError("an offset points outside the block") from error
    return bytes(block)


def _patch(block: bytearray, order: str) -> UprightExif:
    first = struct.unpack_from(order + "I", block, 4)[0]
    entries = {entry.tag: entry for entry in _entries(block, order, first)}
    orientation = 1
    if _ORIENTATION in entries:
        entry = entries[_ORIENTATION]
        said = _integer(block, order, entry)
        orientation = said if 1 <= said <= 8 else 1
        _overwrite(block, order, entry, 1)
    dpi = _resolution(block, order, entries)
    if orientation >= 5:
        _exchange_sizes(block, order, entries)
    _drop_thumbnail(block, order, first)
    return UprightExif(bytes(block), orientation, dpi)


def _entries(block: bytearray, order: str, offset: int) -> Iterator[_Entry]:
    count = struct.unpack_from(order + "H", block, offset)[0]
    if count > _MAX_ENTRIES:
        raise ValueError("too many entries")
    for index in range(count):
        at = offset + 2 + 12 * index
        tag, kind, number = struct.unpack_from(order + "HHI", block, at)
        struct.unpack_from("4x", block, at + 8)
        yield _Entry(tag, kind, number, at + 8)


def _integer(block: bytearray, order: str, entry: _Entry) -> int:
    code = {_SHORT: "H", _LONG: "I"}.get(entry.kind)
    if code is None or entry.count != 1:
        return 0
    return int(struct.unpack_from(order + code, block, entry.value_at)[0])


def _overwrite(block: bytearray, order: str, entry: _Entry, value: int) -> None:
    code = {_SHORT: "H", _LONG: "I"}.get(entry.kind)
    if code is not None and entry.count == 1:
        struct.pack_into(order + code, block, entry.value_at, value)


def _resolution(block: bytearray, order: str, entries: dict[int, _Entry]) -> tuple[float, float] | None:
    values = []
    for tag in (_X_RESOLUTION, _Y_RESOLUTION):
        entry = entries.get(tag)
        if entry is None or entry.kind != _RATIONAL or entry.count != 1:
            return None
        offset = struct.unpack_from(order + "I", block, entry.value_at)[0]
        numerator, denominator = struct.unpack_from(order + "II", block, offset)
        if not numerator or not denominator:
            return None
        values.append(numerator / denominator)
    unit = entries.get(_RESOLUTION_UNIT)
    if unit is not None and _integer(block, order, unit) == _CENTIMETRES:
        values = [value * 2.54 for value in values]
    return values[0], values[1]


def _size_entries(block: bytearray, order: str, entries: dict[int, _Entry]) -> tuple[_Entry, _Entry] | None:
    """PixelXDimension and PixelYDimension, which speak of the picture as it is stored; None without them."""
    pointer = entries.get(_EXIF_IFD)
    if pointer is None:
        return None
    inner = {entry.tag: entry for entry in _entries(block, order, _integer(block, order, pointer))}
    across, down = inner.get(_PIXEL_X), inner.get(_PIXEL_Y)
    return None if across is None or down is None else (across, down)


def _exchange_sizes(block: bytearray, order: str, entries: dict[int, _Entry]) -> None:
    """Swap the pixel dimensions."""
    sizes = _size_entries(block, order, entries)
    if sizes is None:
        return
    across, down = sizes
    width, height = _integer(block, order, across), _integer(block, order, down)
    if max(width, height) < 1 << 16 or across.kind == down.kind == _LONG:
        _overwrite(block, order, across, height)
        _overwrite(block, order, down, width)


def _drop_thumbnail(block: bytearray, order: str, first: int) -> None:
    link = first + 2 + 12 * struct.unpack_from(order + "H", block, first)[0]
    if link + 4 > len(block):
        return
    second = struct.unpack_from(order + "I", block, link)[0]
    struct.pack_into(order + "I", block, link, 0)
    if not second:
        return
    try:
        entries = {entry.tag: entry for entry in _entries(block, order, second)}
    except (struct.error, ValueError):
        return
    where, length = entries.get(_THUMBNAIL_OFFSET), entries.get(_THUMBNAIL_LENGTH)
    if where is None or length is None:
        return
    start, size = _integer(block, order, where), _integer(block, order, length)
    if 0 < start <= start + size <= len(block):
        block[start : start + size] = bytes(size)
