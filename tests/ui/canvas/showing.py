"""Small documents for the canvas, and pointers that move over it as a hand would move them."""

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import QApplication

from app.base.geometry import Point, Size
from app.base.signal import Signal
from app.document.document import Document
from app.document.gestures import GestureRunner
from app.imaging.arrays import U8
from app.imaging.edges import Edge
from app.imaging.photograph import Channels, Metadata, Photograph
from app.imaging.pyramid import Preview
from app.ui.canvas.frame import Frame
from app.ui.canvas.widget import CanvasWidget

LEFT, MIDDLE, NO = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.NoButton
NONE = Qt.KeyboardModifier.NoModifier


class OpenPhotograph:
    """What the canvas shows: first a preview, perhaps, then a document."""

    def __init__(self) -> None:
        self.stage_changed: Signal[[]] = Signal()
        self.size: Size | None = None
        self.preview: Preview | None = None
        self.document: Document | None = None
        self.gestures: GestureRunner | None = None

    def show_preview(self, preview: U8, size: Size) -> None:
        self.preview, self.size = Preview.of(preview), size
        self.stage_changed.emit()

    def show_document(self, document: Document) -> None:
        self.preview, self.size = None, document.size
        self.document, self.gestures = document, GestureRunner(document)
        self.stage_changed.emit()

    @property
    def opened(self) -> Document:
        assert self.document is not None
        return self.document


def photograph(width: int, height: int, seed: int = 1, channels: Channels = Channels.RGB) -> Photograph:
    """Noise: every pixel that is drawn at the wrong place is seen."""
    shape = (height, width) if channels.count == 1 else (height, width, channels.count)
    samples = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    return Photograph(samples, channels, Metadata(), "noise.png", "PNG")


def open_photograph(width: int = 400, height: int = 300, channels: Channels = Channels.RGB) -> OpenPhotograph:
    shown = OpenPhotograph()
    shown.show_document(Document(photograph(width, height, channels=channels)))
    return shown


def drawn_anew(canvas: CanvasWidget, edge: Edge | None = None) -> U8:
    """What the canvas shows, in a frame that has no past: (h, w, 3)."""
    fresh = Frame(canvas.frame.size, QColor("#282828"))
    fresh.renderer.veil.set_overlay(canvas.overlay.colour, canvas.overlay.strength)
    fresh.set_scene(canvas.source.scene)
    fresh.set_view(canvas.navigation.view)
    fresh.set_edge(edge)
    fresh.refresh()
    return fresh.renderer.pixels[..., :3].copy()


def frame_pixels(canvas: CanvasWidget) -> U8:
    """The frame under ring and outlines, (h, w, 3), brought up to date as a repaint does."""
    canvas.repaint()
    # What may wait for the next repaint.
    canvas.frame.refresh()
    return canvas.frame.renderer.pixels[..., :3].copy()


def differs(first: U8, second: U8) -> int:
    """The most that a level of one picture is away from the other's."""
    return int(np.abs(first.astype(int) - second).max())


class Hand:
    """A mouse over a canvas; positions are document pixels."""

    def __init__(self, canvas: CanvasWidget) -> None:
        self.canvas = canvas

    def at(self, x: float, y: float) -> QPointF:
        """Where the canvas shows a document position, in the widget's coordinates."""
        seen = self.canvas.navigation.view.to_view(Point(x, y))
        return QPointF(seen.x, seen.y)

    def press(
        self, x: float, y: float, button: Qt.MouseButton = LEFT, held: Qt.KeyboardModifier = NONE
    ) -> None:
        self.send(QEvent.Type.MouseButtonPress, self.at(x, y), button, button, held)

    def move(
        self, x: float, y: float, button: Qt.MouseButton = LEFT, held: Qt.KeyboardModifier = NONE
    ) -> None:
        self.send(QEvent.Type.MouseMove, self.at(x, y), NO, button, held)

    def release(
        self, x: float, y: float, button: Qt.MouseButton = LEFT, held: Qt.KeyboardModifier = NONE
    ) -> None:
        self.send(QEvent.Type.MouseButtonRelease, self.at(x, y), button, NO, held)

    def drag(self, *points: tuple[float, float], held: Qt.KeyboardModifier = NONE) -> None:
        self.press(*points[0], held=held)
        for point in points[1:]:
            self.move(*point, held=held)
        self.release(*points[-1], held=held)

    def send(
        self,
        kind: QEvent.Type,
        position: QPointF,
        button: Qt.MouseButton,
        buttons: Qt.MouseButton,
        held: Qt.KeyboardModifier,
    ) -> None:
        place = QPointF(self.canvas.mapToGlobal(QPoint(0, 0))) + position
        QApplication.sendEvent(self.canvas, QMouseEvent(kind, position, place, button, buttons, held))


def shown_pixels(canvas: CanvasWidget) -> U8:
    """What the canvas really shows, (h, w, 3) BGR in device pixels, ring and outlines included."""
    canvas.frame.refresh()
    image = canvas.grab().toImage()
    height, width = image.height(), image.width()
    return np.frombuffer(image.constBits(), np.uint8).reshape(height, -1, 4)[:, :width, :3].copy()
