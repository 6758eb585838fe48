"""Where the work of one heal is done: the hole's islands, each with its surroundings, or tiles of a wide net.

Pure geometry over coverage. PatchMatch's time and memory follow the pixels it sees, so far islands are healed
apart; scratches all over a large photograph make one island as large as itself, which goes by tiles.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from app.base.geometry import Rect
from app.imaging import blocks
from app.imaging.arrays import U8
from app.imaging.masks import islands, max_inner_distance, size_of

REACH_PX = 96
"""Islands no farther apart than this are healed together."""
CONTEXT_SHARE = 0.6
CONTEXT_PX = 64
"""What is seen around an island on every side: a share of its bounds, at least so many pixels."""
THIN_PX = 24.0
"""A hole none of whose pixels is farther from its edge is thin."""
TILE_PX = 512
TILE_CONTEXT_PX = 96
TILE_OVERLAP_PX = 24
"""A hole that goes on beyond a tile is filled so far with it, so that its fill is shaped by what follows."""
ONE_PIECE_PIXELS = 1_500_000
"""A thin hole whose crop is larger than this, at the size it is worked on, goes by tiles of that size."""
FULL_HOLE_PIXELS = 120_000
WORK_PIXELS = 600_000
"""A piece with more hole than the one is worked on with its crop reduced to the other, and gets its detail
afterwards: as true as full resolution and several times as fast, and large structures are followed better."""

WORK_HALF_WIDTH_PX = 5.0
"""Wider strokes are not reduced below this half width: the engine needs some room to choose."""
THIN_WORK_PIXELS = 300_000
"""Of thin holes the edge is nearly everything, so they are worked on at full size up to so many pixels."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One call of an engine. Rectangles are pixels of the whole picture."""

    crop: Rect
    """What the engine sees."""
    core: Rect
    """Inside `crop`: where its fill is kept."""
    hole_pixels: int
    """Pixels to fill in `core`."""
    thin: bool
    scale: float = 1.0
    """At which the engine works; below 1 the detail is added afterwards."""

    @property
    def work_pixels(self) -> int:
        """Hole pixels that the engine fills."""
        return max(1, round(self.hole_pixels * self.scale**2))


def plan_pieces(coverage: U8, cell: int = 1) -> tuple[Piece, ...]:
    """The pieces that together fill every pixel of `coverage` (h, w) above 0, in the order of work.

    For an estimate squares of `cell` pixels may be looked at as one: islands and widths are known to about as much
    then, in a small part of the time.
    """
    found: list[Piece] = []
    looked = blocks.highest(coverage, cell)
    for crop in _crops(looked, cell, size_of(coverage).rect):
        hole = coverage[crop.slices]
        cells = looked[crop.y // cell : -(-crop.bottom // cell), crop.x // cell : -(-crop.right // cell)]
        # Looked at in cells, a hole is wider by half of one on each side.
        half_width = cell * max_inner_distance(cells) - (cell - 1) / 2
        thin = half_width <= THIN_PX
        pixels = _count(hole)
        scale = _scale(crop, pixels, half_width)
        if thin and crop.area * scale**2 > ONE_PIECE_PIXELS:
            found += _tiles(coverage, crop, scale)
        else:
            found.append(Piece(crop, crop, pixels, thin, scale))
    return tuple(found)


def _scale(crop: Rect, hole_pixels: int, half_width: float) -> float:
    """At which size to work: small enough to be quick, but no stroke may shrink to a hairline."""
    if hole_pixels <= FULL_HOLE_PIXELS:
        return 1.0
    least = WORK_HALF_WIDTH_PX / half_width
    if half_width <= THIN_PX:
        return min(1.0, max(math.sqrt(THIN_WORK_PIXELS / hole_pixels), least))
    return min(1.0, max(math.sqrt(WORK_PIXELS / crop.area), least))


def _crops(looked: U8, cell: int, picture: Rect) -> tuple[Rect, ...]:
    """Disjoint rectangles of `picture` around the islands with their context."""
    found = (blocks.pixels(island, cell) for island in islands(looked, REACH_PX // cell))
    return merged(_with_context(island).intersected(picture) for island in found)


def _with_context(island: Rect) -> Rect:
    return island.expanded(
        max(CONTEXT_PX, round(island.width * CONTEXT_SHARE)),
        max(CONTEXT_PX, round(island.height * CONTEXT_SHARE)),
    )


def merged(rects: Iterable[Rect]) -> tuple[Rect, ...]:
    """The fewest rectangles that hold all of `rects` and do not touch each other's pixels."""
    apart: list[Rect] = []
    for rect in rects:
        grown = rect
        while touching := [other for other in apart if other.intersects(grown)]:
            for other in touching:
                apart.remove(other)
                grown = grown.united(other)
        apart.append(grown)
    return tuple(apart)


def _tiles(coverage: U8, crop: Rect, scale: float) -> Iterator[Piece]:
    picture = size_of(coverage).rect
    for cell in crop.tiles(round(TILE_PX / scale)):
        core = cell.intersected(crop)
        pixels = _count(coverage[core.slices])
        if pixels:
            seen = core.expanded(round(TILE_CONTEXT_PX / scale)).intersected(picture)
            yield Piece(seen, core, pixels, thin=True, scale=scale)


def _count(hole: U8) -> int:
    return int(np.count_nonzero(hole))
