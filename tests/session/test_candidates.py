"""The strip of candidates: what is shown after adding, choosing, stepping and discarding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.geometry import Rect
from app.edits.types import Patch, Report
from app.session.candidates import Candidate, Candidates, layer_of


def make_candidate(number: int, prompt: str = "") -> Candidate:
    patch = Patch(Rect(2, 3, 4, 5), np.zeros((5, 4, 3), np.uint8), np.full((5, 4), 255, np.uint8))
    return Candidate(f"r{number}", "e", number, patch, Report(0, 0.0), prompt, "m")


def make_strip(count: int) -> Candidates:
    strip = Candidates()
    strip.add(tuple(make_candidate(i + 1) for i in range(count)))
    return strip


def test_the_first_new_candidate_is_shown() -> None:
    strip = make_strip(2)
    assert strip.shown is strip.items[0]
    strip.add((make_candidate(strip.next_number()),))
    assert strip.shown is strip.items[2]
    assert [c.number for c in strip.items] == [1, 2, 3]


def test_stepping_goes_round_through_the_photograph() -> None:
    strip = make_strip(2)
    shown = []
    for _ in range(4):
        strip.step(1)
        shown.append(strip.selected)
    assert shown == [1, None, 0, 1]


@pytest.mark.parametrize(("chosen", "after"), [(0, 0), (1, 1), (2, 1)])
def test_discarding_shows_the_neighbour(chosen: int, after: int) -> None:
    strip = make_strip(3)
    strip.select(chosen)
    strip.discard(chosen)
    assert strip.selected == after
    assert f"r{chosen + 1}" not in [c.result_id for c in strip.items]


def test_the_last_one_discarded_leaves_the_photograph() -> None:
    strip = make_strip(1)
    strip.discard(0)
    assert strip.items == ()
    assert strip.shown is None


@given(
    st.lists(st.tuples(st.sampled_from(["add", "select", "discard", "step", "clear"]), st.integers(-1, 9)))
)
def test_the_selection_always_exists(actions: list[tuple[str, int]]) -> None:
    strip = Candidates()
    for action, number in actions:
        match action:
            case "add":
                strip.add((make_candidate(strip.next_number()),))
            case "select":
                strip.select(number if number >= 0 else None)
            case "discard" if 0 <= number < len(strip.items):
                strip.discard(number)
            case "step":
                strip.step(number)
            case "clear":
                strip.clear()
        assert strip.selected is None or 0 <= strip.selected < len(strip.items)
        assert len({c.number for c in strip.items}) == len(strip.items)


def test_a_candidate_becomes_a_layer_in_its_own_place() -> None:
    layer = layer_of(make_candidate(1, "a red door"))
    assert (layer.name, layer.region, layer.result_id) == ("a red door", Rect(2, 3, 4, 5), "r1")


def test_a_number_stays_that_of_its_candidate_when_others_go() -> None:
    strip = Candidates()
    strip.add((make_candidate(1), make_candidate(2), make_candidate(3)))
    strip.discard(0)
    strip.select_number(3)
    assert strip.shown is not None
    assert strip.shown.number == 3
    strip.select_number(1)
    assert strip.shown.number == 3
