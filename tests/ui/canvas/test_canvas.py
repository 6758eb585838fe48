"""The canvas as it is seen: incremental repaints, the ring, previews, candidates, the overlay, wheel and keys."""

import os
import subprocess
import sys
import weakref
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QKeySequence, QPaintEvent, QShortcut, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.base.geometry import Point, Rect, Size
from app.document.document import Document
from app.document.layers import EditLayer
from app.document.named_masks import prepare_mask
from app.edits.types import Patch
from app.imaging.photograph import Channels
from app.imaging.recipe import Recipe
from app.session.toolbox import ToolBox, ToolKind
from app.ui.canvas.scene import Overlay
from app.ui.canvas.widget import CanvasWidget
from tests.ui.canvas.conftest import MakeCanvas
from tests.ui.canvas.showing import (
    MIDDLE,
    NONE,
    Hand,
    OpenPhotograph,
    differs,
    drawn_anew,
    frame_pixels,
    open_photograph,
    photograph,
    shown_pixels,
)

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def turn(canvas: CanvasWidget, notches: float, at: QPointF, held: Qt.KeyboardModifier = NONE) -> None:
    place = QPointF(canvas.mapToGlobal(QPoint(0, 0))) + at
    event = QWheelEvent(
        at,
        place,
        QPoint(),
        QPoint(0, round(notches * 120)),
        Qt.MouseButton.NoButton,
        held,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


@pytest.mark.parametrize("zoom", [0.3, 0.77, 1.0, 1.6, 2.0, 5.3])
def test_strokes_pans_and_undo_leave_the_frame_as_if_drawn_anew(
    make_canvas: MakeCanvas, toolbox: ToolBox, zoom: float
) -> None:
    shown = open_photograph(900, 700)
    canvas = make_canvas(shown)
    canvas.navigation.zoom_to(zoom)
    hand = Hand(canvas)
    frame_pixels(canvas)
    for step in range(6):
        toolbox.set_hardness(step / 5)
        hand.press(300 + 40 * step, 260)
        for move in range(5):
            hand.move(300 + 40 * step + 25 * move, 260 + 30 * move)
            if move % 2:
                canvas.navigation.pan(13 - step * 7, -9)
                canvas.repaint()
        hand.release(420, 400)
        if step % 3 == 2:
            shown.opened.undo.undo()
        assert differs(frame_pixels(canvas), drawn_anew(canvas)) <= 2


def test_the_widget_shows_the_frame_with_the_ring_around_the_pointer(
    make_canvas: MakeCanvas, toolbox: ToolBox
) -> None:
    canvas = make_canvas(open_photograph())
    canvas.navigation.zoom_to(1.5)
    toolbox.set_diameter(60)
    hand = Hand(canvas)
    hand.move(180, 140, Qt.MouseButton.NoButton)
    place = hand.at(180, 140)
    assert canvas.ring.centre == Point(place.x(), place.y())
    assert canvas.ring.radius == pytest.approx(45, rel=1e-3)
    touched = (shown_pixels(canvas) != frame_pixels(canvas)).any(axis=2)
    y, x = np.nonzero(touched)
    distance = np.hypot(x + 0.5 - place.x(), y + 0.5 - place.y())
    assert len(distance) > 150
    assert distance.min() > 42
    assert distance.max() < 48
    ring = np.zeros_like(touched)
    for strip in canvas.ring.strips:
        ring[strip.slices] = True
    assert ring[touched].all()


def test_the_ring_follows_without_leaving_a_trace_and_goes_with_the_pointer(make_canvas: MakeCanvas) -> None:
    canvas = make_canvas(open_photograph())
    hand = Hand(canvas)
    for x in range(100, 300, 20):
        hand.move(x, 150, Qt.MouseButton.NoButton)
        canvas.repaint()
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
    assert canvas.ring.centre is None
    assert np.array_equal(shown_pixels(canvas), frame_pixels(canvas))


def test_hovering_draws_no_picture(make_canvas: MakeCanvas) -> None:
    canvas = make_canvas(open_photograph())
    canvas.repaint()
    canvas.frame.renderer.pixels[...] = 7
    hand = Hand(canvas)
    for x in range(100, 300, 20):
        hand.move(x, 150, Qt.MouseButton.NoButton)
        canvas.repaint()
    assert (canvas.frame.renderer.pixels == 7).all()


def test_the_pointer_says_what_a_press_will_do(make_canvas: MakeCanvas, toolbox: ToolBox) -> None:
    canvas = make_canvas(open_photograph())
    Hand(canvas).move(100, 100, Qt.MouseButton.NoButton)
    assert canvas.cursor().shape() is Qt.CursorShape.BlankCursor
    toolbox.set_tool(ToolKind.LASSO)
    assert canvas.cursor().shape() is Qt.CursorShape.CrossCursor
    assert canvas.ring.centre is None
    toolbox.set_tool(ToolKind.HAND)
    assert canvas.cursor().shape() is Qt.CursorShape.OpenHandCursor


def test_the_preview_gives_way_to_the_document_in_the_same_view(make_canvas: MakeCanvas) -> None:
    source = photograph(800, 600)
    document = Document(source)
    session = OpenPhotograph()
    canvas = make_canvas(session)
    assert canvas.source.scene is None
    session.show_preview(np.ascontiguousarray(document.pyramid.levels[2]), Size(800, 600))
    canvas.zoom_at(Point(200.0, 100.0), 1.7)
    canvas.navigation.pan(31, -17)
    view = canvas.navigation.view
    hand = Hand(canvas)
    hand.drag((100, 100), (200, 100))
    session.show_document(document)
    assert canvas.navigation.view == view
    assert differs(frame_pixels(canvas), drawn_anew(canvas)) == 0
    assert not document.mask.coverage.any()
    hand.drag((100, 100), (200, 100))
    assert document.mask.coverage.any()


def test_a_failed_opening_leaves_an_empty_canvas(make_canvas: MakeCanvas) -> None:
    session = OpenPhotograph()
    preview = np.full((60, 80, 4), 200, np.uint8)
    preview[..., 3] = 255
    session.show_preview(preview, Size(800, 600))
    canvas = make_canvas(session)
    assert (frame_pixels(canvas) == 200).any()
    session.preview = None
    session.stage_changed.emit()
    assert (frame_pixels(canvas) == 40).all()


def patch_over(document: Document, region: Rect, covered: Rect, feather: int = 2) -> Patch:
    coverage = np.zeros((region.height, region.width), np.uint8)
    coverage[covered.relative_to(region).slices] = 255
    pixels = np.random.default_rng(5).integers(0, 256, (region.height, region.width, 3), np.uint8)
    return Patch(region, pixels, coverage, Recipe(feather=feather))


@pytest.mark.parametrize("zoom", [0.2, 0.6, 1.0, 3.0])
@pytest.mark.parametrize("channels", [Channels.RGB, Channels.RGBA])
def test_a_candidate_looks_as_it_will_when_it_is_applied(
    make_canvas: MakeCanvas, qtbot: QtBot, zoom: float, channels: Channels
) -> None:
    shown = open_photograph(700, 500, channels)
    canvas = make_canvas(shown)
    canvas.set_overlay_visible(False)
    canvas.navigation.zoom_to(zoom)
    plain = frame_pixels(canvas)
    patch = patch_over(shown.opened, Rect(301, 203, 150, 120), Rect(320, 220, 90, 70))
    canvas.set_candidates(patch)
    qtbot.waitUntil(lambda: bool(canvas.source.scene and canvas.source.scene.patches))
    candidate = frame_pixels(canvas)
    assert differs(candidate, plain) > 20
    canvas.set_candidates()
    assert differs(frame_pixels(canvas), plain) == 0
    shown.opened.add_layer(
        EditLayer("1", "edit", patch.region, patch.pixels, patch.coverage, recipe=patch.recipe)
    )
    assert differs(candidate, drawn_anew(canvas)) <= 2


def test_a_large_candidate_that_is_applied_stays_until_the_picture_has_it(
    make_canvas: MakeCanvas, qtbot: QtBot
) -> None:
    shown, waiting = OpenPhotograph(), []
    source = photograph(700, 500)
    document = Document(source, background=lambda work, done: waiting.append((work, done)))
    shown.show_document(document)
    canvas = make_canvas(shown)
    canvas.set_overlay_visible(False)
    patch = patch_over(document, Rect(0, 0, 700, 500), Rect(20, 20, 650, 450))
    canvas.set_candidates(patch)
    qtbot.waitUntil(lambda: bool(canvas.source.scene and canvas.source.scene.patches))
    candidate = frame_pixels(canvas)
    document.add_layer(
        EditLayer("1", "edit", patch.region, patch.pixels, patch.coverage, recipe=patch.recipe)
    )
    canvas.set_candidates()
    assert not document.is_settled
    assert differs(frame_pixels(canvas), candidate) == 0
    while waiting:
        work, done = waiting.pop(0)
        done(work)
        assert differs(frame_pixels(canvas), candidate) <= 2
    assert canvas.source.scene is not None
    assert not canvas.source.scene.patches
    assert differs(drawn_anew(canvas), candidate) <= 2


def test_the_next_candidate_replaces_the_one_before(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    shown = open_photograph(700, 500)
    canvas = make_canvas(shown)
    first = patch_over(shown.opened, Rect(10, 10, 100, 100), Rect(20, 20, 50, 50))
    second = patch_over(shown.opened, Rect(300, 300, 100, 100), Rect(320, 320, 50, 50))
    canvas.set_candidates(first)
    canvas.set_candidates(second)

    def shows_second() -> bool:
        scene = canvas.source.scene
        return scene is not None and len(scene.patches) == 1 and scene.patches[0].shown_doc.x > 200

    qtbot.waitUntil(shows_second)
    canvas.set_session(None)
    canvas.set_session(shown)
    assert canvas.source.scene is not None
    assert not canvas.source.scene.patches


def test_what_is_known_of_the_mask_stays_while_other_pictures_are_shown(
    make_canvas: MakeCanvas, qtbot: QtBot
) -> None:
    shown = open_photograph(700, 500)
    canvas = make_canvas(shown)

    def overlay() -> Overlay:
        assert canvas.source.scene is not None
        assert canvas.source.scene.overlay is not None
        return canvas.source.scene.overlay

    before = overlay()
    canvas.set_candidates(patch_over(shown.opened, Rect(0, 0, 400, 300), Rect(0, 0, 50, 50)))
    qtbot.waitUntil(lambda: bool(canvas.source.scene and canvas.source.scene.patches))
    assert overlay() is before
    canvas.set_candidates()
    assert overlay() is before
    # Another mask is another matter.
    shown.opened.add_mask("second", prepare_mask(shown.opened.size))
    assert overlay() is not before


def test_nothing_of_a_mask_is_kept_when_its_photograph_is_closed(make_canvas: MakeCanvas) -> None:
    shown = open_photograph(700, 500)
    canvas = make_canvas(shown)
    shown.opened.fill_mask()
    for _ in range(3):
        canvas.frame.mark_all()
        frame_pixels(canvas)
    assert canvas.source.scene is not None
    assert canvas.source.scene.overlay is not None
    known = weakref.ref(canvas.source.scene.overlay.plain)
    canvas.set_session(None)
    frame_pixels(canvas)
    assert known() is None


def test_the_overlay_fades_while_a_candidate_shows(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    shown = open_photograph()
    canvas = make_canvas(shown)
    canvas.zoom_to_actual()
    shown.opened.fill_mask()
    plain = frame_pixels(canvas)
    canvas.set_candidates(patch_over(shown.opened, Rect(0, 0, 400, 300), Rect(0, 0, 0, 0)))
    qtbot.waitUntil(lambda: canvas.overlay.strength == 0.0)
    centre = Rect.around([canvas.navigation.centre], 100).slices
    pictured = shown.opened.picture[50:250, 100:300, :3]
    assert differs(frame_pixels(canvas)[centre], pictured) == 0
    canvas.set_candidates()
    qtbot.waitUntil(lambda: canvas.overlay.strength == 0.5)
    assert differs(frame_pixels(canvas), plain) == 0


def test_the_overlay_comes_back_to_be_painted_on(make_canvas: MakeCanvas) -> None:
    canvas = make_canvas(open_photograph())
    canvas.set_overlay(QColor(0, 255, 0), 0.75)
    canvas.set_overlay_visible(False)
    hand = Hand(canvas)
    hand.press(200, 150)
    assert canvas.overlay.strength == 0.75
    red, green = frame_pixels(canvas)[240, 320, [2, 1]]
    assert green > 185 > red
    hand.release(200, 150)
    assert not canvas.overlay_visible


def test_the_original_is_shown_while_its_key_is_held(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    shown = open_photograph(700, 500)
    canvas = make_canvas(shown)
    canvas.setFocus()
    opened = frame_pixels(canvas)
    document = shown.opened
    patch = patch_over(document, Rect(301, 203, 150, 120), Rect(320, 220, 90, 70))
    document.add_layer(EditLayer("1", "edit", patch.region, patch.pixels, patch.coverage))
    edited = frame_pixels(canvas)
    assert differs(edited, opened) > 50
    QTest.keyPress(canvas, Qt.Key.Key_Backslash)
    qtbot.waitUntil(lambda: differs(frame_pixels(canvas), opened) <= 2)
    QTest.keyRelease(canvas, Qt.Key.Key_Backslash)
    qtbot.waitUntil(lambda: differs(frame_pixels(canvas), edited) == 0)


def test_ctrl_wheel_zooms_at_the_cursor_fast_and_then_finely(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    canvas = make_canvas(open_photograph(900, 700))
    canvas.repaint()
    at = QPointF(200, 170)
    under = canvas.navigation.view.to_doc(canvas.to_view(at))
    turn(canvas, -2, at, CTRL)
    assert canvas.navigation.view.to_view(under).distance(Point(200, 170)) < 1.0
    assert canvas.frame.is_rough
    rough = frame_pixels(canvas)
    qtbot.waitUntil(lambda: not canvas.frame.is_rough)
    fine = frame_pixels(canvas)
    assert differs(rough, fine) > 20
    assert differs(fine, drawn_anew(canvas)) == 0


def test_the_wheel_scrolls_and_shift_turns_it_sideways(make_canvas: MakeCanvas) -> None:
    canvas = make_canvas(open_photograph(900, 700))
    canvas.zoom_to_actual()
    origin = canvas.navigation.view.origin
    turn(canvas, -1, QPointF(200, 170))
    assert canvas.navigation.view.origin == origin + Point(0, -80)
    turn(canvas, 1, QPointF(200, 170), SHIFT)
    assert canvas.navigation.view.origin == origin + Point(80, -80)


@pytest.mark.parametrize("way", ["middle", "space", "hand"])
def test_the_document_is_dragged(make_canvas: MakeCanvas, toolbox: ToolBox, way: str) -> None:
    shown = open_photograph(900, 700)
    canvas = make_canvas(shown)
    canvas.zoom_to_actual()
    canvas.setFocus()
    origin = canvas.navigation.view.origin
    if way == "space":
        QTest.keyPress(canvas, Qt.Key.Key_Space)
    if way == "hand":
        toolbox.set_tool(ToolKind.HAND)
    button = MIDDLE if way == "middle" else Qt.MouseButton.LeftButton
    hand = Hand(canvas)
    hand.press(450, 350, button)
    assert canvas.cursor().shape() is Qt.CursorShape.ClosedHandCursor
    hand.send(
        QEvent.Type.MouseMove, hand.at(450, 350) + QPointF(30, -20), Qt.MouseButton.NoButton, button, NONE
    )
    hand.release(450, 350, button)
    assert canvas.navigation.view.origin == origin + Point(30, -20)
    assert not shown.opened.mask.coverage.any()
    if way == "space":
        QTest.keyRelease(canvas, Qt.Key.Key_Space)
        hand.drag((450, 350), (460, 350))
        assert shown.opened.mask.coverage.any()


def test_arrow_keys_pan_unless_a_candidate_wants_them(make_canvas: MakeCanvas) -> None:
    shown = open_photograph(900, 700)
    canvas = make_canvas(shown)
    canvas.zoom_to_actual()
    origin = canvas.navigation.view.origin
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    QTest.keyClick(canvas, Qt.Key.Key_Down)
    assert canvas.navigation.view.origin == origin + Point(-64, -64)
    canvas.set_candidates(patch_over(shown.opened, Rect(0, 0, 100, 100), Rect(0, 0, 50, 50)))
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    assert canvas.navigation.view.origin == origin + Point(-64, -64)


def test_tab_speaks_for_the_panels_and_f6_is_the_windows(toolbox: ToolBox, qtbot: QtBot) -> None:
    window = QWidget()
    canvas = CanvasWidget(toolbox)
    layout = QVBoxLayout(window)
    layout.addWidget(canvas)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    canvas.setFocus()
    qtbot.waitUntil(canvas.hasFocus)
    with qtbot.waitSignal(canvas.panels_toggled):
        QTest.keyClick(canvas, Qt.Key.Key_Tab)
    assert canvas.hasFocus()
    pressed = []
    QShortcut(QKeySequence(Qt.Key.Key_F6), window, lambda: pressed.append(True))
    QTest.keyClick(canvas, Qt.Key.Key_F6)
    assert pressed == [True]


def test_the_region_is_outlined_where_it_lies_and_leaves_no_trace(make_canvas: MakeCanvas) -> None:
    canvas = make_canvas(open_photograph())
    canvas.repaint()
    region = Rect(100, 80, 150, 120)
    canvas.set_regions(region)
    QCoreApplication.processEvents()
    touched = (shown_pixels(canvas) != frame_pixels(canvas)).any(axis=2)
    box = canvas.navigation.view.rect_to_view(region)
    inside, around = np.zeros_like(touched), np.zeros_like(touched)
    inside[box.expanded(-2).slices] = True
    around[box.expanded(2).slices] = True
    assert touched[around & ~inside].sum() > 2 * (150 + 120)
    assert not touched[inside | ~around].any()
    canvas.set_regions()
    assert np.array_equal(shown_pixels(canvas), frame_pixels(canvas))


def test_an_outline_goes_from_the_screen_when_the_view_has_become_another(make_canvas: MakeCanvas) -> None:
    canvas = make_canvas(open_photograph())
    canvas.set_regions(Rect(100, 80, 150, 120))
    canvas.navigation.zoom_to(1.3)
    QCoreApplication.processEvents()
    painted = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if isinstance(event, QPaintEvent):
                painted.append(event.region())
            return False

    watch = Watch()
    canvas.installEventFilter(watch)
    canvas.set_regions()
    QCoreApplication.processEvents()
    box = canvas.navigation.view.rect_to_view(Rect(100, 80, 150, 120))
    assert all(
        any(region.contains(QPoint(x, y)) for region in painted)
        for x, y in ((box.x, box.y), (box.right, box.bottom), (box.right, box.y + 60), (box.x + 60, box.y))
    )


def test_a_region_zoomed_far_in_is_still_drawn_at_once(make_canvas: MakeCanvas) -> None:
    canvas = make_canvas(open_photograph(6000, 4000))
    canvas.set_regions(Rect(10, 10, 5900, 3900))
    canvas.navigation.zoom_to(64.0, Point(17.0, 17.0))
    elapsed = []
    for _ in range(3):
        start = perf_counter()
        canvas.repaint()
        elapsed.append(perf_counter() - start)
    assert min(elapsed) < 0.1


def test_cursor_and_view_are_told(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    canvas = make_canvas(open_photograph())
    canvas.zoom_to_actual()
    places: list[object] = []
    canvas.cursor_moved.connect(places.append)
    Hand(canvas).move(120.5, 80.25, Qt.MouseButton.NoButton)
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
    assert places == [Point(120.5, 80.25), None]
    with qtbot.waitSignal(canvas.view_changed):
        canvas.navigation.zoom_step(1)
    assert canvas.scale == pytest.approx(1.5, rel=1e-3)


@pytest.mark.parametrize("factor", ["1.25", "1.5", "2"])
def test_frame_pixels_are_screen_pixels_at_every_scale_factor(tmp_path: Path, factor: str) -> None:
    """Beside another widget the canvas may begin inside a device pixel: nothing may be filtered for that."""
    script = Path(__file__).with_name("at_scale_factor.py")
    environment = {**os.environ, "QT_SCALE_FACTOR": factor, "QT_QPA_PLATFORM": "offscreen"}
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, str(script)], env=environment, cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
