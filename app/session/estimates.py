"""How long an edit will take, asked before it is sent."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from app.base.errors import StoreError
from app.engines.estimate import estimate_seconds, summarise
from app.engines.types import HealMethod
from app.gateways.types import ModelCard, Profile, Transport
from app.imaging.arrays import U8

Estimator = Callable[[Profile, ModelCard, U8, int], float | None]
"""Takes profile, card, the region's coverage and the number of variants; gives seconds or None."""


Past = Callable[[str, str, int], Sequence[float]]
"""Takes provider, model and number of variants; gives the seconds of the last such requests."""


def make_estimator(pace: Callable[[], float], past: Past) -> Estimator:
    """Healing in this process is computed, at this machine's `pace`.

    For a provider it is what such requests took here lately; where there were none, the model card knows the
    usual time.
    """

    def estimate(profile: Profile, card: ModelCard, coverage: U8, variants: int) -> float | None:
        if profile.transport is not Transport.IN_PROCESS:
            try:
                taken = past(profile.name, card.id, variants)
            except StoreError:
                taken = ()
            return statistics.median(taken) if taken else card.seconds
        try:
            method = HealMethod(card.id)
        except ValueError:
            return None
        return estimate_seconds(summarise(coverage), variants, method, pace())

    return estimate
