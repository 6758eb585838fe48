"""One picture of Compare, and the view that all of its pictures share: the same zoom at the same place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QWidget

from app.base.geometry import Point, Rect
from app.base.text import tr
from app.ui.canvas.display_levels import DisplayLevels
from app.ui.theme import DARK

if TYPE_CHECKING:
    from app.imaging.display import DisplayTable
    from app.imaging.pyramid import Pyramid

SMALLEST_SCALE, LARGEST_SCALE = 0.01, 32.0
_VEIL = QColor(0, 0, 0, 160)
"""Over a variant that is not composed yet, which would look like the original."""
_FILTER = 2.0
"""Pixels around it that the smooth filter reads."""
NEAREST_FROM = 2.0
"""At this zoom and above single pixels are shown as squares."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A pyramid whose levels are wrapped for Qt, and where it stands in the document."""

    pyramid: Pyramid
    images: tuple[QImage, ...]
    rect_doc: Rect
    display: DisplayLevels | None = None
    """The levels as the display must be sent them; None where it shows sRGB as it is."""

    @classmethod
    def of_pyramid(cls, pyramid: Pyramid, rect_doc: Rect, display: DisplayTable | None = None) -> Picture:
        """Wrap (h, w, 4) BGRA levels without a copy; shown opaque."""
        form = QImage.Format.Format_RGB32
        images = tuple(
            QImage(level.data, level.shape[1], level.shape[0], level.strides[0], form)
            for level in pyramid.levels
        )
        managed = None if display is None else DisplayLevels(pyramid.levels, display, form)
        return cls(pyramid, images, rect_doc, managed)


class LinkedView(QObject):
    """Zoom and centre, in document pixels, that all panes share."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.scale = 1.0
        """Device-independent pixels per document pixel."""
        self.centre = Point(0.0, 0.0)

    def fit(self, rect_doc: Rect, width: float, height: float) -> None:
        """Show all of `rect_doc` in a pane of `width` x `height`."""
        scale = min(width / max(1, rect_doc.width), height / max(1, rect_doc.height))
        self._set(scale, rect_doc.centre)

    def pan(self, by_view: Point) -> None:
        self._set(self.scale, self.centre - by_view.scaled(1 / self.scale))

    def zoom_at(self, from_centre: Point, factor: float) -> None:
        """Zoom around a point, told in view pixels from the pane's centre."""
        scale = min(max(self.scale * factor, SMALLEST_SCALE), LARGEST_SCALE)
        fixed = self.centre + from_centre.scaled(1 / self.scale)
        self._set(scale, fixed - from_centre.scaled(1 / scale))

    def _set(self, scale: float, centre: Point) -> None:
        self.scale = min(max(scale, SMALLEST_SCALE), LARGEST_SCALE)
        self.centre = centre
        self.changed.emit()


class ComparePane(QWidget):
    """Paints the document and, over it, one variant's region."""

    chosen = Signal()
    picked = Signal()

    def __init__(
        self, title: str, base: Picture, view: LinkedView, result_id: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(title)
        self.result_id = result_id
        self._title = title
        self._base = base
        self._over: Picture | None = None
        self._view = view
        self._selected = False
        self._drag_from: QPointF | None = None
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        view.changed.connect(self.update)

    @property
    def is_selected(self) -> bool:
        return self._selected

    def show_over(self, picture: Picture) -> None:
        """The variant is composed: show it."""
        self._over = picture
        self.update()

    def set_selected(self, selected: bool) -> None:
        self._selected = selected
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(DARK.surround))
        for picture in (self._base, self._over):
            if picture is not None:
                self._draw(painter, picture)
        if self.result_id and self._over is None:
            painter.fillRect(self.rect(), _VEIL)
            painter.setPen(QColor(DARK.text))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, tr("Preparing…"))
        self._draw_title(painter)
        if self._selected:
            painter.setPen(QPen(QColor(DARK.accent_line), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._drag_from = event.position()
        self.setCursor(Qt.CursorShape.ClosedHandCursor)
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag_from is not None:
            moved = event.position() - self._drag_from
            self._drag_from = event.position()
            self._view.pan(Point(moved.x(), moved.y()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._drag_from = None
        self.setCursor(Qt.CursorShape.OpenHandCursor)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.picked.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = event.angleDelta().y() / 120
        place = event.position()
        self._view.zoom_at(Point(place.x() - self.width() / 2, place.y() - self.height() / 2), 1.25**steps)
        event.accept()

    def _draw(self, painter: QPainter, picture: Picture) -> None:
        scale, centre, rect = self._view.scale, self._view.centre, picture.rect_doc
        left = centre.x - self.width() / 2 / scale
        top = centre.y - self.height() / 2 / scale
        seen = Rect.from_edges(
            int(left) - 2,
            int(top) - 2,
            int(left + self.width() / scale) + 3,
            int(top + self.height() / scale) + 3,
        ).intersected(rect)
        if seen.is_empty:
            return
        level = picture.pyramid.level_for(scale * self.devicePixelRatioF())
        image = picture.images[level]
        across, down = image.width() / rect.width, image.height() / rect.height
        source = QRectF(
            (seen.x - rect.x) * across, (seen.y - rect.y) * down, seen.width * across, seen.height * down
        )
        target = QRectF(
            (seen.x - left) * scale, (seen.y - top) * scale, seen.width * scale, seen.height * scale
        )
        if picture.display is not None:
            corners = Point(source.left(), source.top()), Point(source.right(), source.bottom())
            image = picture.display.image(level, Rect.around(corners, _FILTER))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < NEAREST_FROM)
        painter.drawImage(target, image, source)

    def _draw_title(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = painter.fontMetrics().horizontalAdvance(self._title) + 16
        badge = QRect(8, 8, max(width, 24), 24)
        ground = QColor(DARK.accent if self._selected else DARK.surround)
        ground.setAlpha(235)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(badge, 4, 4)
        painter.setPen(QColor(DARK.on_accent))
        painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, self._title)
