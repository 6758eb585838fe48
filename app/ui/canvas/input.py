"""Pointer, pen, wheel and keys on the canvas: what each event means, and whom it concerns.

Painting goes to the session's gestures, looking round to the navigation, and the brush ring follows both.
No pixel is touched here. Keys that are commands of the window (`[`, `B`, Ctrl+Z …) are left to it.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPointingDevice, QTabletEvent, QWheelEvent

from app.base.geometry import Point
from app.document.gestures import Modifier, PointerSample, Tool, brush_stroke, erase_stroke
from app.document.pen import PenDynamics, pen_stroke
from app.session.toolbox import ToolBox, ToolKind
from app.session.tools import gesture_in_hand
from app.ui.canvas.keys import KeyAction, action_of
from app.ui.canvas.region_grips import RegionGrips
from app.ui.canvas.stabiliser import Stabiliser
from app.ui.canvas.tool_keys import ToolKeys
from app.ui.canvas.touch import TouchInput, scrolled
from app.ui.canvas.turning import TurningHand

if TYPE_CHECKING:
    from app.ui.canvas.widget import CanvasWidget

_NOTCH = 120.0
"""Eighths of a degree in one notch of a wheel."""
ZOOM_PER_NOTCH = 1.25
SCROLL_PER_NOTCH = 80.0
"""Device-independent pixels."""
KEY_PAN = 64.0
_ALT = Qt.KeyboardModifier.AltModifier
_CTRL = Qt.KeyboardModifier.ControlModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_MODIFIERS = ((_SHIFT, Modifier.SHIFT), (_ALT, Modifier.ALT), (_CTRL, Modifier.CTRL))


class _Drag(enum.Enum):
    """What the button that is down does."""

    NONE = enum.auto()
    PAINT = enum.auto()
    PAN = enum.auto()
    RESIZE = enum.auto()
    TURN = enum.auto()


class CanvasInput:
    """Handles the events of one canvas."""

    def __init__(self, canvas: CanvasWidget, toolbox: ToolBox) -> None:
        self._canvas = canvas
        self._toolbox = toolbox
        self._drag = _Drag.NONE
        self._button = Qt.MouseButton.NoButton
        self._last = Point(0.0, 0.0)
        self._pressed_at = Point(0.0, 0.0)
        self._pressed_origin = Point(0.0, 0.0)
        self._pressed_diameter = 0.0
        self._pressure = 1.0
        self._space = False
        self._turns = False
        self._inside = False
        self._tool_keys = ToolKeys(canvas, toolbox)
        self._tool_before = toolbox.tool
        self._is_zooming = False
        self._turning = TurningHand(canvas.navigation)
        self.grips = RegionGrips(
            canvas, toolbox, lambda: self._space or self._turns, lambda: self._show_pointer()
        )
        self._touch = TouchInput(canvas, self.handle, self.leave)
        self.stabiliser = Stabiliser()
        self.pen = PenDynamics()
        """What the pressure of a pen does."""
        self._handlers: dict[QEvent.Type, Callable[[QEvent], bool]] = {
            QEvent.Type.MouseButtonPress: self._press,
            QEvent.Type.MouseButtonDblClick: self._press_again,
            QEvent.Type.MouseMove: self._move,
            QEvent.Type.MouseButtonRelease: self._release,
            QEvent.Type.TabletPress: self._press,
            QEvent.Type.TabletMove: self._move,
            QEvent.Type.TabletRelease: self._release,
            QEvent.Type.Wheel: self._wheel,
            QEvent.Type.KeyPress: self._key_press,
            QEvent.Type.KeyRelease: self._key_release,
            QEvent.Type.ShortcutOverride: self._claim_key,
            QEvent.Type.Leave: self._leave,
            QEvent.Type.FocusOut: self._focus_out,
            QEvent.Type.Hide: self._hide,
            **self._touch.handlers,
        }
        toolbox.changed.connect(self._follow_toolbox)

    @property
    def is_reshaping(self) -> bool:
        """True while an event is handled after which more changes of scale or angle may follow."""
        return self._is_zooming or self._touch.is_zooming or self._turning.is_turning

    def handle(self, event: QEvent) -> bool:
        """True when the event was used up here."""
        handler = self._handlers.get(event.type())
        if handler is None:
            return False
        return (self._drag is _Drag.NONE and self.grips.handle(event)) or handler(event)

    def leave(self) -> None:
        """Another document comes: what is half drawn is taken back, what only waits for more stays."""
        gestures = self._canvas.source.gestures
        if gestures is not None and (gestures.stays or not gestures.active):
            gestures.settle()
        self._cancel_stroke()
        self.grips.cancel()
        self._drag = _Drag.NONE

    def refresh(self) -> None:
        """The tool, the brush or the scale changed: so do the ring and the pointer."""
        self._move_ring()
        self._show_pointer()

    def disconnect(self) -> None:
        self._toolbox.changed.disconnect(self._follow_toolbox)
        self.grips.disconnect()

    def _follow_toolbox(self) -> None:
        """Taking up another tool ends what the one before has open."""
        if self._toolbox.tool is not self._tool_before:
            self._tool_before = self._toolbox.tool
            self._tool_keys.end()
            gestures = self._canvas.source.gestures
            if gestures is not None:
                gestures.settle()
                self._canvas.follow_gesture()
        self.refresh()

    # Pointer

    def _press(self, event: QEvent) -> bool:
        assert isinstance(event, QMouseEvent | QTabletEvent)
        point = self._follow(event)
        if self._drag is not _Drag.NONE:
            return True
        button, held = event.button(), event.modifiers()
        if button == Qt.MouseButton.LeftButton and (self._turns or (self._space and held & _SHIFT)):
            self._drag = _Drag.TURN
            self._turning.press(point)
        elif button == Qt.MouseButton.MiddleButton or (button == Qt.MouseButton.LeftButton and self._pans):
            self._drag = _Drag.PAN
            self._pressed_at, self._pressed_origin = point, self._canvas.navigation.view.origin
        elif button != Qt.MouseButton.LeftButton:
            return False
        elif held & _CTRL and held & _ALT and self._toolbox.tool.has_brush:
            self._drag = _Drag.RESIZE
            self._pressed_at, self._pressed_diameter = point, self._toolbox.brush.diameter
        else:
            gestures = self._canvas.source.gestures
            if gestures is None or self._toolbox.tool is ToolKind.REGION:
                return False
            self._drag = _Drag.PAINT
            self._tool_keys.end()
            self.stabiliser.unit = self._canvas.devicePixelRatioF()
            self.stabiliser.start(point)
            gestures.press(self._tool(event), self._sample(event, point))
            self._canvas.follow_gesture()
        self._button = button
        self._show_pointer()
        return True

    def _press_again(self, event: QEvent) -> bool:
        """The second press of a double click ends what stays open; else it is a press like any other."""
        gestures = self._canvas.source.gestures
        if gestures is None or not gestures.stays:
            return self._press(event)
        gestures.finish()
        self._canvas.follow_gesture()
        return True

    def _move(self, event: QEvent) -> bool:
        assert isinstance(event, QMouseEvent | QTabletEvent)
        point = self._follow(event)
        if self._drag is _Drag.PAN:
            self._canvas.navigation.pan_to(self._pressed_origin + point - self._pressed_at)
        elif self._drag is _Drag.RESIZE:
            grown = 2 * (point.x - self._pressed_at.x) / self._canvas.scale
            self._toolbox.set_diameter(self._pressed_diameter + grown)
        elif self._drag is _Drag.TURN:
            self._turning.move(point, snaps=self._turns and bool(event.modifiers() & _SHIFT))
        elif self._drag is _Drag.PAINT or self._stays:
            gestures = self._canvas.source.gestures
            if gestures is not None:
                steady = self.stabiliser.follow(point) if self._toolbox.tool.has_brush else point
                gestures.move((self._sample(event, steady),))
                if gestures.outline or self._canvas.decorations.outline:
                    self._canvas.follow_gesture()
        return True

    def _release(self, event: QEvent) -> bool:
        assert isinstance(event, QMouseEvent | QTabletEvent)
        point = self._follow(event)
        if self._drag is _Drag.NONE or event.button() != self._button:
            return False
        drag, self._drag = self._drag, _Drag.NONE
        gestures = self._canvas.source.gestures
        if drag is _Drag.PAINT and gestures is not None:
            gestures.release(self._sample(event, point))
            self._canvas.follow_gesture()
        self.refresh()
        return True

    def _follow(self, event: QMouseEvent | QTabletEvent) -> Point:
        """Keep the pointer's place, move the ring there, and tell where it is in the document."""
        point = self._canvas.to_view(event.position())
        self._last, self._inside = point, True
        self._move_ring()
        has_document = self._canvas.source.size_doc is not None
        self._canvas.cursor_moved.emit(self._canvas.navigation.view.to_doc(point) if has_document else None)
        return point

    def _sample(self, event: QMouseEvent | QTabletEvent, point: Point) -> PointerSample:
        held = event.modifiers()
        pressed = [modifier for flag, modifier in _MODIFIERS if held & flag] if held.value else ()
        if not isinstance(event, QTabletEvent):
            self._pressure = 1.0
        elif event.type() is not QEvent.Type.TabletRelease:
            # A pen that has left presses with nothing; its stroke ends as hard as it was.
            self._pressure = event.pressure()
        return PointerSample(
            self._canvas.navigation.view.to_doc(point),
            self._pressure,
            frozenset(pressed),
            time.monotonic(),
        )

    def _tool(self, event: QMouseEvent | QTabletEvent) -> Tool:
        """The gesture of the tool in hand; Alt and the pen's other end turn a brush into an eraser."""
        brush = self._toolbox.brush
        in_hand = gesture_in_hand(self._toolbox)
        if in_hand is not None:
            return in_hand
        by_pen = isinstance(event, QTabletEvent)
        erases = bool(
            self._toolbox.tool is ToolKind.ERASER
            or event.modifiers() & _ALT
            or (isinstance(event, QTabletEvent) and event.pointerType() is QPointingDevice.PointerType.Eraser)
        )
        if by_pen and self.pen.is_felt:
            return pen_stroke(replace(brush, erase=erases), self.pen)
        return erase_stroke(brush) if erases else brush_stroke(brush)

    def _cancel_stroke(self) -> bool:
        """Take back the stroke that is being drawn, to the same bits; False when there is none."""
        gestures = self._canvas.source.gestures
        if gestures is None or not gestures.active:
            return False
        gestures.cancel()
        self._tool_keys.forget()
        self._drag = _Drag.NONE
        self._canvas.follow_gesture()
        return True

    # Wheel

    def _wheel(self, event: QEvent) -> bool:
        assert isinstance(event, QWheelEvent)
        turned = event.angleDelta()
        notches = (turned.y() or turned.x()) / _NOTCH
        if event.modifiers() & _CTRL:
            self._is_zooming = True
            try:
                about = self._canvas.to_view(event.position())
                self._canvas.navigation.zoom_by(ZOOM_PER_NOTCH**notches, about)
            finally:
                self._is_zooming = False
        else:
            way = scrolled(event, SCROLL_PER_NOTCH)
            if event.modifiers() & _SHIFT and not way.x():
                way = way.transposed()
            self._pan(way.x(), way.y())
        event.accept()
        return True

    # Keys

    def _key_press(self, event: QEvent) -> bool:
        assert isinstance(event, QKeyEvent)
        if self._tool_keys.press(event):
            return True
        action = self._action(event)
        match action:
            case KeyAction.NONE:
                return False
            case KeyAction.HAND:
                self._space = True
                self.refresh()
            case KeyAction.TURN:
                self._turns = True
                self.refresh()
            case KeyAction.ORIGINAL:
                if not event.isAutoRepeat():
                    self._canvas.show_original(True)
            case KeyAction.PANELS:
                self._canvas.panels_toggled.emit()
            case KeyAction.CANCEL:
                return self._cancel_stroke()
            case _:
                dx, dy = action.direction
                self._pan(-dx * KEY_PAN, -dy * KEY_PAN)
        return True

    def _key_release(self, event: QEvent) -> bool:
        assert isinstance(event, QKeyEvent)
        if self._tool_keys.release(event):
            return True
        if event.isAutoRepeat():
            return False
        match action_of(event.key()):
            case KeyAction.HAND if self._space:
                self._space = False
                self.refresh()
            case KeyAction.TURN if self._turns:
                self._turns = False
                self.refresh()
            case KeyAction.ORIGINAL:
                self._canvas.show_original(False)
            case _:
                return False
        return True

    def _claim_key(self, event: QEvent) -> bool:
        """Keys that the canvas uses now are not the window's shortcuts."""
        assert isinstance(event, QKeyEvent)
        if self._action(event) is KeyAction.NONE and not self._tool_keys.claims(event):
            return False
        event.accept()
        return True

    def _action(self, event: QKeyEvent) -> KeyAction:
        # With a modifier it is a command of the window; only the hand may come on top of one that is held.
        action = action_of(event.key())
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier and action is not KeyAction.HAND:
            return KeyAction.NONE
        gestures = self._canvas.source.gestures
        if action is KeyAction.CANCEL and (gestures is None or not gestures.active):
            return KeyAction.NONE
        if action.is_pan and self._canvas.source.has_candidate:
            return KeyAction.NONE
        return action

    # Coming and going

    def _leave(self, event: QEvent) -> bool:
        self._inside = False
        self._move_ring()
        self._canvas.cursor_moved.emit(None)
        return False

    def _focus_out(self, event: QEvent) -> bool:
        """A key that goes up elsewhere is not heard here."""
        self._space = False
        self._tool_keys.end()
        self._space = self._turns = False
        self._canvas.show_original(False)
        self._show_pointer()
        return False

    def _hide(self, event: QEvent) -> bool:
        self.leave()
        return False

    # What is seen of it

    @property
    def _stays(self) -> bool:
        gestures = self._canvas.source.gestures
        return self._drag is _Drag.NONE and gestures is not None and gestures.stays

    @property
    def _pans(self) -> bool:
        return self._space or self._toolbox.tool is ToolKind.HAND

    def _pan(self, dx: float, dy: float) -> None:
        ratio = self._canvas.devicePixelRatioF()
        self._canvas.navigation.pan(dx * ratio, dy * ratio)

    def _move_ring(self) -> None:
        """Put the ring under the pointer; there is none where nothing can be painted."""
        held = self._space or self._turns or self._drag in (_Drag.PAN, _Drag.TURN)
        paints = self._toolbox.tool.has_brush and not held
        point: Point | None = self._pressed_at if self._drag is _Drag.RESIZE else self._last
        if self._canvas.source.gestures is None or not paints or not self._inside:
            point = None
        self._canvas.move_ring(point, self._toolbox.brush.diameter / 2 * self._canvas.scale)

    def _show_pointer(self) -> None:
        shape = Qt.CursorShape.ArrowCursor
        if self._canvas.source.size_doc is None:
            pass
        elif self._turns or self._drag is _Drag.TURN:
            shape = Qt.CursorShape.SizeAllCursor
        elif self._drag is _Drag.PAN:
            shape = Qt.CursorShape.ClosedHandCursor
        elif self._pans:
            shape = Qt.CursorShape.OpenHandCursor
        elif self._canvas.source.gestures is None:
            shape = Qt.CursorShape.BusyCursor
        elif self._toolbox.tool is ToolKind.REGION:
            pass
        elif self._toolbox.tool is ToolKind.MOVE:
            shape = Qt.CursorShape.SizeAllCursor
        else:
            shape = Qt.CursorShape.BlankCursor if self._toolbox.tool.has_brush else Qt.CursorShape.CrossCursor
        if self._canvas.cursor().shape() is not shape:
            self._canvas.setCursor(shape)
