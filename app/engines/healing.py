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
from app.engines.pieces import Piece, plan_pieces
from app.engines.types import HealMethod, Step, StepProgress, ignore_step
from app.imaging.arrays import U8
from app.imaging.masks import bounds

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
    hole = (coverage > 0).astype(np.uint8) * np.uint8(255)
    _check(hole)
    healed = picture.copy()
    healed[hole > 0] = 0
    pieces = plan_pieces(hole)
    left = hole.copy()
    done = 0
    total = sum(piece.hole_pixels for piece in pieces)
    for piece in pieces:
        if cancel is not None:
            cancel.check()
        after = done + piece.hole_pixels
        progress(Step(done / total, after / total, piece.hole_pixels * 40e-6))
        _fill(healed, left, piece, method, seed)
        done = after
    healed[hole == 0] = picture[hole == 0]
    return healed


def _check(hole: U8) -> None:
    if bounds(hole).is_empty:
        raise MaskError(tr("Nothing is painted."), tr("Paint over what should be healed."))
    if 1.0 - float((hole > 0).mean()) < LEAST_KNOWN:
        raise MaskError(
            tr("The mask covers nearly everything, so nothing is left to heal from."),
            tr("Paint a smaller region, or send more of its surroundings."),
        )


def _fill(healed: U8, left: U8, piece: Piece, method: HealMethod, seed: int) -> None:
    """Fill the core of `piece` in `healed` and take it off `left`."""
    seen = np.ascontiguousarray(healed[piece.crop.slices])
    hole = np.ascontiguousarray(left[piece.crop.slices])
    if method is HealMethod.INSTANT or not patchmatch.is_available():
        filled = instant.fill(seen, hole)
    else:
        filled = patchmatch.fill(seen, hole, seed)
    core = piece.core.relative_to(piece.crop).slices
    inside = hole[core] > 0
    healed[piece.core.slices][inside] = filled[core][inside]
    left[piece.core.slices] = 0
