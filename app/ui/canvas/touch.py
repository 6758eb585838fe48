"""Fingers on a screen, and gestures on a touchpad: two of them move and zoom the view, one does what a mouse does.

A stroke that one finger began is taken back when a second one comes down: it was the beginning of a pinch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import (
    QEventPoint,
    QGuiApplication,
    QMouseEvent,
    QNativeGestureEvent,
    QPointingDevice,
    QTouchEvent,
    QWheelEvent,
)

from app.base.geometry import Point

if TYPE_CHECKING:
    from app.ui.canvas.widget import CanvasWidget

_APART = 8.0
"""Two fingers that are closer than so many pixels tell no scale."""


class TouchInput:
    """Turns touches into what `mouse` takes, or into moves of the view."""

    def __init__(
        self, canvas: CanvasWidget, mouse: Callable[[QEvent], bool], take_back: Callable[[], None]
    ) -> None:
        """`take_back` ends what a press by `mouse` began, without effect."""
        self._canvas = canvas
        self._mouse = mouse
        self._take_back = take_back
        self._fingers: tuple[Point, ...] = ()
        self._drawing = False
        self._pinched = False
        self.is_zooming = False
        """True while a change of scale is being made."""

    @property
    def handlers(self) -> Mapping[QEvent.Type, Callable[[QEvent], bool]]:
        return {
            QEvent.Type.TouchBegin: self._touch,
            QEvent.Type.TouchUpdate: self._touch,
            QEvent.Type.TouchEnd: self._touch,
            QEvent.Type.TouchCancel: self._cancel,
            QEvent.Type.NativeGesture: self._gesture,
        }

    def _touch(self, event: QEvent) -> bool:
        assert isinstance(event, QTouchEvent)
        if event.device().type() is not QPointingDevice.DeviceType.TouchScreen:
            return False
        points = event.points()
        down = [each for each in points if each.state() is not QEventPoint.State.Released]
        if len(down) >= 2:
            self._pinch([self._canvas.to_view(each.position()) for each in down[:2]])
        else:
            self._fingers = ()
            if not self._pinched:
                self._draw(points[0])
        if not down:
            self._pinched = self._drawing = False
        event.accept()
        return True

    def _draw(self, point: QEventPoint) -> None:
        left, no = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        match point.state():
            case QEventPoint.State.Pressed:
                self._drawing = True
                self._send(QEvent.Type.MouseButtonPress, point, left, left)
            case QEventPoint.State.Released if self._drawing:
                self._send(QEvent.Type.MouseButtonRelease, point, left, no)
            case _ if self._drawing:
                self._send(QEvent.Type.MouseMove, point, no, left)

    def _send(
        self, kind: QEvent.Type, point: QEventPoint, button: Qt.MouseButton, buttons: Qt.MouseButton
    ) -> None:
        held = QGuiApplication.keyboardModifiers()
        self._mouse(QMouseEvent(kind, point.position(), point.globalPosition(), button, buttons, held))

    def _pinch(self, fingers: list[Point]) -> None:
        first, second = fingers
        if self._drawing:
            self._drawing = False
            self._take_back()
        if self._fingers:
            before, after = _middle(*self._fingers), _middle(first, second)
            wide, wider = self._fingers[0].distance(self._fingers[1]), first.distance(second)
            self._canvas.navigation.pan(after.x - before.x, after.y - before.y)
            if min(wide, wider) >= _APART:
                self._zoom(wider / wide, after)
        self._fingers, self._pinched = (first, second), True

    def _cancel(self, event: QEvent) -> bool:
        if self._drawing:
            self._take_back()
        self._fingers, self._drawing, self._pinched = (), False, False
        return True

    def _gesture(self, event: QEvent) -> bool:
        assert isinstance(event, QNativeGestureEvent)
        if event.gestureType() is not Qt.NativeGestureType.ZoomNativeGesture:
            return False
        self._zoom(1.0 + max(event.value(), -0.9), self._canvas.to_view(event.position()))
        return True

    def _zoom(self, factor: float, about: Point) -> None:
        self.is_zooming = True
        try:
            self._canvas.navigation.zoom_by(factor, about)
        finally:
            self.is_zooming = False


def scrolled(event: QWheelEvent, per_notch: float) -> QPointF:
    """By how many device-independent pixels a wheel or touchpad wants to scroll.

    What a touchpad sends on by itself after the fingers have left is ignored: the view stops when they do.
    """
    if event.phase() is Qt.ScrollPhase.ScrollMomentum:
        return QPointF(0.0, 0.0)
    # On X11 drivers tell pixels as they like, and notches in fractions.
    if not event.pixelDelta().isNull() and QGuiApplication.platformName() != "xcb":
        return QPointF(event.pixelDelta())
    return QPointF(event.angleDelta()) * (per_notch / 120.0)


def _middle(first: Point, second: Point) -> Point:
    return (first + second).scaled(0.5)
