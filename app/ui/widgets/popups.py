"""Where a popup goes that belongs to a control: below it, or above where the screen ends."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QWidget

GAP = 4


def place_below(popup: QWidget, control: QWidget) -> None:
    """Move `popup` to the right edge of `control`, inside the screen."""
    right = control.mapToGlobal(QPoint(control.width(), 0))
    place = QPoint(right.x() - popup.width(), right.y() + control.height() + GAP)
    screen = control.screen().availableGeometry()
    if place.y() + popup.height() > screen.bottom():
        place.setY(max(right.y() - GAP - popup.height(), screen.top()))
    place.setX(max(place.x(), screen.left()))
    popup.move(place)
