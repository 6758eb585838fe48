"""The mask and its edge in one plane, where a level is shown at its own size: woven once, tile by tile, and kept.

There drawing the picture costs so little that putting the two together for every frame would show. What was not
seen yet is woven when it is drawn, and nothing lasts longer than the mask and its edge do.
"""

from __future__ import annotations

import numpy as np

from app.base.geometry import Rect, Size
from app.imaging.arrays import U8, Bool
from app.imaging.edges import Edge
from app.ui.canvas.scene import Overlay

_TILE = 256
"""Edge of a tile, in pixels of its level."""


class Woven:
    """Bytes of the coverage of `overlay` without its lowest bits, which tell what a pixel is to `edge`."""

    def __init__(self, overlay: Overlay, edge: Edge, kept: int) -> None:
        """`kept` are the bits of the coverage that stay; those of `app.imaging.edges.rim` are not among them."""
        self._overlay = overlay
        self._edge = edge
        self._kept = kept
        self._changes = overlay.plain.changes
        self._planes: dict[int, tuple[U8, Bool]] = {}

    def is_of(self, overlay: Overlay, edge: Edge) -> bool:
        """Whether it still tells of these two."""
        same = overlay is self._overlay and edge is self._edge
        return same and overlay.plain.changes == self._changes

    def part(self, level: int, part: Rect) -> U8:
        """The bytes of `part` (pixels of the level, perhaps one column more than it has); to be read only."""
        if level not in self._planes:
            height, width = self._overlay.levels[level].shape
            tiles = -(-height // _TILE), -(-width // _TILE)
            self._planes[level] = np.zeros((height, width + 1), np.uint8), np.zeros(tiles, np.bool_)
        plane, done = self._planes[level]
        top, left = part.y // _TILE, part.x // _TILE
        seen = done[top : -(-part.bottom // _TILE), left : -(-part.right // _TILE)]
        if not seen.all():
            for row, column in zip(*np.nonzero(~seen), strict=True):
                self._weave(level, plane, Rect((left + column) * _TILE, (top + row) * _TILE, _TILE, _TILE))
            seen[...] = True
        return plane[part.slices]

    def _weave(self, level: int, plane: U8, tile: Rect) -> None:
        coverage = self._overlay.levels[level]
        cell = tile.intersected(Size(coverage.shape[1], coverage.shape[0]).rect)
        self._overlay.refresh(
            Rect(cell.x << level, cell.y << level, cell.width << level, cell.height << level), level
        )
        woven = plane[cell.slices]
        np.bitwise_and(coverage[cell.slices], self._kept, out=woven)
        np.bitwise_or(woven, self._edge.kinds_in(level, cell), out=woven)
