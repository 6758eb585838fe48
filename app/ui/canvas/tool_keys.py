"""Keys that belong to the tool in hand: ending and shortening what outlasts a click, and nudging the mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from app.base.geometry import Point
from app.document.gestures import GestureRunner, PointerSample
from app.document.shape_gestures import move_mask
from app.session.toolbox import ToolBox, ToolKind
from app.ui.canvas.keys import action_of

if TYPE_CHECKING:
    from app.ui.canvas.widget import CanvasWidget

NUDGE, FAR_NUDGE = 1, 10
"""Document pixels of an arrow key, and with Shift."""
_ENDS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_SECOND = {
    (Qt.Key.Key_M, ToolKind.RECTANGLE): ToolKind.ELLIPSE,
    (Qt.Key.Key_L, ToolKind.LASSO): ToolKind.POLYGON,
    (Qt.Key.Key_W, ToolKind.WAND): ToolKind.COLOUR_RANGE,
    (Qt.Key.Key_G, ToolKind.GRADIENT): ToolKind.BUCKET,
}
"""What the key of the tool in hand takes up when it is pressed once more; from there it is the first one's again."""


class ToolKeys:
    """Answers keys before the canvas does; holding an arrow key down is one gesture."""

    def __init__(self, canvas: CanvasWidget, toolbox: ToolBox) -> None:
        self._canvas = canvas
        self._toolbox = toolbox
        self._way = Point(0.0, 0.0)
        self._held: set[int] = set()

    def claims(self, event: QKeyEvent) -> bool:
        """Whether the key means something to the tool now."""
        gestures = self._canvas.source.gestures
        if gestures is None:
            return False
        key, held = event.key(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if key in _ENDS:
            return not held and (gestures.stays or gestures.refines)
        if (key, self._toolbox.tool) in _SECOND:
            return not held and not gestures.active and not event.isAutoRepeat()
        if key == Qt.Key.Key_Backspace:
            return not held and gestures.stays
        if key == Qt.Key.Key_Z:
            return held == Qt.KeyboardModifier.ControlModifier and gestures.stays
        return (
            self._toolbox.tool is ToolKind.MOVE
            and action_of(key).is_pan
            and not held & ~Qt.KeyboardModifier.ShiftModifier
            and not self._canvas.source.has_candidate
            and (not gestures.active or bool(self._held))
        )

    def press(self, event: QKeyEvent) -> bool:
        """True when the key was used up here."""
        gestures = self._canvas.source.gestures
        if gestures is None or not self.claims(event):
            return False
        second = _SECOND.get((Qt.Key(event.key()), self._toolbox.tool))
        if event.key() in _ENDS:
            gestures.settle()
        elif second is not None:
            self._toolbox.set_tool(second)
        elif action_of(event.key()).is_pan:
            self._nudge(gestures, event)
        else:
            gestures.back()
        self._canvas.follow_gesture()
        return True

    def release(self, event: QKeyEvent) -> bool:
        """True when the key was used up here."""
        if event.isAutoRepeat() or event.key() not in self._held:
            return False
        self._held.discard(event.key())
        if not self._held:
            self._finish()
        return True

    def end(self) -> None:
        """Keys that go up elsewhere are not heard: what they move is where it is to stay."""
        if self._held:
            self._held.clear()
            self._finish()

    def forget(self) -> None:
        """The gesture was cancelled."""
        self._held.clear()

    def _nudge(self, gestures: GestureRunner, event: QKeyEvent) -> None:
        if not self._held:
            self._way = Point(0.0, 0.0)
            gestures.press(move_mask, PointerSample(self._way))
        self._held.add(event.key())
        far = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        across, down = action_of(event.key()).direction
        self._way += Point(across, down).scaled(FAR_NUDGE if far else NUDGE)
        gestures.move((PointerSample(self._way),))

    def _finish(self) -> None:
        gestures = self._canvas.source.gestures
        if gestures is not None:
            gestures.finish()
            self._canvas.follow_gesture()
