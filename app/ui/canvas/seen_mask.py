"""What the mask and the edge are under each pixel of the view, as bytes for the veil over the picture.

Nothing here knows colours, or draws. A part that is asked for alone is the part of the whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import cv2
import numpy as np

from app.base.geometry import Rect
from app.imaging.arrays import U8
from app.imaging.edges import Edge, Indices, picked
from app.ui.canvas.scene import Overlay
from app.ui.canvas.view_transform import ViewTransform, level_for, level_pixels, level_step

_BAND = 1 << 18
"""View pixels whose edge is found at a time, where few are alike: what is made meanwhile stays near the processor."""


class SeenCoverage(NamedTuple):
    """The coverage under the pixels of one view, which is snapped, upright and not mirrored."""

    plane: U8
    """The level that is shown."""
    level: int
    scale: float
    """View pixels per pixel of the level."""
    offset: tuple[int, int]
    """From the view to the document's corner."""
    is_filtered: bool
    """Whether pixels of the level are mixed; then small parts cost more than their share."""
    kept: int
    """The bits of the coverage that are wanted."""

    @classmethod
    def of(cls, overlay: Overlay, view: ViewTransform, *, smooth: bool, kept: int) -> SeenCoverage:
        level = level_for(view.scale, len(overlay.levels))
        scale = view.scale * (1 << level)
        offset = -int(view.origin.x), -int(view.origin.y)
        return cls(overlay.levels[level], level, scale, offset, smooth and scale != 1.0, kept)

    def lay(self, index: U8, part: Rect) -> None:
        """Fill `index`, (h, w) and contiguous in its rows, which stands at `part` of the view, without the edge."""
        seen = part.translated(*self.offset)
        if self.is_filtered:
            _resize(self.plane, level_step(self.scale), seen, index, self.kept)
            return
        height, width = self.plane.shape
        if self.scale == 1.0 and seen.right <= width:
            found = self.plane[seen.slices]
        else:
            rows = level_pixels(seen.y, seen.height, 0, self.scale)
            columns = level_pixels(seen.x, seen.width, 0, self.scale)
            found = picked(self.plane, rows.clip(0, height - 1), columns.clip(0, width - 1))
        if self.kept == 0xFF:
            index[...] = found
        else:
            np.bitwise_and(found, self.kept, out=index)


@dataclass(frozen=True, slots=True)
class SeenEdge:
    """The edge under the pixels of `run`, a part of a view, which is snapped, upright and not mirrored."""

    edge: Edge
    run: Rect
    level: int
    offset: tuple[int, int]
    """From the view to the document at the level's own size."""
    crossings: tuple[Indices, Indices] | None
    """Rows and columns of the level under `run`, with a neighbour all round that is only there to be looked at;
    None where they are those of the view."""
    band: int
    """View pixels whose edge is found at a time."""

    @classmethod
    def of(cls, edge: Edge, view: ViewTransform, run: Rect) -> SeenEdge:
        level = level_for(view.scale, len(edge.levels))
        scale = view.scale * (1 << level)
        x, y = int(view.origin.x), int(view.origin.y)
        crossings = None
        if scale != 1.0:
            rows = level_pixels(run.y - 1, run.height + 2, y, scale)
            crossings = rows, level_pixels(run.x - 1, run.width + 2, x, scale)
        # Pixels of the level that are shown several times are looked at once: that is little at any size.
        return cls(edge, run, level, (-x, -y), crossings, _BAND if scale < 2.0 else max(1, run.area))

    def lay(self, index: U8, part: Rect) -> None:
        """Add to `index`, which stands at `part` and whose two lowest bits are 0, what its pixels are to the edge."""
        seen = self.run.intersected(part)
        if seen.is_empty:
            return
        for band in seen.bands(self.band):
            under = index[band.relative_to(part).slices]
            np.bitwise_or(under, self._kinds(band), out=under)

    def _kinds(self, part: Rect) -> U8:
        """What the pixels of `part`, which lies in the run, are to the edge, see `app.imaging.edges.rim`."""
        if self.crossings is None:
            return self.edge.kinds_in(self.level, part.translated(*self.offset))
        rows, columns = self.crossings
        top, left = part.y - self.run.y, part.x - self.run.x
        wide = self.edge.rim_at(
            self.level, rows[top : top + part.height + 2], columns[left : left + part.width + 2]
        )
        return wide[1:-1, 1:-1]


def _resize(plane: U8, step: Fraction, part: Rect, found: U8, kept: int) -> None:
    """Put into `found` the bits `kept` of `plane` as the smooth filter shows it in `part`.

    `part` is in view pixels from the document's corner, `step` plane pixels for each of them. Resizing begins where
    a pixel of the view and one of the plane begin together, perhaps a little before `part`. It is three times as fast
    as the filter that can begin anywhere. In whole numbers, as fractions are slow.
    """
    across, period = step.numerator, step.denominator
    before_x, before_y = _before(part.x, period), _before(part.y, period)
    left, top = (part.x - before_x) // period * across, (part.y - before_y) // period * across
    # What becomes larger or smaller by less than half a pixel would be copied as it is.
    least = across // max(1, 2 * abs(period - across)) + 1
    back = min(left // across, max(0, -(-(left + least - plane.shape[1]) // across)))
    left, before_x = left - back * across, before_x + back * period
    columns = max(least, -(-(before_x + part.width) * across // period) + 2)
    rows = -(-(before_y + part.height) * across // period) + 2
    zoom = period / across
    source = plane[top : top + rows, left : left + columns]
    # Where bits are dropped, a level up or down may be a whole step: so it must not depend on where one began.
    kind = cv2.INTER_LINEAR if kept == 0xFF else cv2.INTER_LINEAR_EXACT
    larger = cv2.resize(source, None, fx=zoom, fy=zoom, interpolation=kind)
    seen = larger[before_y : before_y + part.height, before_x : before_x + part.width]
    height, width = seen.shape
    np.bitwise_and(seen, kept, out=found[:height, :width])
    # At the document's border a pixel may be missing.
    if height < part.height:
        found[height:] = found[height - 1]
    if width < part.width:
        found[:, width:] = found[:, width - 1 : width]


def _before(place: int, period: int) -> int:
    """How far before `place` to begin: by a pixel at least, as the first one has no neighbour to mix with."""
    return (place - 1) % period + 1 if place > 0 else 0
