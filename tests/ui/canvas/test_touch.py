"""Fingers and touchpads: two pan and zoom and paint nothing, one paints, a pinch on a touchpad zooms."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QInputDevice, QNativeGestureEvent, QPointingDevice, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.base.geometry import Point
from app.ui.canvas.widget import CanvasWidget
from tests.ui.canvas.conftest import MakeCanvas
from tests.ui.canvas.showing import NONE, open_photograph


@pytest.fixture(scope="module")
def screen() -> QPointingDevice:
    return QTest.createTouchDevice()


def touch(canvas: CanvasWidget, screen: QPointingDevice, *steps: dict[int, tuple[str, int, int]]) -> None:
    """Each step says of every finger whether it is pressed, moved, or released, and where (widget pixels)."""
    for step in steps:
        sequence = QTest.touchEvent(canvas, screen, False)
        for finger, (what, x, y) in step.items():
            getattr(sequence, what)(finger, QPoint(x, y), canvas)
        sequence.commit()


def test_two_fingers_pan_and_zoom_and_take_back_what_the_first_began(
    make_canvas: MakeCanvas, screen: QPointingDevice
) -> None:
    shown = open_photograph(900, 700)
    canvas = make_canvas(shown)
    canvas.zoom_to_actual()
    under = canvas.navigation.view.to_doc(Point(300, 200))
    touch(
        canvas,
        screen,
        {0: ("press", 250, 200)},
        {0: ("move", 252, 200)},
        {0: ("move", 252, 200), 1: ("press", 348, 200)},
        {0: ("move", 222, 230), 1: ("move", 418, 230)},
    )
    assert canvas.scale == pytest.approx(196 / 96, rel=0.01)
    assert canvas.navigation.view.to_view(under).distance(Point(320, 230)) < 2
    assert canvas.frame.is_rough
    touch(canvas, screen, {0: ("release", 222, 230), 1: ("move", 418, 230)}, {1: ("move", 300, 100)})
    touch(canvas, screen, {1: ("release", 300, 100)})
    assert not shown.opened.mask.coverage.any()
    assert not shown.opened.undo.steps


def test_one_finger_paints(make_canvas: MakeCanvas, screen: QPointingDevice) -> None:
    shown = open_photograph(900, 700)
    canvas = make_canvas(shown)
    canvas.zoom_to_actual()
    start = canvas.navigation.view.to_doc(Point(200, 200))
    touch(
        canvas,
        screen,
        {0: ("press", 200, 200)},
        {0: ("move", 250, 200)},
        {0: ("move", 300, 200)},
        {0: ("release", 300, 200)},
    )
    assert len(shown.opened.undo.steps) == 1
    row = shown.opened.mask.coverage[int(start.y)]
    assert row[int(start.x) : int(start.x) + 100].all()
    assert not row[int(start.x) + 140 :].any()


def test_a_pinch_on_a_touchpad_zooms_about_the_pointer(make_canvas: MakeCanvas) -> None:
    canvas = make_canvas(open_photograph(900, 700))
    canvas.zoom_to_actual()
    pad = QPointingDevice.primaryPointingDevice()
    under = canvas.navigation.view.to_doc(Point(200, 150))
    for value in (0.2, 0.25):
        event = QNativeGestureEvent(
            Qt.NativeGestureType.ZoomNativeGesture,
            pad,
            2,
            QPointF(200, 150),
            QPointF(200, 150),
            QPointF(canvas.mapToGlobal(QPoint(200, 150))),
            value,
            QPointF(),
        )
        QApplication.sendEvent(canvas, event)
    assert canvas.scale == pytest.approx(1.5, rel=0.01)
    assert canvas.navigation.view.to_view(under).distance(Point(200, 150)) < 1.5


def scroll(canvas: CanvasWidget, pixels: QPoint, phase: Qt.ScrollPhase) -> None:
    place = QPointF(200, 150)
    over = QPointF(canvas.mapToGlobal(QPoint(200, 150)))
    event = QWheelEvent(place, over, pixels, pixels * 8, Qt.MouseButton.NoButton, NONE, phase, False)
    QApplication.sendEvent(canvas, event)


def test_a_touchpad_scrolls_by_its_pixels_and_stops_with_the_fingers(make_canvas: MakeCanvas) -> None:
    canvas = make_canvas(open_photograph(900, 700))
    canvas.zoom_to_actual()
    origin = canvas.navigation.view.origin
    scroll(canvas, QPoint(-7, 3), Qt.ScrollPhase.ScrollUpdate)
    assert canvas.navigation.view.origin == origin + Point(-7, 3)
    scroll(canvas, QPoint(-40, 30), Qt.ScrollPhase.ScrollMomentum)
    assert canvas.navigation.view.origin == origin + Point(-7, 3)


def test_the_device_of_these_tests_is_a_screen(screen: QPointingDevice) -> None:
    assert screen.type() is QInputDevice.DeviceType.TouchScreen
