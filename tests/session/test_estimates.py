"""The time that is told before sending: what this machine has seen, else what the model card says."""

from dataclasses import replace

import numpy as np

from app.base.errors import StoreError
from app.base.resources import resource_path
from app.gateways.catalogue import load_catalogue
from app.session.estimates import make_estimator

COVERAGE = np.full((8, 8), 255, np.uint8)


def test_the_median_of_the_last_requests_goes_before_the_card() -> None:
    profile = load_catalogue(resource_path("catalogue")).profiles["openai"]
    card = replace(profile.models[0], seconds=120.0)
    taken: dict[tuple[str, str, int], tuple[float, ...]] = {
        (profile.name, card.id, 2): (30.0, 500.0, 40.0, 35.0, 45.0)
    }
    estimate = make_estimator(lambda: 1.0, lambda *key: taken.get(key, ()))
    assert estimate(profile, card, COVERAGE, 2) == 40.0
    assert estimate(profile, card, COVERAGE, 1) == 120.0


def test_without_a_history_the_card_knows() -> None:
    profile = load_catalogue(resource_path("catalogue")).profiles["openai"]

    def broken(*key: object) -> tuple[float, ...]:
        raise StoreError("damaged")

    card = replace(profile.models[0], seconds=120.0)
    assert make_estimator(lambda: 1.0, broken)(profile, card, COVERAGE, 1) == 120.0
