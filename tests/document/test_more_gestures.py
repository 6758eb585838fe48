"""Ellipse, polygon and moving: exact, one undo step each, and Esc without a trace."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.base.geometry import Point, Rect, Size
from app.document.brush import Brush
from app.document.document import Document
from app.document.gestures import Combine, GestureRunner, Modifier, PointerSample, brush_stroke, lasso
from app.document.shape_gestures import ellipse_between, move_mask, polygon_by_corners
from app.document.shapes import ellipse, polygon
from tests.document.making import document, drag

SHIFT, ALT = Modifier.SHIFT, Modifier.ALT


@pytest.fixture
def doc() -> Document:
    return document(Size(600, 400))


@pytest.fixture
def runner(doc: Document) -> GestureRunner:
    return GestureRunner(doc)


def area(doc: Document) -> float:
    return float(doc.mask.coverage.sum(dtype=np.int64)) / 255


def click(runner: GestureRunner, *corners: tuple[float, float], modifiers: tuple[Modifier, ...] = ()) -> None:
    for corner in corners:
        drag(runner, polygon_by_corners(), [corner], modifiers)


@settings(max_examples=80)
@given(
    st.integers(0, 90), st.integers(0, 70), st.integers(1, 400), st.integers(1, 400), st.integers(0, 2**31)
)
def test_an_ellipse_has_its_area_and_each_pixel_its_part(
    x: int, y: int, width: int, height: int, seed: int
) -> None:
    box = Rect(x, y, width, height)
    shape = ellipse(box, Size(600, 600))
    assert shape.coverage is not None
    assert box.expanded(1).contains(shape.rect)
    partial = np.argwhere((shape.coverage > 0) & (shape.coverage < 255))
    exact = math.pi * width * height / 4
    # Each pixel on the rim is rounded to a level of 255.
    assert shape.coverage.sum(dtype=np.int64) / 255 == pytest.approx(
        exact, abs=0.5 + 0.1 * len(partial) / 255
    )
    for row, column in np.random.default_rng(seed).permutation(partial)[:5].tolist():
        steps = (np.arange(64) + 0.5) / 64
        xs = (column + shape.rect.x + steps - box.centre.x) / (width / 2)
        ys = (row + shape.rect.y + steps - box.centre.y) / (height / 2)
        inside = (xs[np.newaxis, :] ** 2 + ys[:, np.newaxis] ** 2 <= 1).mean()
        assert shape.coverage[row, column] == pytest.approx(255 * inside, abs=5)


def test_an_ellipse_is_cut_at_the_picture(doc: Document, runner: GestureRunner) -> None:
    drag(runner, ellipse_between(), [(-100, -100), (0, 0), (100, 100)])
    assert area(doc) == pytest.approx(math.pi * 100**2 / 4, abs=1)
    drag(runner, ellipse_between(), [(-300, -300), (-200, -200)])
    drag(runner, ellipse_between(), [(300, 300)])
    assert len(doc.undo.steps) == 1
    assert doc.undo.undo_title == "Ellipse"


def test_shift_after_the_press_makes_a_circle(doc: Document, runner: GestureRunner) -> None:
    runner.press(ellipse_between(), PointerSample(Point(300, 200)))
    runner.move([PointerSample(Point(200, 180), modifiers=frozenset({SHIFT}))])
    assert len(runner.outline) > 50
    runner.release()
    assert doc.mask.bounds() == Rect(200, 100, 100, 100)
    drag(runner, ellipse_between(), [(300, 200), (400, 220)], [SHIFT])
    assert doc.mask.bounds() == Rect(200, 100, 200, 120)


@given(st.lists(st.tuples(st.integers(-50, 650), st.integers(-50, 450)), min_size=3, max_size=9, unique=True))
def test_a_polygon_is_the_lasso_through_its_corners(corners: list[tuple[int, int]]) -> None:
    by_clicks, by_hand = document(Size(600, 400)), document(Size(600, 400))
    runner = GestureRunner(by_clicks)
    click(runner, *corners)
    runner.finish()
    drag(GestureRunner(by_hand), lasso(), corners)
    assert np.array_equal(by_clicks.mask.coverage, by_hand.mask.coverage)


def test_a_polygon_goes_on_until_it_is_finished(doc: Document, runner: GestureRunner) -> None:
    click(runner, (100, 100), (200, 100), (200, 200))
    assert runner.active
    assert runner.stays
    assert doc.mask.is_empty
    runner.move([PointerSample(Point(50, 300))])
    assert runner.outline == (Point(100, 100), Point(200, 100), Point(200, 200), Point(50, 300))
    runner.finish()
    assert not runner.active
    assert area(doc) == pytest.approx(5000, abs=1)
    assert [step.title for step in doc.undo.steps] == ["Polygon"]


def test_corners_are_taken_back_one_by_one(doc: Document, runner: GestureRunner) -> None:
    click(runner, (100, 100), (200, 100), (500, 300), (200, 200))
    runner.back()
    runner.back()
    click(runner, (200, 200))
    runner.finish()
    assert area(doc) == pytest.approx(5000, abs=1)
    click(runner, (300, 300), (400, 300))
    runner.back()
    assert runner.stays
    runner.back()
    assert not runner.active
    assert doc.undo.can_undo
    assert len(doc.undo.steps) == 1
    runner.back()


def test_the_first_press_says_what_a_polygon_does(doc: Document, runner: GestureRunner) -> None:
    doc.fill_mask()
    click(runner, (100, 100), modifiers=(ALT,))
    click(runner, (200, 100), (200, 200))
    runner.finish()
    assert area(doc) == pytest.approx(600 * 400 - 5000, abs=1)
    click(runner, (100, 100), modifiers=(SHIFT, ALT))
    click(runner, (300, 100), (300, 300))
    runner.cancel()
    assert area(doc) == pytest.approx(600 * 400 - 5000, abs=1)
    assert len(doc.undo.steps) == 2


def test_two_corners_and_a_cancelled_polygon_leave_nothing(doc: Document, runner: GestureRunner) -> None:
    click(runner, (100, 100), (200, 100))
    runner.finish()
    click(runner, (100, 100), (200, 100), (200, 200))
    runner.cancel()
    assert doc.mask.is_empty
    assert not doc.undo.steps


def test_settling_ends_what_is_open_and_keeps_it(doc: Document, runner: GestureRunner) -> None:
    click(runner, (100, 100), (200, 100), (200, 200))
    runner.settle()
    assert not runner.active
    assert area(doc) == pytest.approx(5000, abs=1)
    runner.press(brush_stroke(Brush(20)), PointerSample(Point(300, 300)))
    runner.settle()
    assert runner.active
    runner.cancel()


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(-700, 700), st.integers(-500, 500)), min_size=1, max_size=4),
    st.integers(20, 160),
)
def test_a_mask_is_moved_by_whole_pixels_and_comes_back(ways: list[tuple[int, int]], size: int) -> None:
    doc = document(Size(600, 400))
    runner = GestureRunner(doc)
    drag(runner, brush_stroke(Brush(size, 0.3)), [(200, 150), (320, 260)])
    before = doc.mask.coverage.copy()
    drag(runner, move_mask, [(50.3, 60.2), *((50.3 + x, 60.2 + y) for x, y in ways)])
    dx, dy = ways[-1]
    expected = np.zeros_like(before)
    source = Rect(0, 0, 600, 400).translated(dx, dy).intersected(Rect(0, 0, 600, 400))
    expected[source.slices] = before[source.translated(-dx, -dy).slices]
    assert np.array_equal(doc.mask.coverage, expected)
    moved = not np.array_equal(before, expected)
    assert len(doc.undo.steps) == 1 + moved
    if moved:
        doc.undo.undo()
    assert np.array_equal(doc.mask.coverage, before)


def test_a_large_mask_shows_where_it_will_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.document.shape_gestures._MOVED_LIVE", 100)
    doc = document(Size(600, 400))
    runner = GestureRunner(doc)
    drag(runner, polygon_by_corners(), [(100, 100)])
    click(runner, (200, 100), (200, 200), (100, 200))
    runner.finish()
    before = doc.mask.coverage.copy()
    drag(runner, move_mask, [(0, 0), (30, 40)], release=False)
    assert runner.outline == (Point(130, 140), Point(230, 140), Point(230, 240), Point(130, 240))
    assert np.array_equal(doc.mask.coverage, before)
    runner.release()
    assert doc.mask.bounds() == Rect(130, 140, 100, 100)


@pytest.mark.parametrize("tool", [ellipse_between(), move_mask])
def test_cancelling_leaves_the_same_bits_and_no_step(doc: Document, runner: GestureRunner, tool) -> None:
    drag(runner, brush_stroke(Brush(90, 0.3)), [(100, 100), (300, 200)])
    before, steps = doc.mask.coverage.copy(), doc.undo.steps
    drag(runner, tool, [(120, 90), (300, 140), (20, 390)], release=False)
    runner.cancel()
    assert np.array_equal(doc.mask.coverage, before)
    assert doc.undo.steps == steps


@pytest.mark.parametrize("how", Combine)
def test_an_ellipse_does_what_its_option_says(doc: Document, runner: GestureRunner, how: Combine) -> None:
    drag(runner, brush_stroke(Brush(200, 0.2)), [(200, 150), (350, 220)])
    before = doc.mask.coverage.astype(int)
    drag(runner, ellipse_between(how), [(150, 100), (400, 300)])
    shape = np.zeros(before.shape, int)
    made = ellipse(Rect(150, 100, 250, 200), doc.size)
    shape[made.rect.slices] = made.coverage
    wanted = {
        Combine.ADD: np.maximum(before, shape),
        Combine.SUBTRACT: np.minimum(before, 255 - shape),
        Combine.INTERSECT: np.minimum(before, shape),
    }[how]
    assert np.array_equal(doc.mask.coverage, wanted)
    assert polygon([], doc.size).rect.is_empty
