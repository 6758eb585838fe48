"""The stabiliser: it smooths, it does not depend on how often it is asked, and at no strength it is not there."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.geometry import Point
from app.ui.canvas.stabiliser import LONGEST, Stabiliser

places = st.lists(
    st.builds(Point, st.floats(-500, 500, width=32), st.floats(-500, 500, width=32)), min_size=2, max_size=12
)


def followed(way: list[Point], strength: float) -> list[Point]:
    stabiliser = Stabiliser()
    stabiliser.strength = strength
    stabiliser.start(way[0])
    return [stabiliser.follow(point) for point in way[1:]]


@given(places)
def test_without_strength_the_pointer_is_followed_exactly(way: list[Point]) -> None:
    assert followed(way, 0.0) == way[1:]


@given(places, st.floats(0.05, 1.0), st.integers(2, 7))
def test_a_device_that_tells_more_draws_the_same_line(way: list[Point], strength: float, parts: int) -> None:
    fine = [way[0]]
    for start, end in itertools.pairwise(way):
        fine += [start + (end - start).scaled(part / parts) for part in range(1, parts + 1)]
    coarse = followed(way, strength)
    for seen, expected in zip(followed(fine, strength)[parts - 1 :: parts], coarse, strict=True):
        assert seen.distance(expected) < 1e-6 * (1 + expected.distance(Point(0, 0)))


@pytest.mark.parametrize("strength", [0.2, 0.6, 1.0])
def test_a_zigzag_becomes_flatter_the_stronger_it_is(strength: float) -> None:
    way = [Point(3.0 * step, 10.0 * (-1) ** step) for step in range(80)]
    weaker, stronger = (
        max(abs(point.y) for point in followed(way, each)[40:]) for each in (strength / 2, strength)
    )
    assert stronger < weaker < 10


def test_on_a_straight_line_it_lags_by_its_length_and_no_more() -> None:
    end = followed([Point(0, 0), Point(3000, 0)], 0.5)[-1]
    assert end.x == pytest.approx(3000 - 0.5 * LONGEST)
    assert end.y == 0.0


def test_a_pointer_that_rests_moves_nothing() -> None:
    way = [Point(0, 0), Point(30, 40), Point(30, 40), Point(30, 40)]
    seen = followed(way, 0.8)
    assert seen[0] == seen[1] == seen[2]
    assert math.hypot(seen[0].x, seen[0].y) > 0
