"""How long an edit will take, asked before it is sent."""

from __future__ import annotations

from collections.abc import Callable

from app.gateways.types import ModelCard, Profile, Transport
from app.imaging.arrays import U8

Estimator = Callable[[Profile, ModelCard, U8, int], float | None]
"""Takes profile, card, the region's coverage and the number of variants; gives seconds or None."""


def make_estimator(estimate_heal: Callable[[U8, str, int], float]) -> Estimator:
    """Engines in this process are asked; for all others the model card knows the usual time of one image."""

    def estimate(profile: Profile, card: ModelCard, coverage: U8, variants: int) -> float | None:
        if profile.transport is Transport.IN_PROCESS:
            return estimate_heal(coverage, card.id, variants)
        return card.seconds

    return estimate
