"""Which keys the canvas itself answers: shortcuts of the window would take them from its controls."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType

from PySide6.QtCore import Qt


class KeyAction(enum.Enum):
    """What a key does on the canvas."""

    NONE = "none"
    HAND = "hand"
    TURN = "turn"
    ORIGINAL = "original"
    PANELS = "panels"
    CANCEL = "cancel"
    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"

    @property
    def is_pan(self) -> bool:
        return self.direction != (0, 0)

    @property
    def direction(self) -> tuple[int, int]:
        """Where the view goes, across and down."""
        match self:
            case KeyAction.LEFT:
                return -1, 0
            case KeyAction.RIGHT:
                return 1, 0
            case KeyAction.UP:
                return 0, -1
            case KeyAction.DOWN:
                return 0, 1
            case _:
                return 0, 0


def action_of(key: int) -> KeyAction:
    """The meaning of a key without modifiers."""
    return _ACTIONS.get(key, KeyAction.NONE)


_ACTIONS: Mapping[int, KeyAction] = MappingProxyType(
    {
        Qt.Key.Key_Space: KeyAction.HAND,
        Qt.Key.Key_R: KeyAction.TURN,
        Qt.Key.Key_Backslash: KeyAction.ORIGINAL,
        Qt.Key.Key_Tab: KeyAction.PANELS,
        Qt.Key.Key_Escape: KeyAction.CANCEL,
        Qt.Key.Key_Left: KeyAction.LEFT,
        Qt.Key.Key_Right: KeyAction.RIGHT,
        Qt.Key.Key_Up: KeyAction.UP,
        Qt.Key.Key_Down: KeyAction.DOWN,
    }
)
