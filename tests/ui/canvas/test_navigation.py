"""Zoom and pan: limits, stops, what stays in place, and that every document keeps its own view."""

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.geometry import Point, Rect, Size
from app.ui.canvas.navigation import FIT_LIMIT, FIT_MARGIN, MAX_SCALE, MIN_SCALE, Navigation, visible_doc

VIEW = Size(800, 600)


class Shown:
    """Somebody's document."""


def looking_at(size: Size, view: Size = VIEW) -> tuple[Navigation, Shown]:
    navigation, shown = Navigation(view), Shown()
    navigation.show(shown, size)
    return navigation, shown


def test_a_document_is_fitted_and_a_small_one_sensibly_enlarged() -> None:
    large, _large = looking_at(Size(6000, 4000))
    assert large.view.rect_to_view(Rect(0, 0, 6000, 4000)).width == pytest.approx(800 - 2 * FIT_MARGIN, abs=2)
    middling, _middling = looking_at(Size(500, 400))
    assert middling.view.scale == 1.0
    small, _small = looking_at(Size(50, 40))
    assert small.view.scale == FIT_LIMIT
    small, _small = looking_at(Size(100, 80))
    small.fit()
    assert small.view.rect_to_view(Rect(0, 0, 100, 80)).height == pytest.approx(600 - 2 * FIT_MARGIN, abs=2)


@pytest.mark.parametrize(("size", "scale"), [((200, 150), 3.0), ((350, 90), 2.0), ((48, 48), 4.0)])
def test_a_small_document_is_opened_enlarged_by_a_whole_number(size: tuple[int, int], scale: float) -> None:
    navigation, _shown = looking_at(Size(*size))
    assert navigation.view.scale == pytest.approx(scale, rel=1e-4)
    assert navigation.is_fitted
    navigation.resized(Size(400, 300))
    assert navigation.view.rect_to_view(Rect(0, 0, *size)).width <= 400


@given(st.floats(0, 800), st.floats(0, 600), st.lists(st.floats(0.2, 5.0), min_size=1, max_size=8))
def test_zooming_at_the_cursor_keeps_what_is_under_it(x: float, y: float, factors: list[float]) -> None:
    navigation, _shown = looking_at(Size(1200, 900))
    point = Point(x, y)
    for factor in factors:
        before = navigation.view.to_doc(point)
        navigation.zoom_by(factor, point)
        seen = navigation.view.to_view(before)
        inside = visible_doc(navigation.view, VIEW, Size(1200, 900)).expanded(-40).contains_point(before)
        # Half a pixel is lost by the whole pixel that the origin stands on.
        assert not inside or seen.distance(point) < 1.0


@given(st.lists(st.tuples(st.floats(-5000, 5000), st.floats(-5000, 5000)), min_size=1, max_size=6))
def test_some_of_the_document_always_stays_in_sight(steps: list[tuple[float, float]]) -> None:
    navigation, _shown = looking_at(Size(1200, 900))
    for dx, dy in steps:
        navigation.pan(dx, dy)
        assert visible_doc(navigation.view, VIEW, Size(1200, 900)).area > 0


def test_steps_climb_the_stops_and_end_at_the_limits() -> None:
    navigation, _shown = looking_at(Size(1200, 900))
    navigation.actual()
    seen = [navigation.view.scale]
    for _ in range(20):
        navigation.zoom_step(1)
        seen.append(navigation.view.scale)
    assert seen[:4] == pytest.approx([1.0, 1.5, 2.0, 3.0], rel=1e-3)
    assert seen == sorted(seen)
    assert seen[-1] == MAX_SCALE
    for _ in range(40):
        navigation.zoom_step(-1)
    assert navigation.view.scale == pytest.approx(MIN_SCALE, rel=1e-3)


def test_a_fitted_document_stays_fitted_and_another_keeps_its_middle() -> None:
    navigation, _shown = looking_at(Size(6000, 4000))
    assert navigation.is_fitted
    navigation.resized(Size(400, 300))
    assert navigation.view.rect_to_view(Rect(0, 0, 6000, 4000)).width <= 400 - 2 * FIT_MARGIN + 2
    navigation.zoom_by(4.0, Point(100, 100))
    assert not navigation.is_fitted
    middle = navigation.view.to_doc(Point(200, 150))
    navigation.resized(Size(1000, 700))
    assert navigation.view.to_view(middle).distance(Point(500, 350)) < 1.0


def test_every_document_is_seen_as_it_was_left() -> None:
    navigation, first = looking_at(Size(1200, 900))
    navigation.zoom_by(3.0, Point(10, 20))
    left = navigation.view
    second = Shown()
    navigation.show(second, Size(50, 50))
    assert navigation.view != left
    navigation.show(None, None)
    navigation.show(first, Size(1200, 900))
    assert navigation.view == left


def test_a_closed_document_is_forgotten() -> None:
    navigation, shown = looking_at(Size(1200, 900))
    navigation.show(None, None)
    del shown
    gc.collect()
    assert len(navigation._places) == 0


def test_changes_are_told_once_and_only_changes() -> None:
    navigation, _shown = looking_at(Size(1200, 900))
    told: list[float] = []
    navigation.changed.connect(lambda: told.append(navigation.view.scale))
    navigation.actual()
    navigation.actual()
    navigation.pan(0.0, 0.0)
    assert told == [1.0]
