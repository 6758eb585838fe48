"""A plane of coverage cut into tiles: which tiles hold anything, and how tiles were before a change.

This is what makes undo cost as much as was touched and not as much as the mask is large. Nothing here knows
tools, titles or observers: who changes a plane, and who is told, is the mask's matter.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from app.base.cancel import CancelToken
from app.base.geometry import Rect, Size
from app.imaging.arrays import U8, Bool
from app.imaging.masks import plain_value

TILE = 256
"""Edge of a tile in pixels: smaller ones cost more bookkeeping, larger ones more bytes."""

_BAND = 4_000_000
"""Pixels that are put at a time: a millisecond's work."""
_SOME = slice(None, None, 29), slice(None, None, 31)
"""Pixels of a tile that tell most of those that changed from those that did not."""

Tile = tuple[int, int]
"""Row and column of a tile in the grid."""
Stored = int | U8 | bytes
"""A tile that was kept: the value of all its pixels, or its pixels, or its pixels compressed.

An array is never constant, so a tile is empty exactly when it is stored as 0."""


def tiles_of(rect: Rect) -> Iterator[Tile]:
    """The tiles that `rect` touches, row by row: plain numbers, as there may be thousands."""
    if rect.is_empty:
        return iter(())
    columns = range(rect.x // TILE, -(-rect.right // TILE))
    return itertools.product(range(rect.y // TILE, -(-rect.bottom // TILE)), columns)


class Plane:
    """Dense coverage and its grid of tiles.

    A tile whose `occupied` is False holds only zeros. The reverse is exact whenever no edit is open.
    """

    __slots__ = ("occupied", "pixels", "size")

    def __init__(self, pixels: U8) -> None:
        """Stand over `pixels` (H, W), C-contiguous, without copying them."""
        self.pixels = pixels
        self.size = Size(pixels.shape[1], pixels.shape[0])
        rows, columns = -(-self.size.height // TILE), -(-self.size.width // TILE)
        self.occupied: Bool = np.zeros((rows, columns), np.bool_)
        if cv2.hasNonZero(pixels):
            for row in range(rows):
                for column in range(columns):
                    self.settle((row, column))

    def view(self, tile: Tile) -> U8:
        """The tile's pixels, up to TILE x TILE, writable and in place."""
        top, left = tile[0] * TILE, tile[1] * TILE
        return self.pixels[top : top + TILE, left : left + TILE]

    def settle(self, tile: Tile) -> bool:
        """Make `occupied` exact for the tile and return it."""
        occupied = bool(cv2.hasNonZero(self.view(tile)))
        self.occupied[tile] = occupied
        return occupied

    def invert(self) -> None:
        """Turn every value v into 255 - v."""
        cv2.bitwise_not(self.pixels, self.pixels)
        # What was empty is full now; only the rest has to be looked at.
        before = self.occupied.copy()
        self.occupied[...] = True
        for row, column in np.argwhere(before).tolist():
            self.settle((row, column))

    def read(self, tile: Tile) -> int | U8:
        """The tile as it is now, in the form in which it is stored."""
        if not self.occupied[tile]:
            return 0
        return _stored(self.view(tile))

    def write(self, tile: Tile, stored: Stored) -> None:
        """Put a stored tile back."""
        self.view(tile)[...] = self.unpacked(tile, stored)
        self.occupied[tile] = not isinstance(stored, int) or stored != 0

    def unpacked(self, tile: Tile, stored: Stored) -> int | U8:
        """A stored tile in the form in which it is written fastest."""
        return _unpacked(stored, self.view(tile).shape) if isinstance(stored, bytes) else stored

    def settle_middles(self) -> set[Tile]:
        """The tiles whose middle pixel is covered, which makes them `occupied`.

        One look at them all, after which most tiles under a broad stroke need no look of their own.
        """
        rows, columns = np.nonzero(self.pixels[TILE // 2 :: TILE, TILE // 2 :: TILE])
        self.occupied[rows, columns] = True
        return set(zip(rows.tolist(), columns.tolist(), strict=True))

    def settle_against(self, tile: Tile, stored: int | U8) -> bool:
        """As `settle`, but return whether the tile's pixels are those that were stored.

        Called for every tile of a stroke at its end, so it reads no more than it must.
        """
        if isinstance(stored, int):
            if stored == 0:
                return not self.settle(tile)
            pixels = self.view(tile)
            if int(pixels[0, 0]) == stored:
                low, high, _, _ = cv2.minMaxLoc(pixels)
                self.occupied[tile] = high > 0
                return low == high == stored
        else:
            pixels = self.view(tile)
            if np.array_equal(pixels[_SOME], stored[_SOME]) and np.array_equal(pixels, stored):
                # What is stored as an array is not constant, so it is not empty.
                self.occupied[tile] = True
                return True
        self.settle(tile)
        return False


class TileSnapshot:
    """Some tiles of a plane as they were.

    The plane's own thread fills, restores and drops a snapshot; `compress` may run in another at the same
    time. That is safe without a lock: compressing replaces whole entries by others that mean the same, and a
    snapshot that was restored meanwhile has already handed out what it held.
    """

    __slots__ = ("_tiles", "nbytes")

    def __init__(self) -> None:
        self._tiles: dict[Tile, Stored] = {}
        self.nbytes = 0
        """Bytes of pixels held, as of the last change; a constant tile costs none."""

    @classmethod
    def of_changes(cls, before: U8, after: U8, at: Rect, cancel: CancelToken | None = None) -> TileChange:
        """The tiles that differ, as they were and as they are: made in a worker, to be put into a plane at once.

        Both (at.height, at.width) stand at `at`, which is cut at tiles or at the plane's border.

        Raises:
            Cancelled: the token was cancelled.
        """
        old, occupied = cls(), {}
        for cell in at.tiles(TILE):
            if cancel is not None:
                cancel.check()
            place, tile = cell.intersected(at).relative_to(at).slices, (cell.y // TILE, cell.x // TILE)
            if not np.array_equal(before[place], after[place]):
                old._tiles[tile] = _stored(before[place])
                occupied[tile] = bool(cv2.hasNonZero(after[place]))
        old._count()
        rects = merged_tiles(occupied, Size(at.right, at.bottom))
        blocks = tuple((rect, after[rect.relative_to(at).slices]) for rect in rects)
        return TileChange(blocks, occupied, old)

    def change_of(self, plane: Plane) -> TileChange:
        """What putting all tiles back into `plane` would do to it as it is now. In any thread."""
        tiles, old = dict(self._tiles), TileSnapshot()
        blocks = []
        for rect in merged_tiles(tiles, plane.size):
            block = np.empty((rect.height, rect.width), np.uint8)
            for cell in rect.tiles(TILE):
                tile = cell.y // TILE, cell.x // TILE
                old.keep(plane, tile)
                block[cell.intersected(rect).relative_to(rect).slices] = plane.unpacked(tile, tiles[tile])
            blocks.append((rect, block))
        occupied = {tile: not isinstance(stored, int) or stored != 0 for tile, stored in tiles.items()}
        return TileChange(tuple(blocks), occupied, old)

    def __len__(self) -> int:
        return len(self._tiles)

    def keep(self, plane: Plane, tile: Tile) -> bool:
        """Store the tile of `plane` as it is now, unless it is here already; True when it was stored."""
        if tile in self._tiles:
            return False
        stored = plane.read(tile)
        self._tiles[tile] = stored
        if not isinstance(stored, int):
            self.nbytes += stored.nbytes
        return True

    def drop_unchanged(self, plane: Plane) -> None:
        """Forget tiles that `plane` still holds, and make the plane's occupancy exact for all of them.

        For a snapshot that was not yet handed to `compress`.
        """
        middles = plane.settle_middles()
        for tile, stored in list(self._tiles.items()):
            assert not isinstance(stored, bytes)
            if isinstance(stored, int) and stored == 0 and tile in middles:
                continue
            if plane.settle_against(tile, stored):
                del self._tiles[tile]
        self._count()

    def restore(self, plane: Plane) -> TileSnapshot:
        """Put all tiles back into `plane` and return what stood there: restoring that undoes this."""
        inverse = TileSnapshot()
        for tile, stored in list(self._tiles.items()):
            inverse.keep(plane, tile)
            plane.write(tile, stored)
        return inverse

    def rects(self, size: Size) -> tuple[Rect, ...]:
        """The area of the tiles in a plane of `size`, as few rectangles."""
        return merged_tiles(self._tiles, size)

    def _count(self) -> None:
        self.nbytes = sum(
            len(stored) if isinstance(stored, bytes) else stored.nbytes
            for stored in list(self._tiles.values())
            if not isinstance(stored, int)
        )

    def compress(self, wait: Callable[[], object]) -> None:
        """Make the snapshot smaller, in any thread; `wait` is called before each tile, and may take its time."""
        for tile, stored in list(self._tiles.items()):
            if isinstance(stored, np.ndarray):
                wait()
                packed = _packed(stored)
                if len(packed) < stored.nbytes:
                    self._tiles[tile] = packed
        self._count()


@dataclass(frozen=True, slots=True, eq=False)
class TileChange:
    """Tiles to be put into a plane, and what stands there before: nothing is left to do but to copy.

    Neighbours are copied as one, at a third of what it takes tile by tile. To put back what is `old` undoes it.
    """

    blocks: tuple[tuple[Rect, U8], ...]
    """What is written, and where, in pixels of the plane: whole tiles, cut at its border."""
    occupied: Mapping[Tile, bool]
    """Whether the tile holds anything but 0 then, for each that is written."""
    old: TileSnapshot

    def __len__(self) -> int:
        return len(self.occupied)

    @property
    def rects(self) -> tuple[Rect, ...]:
        """The area of the tiles."""
        return tuple(rect for rect, _ in self.blocks)

    def bands(self) -> Iterator[TileChange]:
        """The same in rows of tiles that are few enough to be put at a time; `old` is that of all."""
        for rect, pixels in self.blocks:
            # A block begins at a tile's edge.
            rows = max(1, _BAND // (rect.width * TILE)) * TILE
            for top in range(0, rect.height, rows):
                part = pixels[top : top + rows]
                band = Rect(rect.x, rect.y + top, rect.width, len(part))
                occupied = {tile: self.occupied[tile] for tile in tiles_of(band)}
                yield TileChange(((band, part),), occupied, self.old)

    def put(self, plane: Plane) -> None:
        """Write the new tiles."""
        for rect, pixels in self.blocks:
            plane.pixels[rect.slices] = pixels
        for tile, occupied in self.occupied.items():
            plane.occupied[tile] = occupied


def _stored(pixels: U8) -> int | U8:
    """A copy of a tile's pixels, or their value where they have only one."""
    value = plain_value(pixels)
    return pixels.copy() if value < 0 else value


def _packed(pixels: U8) -> bytes:
    """Differences from row to row, by zlib's fastest level: soft edges shrink to two thirds of plain zlib."""
    differences = pixels.copy()
    differences[1:] -= pixels[:-1]
    return zlib.compress(differences.data, 1)


def _unpacked(packed: bytes, shape: tuple[int, ...]) -> U8:
    """The sums of the differences, in as many steps as the number of rows has binary digits."""
    pixels = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(shape).copy()
    step = 1
    while step < shape[0]:
        pixels[step:] += pixels[:-step].copy()
        step *= 2
    return pixels


def merged_tiles(tiles: Iterable[Tile], size: Size) -> tuple[Rect, ...]:
    """The area of `tiles` as few rectangles: runs along rows, equal runs of following rows joined."""
    columns_of: dict[int, list[int]] = {}
    for row, column in sorted(tiles):
        columns_of.setdefault(row, []).append(column)
    blocks: list[list[int]] = []
    above: dict[tuple[int, int], list[int]] = {}
    for row, columns in columns_of.items():
        here: dict[tuple[int, int], list[int]] = {}
        for first, last in _runs(columns):
            block = above.get((first, last))
            if block is None or block[1] != row - 1:
                block = [row, row, first, last]
                blocks.append(block)
            block[1] = row
            here[first, last] = block
        above = here
    return tuple(
        Rect.from_edges(first * TILE, top * TILE, (last + 1) * TILE, (bottom + 1) * TILE).intersected(
            size.rect
        )
        for top, bottom, first, last in blocks
    )


def _runs(columns: list[int]) -> Iterator[tuple[int, int]]:
    """First and last of each group of neighbours in an ascending list."""
    first = last = columns[0]
    for column in columns[1:]:
        if column != last + 1:
            yield first, last
            first = column
        last = column
    yield first, last
