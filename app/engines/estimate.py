"""How long a heal will take: shown beside the button before it, and used to move the bar during it.

The cost of PatchMatch follows the number of hole pixels and how thin the hole is, since every hole pixel's
patch reaches beyond it. The constants are of a machine of usual speed; `Pace` learns this one's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from app.engines.patchmatch import radius_of
from app.engines.pieces import Piece, plan_pieces
from app.engines.types import HealMethod
from app.imaging.arrays import U8

START_SECONDS = 0.1
"""Of every call of the engine, however small."""
BLOB_SECONDS = 40e-6
"""Per hole pixel at radius 3."""
THIN_SECONDS = 45e-6
"""The same where the hole is thin: between dense text (25) and sparse scratches."""
TILE_FACTOR = 2.0
"""Of what goes by tiles, for what they do twice and for strokes being wider there."""
RADIUS_FACTORS = {3: 1.0, 4: 1.3, 5: 1.7}
"""Time by patch radius against radius 3."""
MATCH_SECONDS = 30e-6
DETAIL_SECONDS = 0.6e-6
"""Per reduced and per full hole pixel, of adding the detail to a reduced fill."""
INSTANT_SECONDS = 2e-6
LOOKED_AT = 1024
"""A hole is looked at in a copy whose longer side has at most so many pixels."""


@dataclass(frozen=True, slots=True)
class HoleSummary:
    """What the time depends on: the pieces of the work, without their pixels."""

    pieces: tuple[Piece, ...]


def summarise(coverage: U8) -> HoleSummary:
    """The summary of `coverage` (h, w) as `heal` would go about it, nearly so where it is large.

    It is asked for after every stroke, and only tells how long something takes.
    """
    return HoleSummary(plan_pieces(coverage, max(1, math.ceil(max(coverage.shape) / LOOKED_AT))))


def piece_seconds(piece: Piece, method: HealMethod, seed: int) -> float:
    """Seconds for one piece at the patch radius of `seed`, on a machine of usual speed."""
    if method is HealMethod.INSTANT:
        return piece.hole_pixels * INSTANT_SECONDS
    each = THIN_SECONDS if piece.thin else BLOB_SECONDS
    if piece.core != piece.crop:
        each *= TILE_FACTOR
    seconds = START_SECONDS + piece.work_pixels * each * RADIUS_FACTORS[radius_of(seed)]
    if piece.scale < 1.0:
        seconds += piece.work_pixels * MATCH_SECONDS + piece.hole_pixels * DETAIL_SECONDS
    return seconds


def estimate_seconds(
    hole: HoleSummary, variants: int = 1, method: HealMethod = HealMethod.AUTO, factor: float = 1.0
) -> float:
    """Seconds for `variants` of consecutive seeds; `factor` is this machine's pace (`Pace.factor`)."""
    seconds = sum(piece_seconds(piece, method, seed) for seed in range(variants) for piece in hole.pieces)
    return seconds * factor


class Pace:
    """This machine's time against the estimate, learnt from its last runs."""

    WEIGHT = 0.4
    SLOWEST, FASTEST = 6.0, 0.2

    def __init__(self) -> None:
        self.factor = 1.0

    def learn(self, estimated: float, took: float) -> None:
        """Take one run into account; `estimated` is at factor 1. Short runs say nothing."""
        if estimated < 0.2:
            return
        seen = min(self.SLOWEST, max(self.FASTEST, took / estimated))
        self.factor += self.WEIGHT * (seen - self.factor)
