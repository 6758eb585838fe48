"""Lucide icons, drawn in the colours of the palette instead of the black of their files.

An icon engine renders the SVG at the exact device size asked for, so icons stay sharp at every scale factor.
"""

from __future__ import annotations

import functools

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QIcon,
    QIconEngine,
    QPainter,
    QPalette,
    QPixmap,
    QPixmapCache,
)
from PySide6.QtSvg import QSvgRenderer

from app.base.resources import resource_path


@functools.cache
def _source(name: str) -> bytes:
    return resource_path("icons", f"{name}.svg").read_bytes()


@functools.lru_cache(maxsize=512)
def _renderer(name: str, colour: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(_source(name).replace(b"currentColor", colour.encode("ascii"))))


class LucideEngine(QIconEngine):
    """Draws one icon; `colour` None follows the palette and the icon's mode."""

    def __init__(self, name: str, colour: str | None = None) -> None:
        super().__init__()
        self._name = name
        self._colour = colour

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        square = QRectF(rect)
        side = min(square.width(), square.height())
        square = QRectF(square.center().x() - side / 2, square.center().y() - side / 2, side, side)
        _renderer(self._name, self._pick(mode)).render(painter, square)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        # Buttons ask at every paint, and drawing an outline costs more than all the rest of a button.
        key = f"lucide {self._name} {self._pick(mode)} {size.width()} {size.height()}"
        pixmap = QPixmap()
        if QPixmapCache.find(key, pixmap):
            return pixmap
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        QPixmapCache.insert(key, pixmap)
        return pixmap

    def clone(self) -> QIconEngine:
        return LucideEngine(self._name, self._colour)

    def key(self) -> str:
        return "maskroom-lucide"

    def _pick(self, mode: QIcon.Mode) -> str:
        if self._colour is not None and mode is not QIcon.Mode.Disabled:
            return self._colour
        palette = QGuiApplication.palette()
        if mode is QIcon.Mode.Disabled:
            colour = palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText)
        elif mode is QIcon.Mode.Selected:
            colour = palette.color(QPalette.ColorRole.HighlightedText)
        else:
            colour = palette.color(QPalette.ColorRole.ButtonText)
        return colour.name()


def icon(name: str, colour: QColor | str | None = None) -> QIcon:
    """The Lucide icon `name` (a file of `resources/icons`), in the palette's colours or in `colour`."""
    fixed = colour.name() if isinstance(colour, QColor) else colour
    return QIcon(LucideEngine(name, fixed))


def draw_icon(painter: QPainter, name: str, rect: QRectF, colour: str) -> None:
    """Draw an icon straight into a painter, for widgets and delegates that paint themselves."""
    _renderer(name, colour).render(painter, rect)
