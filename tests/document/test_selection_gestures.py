"""Tools that find areas, on the document: where they look, what they do to the mask, and refining an object."""

import numpy as np
import pytest

from app.base.geometry import Rect
from app.base.work import Work
from app.document.brush import Brush
from app.document.document import Document
from app.document.gestures import Combine, GestureRunner, Modifier, brush_stroke, rectangle
from app.document.layers import EditLayer
from app.document.selection import Selection
from app.document.selection_gestures import (
    SmartStart,
    Wand,
    bucket,
    colour_range,
    gradient,
    magic_wand,
    smart_select,
)
from app.imaging.photograph import Metadata, from_bgra
from app.imaging.recipe import Recipe
from app.imaging.selections import GradientKind
from tests.document.making import drag

SHIFT, ALT = Modifier.SHIFT, Modifier.ALT
RED, GREEN = Rect(20, 30, 40, 50), Rect(120, 30, 40, 50)


STRIPE = Rect(20, 30, 40, 14)


@pytest.fixture
def doc(request: pytest.FixtureRequest) -> Document:
    """A red and a green rectangle on grey with grain; a parameter gives the red one a stripe of yellow."""
    random = np.random.default_rng(6)
    picture = np.full((140, 200, 4), (110, 110, 110, 255), np.uint8)
    picture[RED.slices] = (30, 30, 200, 255)
    picture[GREEN.slices] = (30, 180, 30, 255)
    if getattr(request, "param", "") == "striped":
        picture[STRIPE.slices] = (20, 210, 230, 255)
    picture[..., :3] += random.integers(0, 12, (140, 200, 3), dtype=np.uint8)
    return Document(from_bgra(picture, Metadata(), "scene.png", "PNG"))


@pytest.fixture
def runner(doc: Document) -> GestureRunner:
    return GestureRunner(doc)


def covered(doc: Document) -> np.ndarray:
    return np.array(doc.mask.coverage > 127)


def filled(*rects: Rect) -> np.ndarray:
    plane = np.zeros((140, 200), bool)
    for rect in rects:
        plane[rect.slices] = True
    return plane


WAND = magic_wand(Wand(tolerance=30))


def test_the_wand_adds_takes_away_and_keeps(doc: Document, runner: GestureRunner) -> None:
    drag(runner, WAND, [(40, 50)])
    assert np.array_equal(covered(doc), filled(RED))
    drag(runner, WAND, [(140, 50)], [SHIFT])
    assert np.array_equal(covered(doc), filled(RED, GREEN))
    drag(runner, WAND, [(40, 50)], [ALT])
    # Two soft edges leave a rim of less than a half.
    assert np.array_equal(covered(doc), filled(GREEN))
    drag(runner, rectangle(), [(0, 0), (200, 140)])
    drag(runner, WAND, [(140, 50)], [SHIFT, ALT])
    assert np.array_equal(covered(doc), filled(GREEN))
    assert [step.title for step in doc.undo.steps].count("Magic wand") == 4


def test_the_wand_sees_what_visible_layers_show(doc: Document, runner: GestureRunner) -> None:
    patch = Rect(80, 90, 30, 30)
    pixels = np.full((30, 30, 3), (0, 0, 255), np.uint8)
    doc.add_layer(EditLayer("a", "Blue", patch, pixels, np.full((30, 30), 255, np.uint8), Recipe(feather=0)))
    drag(runner, WAND, [(95, 105)])
    assert np.array_equal(covered(doc), filled(patch))
    doc.clear_mask()
    doc.set_layer_visible("a", False)
    drag(runner, WAND, [(95, 105)])
    assert np.array_equal(covered(doc), ~filled(RED, GREEN))


def test_shift_widens_a_colour_range(doc: Document, runner: GestureRunner) -> None:
    tool = colour_range(60)
    drag(runner, tool, [(40, 50)])
    assert np.array_equal(covered(doc), filled(RED))
    drag(runner, tool, [(140, 50)], [SHIFT])
    assert np.array_equal(covered(doc), filled(RED, GREEN))
    drag(runner, tool, [(40, 50)], [ALT])
    assert np.array_equal(covered(doc), filled(GREEN))
    drag(runner, tool, [(140, 50)], [SHIFT])
    # The range that took red away goes on from red.
    assert np.array_equal(covered(doc), filled(RED, GREEN))


def test_the_bucket_fills_empties_and_keeps_areas(doc: Document, runner: GestureRunner) -> None:
    line = brush_stroke(Brush(9, 0.4))
    drag(runner, line, [(60, 20), (120, 20), (120, 90), (60, 90), (60, 20)])
    drag(runner, bucket(), [(90, 50)])
    assert doc.mask.coverage[20:90, 60:120].min() == 255
    assert not doc.mask.coverage[100:].any()
    drag(runner, rectangle(), [(150, 100), (190, 130)])
    drag(runner, bucket(), [(170, 115)], [SHIFT, ALT])
    assert np.array_equal(covered(doc), filled(Rect(150, 100, 40, 30)))
    drag(runner, bucket(), [(170, 115)], [ALT])
    assert doc.mask.is_empty
    steps = doc.undo.steps
    drag(runner, bucket(), [(170, 115)], [ALT])
    drag(runner, bucket(), [(-5, 10)])
    assert doc.undo.steps == steps


@pytest.mark.parametrize("kind", GradientKind)
def test_a_gradient_shows_its_line_and_falls_off(
    doc: Document, runner: GestureRunner, kind: GradientKind
) -> None:
    drag(runner, gradient(kind), [(50, 70), (150, 70)], release=False)
    assert len(runner.outline) >= 2
    assert runner.outline_is_closed == (kind is GradientKind.RADIAL)
    runner.release()
    assert int(doc.mask.coverage[70, 100]) == pytest.approx(127, abs=2)
    assert int(doc.mask.coverage[70, 0]) == pytest.approx(
        255.0 if kind is GradientKind.LINEAR else 128.0, abs=3
    )
    assert not doc.mask.coverage[70, 151:].any()
    drag(runner, gradient(kind), [(50, 70)])
    assert len(doc.undo.steps) == 1


def test_a_cancelled_click_orders_nothing(doc: Document) -> None:
    ordered: list[Selection] = []
    runner = GestureRunner(doc, ordered.append)
    for tool in (WAND, colour_range(40), bucket(), smart_select(SmartStart.BOX, 9)):
        drag(runner, tool, [(40, 50), (80, 90)], release=False)
        runner.cancel()
    assert ordered == []


BOX = smart_select(SmartStart.BOX, 8)
striped = pytest.mark.parametrize("doc", ["striped"], indirect=True)
BELOW = Rect.from_edges(20, 44, 60, 80)


def differing(doc: Document, *rects: Rect) -> int:
    """Pixels that are covered and should not be, or the other way round."""
    return int(np.count_nonzero(covered(doc) ^ filled(*rects)))


@striped
def test_an_object_is_refined_stroke_by_stroke(doc: Document, runner: GestureRunner) -> None:
    drag(runner, rectangle(), [(150, 100), (190, 130)])
    beside = Rect(150, 100, 40, 30)
    before = doc.mask.coverage.copy()
    drag(runner, BOX, [(12, 22), (68, 88)])
    assert differing(doc, RED, beside) < 60
    once = doc.mask.coverage.copy()
    assert runner.refines
    drag(runner, BOX, [(26, 36), (54, 36)], [ALT])
    assert differing(doc, BELOW, beside) < 60
    assert [step.title for step in doc.undo.steps[-2:]] == ["Smart select", "Smart select"]
    doc.undo.undo()
    assert np.array_equal(doc.mask.coverage, once)
    # What was undone is no hint any more.
    drag(runner, BOX, [(40, 60), (45, 60)])
    assert differing(doc, RED, beside) < 60
    while doc.undo.position > 1:
        doc.undo.undo()
    assert np.array_equal(doc.mask.coverage, before)


def test_a_stroke_after_something_else_begins_another_object(doc: Document, runner: GestureRunner) -> None:
    drag(runner, BOX, [(12, 22), (68, 88)])
    drag(runner, rectangle(), [(150, 100), (190, 130)])
    assert not runner.refines
    drag(runner, BOX, [(112, 22), (168, 88)])
    assert differing(doc, RED, GREEN, Rect(150, 100, 40, 30)) < 120
    runner.settle()
    assert not runner.refines
    drag(runner, smart_select(SmartStart.BOX, 8, Combine.SUBTRACT), [(12, 22), (68, 88)])
    assert differing(doc, GREEN, Rect(150, 100, 40, 30)) < 120


@striped
@pytest.mark.parametrize("how", [Combine.SUBTRACT, Combine.INTERSECT])
def test_an_object_that_was_too_large_gives_back_what_it_took(
    doc: Document, runner: GestureRunner, how: Combine
) -> None:
    drag(runner, rectangle(), [(10, 30), (70, 60)])
    painted = Rect(10, 30, 60, 30)
    tool = smart_select(SmartStart.BOX, 8, how)
    drag(runner, tool, [(12, 22), (68, 88)])
    common = RED.intersected(painted)
    sides = (Rect(10, 30, 10, 30), Rect(60, 30, 10, 30))
    assert differing(doc, *((common,) if how is Combine.INTERSECT else sides)) < 60
    drag(runner, tool, [(26, 36), (54, 36)], [ALT])
    less = common.intersected(BELOW)
    left = (less,) if how is Combine.INTERSECT else (*sides, STRIPE)
    assert differing(doc, *left) < 60


@striped
def test_an_option_takes_away_from_an_object_as_alt_does(doc: Document, runner: GestureRunner) -> None:
    drag(runner, BOX, [(12, 22), (68, 88)])
    drag(runner, smart_select(SmartStart.BOX, 8, Combine.SUBTRACT), [(26, 36), (54, 36)])
    assert differing(doc, BELOW) < 60


@striped
def test_what_is_found_late_is_joined_with_the_mask_of_then(doc: Document) -> None:
    ordered: list[Selection] = []
    runner = GestureRunner(doc, ordered.append)
    drag(runner, BOX, [(12, 22), (68, 88)])
    drag(runner, BOX, [(26, 36), (54, 36)], [ALT])
    first, second = ordered
    assert second.replaces(first)
    first.drop()
    drag(runner, rectangle(), [(150, 100), (190, 130)])
    second.put(doc, second.find(Work()))
    assert differing(doc, BELOW, Rect(150, 100, 40, 30)) < 60
    assert len(doc.undo.steps) == 2
    assert runner.refines


def test_a_dropped_object_is_no_hint(doc: Document) -> None:
    ordered: list[Selection] = []
    runner = GestureRunner(doc, ordered.append)
    drag(runner, BOX, [(12, 22), (68, 88)])
    assert runner.refines
    ordered[0].drop()
    assert not runner.refines
    drag(runner, smart_select(SmartStart.SCRIBBLE, 8), [(30, 40), (50, 70)])
    ordered[1].put(doc, ordered[1].find(Work()))
    assert differing(doc, RED) < 60
