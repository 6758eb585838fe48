"""Gestures: strokes, rectangles and lassos as a hand draws them, one undo step each, and Esc without a trace."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.base.geometry import Point, Rect, Size
from app.document.brush import Brush
from app.document.document import Document
from app.document.gestures import (
    Combine,
    GestureRunner,
    Modifier,
    PointerSample,
    brush_stroke,
    erase_stroke,
    lasso,
    rectangle,
)
from app.document.shapes import polygon
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


def test_a_stroke_covers_the_capsule_that_it_was_drawn_as(doc: Document, runner: GestureRunner) -> None:
    drag(runner, brush_stroke(Brush(40)), [(100, 100), (180, 160), (260, 220)])
    assert area(doc) == pytest.approx(math.pi * 400 + 200 * 40, rel=0.015)
    assert doc.undo.undo_title == "Brush stroke"


def test_dabs_are_spaced_alike_however_the_way_is_cut(doc: Document, runner: GestureRunner) -> None:
    tool = brush_stroke(Brush(30, spacing=0.4))
    drag(runner, tool, [(50, 100), (450, 100)])
    whole = doc.mask.coverage.copy()
    doc.undo.undo()
    drag(runner, tool, [(x, 100) for x in (50, 51, 58, 59.5, 97, 200.25, 203, 371, 450)])
    assert np.array_equal(doc.mask.coverage, whole)
    dabs = np.flatnonzero(np.diff((whole[85] > 127).astype(int)) > 0)
    assert set(np.diff(dabs)) == {12}


def test_the_press_paints_already_and_each_event_tells_once(doc: Document, runner: GestureRunner) -> None:
    told: list[tuple[Rect, ...]] = []
    doc.mask_changed.connect(told.append)
    before = doc.mask.coverage.copy()
    runner.press(brush_stroke(Brush(20)), PointerSample(Point(300, 200)))
    assert len(told) == 1
    assert doc.mask.coverage[200, 300] == 255
    for x in (320, 500, 560):
        snapshot = doc.mask.coverage.copy()
        told.clear()
        runner.move([PointerSample(Point(x, 220))])
        assert len(told) == 1
        changed = doc.mask.coverage != snapshot
        assert changed.any()
        for rect in told[0]:
            changed[rect.slices] = False
        assert not changed.any()
    runner.release()
    assert not runner.active
    doc.undo.undo()
    assert np.array_equal(doc.mask.coverage, before)
    assert doc.undo.position == 0


def test_the_release_paints_to_where_it_happened(doc: Document, runner: GestureRunner) -> None:
    runner.press(brush_stroke(Brush(20)), PointerSample(Point(100, 100)))
    runner.release(PointerSample(Point(300, 100)))
    assert doc.mask.coverage[100, 300] == 255


def test_shift_draws_a_straight_line_from_the_last_stroke(doc: Document, runner: GestureRunner) -> None:
    tool = brush_stroke(Brush(20))
    drag(runner, tool, [(60, 60)], [SHIFT])
    assert doc.mask.bounds() == Rect(50, 50, 20, 20)
    drag(runner, tool, [(60, 360)])
    doc.clear_mask()
    drag(runner, tool, [(500, 60)], [SHIFT])
    assert doc.mask.coverage[210, 280] == 255
    assert area(doc) == pytest.approx(math.pi * 100 + 20 * math.hypot(440, 300), rel=0.02)
    assert doc.undo.undo_title == "Brush stroke"
    drag(runner, erase_stroke(Brush(20)), [(60, 360)], [SHIFT])
    assert area(doc) < 300


def test_a_cancelled_stroke_is_no_last_stroke(doc: Document, runner: GestureRunner) -> None:
    tool = brush_stroke(Brush(20))
    drag(runner, tool, [(60, 60)])
    drag(runner, tool, [(60, 360)], release=False)
    runner.cancel()
    drag(runner, tool, [(560, 60)], [SHIFT])
    assert doc.mask.coverage[60, 300] == 255
    assert doc.mask.coverage[210, 310] == 0


@pytest.mark.parametrize("tool", [brush_stroke(Brush(30)), erase_stroke(Brush(30)), rectangle(), lasso()])
def test_cancelling_leaves_the_same_bits_and_no_step(doc: Document, runner: GestureRunner, tool) -> None:
    drag(runner, brush_stroke(Brush(90, 0.3)), [(100, 100), (300, 200)])
    before, occupied, steps = doc.mask.coverage.copy(), doc.mask.occupied.copy(), doc.undo.steps
    drag(runner, tool, [(120, 90), (300, 140), (290, 260), (20, 390)], release=False)
    assert runner.active
    assert not doc.undo.can_undo
    runner.cancel()
    assert not runner.active
    assert runner.outline == ()
    assert np.array_equal(doc.mask.coverage, before)
    assert np.array_equal(doc.mask.occupied, occupied)
    assert doc.undo.steps == steps
    assert doc.undo.can_undo
    runner.cancel()
    runner.release()
    assert doc.undo.steps == steps


def test_an_error_inside_a_gesture_leaves_the_same_bits(doc: Document, runner: GestureRunner) -> None:
    drag(runner, brush_stroke(Brush(50)), [(100, 100), (200, 200)])
    before = doc.mask.coverage.copy()
    runner.press(brush_stroke(Brush(30)), PointerSample(Point(300, 300)))

    def fail(rects: tuple[Rect, ...]) -> None:
        disconnect()
        raise ZeroDivisionError

    disconnect = doc.mask_changed.connect(fail)
    with pytest.raises(ZeroDivisionError):
        runner.move([PointerSample(Point(400, 350))])
    assert not runner.active
    assert np.array_equal(doc.mask.coverage, before)
    assert len(doc.undo.steps) == 1
    drag(runner, brush_stroke(Brush(30)), [(300, 300)])
    assert len(doc.undo.steps) == 2


def test_an_error_at_the_press_leaves_the_same_bits(doc: Document, runner: GestureRunner) -> None:
    def fail(rects: tuple[Rect, ...]) -> None:
        disconnect()
        raise ZeroDivisionError

    disconnect = doc.mask_changed.connect(fail)
    with pytest.raises(ZeroDivisionError):
        runner.press(brush_stroke(Brush(30)), PointerSample(Point(300, 300)))
    assert not runner.active
    assert doc.mask.is_empty
    assert not doc.undo.steps


def test_nothing_is_undone_under_a_running_gesture(doc: Document, runner: GestureRunner) -> None:
    drag(runner, brush_stroke(Brush(50)), [(100, 100)])
    runner.press(brush_stroke(Brush(30)), PointerSample(Point(300, 300)))
    during = doc.mask.coverage.copy()
    doc.undo.undo()
    assert np.array_equal(doc.mask.coverage, during)
    runner.release()
    assert [step.title for step in doc.undo.steps] == ["Brush stroke", "Brush stroke"]
    doc.undo.undo()
    doc.undo.undo()
    assert doc.mask.is_empty


def test_a_press_after_a_lost_release_keeps_both_strokes(doc: Document, runner: GestureRunner) -> None:
    drag(runner, brush_stroke(Brush(30)), [(100, 100)], release=False)
    drag(runner, brush_stroke(Brush(30)), [(300, 300)])
    assert len(doc.undo.steps) == 2
    assert doc.mask.coverage[100, 100] == doc.mask.coverage[300, 300] == 255


def test_a_stroke_that_changes_nothing_is_no_step(doc: Document, runner: GestureRunner) -> None:
    drag(runner, erase_stroke(Brush(30)), [(100, 100), (300, 100)])
    drag(runner, brush_stroke(Brush(30)), [(-100, -100), (-300, 100)])
    assert not doc.undo.steps
    assert not doc.is_modified
    assert not doc.mask.occupied.any()


def test_a_rectangle_covers_whole_pixels(doc: Document, runner: GestureRunner) -> None:
    drag(runner, rectangle(), [(30.4, 300.6), (100, 200), (200.5, 100.4)])
    expected = np.zeros_like(doc.mask.coverage)
    expected[100:301, 30:201] = 255
    assert np.array_equal(doc.mask.coverage, expected)
    assert doc.undo.undo_title == "Rectangle"


def test_the_outline_follows_the_drag(doc: Document, runner: GestureRunner) -> None:
    drag(runner, rectangle(), [(10, 10), (700, 50)], release=False)
    assert runner.outline == (Point(10, 10), Point(600, 10), Point(600, 50), Point(10, 50))
    assert doc.mask.is_empty
    runner.release()
    assert runner.outline == ()
    drag(runner, lasso(), [(10, 10), (90, 10), (90, 10), (90, 90)], release=False)
    assert runner.outline == (Point(10, 10), Point(90, 10), Point(90, 90))
    runner.release()


def test_clicks_with_shape_tools_do_nothing(doc: Document, runner: GestureRunner) -> None:
    drag(runner, rectangle(), [(100, 100)])
    drag(runner, lasso(), [(100, 100), (200, 200)])
    assert not doc.undo.steps


@pytest.mark.parametrize(
    ("modifiers", "combine", "expected"),
    [
        ((), Combine.ADD, "add"),
        ((SHIFT,), Combine.SUBTRACT, "add"),
        ((ALT,), Combine.ADD, "subtract"),
        ((), Combine.SUBTRACT, "subtract"),
        ((SHIFT, ALT), Combine.ADD, "intersect"),
        ((), Combine.INTERSECT, "intersect"),
    ],
)
@pytest.mark.parametrize("kind", [rectangle, lasso])
def test_shapes_add_subtract_and_intersect(
    doc: Document, runner: GestureRunner, kind, modifiers, combine: Combine, expected: str
) -> None:
    drag(runner, brush_stroke(Brush(200, 0.2)), [(200, 150), (350, 220)])
    before = doc.mask.coverage.astype(int)
    corners = [(150, 100), (400, 100), (400, 300), (150, 300)]
    points = [corners[0], corners[2]] if kind is rectangle else corners
    drag(runner, kind(combine), points, modifiers)
    inside = np.zeros(before.shape, bool)
    inside[100:300, 150:400] = True
    wanted = {
        "add": np.where(inside, 255, before),
        "subtract": np.where(inside, 0, before),
        "intersect": np.where(inside, before, 0),
    }[expected]
    assert np.array_equal(doc.mask.coverage, wanted)
    assert len(doc.undo.steps) == 2
    doc.undo.undo()
    assert np.array_equal(doc.mask.coverage, before)


def test_intersecting_with_a_shape_elsewhere_leaves_nothing(doc: Document, runner: GestureRunner) -> None:
    drag(runner, rectangle(), [(10, 10), (100, 100)])
    drag(runner, rectangle(), [(300, 300), (400, 390)], [SHIFT, ALT])
    assert doc.mask.is_empty
    assert not doc.mask.occupied.any()
    doc.undo.undo()
    drag(runner, lasso(), [(300, -300), (400, -300), (400, -200)], [SHIFT, ALT])
    assert doc.mask.is_empty


def polygons(size: Size, reach: float) -> st.SearchStrategy[list[Point]]:
    """Star-shaped polygons, which do not cross themselves, partly outside the document."""

    def star(x: float, y: float, radii: list[float]) -> list[Point]:
        turn = 2 * math.pi / len(radii)
        return [Point(x + r * math.cos(i * turn), y + r * math.sin(i * turn)) for i, r in enumerate(radii)]

    return st.builds(
        star,
        st.floats(0, size.width),
        st.floats(0, size.height),
        st.lists(st.floats(3, reach), min_size=3, max_size=24),
    )


def covered_part(points: list[Point], x: int, y: int) -> float:
    """The area of the polygon inside one pixel: cut off at its four sides (Sutherland and Hodgman, 1974)."""
    corners = [(point.x - x, point.y - y) for point in points]
    for axis, low in ((0, True), (0, False), (1, True), (1, False)):
        kept = []
        for a, b in zip(corners, [*corners[1:], *corners[:1]], strict=True):
            inside_a, inside_b = (p[axis] >= 0 if low else p[axis] <= 1 for p in (a, b))
            if inside_a:
                kept.append(a)
            if inside_a != inside_b:
                share = ((0 if low else 1) - a[axis]) / (b[axis] - a[axis])
                kept.append((a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])))
        corners = kept
    pairs = zip(corners, [*corners[1:], *corners[:1]], strict=True)
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs)) / 2


@settings(max_examples=60)
@given(polygons(Size(150, 140), 120), st.integers(0, 2**32 - 1))
def test_a_polygon_covers_each_pixel_by_its_part_inside(points: list[Point], seed: int) -> None:
    size = Size(150, 140)
    shape = polygon(points, size)
    coverage = np.zeros((size.height, size.width), np.uint8)
    if shape.coverage is not None:
        coverage[shape.rect.slices] = shape.coverage
    random = np.random.default_rng(seed)
    partial = np.argwhere((coverage > 0) & (coverage < 255))
    anywhere = random.integers(0, (size.height, size.width), (20, 2))
    for y, x in [*random.permutation(partial)[:20].tolist(), *anywhere.tolist()]:
        assert coverage[y, x] == pytest.approx(255 * covered_part(points, x, y), abs=0.51)


def test_an_area_that_a_lasso_went_round_twice_is_covered(doc: Document, runner: GestureRunner) -> None:
    square = [(100, 100), (200, 100), (200, 200), (100, 200)]
    drag(runner, lasso(), [*square, *square])
    assert area(doc) == 100 * 100
    assert doc.mask.bounds() == Rect(100, 100, 100, 100)


def test_a_large_circle_has_its_area(doc: Document, runner: GestureRunner) -> None:
    turns = [2 * math.pi * step / 400 for step in range(400)]
    drag(runner, lasso(), [(300 + 180 * math.cos(t), 200 + 180 * math.sin(t)) for t in turns])
    assert area(doc) == pytest.approx(200 * 180**2 * math.sin(math.pi / 200), rel=1e-4)
    assert doc.undo.undo_title == "Lasso"
