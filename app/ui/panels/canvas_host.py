"""The canvas with the strip of candidates floating over its lower edge, or its upper one where that hides less.

A corner at the right, away from the strip, is the navigator's, the one at the left that of a legend. Bars stand at
the upper edge, and nothing covers them.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.ui.theme import SPACE

LEAST_WIDTH, MOST_WIDTH = 720, 1120
"""Of the strip in pixels, where the canvas has them."""


class CanvasHost(QWidget):
    """Places the strip; knows nothing of what either shows."""

    def __init__(self, canvas: QWidget, strip: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._strip = strip
        self._on_top = False
        self._covered = 0
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(canvas)
        strip.setParent(self)
        strip.installEventFilter(self)
        strip.raise_()
        self._bars: list[QWidget] = []
        self._corner: QWidget | None = None
        self._legend: QWidget | None = None

    def add_bar(self, bar: QWidget) -> None:
        """Keep a child in the middle of the upper edge; it says itself how wide it is, and when it is shown."""
        self._bars.append(bar)
        bar.installEventFilter(self)

    def set_corner(self, widget: QWidget) -> None:
        """Show a small widget in the corner at the right; it says itself how large it is."""
        self._corner = widget
        widget.setParent(self)
        self.place()

    def set_legend(self, widget: QWidget) -> None:
        """Show a small widget in the corner at the left, away from the strip as well."""
        self._legend = widget
        widget.setParent(self)
        self.place()

    def keep_clear(self, rect_view: QRect) -> None:
        """Lay the strip where it hides the least of what is to be judged; it stays there until the next call."""
        below, above = self._place_for(on_top=False), self._place_for(on_top=True)
        self._on_top = _area(above & rect_view) < _area(below & rect_view)
        self.place()

    def keep_below(self, covered: int) -> None:
        """The topmost `covered` pixels are hidden by something else: the strip stays clear of them."""
        if covered != self._covered:
            self._covered = covered
            self.place()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that the canvas leaves over are the strip's while it is shown."""
        if self._strip.isVisible():
            self._strip.keyPressEvent(event)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.LayoutRequest):
            self.place()
        return super().eventFilter(watched, event)

    def place(self) -> None:
        """Lay what floats over the canvas to its place."""
        self._strip.setGeometry(self._place_for(on_top=self._on_top))
        gap = 2 * SPACE
        for bar in self._bars:
            hint = bar.sizeHint()
            width = min(hint.width(), self.width() - 2 * SPACE)
            bar.setGeometry((self.width() - width) // 2, self._covered + gap, width, hint.height())
        for widget in (self._corner, self._legend):
            if widget is not None:
                size = widget.size()
                top = self.height() - size.height() - gap if self._on_top else self._covered + gap
                left = gap if widget is self._legend else self.width() - size.width() - gap
                place = QRect(left, top, size.width(), size.height())
                for bar in self._bars:
                    if bar.isVisible() and bar.geometry().intersects(place):
                        place.moveTop(bar.geometry().bottom() + gap)
                widget.move(place.topLeft())
        self._strip.raise_()

    def _place_for(self, *, on_top: bool) -> QRect:
        hint = self._strip.sizeHint()
        wanted = min(MOST_WIDTH, max(LEAST_WIDTH, hint.width()))
        width = max(0, min(wanted, self.width() - 4 * SPACE))
        height = hint.height()
        top = self._covered + 2 * SPACE if on_top else self.height() - height - 2 * SPACE
        return QRect((self.width() - width) // 2, top, width, height)


def _area(rect: QRect) -> int:
    return 0 if rect.isEmpty() else rect.width() * rect.height()
