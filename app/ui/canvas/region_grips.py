"""The pointer and the keys on the outline of what is sent: hold it, drag it, nudge it.

It is asked before painting is, and takes a press only where that cannot be a stroke: anywhere with the region tool
in hand, and on a handle with the tools that move things.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QTabletEvent

from app.base.geometry import Point
from app.edits.region import Grip
from app.session.region_hand import RegionHand
from app.session.toolbox import ToolBox, ToolKind
from app.ui.canvas.keys import KeyAction, action_of
from app.ui.canvas.tool_keys import FAR_NUDGE, NUDGE

if TYPE_CHECKING:
    from app.ui.canvas.widget import CanvasWidget

_MOVES = (ToolKind.REGION, ToolKind.MOVE, ToolKind.HAND)
_SHIFT = Qt.KeyboardModifier.ShiftModifier


class RegionGrips:
    """Handles events of one canvas that concern the region."""

    def __init__(
        self,
        canvas: CanvasWidget,
        toolbox: ToolBox,
        looks_round: Callable[[], bool],
        leave: Callable[[], None],
    ) -> None:
        """`looks_round` tells whether a press pans or turns now; `leave` gives the pointer its usual look back."""
        self._canvas = canvas
        self._toolbox = toolbox
        self._looks_round = looks_round
        self._leave = leave
        self._hand: RegionHand | None = None
        self._pressed = Point(0.0, 0.0)
        self._has_pointer = False
        toolbox.changed.connect(self.mirror)

    def disconnect(self) -> None:
        self._toolbox.changed.disconnect(self.mirror)

    def set_hand(self, hand: RegionHand | None) -> None:
        """Shape the region of this document from now on."""
        if hand is not self._hand:
            self.cancel()
            self._hand = hand
            self.mirror()

    def mirror(self) -> None:
        """Show handles while the outline can be held."""
        look, hand = self._canvas.region_look, self._hand
        part = hand.part if hand is not None and not self._canvas.source.has_candidate else None
        look.region = part.plan.region if part is not None else None
        look.has_handles = self._toolbox.tool in _MOVES
        self._canvas.update_decorations()

    def cancel(self) -> bool:
        """Let go without a change; False when nothing is held."""
        if self._hand is None or not self._hand.is_held:
            return False
        self._hand.cancel()
        return True

    def handle(self, event: QEvent) -> bool:
        """True when the event was used up here."""
        hand = self._hand
        if hand is None:
            return False
        match event.type():
            case QEvent.Type.MouseButtonPress | QEvent.Type.MouseButtonDblClick | QEvent.Type.TabletPress:
                assert isinstance(event, QMouseEvent | QTabletEvent)
                return self._press(hand, event)
            case QEvent.Type.MouseMove | QEvent.Type.TabletMove:
                assert isinstance(event, QMouseEvent | QTabletEvent)
                return self._move(hand, event)
            case QEvent.Type.MouseButtonRelease | QEvent.Type.TabletRelease if hand.is_held:
                assert isinstance(event, QMouseEvent | QTabletEvent)
                if event.button() == Qt.MouseButton.LeftButton:
                    hand.release()
                    self._point(self._grip_at(self._canvas.to_view(event.position())))
                return True
            case QEvent.Type.ShortcutOverride:
                assert isinstance(event, QKeyEvent)
                if self._claims(hand, event):
                    event.accept()
                    return True
            case QEvent.Type.KeyPress:
                assert isinstance(event, QKeyEvent)
                return self._claims(hand, event) and self._key(hand, event)
            case QEvent.Type.Hide:
                self.cancel()
        return False

    def _press(self, hand: RegionHand, event: QMouseEvent | QTabletEvent) -> bool:
        if event.button() != Qt.MouseButton.LeftButton or self._looks_round():
            return False
        point = self._canvas.to_view(event.position())
        grip = self._grip_at(point)
        if grip is None and self._toolbox.tool is not ToolKind.REGION:
            return False
        # The region tool paints nothing, wherever it is pressed; without an outline it is told why.
        if grip is None and hand.part is not None:
            return True
        if hand.press(grip or Grip.WHOLE):
            self._pressed = point
            self._point(grip or Grip.WHOLE)
        return True

    def _move(self, hand: RegionHand, event: QMouseEvent | QTabletEvent) -> bool:
        point, view = self._canvas.to_view(event.position()), self._canvas.navigation.view
        if hand.is_held:
            hand.drag(view.to_doc(point) - view.to_doc(self._pressed))
            return True
        if not event.buttons():
            self._point(None if self._looks_round() else self._grip_at(point))
        return False

    def _grip_at(self, point: Point) -> Grip | None:
        """What a press there would hold; the inside of the region is held with its own tool only."""
        look, view = self._canvas.region_look, self._canvas.navigation.view
        grip = look.grip_at(point, view)
        if grip is None and self._toolbox.tool is ToolKind.REGION and look.region is not None:
            return Grip.WHOLE if look.region.contains_point(view.to_doc(point)) else None
        return grip

    def _point(self, grip: Grip | None) -> None:
        """Give the pointer the look of what a press would do."""
        if grip is None:
            if self._has_pointer:
                self._has_pointer = False
                self._leave()
            return
        self._has_pointer = True
        shape = _shape(grip) if self._canvas.navigation.view.is_upright else Qt.CursorShape.SizeAllCursor
        if self._canvas.cursor().shape() is not shape:
            self._canvas.setCursor(shape)

    def _claims(self, hand: RegionHand, event: QKeyEvent) -> bool:
        action = action_of(event.key())
        if hand.is_held:
            return action is KeyAction.CANCEL
        return (
            self._toolbox.tool is ToolKind.REGION
            and action.is_pan
            and not event.modifiers() & ~(_SHIFT | Qt.KeyboardModifier.KeypadModifier)
            and not self._canvas.source.has_candidate
            and hand.part is not None
        )

    def _key(self, hand: RegionHand, event: QKeyEvent) -> bool:
        if hand.is_held:
            hand.cancel()
            return True
        dx, dy = action_of(event.key()).direction
        step = FAR_NUDGE if event.modifiers() & _SHIFT else NUDGE
        hand.nudge(dx * step, dy * step)
        return True


def _shape(grip: Grip) -> Qt.CursorShape:
    if grip is Grip.WHOLE:
        return Qt.CursorShape.SizeAllCursor
    if grip.x == 0:
        return Qt.CursorShape.SizeVerCursor
    if grip.y == 0:
        return Qt.CursorShape.SizeHorCursor
    return Qt.CursorShape.SizeFDiagCursor if grip.x == grip.y else Qt.CursorShape.SizeBDiagCursor
