"""The photograph as it was opened, while the working picture over it changes.

An opaque 8-bit sRGB photograph shares its one buffer with the working picture, so that opening costs no
second copy. Before anything is written into the working picture, its tiles are kept here; with what was never
written to, they are the photograph for ever. The cost follows what layers cover, not the photograph.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.base.geometry import Rect
from app.document.tiles import TILE, Tile
from app.imaging.arrays import U8, Samples, as_samples
from app.imaging.photograph import Photograph


class Original:
    """Reads the photograph's own samples and its first working picture, whatever was written since.

    Reading is safe in any thread, so that an export can run while the document changes on its own.
    """

    def __init__(self, photograph: Photograph, picture: U8) -> None:
        """`picture` is the working picture (H, W, 4) BGRA, as yet unchanged."""
        self._lock = threading.Lock()
        """Held while tiles are kept or released, never while anything is read: who draws must not wait for that."""
        self._photograph = photograph
        self._picture = picture
        self._kept: dict[Tile, U8] = {}
        self._releases = 0
        """Rises before tiles are released: what was read across that may be of neither time."""

    def keep(self, rect: Rect) -> None:
        """Keep the tiles under `rect`; to be called before the first write to them."""
        with self._lock:
            for cell in rect.tiles(TILE):
                tile = cell.y // TILE, cell.x // TILE
                if tile not in self._kept:
                    self._kept[tile] = self._picture[cell.slices].copy()

    def release(self, tiles: Iterable[Tile]) -> list[U8]:
        """Forget these tiles: the picture shows the original there again.

        Returns:
            What was kept of them, for whoever has the time to let go of it: a thousand arrays take ten milliseconds.
        """
        with self._lock:
            self._releases += 1
            return [self._kept.pop(tile) for tile in tiles if tile in self._kept]

    def picture(self, rect: Rect) -> U8:
        """The working picture of `rect` as it was at first, (h, w, 4) BGRA; a new array."""
        result = np.empty((rect.height, rect.width, 4), np.uint8)
        self._read(result, self._picture, rect, slice(None))
        return result

    def samples(self, rect: Rect) -> Samples:
        """The photograph's samples of `rect`, in their own dtype and channels; a new array."""
        samples = self._photograph.samples
        if not self._photograph.shares_working:
            return samples[rect.slices].copy()
        result = np.empty((rect.height, rect.width, *samples.shape[2:]), samples.dtype)
        self._read(result, samples, rect, slice(2, None, -1))
        return as_samples(result)

    def _read(self, result: NDArray[Any], source: NDArray[Any], rect: Rect, channels: slice) -> None:
        """Fill `result` with what `source`, which may be written to meanwhile, held in `rect` at first."""
        for top in range(rect.y // TILE * TILE, rect.bottom, TILE):
            band = Rect(rect.x, top, rect.width, TILE).intersected(rect)
            target, seen = result[band.relative_to(rect).slices], -1
            while seen != self._releases:
                seen = self._releases
                target[...] = source[band.slices]
                # Looked up afterwards: a tile is kept before it is written to for the first time.
                self._put_kept(target, band, channels)

    def _put_kept(self, target: NDArray[Any], rect: Rect, channels: slice) -> None:
        """Overwrite the part of `target`, which stands at `rect`, that lies in kept tiles."""
        for cell in rect.tiles(TILE):
            kept = self._kept.get((cell.y // TILE, cell.x // TILE))
            if kept is not None:
                part = cell.intersected(rect)
                target[part.relative_to(rect).slices] = kept[part.relative_to(cell).slices][..., channels]
