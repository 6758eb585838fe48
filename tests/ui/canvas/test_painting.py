"""Painting with real pointer events: the mask gets what was drawn, where it was drawn, in one undo step."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QInputDevice, QPointingDevice, QPointingDeviceUniqueId, QTabletEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.base.geometry import Point
from app.document.pen import PenDynamics
from app.imaging.arrays import F32, U8
from app.session.toolbox import ToolBox, ToolKind
from app.ui.canvas.widget import CanvasWidget
from tests.ui.canvas.conftest import MakeCanvas
from tests.ui.canvas.showing import LEFT, NO, NONE, Hand, OpenPhotograph, open_photograph

ALT, CTRL, SHIFT = (
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


def distances(shown: OpenPhotograph, start: Point, end: Point) -> F32:
    """Of every pixel's centre from the line."""
    height, width = shown.opened.size.height, shown.opened.size.width
    y, x = np.mgrid[0:height, 0:width] + 0.5
    dx, dy = end.x - start.x, end.y - start.y
    length = dx * dx + dy * dy
    along = np.clip(((x - start.x) * dx + (y - start.y) * dy) / length, 0, 1) if length else 0.0
    return np.hypot(x - start.x - along * dx, y - start.y - along * dy).astype(np.float32)


def assert_painted(coverage: U8, distance: F32, radius: float) -> None:
    """Everything that is clearly inside the line is covered, and nothing that is clearly outside."""
    # The last dab lies up to one step, a fifth of the radius or a pixel, before the end of the line.
    assert (coverage[distance < radius * 0.97 - 1.0 - max(1.0, radius * 0.2)] == 255).all()
    assert (coverage[distance > radius + 1.0] == 0).all()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    zoom=st.floats(-1.5, 4).map(lambda exponent: 2.0**exponent),
    start=st.tuples(st.floats(0, 400), st.floats(0, 300)),
    end=st.tuples(st.floats(0, 400), st.floats(0, 300)),
    diameter=st.floats(6, 90),
)
def test_a_stroke_covers_exactly_what_lies_under_it_at_any_zoom(
    make_canvas: MakeCanvas,
    toolbox: ToolBox,
    zoom: float,
    start: tuple[float, float],
    end: tuple[float, float],
    diameter: float,
) -> None:
    shown = open_photograph()
    toolbox.set_diameter(diameter)
    toolbox.set_hardness(1.0)
    canvas = make_canvas(shown)
    canvas.zoom_at(Point(100.0, 200.0), zoom)
    Hand(canvas).drag(start, end)
    assert_painted(shown.opened.mask.coverage, distances(shown, Point(*start), Point(*end)), diameter / 2)
    canvas.set_session(None)


def test_a_stroke_is_one_step_that_undo_takes_back(make_canvas: MakeCanvas) -> None:
    shown = open_photograph()
    hand = Hand(make_canvas(shown))
    hand.drag((50, 50), (100, 60), (150, 50))
    once = shown.opened.mask.coverage.copy()
    hand.drag((50, 150), (100, 160), (150, 150))
    assert len(shown.opened.undo.steps) == 2
    shown.opened.undo.undo()
    assert np.array_equal(shown.opened.mask.coverage, once)
    shown.opened.undo.undo()
    assert not shown.opened.mask.coverage.any()


def test_escape_takes_the_stroke_back_to_the_same_bits(make_canvas: MakeCanvas) -> None:
    shown = open_photograph()
    canvas = make_canvas(shown)
    hand = Hand(canvas)
    hand.drag((40, 40), (300, 200))
    before = shown.opened.mask.coverage.copy()
    hand.press(100, 200)
    hand.move(300, 60)
    assert not np.array_equal(shown.opened.mask.coverage, before)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert np.array_equal(shown.opened.mask.coverage, before)
    hand.move(20, 20)
    hand.release(20, 20)
    assert np.array_equal(shown.opened.mask.coverage, before)
    assert len(shown.opened.undo.steps) == 1


def test_escape_without_a_stroke_is_left_to_the_window(make_canvas: MakeCanvas) -> None:
    from PySide6.QtGui import QKeyEvent

    canvas = make_canvas(open_photograph())
    override = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Escape, NONE)
    override.ignore()
    QApplication.sendEvent(canvas, override)
    assert not override.isAccepted()
    Hand(canvas).press(100, 100)
    QApplication.sendEvent(canvas, override)
    assert override.isAccepted()
    Hand(canvas).release(100, 100)


@pytest.mark.parametrize("way", ["tool", "alt"])
def test_erasing(make_canvas: MakeCanvas, toolbox: ToolBox, way: str) -> None:
    shown = open_photograph()
    shown.opened.fill_mask()
    hand = Hand(make_canvas(shown))
    toolbox.set_tool(ToolKind.ERASER if way == "tool" else ToolKind.BRUSH)
    hand.drag((100, 100), (200, 100), held=ALT if way == "alt" else NONE)
    assert_painted(255 - shown.opened.mask.coverage, distances(shown, Point(100, 100), Point(200, 100)), 20)


def test_shift_draws_a_straight_line_from_the_last_point(make_canvas: MakeCanvas) -> None:
    shown = open_photograph()
    hand = Hand(make_canvas(shown))
    hand.drag((50, 50))
    hand.drag((300, 200), held=SHIFT)
    assert_painted(shown.opened.mask.coverage, distances(shown, Point(50, 50), Point(300, 200)), 20)


def test_a_rectangle_and_a_lasso_are_outlined_and_then_filled(
    make_canvas: MakeCanvas, toolbox: ToolBox
) -> None:
    shown = open_photograph()
    canvas = make_canvas(shown)
    hand = Hand(canvas)
    toolbox.set_tool(ToolKind.RECTANGLE)
    hand.press(50, 60)
    hand.move(151, 141)
    assert len(canvas.decorations.outline) == 4
    assert not shown.opened.mask.coverage.any()
    hand.release(151, 141)
    assert not canvas.decorations.outline
    expected = np.zeros((300, 400), np.uint8)
    expected[60:141, 50:151] = 255
    assert np.array_equal(shown.opened.mask.coverage, expected)
    toolbox.set_tool(ToolKind.LASSO)
    hand.drag((60, 70), (140, 70), (140, 130), (60, 130), held=ALT)
    expected[70:130, 60:140] = 0
    assert np.array_equal(shown.opened.mask.coverage, expected)


def test_ctrl_alt_drag_resizes_the_brush_and_paints_nothing(
    make_canvas: MakeCanvas, toolbox: ToolBox
) -> None:
    shown = open_photograph()
    canvas = make_canvas(shown)
    hand = Hand(canvas)
    hand.press(100, 100, held=CTRL | ALT)
    hand.move(125, 100, held=CTRL | ALT)
    assert toolbox.brush.diameter == pytest.approx(40 + 50)
    assert canvas.ring.centre == Point(hand.at(100, 100).x(), hand.at(100, 100).y())
    hand.release(125, 100, held=CTRL | ALT)
    assert not shown.opened.mask.coverage.any()


def pen(tip: QPointingDevice.PointerType) -> QPointingDevice:
    return QPointingDevice(
        "pen",
        1,
        QInputDevice.DeviceType.Stylus,
        tip,
        QInputDevice.Capability.Position | QInputDevice.Capability.Pressure,
        1,
        2,
        "",
        QPointingDeviceUniqueId(),
    )


def draw_with(
    canvas: CanvasWidget, device: QPointingDevice, *points: tuple[float, float], pressure: float = 1.0
) -> None:
    hand = Hand(canvas)
    places = [hand.at(*point) for point in points]
    kinds = [
        QEvent.Type.TabletPress,
        *[QEvent.Type.TabletMove] * (len(points) - 1),
        QEvent.Type.TabletRelease,
    ]
    for kind, place in zip(kinds, [*places, places[-1]], strict=True):
        up = kind is QEvent.Type.TabletRelease
        changed = NO if kind is QEvent.Type.TabletMove else LEFT
        over = QPointF(canvas.mapToGlobal(QPoint(0, 0))) + place
        felt = 0.0 if up else pressure
        event = QTabletEvent(
            kind, device, place, over, felt, 0.0, 0.0, 0.0, 0.0, 0.0, NONE, changed, NO if up else LEFT
        )
        QApplication.sendEvent(canvas, event)
        assert event.isAccepted()


def test_a_pen_paints_and_its_other_end_erases(make_canvas: MakeCanvas) -> None:
    shown = open_photograph()
    canvas = make_canvas(shown)
    canvas.zoom_to_actual()
    draw_with(canvas, pen(QPointingDevice.PointerType.Pen), (80, 80), (200, 80))
    assert_painted(shown.opened.mask.coverage, distances(shown, Point(80, 80), Point(200, 80)), 20)
    draw_with(canvas, pen(QPointingDevice.PointerType.Eraser), (80, 80), (200, 80))
    # What two soft edges leave between them is no more than half.
    assert shown.opened.mask.coverage.max() <= 128
    assert not shown.opened.mask.coverage[distances(shown, Point(80, 80), Point(200, 80)) < 18].any()


def test_another_document_ends_the_stroke_without_a_trace(make_canvas: MakeCanvas) -> None:
    shown, other = open_photograph(), open_photograph(120, 90)
    canvas = make_canvas(shown)
    hand = Hand(canvas)
    hand.press(100, 100)
    canvas.set_session(other)
    assert not shown.opened.mask.coverage.any()
    hand.drag((20, 20), (60, 40))
    assert not shown.opened.mask.coverage.any()
    assert other.opened.mask.coverage.any()


def test_the_same_document_again_does_not_disturb_the_stroke(make_canvas: MakeCanvas) -> None:
    shown = open_photograph()
    canvas = make_canvas(shown)
    hand = Hand(canvas)
    hand.press(100, 100)
    canvas.set_session(shown)
    hand.move(150, 100)
    hand.release(150, 100)
    assert_painted(shown.opened.mask.coverage, distances(shown, Point(100, 100), Point(150, 100)), 20)


def test_right_presses_and_empty_canvases_do_nothing(make_canvas: MakeCanvas) -> None:
    shown = open_photograph()
    canvas = make_canvas(shown)
    hand = Hand(canvas)
    hand.press(100, 100, Qt.MouseButton.RightButton)
    hand.release(100, 100, Qt.MouseButton.RightButton)
    assert not shown.opened.mask.coverage.any()
    canvas.set_session(None)
    hand.drag((10, 10), (20, 20))
    assert canvas.ring.centre is None


def test_a_light_touch_paints_a_thin_stroke_to_its_end(make_canvas: MakeCanvas) -> None:
    shown = open_photograph()
    canvas = make_canvas(shown)
    canvas.zoom_to_actual()
    draw_with(canvas, pen(QPointingDevice.PointerType.Pen), (80, 80), (150, 80), (200, 80), pressure=0.5)
    assert_painted(shown.opened.mask.coverage, distances(shown, Point(80, 80), Point(200, 80)), 10)


def test_pressure_can_mean_strength_or_nothing(make_canvas: MakeCanvas) -> None:
    shown = open_photograph()
    canvas = make_canvas(shown)
    canvas.zoom_to_actual()
    canvas.set_pen(PenDynamics(size=False, opacity=True, curve=2.0), 0.0)
    draw_with(canvas, pen(QPointingDevice.PointerType.Pen), (80, 80), (200, 80), pressure=0.5)
    assert abs(int(shown.opened.mask.coverage.max()) - 64) <= 2
    assert shown.opened.mask.coverage[80 + 15, 140] > 0
    canvas.set_pen(PenDynamics(size=False, opacity=False), 0.0)
    draw_with(canvas, pen(QPointingDevice.PointerType.Pen), (80, 80), (200, 80), pressure=0.5)
    assert_painted(shown.opened.mask.coverage, distances(shown, Point(80, 80), Point(200, 80)), 20)


def test_a_steadied_stroke_is_smoother_and_ends_at_the_pointer(make_canvas: MakeCanvas) -> None:
    shown = open_photograph()
    canvas = make_canvas(shown)
    canvas.zoom_to_actual()
    canvas.set_pen(PenDynamics(), 0.5)
    shaky = [(60.0 + 4 * step, 150.0 + (14 if step % 2 else -14)) for step in range(60)]
    Hand(canvas).drag(*shaky, (300.0, 150.0))
    rows = np.flatnonzero(shown.opened.mask.coverage[:, 150])
    assert 40 <= len(rows) <= 50
    assert shown.opened.mask.coverage[150, 299] == 255
