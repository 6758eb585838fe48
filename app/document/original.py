"""The photograph as it was opened, while the working picture over it changes.

An opaque 8-bit sRGB photograph shares its one buffer with the working picture, so that opening costs no
second copy. Before anything is written into the working picture, its tiles are kept here; with what was never
written to, they are the photograph for ever. The cost follows what layers cover, not the photograph.
"""

from __future__ import annotations

import threading
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
        self.lock = threading.RLock()
        """Held from keeping tiles until they are written to, and from restoring until releasing them."""
        self._photograph = photograph
        self._picture = picture
        self._kept: dict[Tile, U8] = {}

    def keep(self, rect: Rect) -> None:
        """Keep the tiles under `rect`; to be called, under the lock, before the first write to them."""
        for cell in rect.tiles(TILE):
            tile = cell.y // TILE, cell.x // TILE
            if tile not in self._kept:
                self._kept[tile] = self._picture[cell.slices].copy()

    def release(self, rect: Rect) -> None:
        """Forget the tiles that touch `rect`: the picture shows the original there again."""
        for cell in rect.tiles(TILE):
            self._kept.pop((cell.y // TILE, cell.x // TILE), None)

    def picture(self, rect: Rect) -> U8:
        """The working picture of `rect` as it was at first, (h, w, 4) BGRA; a new array."""
        with self.lock:
            result = self._picture[rect.slices].copy()
            self._put_kept(result, rect, slice(None))
        return result

    def samples(self, rect: Rect) -> Samples:
        """The photograph's samples of `rect`, in their own dtype and channels; a new array."""
        samples = self._photograph.samples
        result = np.empty((rect.height, rect.width, *samples.shape[2:]), samples.dtype)
        # The lock is held for one band of tiles at a time: nobody who draws waits for all of them.
        for top in range(rect.y // TILE * TILE, rect.bottom, TILE):
            band = Rect(rect.x, top, rect.width, TILE).intersected(rect)
            with self.lock:
                target = result[band.relative_to(rect).slices]
                target[...] = samples[band.slices]
                if self._photograph.shares_working:
                    self._put_kept(target, band, slice(2, None, -1))
        return as_samples(result)

    def _put_kept(self, target: NDArray[Any], rect: Rect, channels: slice) -> None:
        """Overwrite the part of `target`, which stands at `rect`, that lies in kept tiles."""
        for cell in rect.tiles(TILE):
            kept = self._kept.get((cell.y // TILE, cell.x // TILE))
            if kept is not None:
                part = cell.intersected(rect)
                target[part.relative_to(rect).slices] = kept[part.relative_to(cell).slices][..., channels]
