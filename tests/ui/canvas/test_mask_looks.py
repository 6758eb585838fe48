"""The ways to see a mask: ants that march around it and cost no frame, and the mask alone in black and white."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from app.base.geometry import Point, Rect
from app.imaging.arrays import U8
from app.ui.canvas.mask_look import MaskStyle
from app.ui.canvas.outline import Outline
from app.ui.canvas.view_transform import level_for
from app.ui.canvas.widget import CanvasWidget
from tests.ui.canvas.conftest import MakeCanvas
from tests.ui.canvas.showing import Hand, open_photograph, shown_pixels
from tests.ui.canvas.test_canvas import differs, frame_pixels, patch_over
from tests.ui.canvas.test_renderer import CANVAS, VIEW, Canvas, scales
from tests.ui.canvas.test_turned import angles, looking


def outlined(canvas: Canvas, view) -> Outline:  # type: ignore[no-untyped-def]
    outline = Outline(VIEW)
    outline.find(canvas.overlay, canvas.size, view, [VIEW.rect])
    return outline


def brute(canvas: Canvas, view) -> U8:  # type: ignore[no-untyped-def]
    """1 where a view pixel shows coverage and one of its four neighbours does not."""
    level = level_for(view.scale, len(canvas.coverages.levels))
    plane = canvas.coverages.levels[level]
    covered = np.zeros((VIEW.height + 2, VIEW.width + 2), bool)
    for y in range(-1, VIEW.height + 1):
        for x in range(-1, VIEW.width + 1):
            at = view.to_doc(Point(x + 0.5, y + 0.5))
            column, row = int(at.x // (1 << level)), int(at.y // (1 << level))
            if 0 <= row < plane.shape[0] and 0 <= column < plane.shape[1]:
                covered[y + 1, x + 1] = plane[row, column] > 0
    inner = covered[1:-1, 1:-1]
    deep = inner & covered[:-2, 1:-1] & covered[2:, 1:-1] & covered[1:-1, :-2] & covered[1:-1, 2:]
    return (inner & ~deep).astype(np.uint8)


@given(scales, angles, st.booleans(), st.tuples(st.floats(0, 1), st.floats(0, 1)))
@settings(max_examples=12, deadline=None)
def test_the_line_goes_around_all_that_is_covered(
    scale: float, angle: float, mirror: bool, at: tuple[float, float]
) -> None:
    view = looking(CANVAS, scale, angle, mirror, at)
    found = (outlined(CANVAS, view).places > 0).astype(np.uint8)
    # Where a pixel's centre lies on the very border of two, rounding may choose either.
    assert np.count_nonzero(found != brute(CANVAS, view)) <= (0 if view.is_upright else 40)


@given(
    scales, angles, st.tuples(st.floats(0, 1), st.floats(0, 1)), st.integers(-99, 99), st.integers(-99, 99)
)
@settings(max_examples=40, deadline=None)
def test_a_moved_line_is_the_line_found_there(
    scale: float, angle: float, at: tuple[float, float], dx: int, dy: int
) -> None:
    view = looking(CANVAS, scale, angle, False, at)
    outline = outlined(CANVAS, view)
    outline.move(dx, dy)
    kept = VIEW.rect.translated(dx, dy).expanded(-1).intersected(VIEW.rect)
    fresh = outlined(CANVAS, view.panned(dx, dy))
    assert np.count_nonzero(outline.places[kept.slices] != fresh.places[kept.slices]) <= 4


def marching(canvas: CanvasWidget) -> U8:
    """Where the widget shows something that its frame does not."""
    return (shown_pixels(canvas) != frame_pixels(canvas)).any(axis=2)


def test_ants_march_around_what_is_painted_and_compose_no_picture(
    make_canvas: MakeCanvas, qtbot: QtBot
) -> None:
    shown = open_photograph()
    canvas = make_canvas(shown)
    canvas.zoom_to_actual()
    canvas.mask_style = MaskStyle.OUTLINE
    Hand(canvas).drag((100, 100), (200, 100))
    canvas.move_ring(None, 0.0)
    line = marching(canvas)
    origin = canvas.navigation.view.origin
    covered = np.zeros_like(line)
    rows, columns = np.nonzero(shown.opened.mask.coverage)
    covered[rows + int(origin.y), columns + int(origin.x)] = True
    assert 200 < line.sum() < 500
    assert covered[line].all()
    canvas.frame.renderer.pixels[...] = 90
    before = shown_pixels(canvas)
    qtbot.waitUntil(lambda: bool((shown_pixels(canvas) != before).any()))
    after = shown_pixels(canvas)
    assert line[(after != before).any(axis=2)].all()
    assert (after[~line] == 90).all()


def test_the_line_follows_strokes_pans_and_undo(make_canvas: MakeCanvas) -> None:
    shown = open_photograph(900, 700)
    canvas = make_canvas(shown)
    canvas.navigation.zoom_to(0.8)
    canvas.mask_style = MaskStyle.OUTLINE
    hand = Hand(canvas)
    for turn in (0.0, 25.0):
        canvas.navigation.turn_to(turn)
        hand.drag((400, 300), (450, 380), (500, 320))
        canvas.repaint()
        canvas.navigation.pan(23, -11)
        canvas.repaint()
        hand.drag((380, 340), (420, 350))
        shown.opened.undo.undo()
        canvas.repaint()
        ants = canvas._look.ants._outline
        fresh = Outline(canvas.frame.size)
        scene = canvas.source.scene
        assert scene is not None
        assert scene.overlay is not None
        fresh.find(scene.overlay, scene.size_doc, canvas.navigation.view, [canvas.frame.size.rect])
        assert fresh.places.any()
        assert np.count_nonzero(ants.places != fresh.places) <= 6


@pytest.mark.parametrize("hide", ["widget", "mask", "style", "candidate"])
def test_ants_stand_still_where_nobody_sees_them(make_canvas: MakeCanvas, hide: str) -> None:
    shown = open_photograph()
    canvas = make_canvas(shown)
    canvas.mask_style = MaskStyle.OUTLINE
    shown.opened.fill_mask()
    timer = canvas._look.ants._timer
    assert timer.isActive()
    match hide:
        case "widget":
            canvas.hide()
        case "mask":
            canvas.set_overlay_visible(False)
        case "style":
            canvas.mask_style = MaskStyle.TINT
        case "candidate":
            canvas.set_candidates(patch_over(shown.opened, Rect(0, 0, 99, 99), Rect(0, 0, 50, 50)))
    assert not timer.isActive()


@pytest.mark.parametrize("zoom", [0.4, 1.0, 3.0])
def test_the_mask_alone_is_its_coverage_in_grey(make_canvas: MakeCanvas, zoom: float) -> None:
    shown = open_photograph(500, 400)
    canvas = make_canvas(shown)
    canvas.navigation.zoom_to(zoom)
    canvas.mask_style = MaskStyle.ALONE
    ramp = np.ascontiguousarray(np.broadcast_to(np.linspace(0, 255, 500).astype(np.uint8), (400, 500)))
    shown.opened.set_mask(ramp, "ramp")
    frame, view = frame_pixels(canvas), canvas.navigation.view
    for x in (120, 250, 380):
        place = view.to_view(Point(x + 0.5, 200.5))
        if canvas.frame.size.rect.contains_point(place):
            assert np.abs(frame[int(place.y), int(place.x)].astype(int) - ramp[0, x]).max() <= 4
    canvas.mask_style = MaskStyle.TINT
    tinted = frame_pixels(canvas)
    canvas.set_overlay_visible(False)
    canvas.mask_style = MaskStyle.ALONE
    assert differs(tinted, frame_pixels(canvas)) > 20


def test_without_the_mask_the_picture_is_seen_whatever_its_look(
    make_canvas: MakeCanvas, qtbot: QtBot
) -> None:
    shown = open_photograph()
    canvas = make_canvas(shown)
    plain = frame_pixels(canvas)
    canvas.mask_style = MaskStyle.ALONE
    assert differs(frame_pixels(canvas), plain) > 50
    canvas.show_original(True)
    qtbot.waitUntil(lambda: differs(frame_pixels(canvas), plain) == 0)
    canvas.show_original(False)
    canvas.set_overlay_visible(False)
    assert differs(frame_pixels(canvas), plain) == 0


def test_a_tint_that_is_there_already_is_not_drawn_again(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    canvas, changes = make_canvas(open_photograph()), []
    canvas.overlay.changed.connect(lambda: changes.append(canvas.overlay.strength))
    colour = QColor(canvas.overlay.colour)
    canvas.set_overlay(colour, 0.5)
    assert changes == []
    canvas.set_overlay(colour, 0.25)
    canvas.set_overlay(QColor(0, 255, 0), 0.25)
    assert changes == [0.25, 0.25]
    canvas.set_overlay_visible(False)
    qtbot.waitUntil(lambda: canvas.overlay.strength == 0.0)
    assert len(set(changes[1:])) == len(changes[1:])


def test_looks_go_round() -> None:
    assert MaskStyle.TINT.next is MaskStyle.OUTLINE
    assert MaskStyle.OUTLINE.next is MaskStyle.ALONE
    assert MaskStyle.ALONE.next is MaskStyle.TINT


def test_an_empty_canvas_has_no_line(make_canvas: MakeCanvas) -> None:
    canvas = make_canvas(None)
    canvas.mask_style = MaskStyle.OUTLINE
    assert np.array_equal(shown_pixels(canvas), frame_pixels(canvas))
