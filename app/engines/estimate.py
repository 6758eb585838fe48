"""How long a heal will take: shown beside the button before it, and used to move the bar during it.

The cost of PatchMatch follows the number of hole pixels and how thin the hole is, since every hole pixel's
patch reaches beyond it. The constants are of a machine of usual speed; `Pace` learns this one's.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.engines.types import HealMethod
from app.imaging.arrays import U8

START_SECONDS = 0.1
"""Of every call of the engine, however small."""
BLOB_SECONDS = 40e-6
"""Per hole pixel at radius 3."""
THIN_SECONDS = 80e-6
"""The same where the hole is thin."""


@dataclass(frozen=True, slots=True)
class HoleSummary:
    """What the time depends on."""

    blob_pixels: int
    thin_pixels: int
    pieces: int


def summarise(coverage: U8) -> HoleSummary:
    """The summary of `coverage` (h, w) as `heal` would go about it."""
    from app.engines.pieces import plan_pieces

    pieces = plan_pieces(coverage)
    thin = sum(piece.hole_pixels for piece in pieces if piece.thin)
    return HoleSummary(sum(piece.hole_pixels for piece in pieces) - thin, thin, len(pieces))


def estimate_seconds(
    hole: HoleSummary, variants: int = 1, method: HealMethod = HealMethod.AUTO, factor: float = 1.0
) -> float:
    """Seconds for all variants; `factor` is this machine's pace (`Pace.factor`)."""
    if method is HealMethod.INSTANT:
        return 0.1 * variants
    one = hole.pieces * START_SECONDS + hole.blob_pixels * BLOB_SECONDS + hole.thin_pixels * THIN_SECONDS
    return one * variants * factor


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
