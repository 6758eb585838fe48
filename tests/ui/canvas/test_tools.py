"""Every tool by mouse and keys on the canvas: what is seen while it is used, and what it leaves in the mask."""

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.base.geometry import Point, Rect
from app.document.document import Document
from app.document.gestures import PointerSample
from app.document.selection_gestures import SmartStart, Wand
from app.document.shapes import Combine
from app.imaging.photograph import Metadata, from_bgra
from app.imaging.selections import GradientKind
from app.session.toolbox import ToolBox, ToolKind
from app.ui.canvas.widget import CanvasWidget
from tests.ui.canvas.conftest import MakeCanvas
from tests.ui.canvas.showing import LEFT, NO, NONE, Hand, OpenPhotograph, open_photograph, shown_pixels

ALT, CTRL, SHIFT = (
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)
RED, BLUE = Rect(40, 50, 120, 100), Rect(220, 60, 100, 80)


def coloured() -> OpenPhotograph:
    """A red and a blue rectangle on grey, 400 x 300."""
    picture = np.full((300, 400, 4), (120, 120, 120, 255), np.uint8)
    picture[RED.slices] = (30, 30, 210, 255)
    picture[BLUE.slices] = (220, 60, 30, 255)
    picture[..., :3] += np.random.default_rng(3).integers(0, 9, (300, 400, 3), dtype=np.uint8)
    shown = OpenPhotograph()
    shown.show_document(Document(from_bgra(picture, Metadata(), "scene.png", "PNG")))
    return shown


def differing(shown: OpenPhotograph, *rects: Rect) -> int:
    """Pixels that are covered and should not be, or the other way round."""
    plane = np.zeros((300, 400), bool)
    for rect in rects:
        plane[rect.slices] = True
    return int(np.count_nonzero((shown.opened.mask.coverage > 127) ^ plane))


def double_click(hand: Hand, x: float, y: float) -> None:
    hand.drag((x, y))
    hand.send(QEvent.Type.MouseButtonDblClick, hand.at(x, y), LEFT, LEFT, NONE)
    hand.release(x, y)


def claims(canvas: CanvasWidget, key: Qt.Key, held: Qt.KeyboardModifier = NONE) -> bool:
    """Whether the canvas takes a key before the window's shortcuts do."""
    override = QKeyEvent(QEvent.Type.ShortcutOverride, key, held)
    override.ignore()
    QApplication.sendEvent(canvas, override)
    return override.isAccepted()


def test_an_ellipse_is_outlined_and_filled(make_canvas: MakeCanvas, toolbox: ToolBox) -> None:
    shown = open_photograph()
    canvas = make_canvas(shown)
    hand = Hand(canvas)
    toolbox.set_tool(ToolKind.ELLIPSE)
    hand.press(100, 80)
    hand.move(300, 200)
    assert len(canvas.decorations.outline) > 50
    hand.release(300, 200)
    assert shown.opened.mask.coverage.sum(dtype=np.int64) / 255 == pytest.approx(np.pi * 100 * 60, abs=1)
    hand.drag((150, 110), (250, 170), held=ALT)
    assert shown.opened.mask.coverage[140, 200] == 0
    assert len(shown.opened.undo.steps) == 2


def test_a_polygon_follows_the_pointer_and_a_double_click_closes_it(
    make_canvas: MakeCanvas, toolbox: ToolBox
) -> None:
    shown = open_photograph()
    canvas = make_canvas(shown)
    hand = Hand(canvas)
    toolbox.set_tool(ToolKind.POLYGON)
    hand.drag((50, 50))
    hand.drag((250, 50))
    hand.move(250, 150, Qt.MouseButton.NoButton)
    seen = [(round(p.x), round(p.y)) for p in canvas.decorations.outline]
    assert seen == [(50, 50), (250, 50), (250, 150)]
    double_click(hand, 250, 150)
    assert canvas.decorations.outline == ()
    assert shown.opened.mask.coverage.sum(dtype=np.int64) / 255 == pytest.approx(10_000, abs=2)
    hand.move(20, 20, Qt.MouseButton.NoButton)
    hand.drag((300, 200), (310, 220))
    assert canvas.source.gestures is not None
    assert canvas.source.gestures.stays
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert len(shown.opened.undo.steps) == 1


def test_keys_end_a_polygon_and_take_corners_back(make_canvas: MakeCanvas, toolbox: ToolBox) -> None:
    shown = open_photograph()
    canvas = make_canvas(shown)
    hand = Hand(canvas)
    toolbox.set_tool(ToolKind.POLYGON)
    keys = ((Qt.Key.Key_Return, NONE), (Qt.Key.Key_Backspace, NONE), (Qt.Key.Key_Z, CTRL))
    assert not any(claims(canvas, key, held) for key, held in keys)
    for corner in ((50, 50), (250, 50), (390, 290), (350, 280), (250, 150)):
        hand.drag(corner)
    assert all(claims(canvas, key, held) for key, held in keys)
    QTest.keyClick(canvas, Qt.Key.Key_Backspace)
    QTest.keyClick(canvas, Qt.Key.Key_Z, CTRL)
    QTest.keyClick(canvas, Qt.Key.Key_Backspace)
    hand.drag((250, 150))
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert shown.opened.mask.coverage.sum(dtype=np.int64) / 255 == pytest.approx(10_000, abs=2)
    assert len(shown.opened.undo.steps) == 1


def test_looking_round_leaves_a_polygon_open(make_canvas: MakeCanvas, toolbox: ToolBox) -> None:
    shown = open_photograph()
    canvas = make_canvas(shown)
    hand = Hand(canvas)
    toolbox.set_tool(ToolKind.POLYGON)
    hand.drag((50, 50))
    hand.drag((250, 50))
    hand.press(100, 100, Qt.MouseButton.MiddleButton)
    hand.move(130, 120, Qt.MouseButton.MiddleButton)
    hand.release(130, 120, Qt.MouseButton.MiddleButton)
    canvas.navigation.zoom_step(1)
    hand.drag((250, 150))
    QTest.keyClick(canvas, Qt.Key.Key_Enter)
    assert shown.opened.mask.coverage.sum(dtype=np.int64) / 255 == pytest.approx(10_000, abs=2)


@pytest.mark.parametrize("leave", ["tool", "document", "hide"])
def test_whoever_leaves_an_open_polygon_keeps_it(
    make_canvas: MakeCanvas, toolbox: ToolBox, leave: str
) -> None:
    shown = open_photograph()
    canvas = make_canvas(shown)
    hand = Hand(canvas)
    toolbox.set_tool(ToolKind.POLYGON)
    for corner in ((50, 50), (250, 50), (250, 150)):
        hand.drag(corner)
    if leave == "tool":
        toolbox.set_tool(ToolKind.BRUSH)
        assert canvas.decorations.outline == ()
    elif leave == "document":
        canvas.set_session(open_photograph(50, 40))
    else:
        canvas.hide()
    assert len(shown.opened.undo.steps) == 1
    assert not shown.opened.undo.is_held


def test_the_wand_selects_what_was_clicked(make_canvas: MakeCanvas, toolbox: ToolBox) -> None:
    shown = coloured()
    hand = Hand(make_canvas(shown))
    toolbox.set_tool(ToolKind.WAND)
    hand.drag((100, 100))
    assert differing(shown, RED) == 0
    hand.drag((300, 100), held=SHIFT)
    assert differing(shown, RED, BLUE) == 0
    hand.drag((100, 100), held=ALT)
    assert differing(shown, BLUE) == 0
    toolbox.set_options(replace(toolbox.options, combine=Combine.SUBTRACT, wand=Wand(60, contiguous=False)))
    hand.drag((300, 100))
    assert shown.opened.mask.bounds().is_empty or shown.opened.mask.coverage.max() < 128
    assert len(shown.opened.undo.steps) == 4


def test_a_colour_range_is_widened_with_shift(make_canvas: MakeCanvas, toolbox: ToolBox) -> None:
    shown = coloured()
    hand = Hand(make_canvas(shown))
    toolbox.set_tool(ToolKind.COLOUR_RANGE)
    hand.drag((100, 100))
    assert differing(shown, RED) == 0
    hand.drag((300, 100), held=SHIFT)
    assert differing(shown, RED, BLUE) == 0


def test_the_bucket_fills_what_a_stroke_encloses(make_canvas: MakeCanvas, toolbox: ToolBox) -> None:
    shown = open_photograph()
    hand = Hand(make_canvas(shown))
    toolbox.set_diameter(20)
    toolbox.set_hardness(0.3)
    hand.drag((80, 80), (250, 80), (250, 200), (80, 200), (80, 80))
    toolbox.set_tool(ToolKind.BUCKET)
    hand.drag((150, 150))
    assert shown.opened.mask.coverage[80:200, 80:250].min() == 255
    assert not shown.opened.mask.coverage[240:].any()


@pytest.mark.parametrize("kind", GradientKind)
def test_a_gradient_is_drawn_by_dragging(
    make_canvas: MakeCanvas, toolbox: ToolBox, kind: GradientKind
) -> None:
    shown = open_photograph()
    canvas = make_canvas(shown)
    hand = Hand(canvas)
    toolbox.set_tool(ToolKind.GRADIENT)
    toolbox.set_options(replace(toolbox.options, gradient=kind))
    before = shown_pixels(canvas)
    hand.press(100, 150)
    hand.move(300, 150)
    # The line, or the circle to where it will reach.
    changed = (shown_pixels(canvas) != before).any(axis=2)
    at = hand.at(200, 150) if kind is GradientKind.LINEAR else hand.at(300, 150)
    x, y = round(at.x()), round(at.y())
    assert changed[y - 3 : y + 4, x - 3 : x + 4].any()
    hand.release(300, 150)
    assert int(shown.opened.mask.coverage[150, 200]) == pytest.approx(127, abs=2)
    assert not shown.opened.mask.coverage[150, 301:].any()


def test_a_box_and_strokes_select_an_object(make_canvas: MakeCanvas, toolbox: ToolBox) -> None:
    shown = coloured()
    canvas = make_canvas(shown)
    hand = Hand(canvas)
    toolbox.set_tool(ToolKind.SMART)
    toolbox.set_diameter(12)
    assert toolbox.brush.diameter == 12
    hand.press(25, 35)
    hand.move(175, 165)
    assert len(canvas.decorations.outline) == 4
    hand.release(175, 165)
    assert differing(shown, RED) < 60
    assert canvas.ring.radius == pytest.approx(6 * canvas.scale)
    # Enter makes an end of it; what comes next is another object.
    assert claims(canvas, Qt.Key.Key_Return)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert not claims(canvas, Qt.Key.Key_Return)
    toolbox.set_options(replace(toolbox.options, smart_start=SmartStart.SCRIBBLE))
    hand.press(235, 75)
    hand.move(305, 125)
    assert not canvas.decorations.outline_is_closed
    hand.release(305, 125)
    assert differing(shown, RED, BLUE) < 120
    toolbox.set_tool(ToolKind.BRUSH)
    assert toolbox.brush.diameter == 40


def arrow(canvas: CanvasWidget, key: Qt.Key, times: int = 1, held: Qt.KeyboardModifier = NONE) -> None:
    """Hold an arrow key down as long as it repeats `times`."""
    for turn in range(times):
        QApplication.sendEvent(canvas, QKeyEvent(QEvent.Type.KeyPress, key, held, "", turn > 0))
    QApplication.sendEvent(canvas, QKeyEvent(QEvent.Type.KeyRelease, key, held))


def test_the_mask_is_dragged_and_nudged(make_canvas: MakeCanvas, toolbox: ToolBox) -> None:
    shown = open_photograph()
    canvas = make_canvas(shown)
    hand = Hand(canvas)
    toolbox.set_tool(ToolKind.RECTANGLE)
    hand.drag((50, 60), (150, 140))
    toolbox.set_tool(ToolKind.MOVE)
    hand.press(100, 100)
    hand.move(130, 90)
    assert shown.opened.mask.bounds() == Rect(80, 50, 100, 80)
    hand.release(120, 110)
    assert shown.opened.mask.bounds() == Rect(70, 70, 100, 80)
    origin = canvas.navigation.view.origin
    arrow(canvas, Qt.Key.Key_Right)
    assert shown.opened.mask.bounds() == Rect(71, 70, 100, 80)
    arrow(canvas, Qt.Key.Key_Up, 3, SHIFT)
    assert shown.opened.mask.bounds() == Rect(71, 40, 100, 80)
    # Dragging, a tap and a key held down are one step each.
    assert len(shown.opened.undo.steps) == 4
    assert canvas.navigation.view.origin == origin
    toolbox.set_tool(ToolKind.BRUSH)
    arrow(canvas, Qt.Key.Key_Right)
    assert canvas.navigation.view.origin != origin
    assert len(shown.opened.undo.steps) == 4


def test_a_nudge_ends_with_the_focus_and_is_cancelled_by_escape(
    make_canvas: MakeCanvas, toolbox: ToolBox
) -> None:
    shown = open_photograph()
    canvas = make_canvas(shown)
    toolbox.set_tool(ToolKind.RECTANGLE)
    Hand(canvas).drag((50, 60), (150, 140))
    toolbox.set_tool(ToolKind.MOVE)
    QTest.keyPress(canvas, Qt.Key.Key_Down)
    QApplication.sendEvent(canvas, QFocusEvent(QEvent.Type.FocusOut))
    assert shown.opened.mask.bounds() == Rect(50, 61, 100, 80)
    assert not shown.opened.undo.is_held
    QTest.keyRelease(canvas, Qt.Key.Key_Down)
    QTest.keyPress(canvas, Qt.Key.Key_Down)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    QTest.keyRelease(canvas, Qt.Key.Key_Down)
    assert shown.opened.mask.bounds() == Rect(50, 61, 100, 80)
    QTest.keyPress(canvas, Qt.Key.Key_Down)
    Hand(canvas).press(100, 100)
    QTest.keyRelease(canvas, Qt.Key.Key_Down)
    Hand(canvas).move(110, 100)
    assert shown.opened.mask.bounds() == Rect(60, 62, 100, 80)
    Hand(canvas).release(110, 100)
    assert len(shown.opened.undo.steps) == 4


@pytest.mark.parametrize("tool", [tool for tool in ToolKind if tool is not ToolKind.HAND])
def test_escape_takes_every_tool_back(make_canvas: MakeCanvas, toolbox: ToolBox, tool: ToolKind) -> None:
    shown = coloured()
    shown.opened.fill_mask()
    canvas = make_canvas(shown)
    hand = Hand(canvas)
    toolbox.set_tool(ToolKind.RECTANGLE)
    hand.drag((20, 20), (200, 200), held=ALT)
    before = shown.opened.mask.coverage.copy()
    toolbox.set_tool(tool)
    hand.press(60, 60)
    hand.move(240, 150)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    hand.release(240, 150)
    assert np.array_equal(shown.opened.mask.coverage, before)
    assert len(shown.opened.undo.steps) == 2
    assert canvas.decorations.outline == ()


def test_brushes_of_four_thousand_pixels_paint(make_canvas: MakeCanvas, toolbox: ToolBox) -> None:
    shown = open_photograph()
    hand = Hand(make_canvas(shown))
    toolbox.set_diameter(9000)
    assert toolbox.brush.diameter == 4000
    hand.drag((200, 150))
    assert shown.opened.mask.coverage.min() == 255


def test_spacing_sets_dabs_apart(make_canvas: MakeCanvas, toolbox: ToolBox) -> None:
    shown = open_photograph()
    hand = Hand(make_canvas(shown))
    toolbox.set_diameter(20)
    toolbox.set_spacing(2.0)
    hand.drag((50, 100), (250, 100))
    row = shown.opened.mask.coverage[100] > 127
    assert int(np.count_nonzero(np.diff(row.astype(int)) == 1)) == 6


@pytest.mark.parametrize(
    ("key", "first", "second"),
    [
        (Qt.Key.Key_M, ToolKind.RECTANGLE, ToolKind.ELLIPSE),
        (Qt.Key.Key_L, ToolKind.LASSO, ToolKind.POLYGON),
        (Qt.Key.Key_W, ToolKind.WAND, ToolKind.COLOUR_RANGE),
        (Qt.Key.Key_G, ToolKind.GRADIENT, ToolKind.BUCKET),
    ],
)
def test_the_key_of_a_tool_pressed_again_takes_up_its_sibling(
    make_canvas: MakeCanvas, toolbox: ToolBox, key: Qt.Key, first: ToolKind, second: ToolKind
) -> None:
    canvas = make_canvas(open_photograph())
    assert not claims(canvas, key, NONE)
    toolbox.set_tool(first)
    assert claims(canvas, key, NONE)
    assert not claims(canvas, key, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(canvas, key)
    assert toolbox.tool is second
    # From here the key is the first tool's shortcut again.
    assert not claims(canvas, key, NONE)


def test_a_scribble_uses_every_event_and_is_one_step(
    make_canvas: MakeCanvas, toolbox: ToolBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a mouse of 1000 Hz sends them: posted faster than they are handled, and none is merged or left out."""
    shown = open_photograph()
    canvas = make_canvas(shown)
    hand = Hand(canvas)
    assert shown.gestures is not None
    used: list[Point] = []
    move = shown.gestures.move

    def moved(samples: Iterable[PointerSample]) -> None:
        given = tuple(samples)
        used.extend(sample.position for sample in given)
        move(given)

    monkeypatch.setattr(shown.gestures, "move", moved)
    toolbox.set_diameter(4)
    for stroke in range(3):
        used.clear()
        places = [(20.0 + 0.13 * step, 40.0 + 80 * stroke + 25 * math.sin(step / 9)) for step in range(2500)]
        hand.press(*places[0])
        for place in places:
            at = hand.at(*place)
            event = QMouseEvent(QEvent.Type.MouseMove, at, canvas.mapToGlobal(at), NO, LEFT, NONE)
            QApplication.postEvent(canvas, event)
        QApplication.sendPostedEvents(canvas, 0)
        assert len(used) == len(places)
        assert max(math.hypot(p.x - x, p.y - y) for p, (x, y) in zip(used, places, strict=True)) < 0.01
        hand.release(*places[-1])
        assert len(shown.opened.undo.steps) == stroke + 1
    assert all(step.title == "Brush stroke" for step in shown.opened.undo.steps)
