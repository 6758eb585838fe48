"""The mask and its edge in one plane, as views of one scale show them: woven tile by tile, and kept.

While the overlay fades, or a preview streams in, frames follow each other under a mask that stays; to filter it and
to find its edge takes longer than drawing the picture. What was not seen yet is woven when it is drawn.
"""

from __future__ import annotations

import numpy as np

from app.base.geometry import EMPTY, Rect
from app.imaging.arrays import U8, Bool
from app.imaging.edges import Edge
from app.ui.canvas.scene import Overlay
from app.ui.canvas.seen_mask import SeenCoverage, SeenEdge
from app.ui.canvas.view_transform import ViewTransform, level_for, visible_rect

_TILE = 256
"""Edge of a tile, in view pixels from the document's corner."""
_MOST = 1 << 24
"""View pixels that are kept; the frame of a large display is half of it."""
REACH = 8
"""View pixels around a part whose document pixels may be read to draw it."""


class Woven:
    """Bytes of the coverage of `overlay`; with an `edge` the lowest bits tell what a pixel is to that instead.

    For all views of a `scale`, which is snapped, that are upright and not mirrored, by the smooth filter. It holds
    for as long as both stay as they are.
    """

    def __init__(self, overlay: Overlay, edge: Edge | None, scale: float, kept: int) -> None:
        """`kept` are the bits of the coverage that stay; beside an edge those of `app.imaging.edges.rim` do not."""
        self._overlay = overlay
        self._edge = edge
        self._kept = kept
        self._view = ViewTransform(scale)
        height, width = overlay.levels[0].shape
        self._whole = visible_rect(Rect(0, 0, width, height), self._view)
        self._region = EMPTY
        self._plane: U8 = np.empty((0, 0), np.uint8)
        self._done: Bool = np.empty((0, 0), np.bool_)

    def part(self, part: Rect) -> U8:
        """The bytes of `part`, view pixels from the document's corner, perhaps one column more; to be read only."""
        if not self._region.contains(part):
            self._move_to(part)
        seen = part.relative_to(self._region)
        top, left = seen.y // _TILE, seen.x // _TILE
        done = self._done[top : -(-seen.bottom // _TILE), left : -(-seen.right // _TILE)]
        if not done.all():
            rows, columns = np.nonzero(~done)
            missing = Rect.from_edges(
                (left + int(columns.min())) * _TILE,
                (top + int(rows.min())) * _TILE,
                (left + int(columns.max()) + 1) * _TILE,
                (top + int(rows.max()) + 1) * _TILE,
            )
            self._weave(missing.translated(self._region.x, self._region.y).intersected(self._region))
            done[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] = True
        return self._plane[seen.slices]

    def _move_to(self, part: Rect) -> None:
        """Have room for `part`, and for what is there already unless that becomes too much."""
        before, plane, done = self._region, self._plane, self._done
        wanted = part.on_grid(_TILE)
        both = wanted.united(before)
        # With the column that may be asked for beyond the last one.
        room = Rect(0, 0, self._whole.width + 1, self._whole.height)
        region = (both if both.area <= _MOST else wanted).intersected(room)
        self._region = region
        self._plane = np.empty((region.height, region.width), np.uint8)
        self._done = np.zeros((-(-region.height // _TILE), -(-region.width // _TILE)), np.bool_)
        if not before.is_empty and region.contains(before):
            at = before.relative_to(region)
            self._plane[at.slices] = plane
            self._done[at.y // _TILE :, at.x // _TILE :][: done.shape[0], : done.shape[1]] = done

    def _weave(self, part: Rect) -> None:
        part = part.intersected(self._whole)
        if part.is_empty:
            return
        level = level_for(self._view.scale, len(self._overlay.levels))
        if level:
            self._overlay.refresh(self._view.rect_to_doc(part.expanded(REACH)), level)
        woven = self._plane[part.relative_to(self._region).slices]
        SeenCoverage.of(self._overlay, self._view, smooth=True, kept=self._kept).lay(woven, part)
        if self._edge is not None:
            SeenEdge.of(self._edge, self._view, part).lay(woven, part)
