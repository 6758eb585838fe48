"""Copies of a mask as it is at one moment, made while it is painted on, at the cost of what changed.

Most of a copy is made in a worker. What changed under it meanwhile is known, and copied again: the last few tiles
on the mask's own thread, so that the copy is the mask of that very moment.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec
import numpy as np

from app.base.geometry import Rect, Size
from app.document.mask import Mask
from app.document.tiles import TILE, Tile, tiles_of
from app.imaging.arrays import U8, joined
from app.imaging.masks import plain_value

FEW = 24
"""Tiles that are copied on the mask's own thread: 1.5 MB, well below a millisecond."""

Packed = int | bytes
"""A tile: the value of all its pixels, or its pixels by zlib."""


class _Index(msgspec.Struct, frozen=True):
    """What stands before the tiles in a file: row, column, and their value, or less than 0: minus their length."""

    width: int
    height: int
    tiles: list[tuple[int, int, int]]


@dataclass(frozen=True, slots=True, eq=False)
class PackedMask:
    """A mask at one moment; tiles that are not there are empty."""

    size: Size
    tiles: Mapping[Tile, Packed | U8]

    def coverage(self) -> U8:
        """The pixels (H, W), a new array."""
        pixels = np.zeros((self.size.height, self.size.width), np.uint8)
        for tile, stored in self.tiles.items():
            view = pixels[_area(tile, self.size).slices]
            if isinstance(stored, bytes):
                view[...] = np.frombuffer(zlib.decompress(stored), np.uint8).reshape(view.shape)
            else:
                view[...] = stored
        return pixels

    def to_bytes(self) -> memoryview:
        """For `from_bytes`; slow enough for a worker."""
        tiles, contents = [], []
        for (row, column), stored in sorted(self.tiles.items()):
            packed = _packed(stored)
            if isinstance(packed, bytes):
                contents.append(packed)
                tiles.append((row, column, -len(packed)))
            else:
                tiles.append((row, column, packed))
        index = msgspec.json.encode(_Index(self.size.width, self.size.height, tiles))
        return joined([struct.pack(">I", len(index)), index, *contents])

    @classmethod
    def from_bytes(cls, data: bytes) -> PackedMask:
        """What `to_bytes` gave.

        Raises:
            ValueError: it is something else.
        """
        if len(data) < 4:
            raise ValueError("no index")
        at = 4 + struct.unpack_from(">I", data)[0]
        index = msgspec.json.decode(data[4:at], type=_Index)
        tiles: dict[Tile, Packed | U8] = {}
        for row, column, value in index.tiles:
            if value < 0:
                tiles[row, column] = data[at : at - value]
                at -= value
            else:
                tiles[row, column] = value
        return cls(Size(index.width, index.height), tiles)


class MaskCopy:
    """Follows one mask. `pack` runs in a worker, everything else on the mask's own thread."""

    def __init__(self, mask: Mask) -> None:
        self.mask = mask
        self._tiles: dict[Tile, Packed] = {}
        self._stale: set[Tile] = {(row, column) for row, column in np.argwhere(mask.occupied).tolist()}
        self._disconnect = mask.changed.connect(self._mark)

    def detach(self) -> None:
        self._disconnect()

    @property
    def is_near(self) -> bool:
        """Whether `finish` has little left to do."""
        return len(self._stale) <= FEW

    def take_stale(self) -> tuple[Tile, ...]:
        """What `pack` is to look at next."""
        stale, self._stale = self._stale, set()
        return tuple(stale)

    def pack(self, stale: Iterable[Tile]) -> dict[Tile, Packed]:
        """The tiles as they are about now; one that changes under it is stale again. In a worker."""
        return {tile: _packed(self._view(tile).copy()) for tile in stale}

    def keep(self, packed: Mapping[Tile, Packed]) -> None:
        """Take over what `pack` gave."""
        self._tiles.update(packed)

    def finish(self) -> PackedMask:
        """The mask of this moment, when it `is_near`."""
        tiles: dict[Tile, Packed | U8] = dict(self._tiles)
        tiles.update({tile: self._view(tile).copy() for tile in self._stale})
        empty = [tile for tile, stored in tiles.items() if isinstance(stored, int) and stored == 0]
        for tile in empty:
            del tiles[tile]
        return PackedMask(self.mask.size, tiles)

    def _view(self, tile: Tile) -> U8:
        return self.mask.coverage[_area(tile, self.mask.size).slices]

    def _mark(self, rects: tuple[Rect, ...]) -> None:
        for rect in rects:
            self._stale.update(tiles_of(rect.intersected(self.mask.size.rect)))


def _area(tile: Tile, size: Size) -> Rect:
    return Rect(tile[1] * TILE, tile[0] * TILE, TILE, TILE).intersected(size.rect)


def _packed(stored: Packed | U8) -> Packed:
    if not isinstance(stored, np.ndarray):
        return stored
    value = plain_value(stored)
    return zlib.compress(np.ascontiguousarray(stored).data, 1) if value < 0 else value
