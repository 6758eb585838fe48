"""Marching ants: the mask's outline as dashes that move, drawn over the finished frame.

A step of the dashes is another table of colours over the same line: nothing of the picture is composed again,
and only what lies around the line is painted. They move while they can be seen, and no longer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, QPoint, QTimer
from PySide6.QtGui import QColor, QImage, QPainter

from app.base.geometry import Rect
from app.ui.canvas.frame import Frame
from app.ui.canvas.outline import DASH, PERIOD, Outline
from app.ui.canvas.renderer import wrapped_part
from app.ui.canvas.view_transform import ViewTransform

STEP = 110
"""Milliseconds from one step of the dashes to the next."""
_DARK, _LIGHT = QColor(0, 0, 0).rgba(), QColor(255, 255, 255).rgba()
_TABLES = tuple(
    (0, *(_LIGHT if (place + phase) % PERIOD < DASH else _DARK for place in range(PERIOD)))
    for phase in range(PERIOD)
)


class Ants:
    """The moving outline over one frame; hidden at first."""

    def __init__(self, parent: QObject, frame: Frame, update_view: Callable[[Rect], None]) -> None:
        """`update_view` is told what is to be painted again."""
        self._frame = frame
        self._update_view = update_view
        self._outline = Outline(frame.size)
        self._view = ViewTransform()
        self._stale: list[Rect] = []
        self._phase = 0
        self._shown = False
        self._timer = QTimer(parent)
        self._timer.setInterval(STEP)
        self._timer.timeout.connect(self._step)

    @property
    def shown(self) -> bool:
        return self._shown

    def show(self, shown: bool, *, moving: bool = True) -> None:
        """Show the line or hide it; it stands still where nobody would see it move."""
        if shown and moving:
            self._timer.start()
        else:
            self._timer.stop()
        if shown != self._shown:
            self._shown = shown
            self.mark_all()
            self._update_view(self._frame.size.rect)

    def mark(self, rect_view: Rect) -> None:
        """The mask may have changed there."""
        if self._shown:
            self._stale.append(rect_view.expanded(self._outline.width))

    def mark_all(self) -> None:
        self._stale = [self._frame.size.rect]

    def set_width(self, width: int) -> None:
        """Device pixels that the line is wide."""
        self._outline.width = width
        self.mark_all()

    def refresh(self) -> None:
        """Find the line where the frame or the mask became another; to be called before each paint."""
        scene, view = self._frame.scene, self._frame.view
        if not self._shown:
            return
        if self._outline.size != self._frame.size:
            width, self._outline = self._outline.width, Outline(self._frame.size)
            self.set_width(width)
        self._follow(view)
        if scene is None or scene.overlay is None:
            self._outline.places[...] = 0
            return
        stale, self._stale = self._stale, []
        self._outline.find(scene.overlay, scene.size_doc, view, stale)

    def paint(self, painter: QPainter, rects_view: Iterable[Rect]) -> None:
        """Draw the line inside those rectangles with `painter`, which speaks device pixels."""
        if not self._shown:
            return
        for rect in rects_view:
            for cell in self._outline.cells():
                part = cell.intersected(rect)
                if not part.is_empty:
                    self._paint_part(painter, part)

    def _paint_part(self, painter: QPainter, part: Rect) -> None:
        header = wrapped_part(self._outline.places, part, QImage.Format.Format_Indexed8)
        header.setColorTable(_TABLES[self._phase])
        image = header.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
        painter.drawImage(QPoint(part.x, part.y), image)

    def _follow(self, view: ViewTransform) -> None:
        before, self._view = self._view, view
        if view == before:
            return
        if (view.scale, view.angle, view.mirror) != (before.scale, before.angle, before.mirror):
            self.mark_all()
            return
        dx, dy = int(view.origin.x - before.origin.x), int(view.origin.y - before.origin.y)
        size = self._frame.size
        self._stale = [rect.translated(dx, dy) for rect in self._stale]
        self._outline.move(dx, dy)
        kept = size.rect.translated(dx, dy).expanded(-self._outline.width).intersected(size.rect)
        self._stale += size.rect.without(kept)

    def _step(self) -> None:
        self._phase = (self._phase + 1) % PERIOD
        for cell in self._outline.cells():
            self._update_view(cell)
