"""The navigator: the whole photograph small in a corner, with what the canvas shows of it outlined.

It draws the smallest level of the picture that is large enough, and only when that or the view changed.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QShowEvent,
)
from PySide6.QtWidgets import QWidget

from app.base.geometry import Point, Rect
from app.base.text import tr
from app.ui.canvas.view_transform import corners
from app.ui.canvas.widget import CanvasWidget
from app.ui.theme import DARK

LONGER = 176
"""Pixels of the photograph's longer side."""
_MARGIN = 6
_REST = 150
"""Milliseconds after which changed pixels are taken up."""
_KEY_STEP = 0.1
"""Of what is seen, by one arrow key."""


class Navigator(QWidget):
    """An overview of one canvas; click or drag to look elsewhere."""

    reshaped = Signal()
    """Another photograph has another shape."""

    def __init__(self, canvas: CanvasWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("navigator")
        self.setAccessibleName(tr("Navigator"))
        self.setAccessibleDescription(
            tr("The whole photograph. Click, drag or press arrow keys to look elsewhere.")
        )
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.resize(LONGER, LONGER)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self._canvas = canvas
        self._picture: QImage | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_REST)
        self._soon.timeout.connect(self._take_picture)
        canvas.view_changed.connect(self.update)
        canvas.source.scene_changed.connect(self._change_scene)
        canvas.source.picture_changed.connect(self._soon.start)
        self._change_scene()

    def sizeHint(self) -> QSize:
        size = self._canvas.source.size_doc
        if size is None:
            return QSize(LONGER, LONGER)
        longer = max(size.width, size.height)
        width, height = (max(24, round(each * LONGER / longer)) for each in (size.width, size.height))
        return QSize(width + 2 * _MARGIN, height + 2 * _MARGIN)

    def showEvent(self, event: QShowEvent) -> None:
        self._take_picture()

    def detach(self) -> None:
        self._soon.stop()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(DARK.panel))
        size = self._canvas.source.size_doc
        if self._picture is not None and size is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
            painter.drawImage(self._paper, self._picture)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            seen = QPolygonF([self._to_widget(each) for each in self._seen()])
            painter.setClipRect(self._paper.adjusted(-1, -1, 1, 1))
            for colour, width in ((QColor(0, 0, 0, 160), 3.0), (QColor(DARK.on_accent), 1.25)):
                painter.setPen(QPen(colour, width))
                painter.drawPolygon(seen)
            painter.setClipping(False)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QColor(DARK.accent_line if self.hasFocus() else DARK.border_strong))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._look_at(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._look_at(event.position())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        ways = {
            Qt.Key.Key_Left: (1, 0),
            Qt.Key.Key_Right: (-1, 0),
            Qt.Key.Key_Up: (0, 1),
            Qt.Key.Key_Down: (0, -1),
        }
        way = ways.get(Qt.Key(event.key()))
        if way is None:
            super().keyPressEvent(event)
            return
        size = self._canvas.frame.size
        self._canvas.navigation.pan(way[0] * size.width * _KEY_STEP, way[1] * size.height * _KEY_STEP)

    @property
    def _paper(self) -> QRect:
        return self.rect().adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)

    def _seen(self) -> list[Point]:
        """The corners of what the canvas shows, in document pixels; it may reach beyond the document."""
        view = self._canvas.navigation.view
        return [view.to_doc(each) for each in corners(self._canvas.frame.size.rect)]

    def _to_widget(self, point_doc: Point) -> QPointF:
        size, paper = self._canvas.source.size_doc, self._paper
        assert size is not None
        return QPointF(
            paper.x() + point_doc.x * paper.width() / size.width,
            paper.y() + point_doc.y * paper.height() / size.height,
        )

    def _look_at(self, position: QPointF) -> None:
        size, paper = self._canvas.source.size_doc, self._paper
        if size is None:
            return
        x = min(max((position.x() - paper.x()) / paper.width(), 0.0), 1.0) * size.width
        y = min(max((position.y() - paper.y()) / paper.height(), 0.0), 1.0) * size.height
        self._canvas.navigation.go_to(Point(x, y))

    def _change_scene(self) -> None:
        if self.sizeHint() != self.size():
            self.resize(self.sizeHint())
            self.reshaped.emit()
        self._take_picture()

    def _take_picture(self) -> None:
        """Copy the level to draw: a few thousand pixels."""
        scene = self._canvas.source.scene
        self._picture = None
        if scene is not None and self.isVisible():
            wanted = LONGER * self.devicePixelRatioF()
            number = next(
                (
                    index
                    for index, each in reversed(list(enumerate(scene.picture.images)))
                    if max(each.width(), each.height()) >= wanted
                ),
                0,
            )
            level = scene.picture.image(number, lambda image: Rect(0, 0, image.width(), image.height()))
            small = QImage(self._paper.size() * self.devicePixelRatioF(), QImage.Format.Format_RGB32)
            small.fill(QColor(DARK.surround))
            painter = QPainter(small)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
            painter.drawImage(QRect(QPoint(0, 0), small.size()), level)
            painter.end()
            self._picture = small
        self.update()
