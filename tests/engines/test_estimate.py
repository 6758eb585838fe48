"""The time that is told beforehand: right within a factor of three once this machine's pace is known."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest

from app.engines.estimate import HoleSummary, Pace, estimate_seconds, summarise
from app.engines.healing import heal
from app.engines.pieces import plan_pieces
from app.engines.types import HealMethod
from tests.engines.making import disc, line, textured


def test_more_hole_more_variants_and_larger_patches_take_longer() -> None:
    small, large = (summarise(disc(600, 600, (300, 300), radius)) for radius in (30, 120))
    assert estimate_seconds(small) < estimate_seconds(large)
    assert estimate_seconds(large, 2) > 1.9 * estimate_seconds(large)
    assert estimate_seconds(large, 4) > 4 * estimate_seconds(large)
    assert estimate_seconds(large, factor=2.0) == pytest.approx(2 * estimate_seconds(large))
    assert estimate_seconds(large, method=HealMethod.INSTANT) < 1.0


def test_a_large_photograph_is_told_seconds_not_minutes() -> None:
    assert estimate_seconds(summarise(disc(4000, 6000, (3000, 2000), 620))) < 20


def test_nothing_painted_takes_no_time() -> None:
    assert estimate_seconds(summarise(disc(50, 50, (25, 25), 5) * 0)) == 0.0


def test_the_estimate_holds_for_blobs_and_strokes_alike() -> None:
    picture = textured(400, 500)
    ratios = []
    for coverage in (disc(400, 500, (250, 200), 70), line(400, 500, (20, 20), (480, 380), 9)):
        began = time.perf_counter()
        heal(picture, coverage, HealMethod.PATCHMATCH)
        ratios.append((time.perf_counter() - began) / estimate_seconds(summarise(coverage)))
    # The machine's own pace is learnt; between kinds of holes the estimate must not be off.
    assert 1 / 3 < ratios[0] / ratios[1] < 3


def test_the_pace_follows_the_last_runs_within_reason() -> None:
    pace = Pace()
    for _ in range(12):
        pace.learn(estimated=1.0, took=2.0)
    assert pace.factor == pytest.approx(2.0, rel=0.02)
    pace.learn(estimated=1.0, took=1000.0)
    assert pace.factor < 6.0
    steady = pace.factor
    pace.learn(estimated=0.01, took=5.0)
    assert pace.factor == steady


@pytest.mark.parametrize(
    ("count", "width"), [(1, 600), (6, 60), (14, 5)], ids=["disc", "strokes", "scratches"]
)
def test_a_large_hole_is_estimated_nearly_as_its_pieces_tell(count: int, width: int) -> None:
    random = np.random.default_rng(5)
    coverage = np.zeros((2400, 3600), np.uint8)
    for _ in range(count):
        x, y, to_x, to_y = (int(random.integers(400, end)) for end in (3200, 2000, 3200, 2000))
        cv2.line(coverage, (x, y), (x, y) if count == 1 else (to_x, to_y), 255, width)
    exact = estimate_seconds(HoleSummary(plan_pieces(coverage)))
    assert estimate_seconds(summarise(coverage)) == pytest.approx(exact, rel=0.35)
