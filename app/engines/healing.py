"""Fills a hole of any size and shape from its surroundings: chooses engine and scale for each piece of it.

Runs in the worker process. Every pixel of coverage 0 leaves as it came, bit for bit. Growing and softening
the mask are the caller's.
"""

from __future__ import annotations

import numpy as np

from app.base.cancel import CancelToken
from app.base.errors import MaskError
from app.base.text import tr
from app.engines import instant, patchmatch
from app.engines.capped import fill_capped
from app.engines.estimate import piece_seconds
from app.engines.pieces import TILE_OVERLAP_PX, Piece, plan_pieces
from app.engines.seams import close_seam
from app.engines.shading import even_out
from app.engines.types import HealMethod, Step, StepProgress, ignore_step
from app.imaging.arrays import U8
from app.imaging.masks import bounds, size_of

LEAST_KNOWN = 0.1
"""Share of the picture that must be left to copy from."""


def heal(
    picture: U8,
    coverage: U8,
    method: HealMethod = HealMethod.AUTO,
    seed: int = 0,
    progress: StepProgress = ignore_step,
    cancel: CancelToken | None = None,
) -> U8:
    """A copy of `picture` (h, w, 3) RGB with every pixel filled whose `coverage` (h, w) is above 0.

    What lies under the hole has no influence. The same arguments give the same bytes. `progress` is told of
    each piece of work before it begins; `cancel` is polled between them.

    Raises:
        MaskError: nothing is painted, or too little is left to copy from.
        EngineError: the engine failed.
        Cancelled: `cancel` was set.
    """
    hole = np.where(coverage > 0, np.uint8(255), np.uint8(0))
    _check(hole)
    pieces = plan_pieces(hole)
    total = sum(piece.hole_pixels for piece in pieces)
    healed = picture.copy()
    healed[hole > 0] = 0
    left = hole.copy()
    done = 0
    for piece in pieces:
        if cancel is not None:
            cancel.check()
        after = done + piece.hole_pixels
        progress(Step(done / total, after / total, piece_seconds(piece, method, seed)))
        filled = _filled(healed, left, piece, method, seed, cancel)
        inside = hole[piece.core.slices] > 0
        healed[piece.core.slices][inside] = filled[inside]
        left[piece.core.slices] = 0
        done = after
    return healed


def _check(hole: U8) -> None:
    if bounds(hole).is_empty:
        raise MaskError(tr("Nothing is painted."), tr("Paint over what should be healed."))
    if 1.0 - np.count_nonzero(hole) / hole.size < LEAST_KNOWN:
        raise MaskError(
            tr("The mask covers nearly everything, so nothing is left to heal from."),
            tr("Paint a smaller region, or send more of its surroundings."),
        )


def _filled(
    healed: U8, left: U8, piece: Piece, method: HealMethod, seed: int, cancel: CancelToken | None
) -> U8:
    """The core of `piece` with its hole filled; `left` is what is still to be filled of the whole."""
    seen = np.ascontiguousarray(healed[piece.crop.slices])
    hole = np.ascontiguousarray(left[piece.crop.slices])
    core = piece.core.relative_to(piece.crop).slices
    if not _wants_patches(seen, hole, piece, method):
        return instant.fill(seen, hole, seed)[core]

    def fill(picture: U8, gap: U8) -> U8:
        filled = patchmatch.fill(picture, gap, seed)
        return filled if piece.thin else close_seam(even_out(filled, gap), gap)

    if piece.scale < 1.0:
        filled = fill_capped(seen, hole, piece.scale, fill, seed, cancel)
    elif piece.core != piece.crop:
        filled = patchmatch.fill(seen, hole, seed, _beyond(piece, hole))
    else:
        filled = fill(seen, hole)
    return filled[core]


def _beyond(piece: Piece, hole: U8) -> U8:
    """What of `hole` lies too far outside the core of `piece` to be filled with it."""
    beyond = hole.copy()
    reach = piece.core.relative_to(piece.crop).expanded(TILE_OVERLAP_PX)
    beyond[reach.intersected(size_of(hole).rect).slices] = 0
    return beyond


def _wants_patches(seen: U8, hole: U8, piece: Piece, method: HealMethod) -> bool:
    """Whether `piece` is PatchMatch's: asked for, or for a hole that the instant engine would smear."""
    if method is HealMethod.AUTO:
        return patchmatch.is_available() and not (piece.thin and instant.is_as_good(seen, hole))
    return method is HealMethod.PATCHMATCH
