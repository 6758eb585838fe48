"""How the mask overlay looks at this moment: its colour, and a strength that fades in and out."""

from __future__ import annotations

from PySide6.QtCore import QObject, QVariantAnimation, Signal
from PySide6.QtGui import QColor

FADE = 140
"""Milliseconds in which the overlay goes and comes back."""


class OverlayLook(QObject):
    """Colour and strength of the overlay; `changed` is emitted at every step of a fade."""

    changed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.colour = QColor(255, 0, 80)
        self.strength = 0.5
        """How opaque full coverage is drawn now, 0–1."""
        self._opacity = 0.5
        self._shown = True
        self._fade = QVariantAnimation(self)
        self._fade.setDuration(FADE)
        self._fade.valueChanged.connect(self._become)

    def set_colour(self, colour: QColor, opacity: float) -> None:
        """Take another colour, and another strength (0–1) for when the overlay is shown."""
        opacity = min(max(opacity, 0.0), 1.0)
        if (colour, opacity) == (self.colour, self._opacity):
            return
        self.colour, self._opacity = QColor(colour), opacity
        self._fade.stop()
        self.strength = self._wanted
        self.changed.emit()

    def show(self, shown: bool, *, at_once: bool = False) -> None:
        """Fade in or out, or change at once."""
        if shown == self._shown and not at_once:
            return
        self._shown = shown
        self._fade.stop()
        if at_once:
            self._become(self._wanted)
            return
        self._fade.setStartValue(self.strength)
        self._fade.setEndValue(self._wanted)
        self._fade.start()

    @property
    def _wanted(self) -> float:
        return self._opacity if self._shown else 0.0

    def _become(self, strength: float) -> None:
        # A fade tells its value when its ends are set, too.
        if strength != self.strength:
            self.strength = strength
            self.changed.emit()
