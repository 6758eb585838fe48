"""What the canvas benchmarks measure with: a photograph, a canvas over it, and strokes on both."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QPainter
from PySide6.QtWidgets import QApplication

from app.base.geometry import Point, Rect, Size, united
from app.base.signal import Signal
from app.document.brush import Brush
from app.document.document import Document
from app.document.gestures import GestureRunner, PointerSample, brush_stroke
from app.imaging.arrays import as_u8
from app.imaging.edges import Edge
from app.imaging.photograph import Metadata, from_bgra
from app.session.toolbox import ToolBox
from app.ui.canvas.view_transform import ViewTransform, level_for
from app.ui.canvas.widget import CanvasWidget

WINDOW = Size(1920, 1080)
SURFACE = QImage(WINDOW.width, WINDOW.height, QImage.Format.Format_RGB32)


_threads = ThreadPoolExecutor(1)


def _in_thread(work: Callable[[], None]) -> None:
    _threads.submit(work)


class Shown:
    """An open photograph of noise over a gradient, as the canvas wants it."""

    def __init__(self, megapixels: float) -> None:
        width = round(math.sqrt(megapixels * 1e6 * 1.5) / 2) * 2
        size = Size(width, round(width / 1.5))
        rows, columns = np.ogrid[0 : size.height, 0 : size.width]
        bgra = np.empty((size.height, size.width, 4), np.uint8)
        for channel in range(3):
            bgra[..., channel] = (rows * (channel + 1) + columns * 3) // 16
        bgra[..., 3] = 255
        self.name = f"{megapixels:g} MP"
        self.stage_changed: Signal[[]] = Signal()
        self.preview = None
        self.size = size
        self.document = Document(from_bgra(bgra, Metadata(), "noise", "PNG"), compressor=_in_thread)
        self.gestures = GestureRunner(self.document)

    def cover(self, share: float) -> None:
        """Cover about `share` of the document, as one blob with soft edges."""
        size = self.document.size
        coverage = np.zeros((size.height, size.width), np.uint8)
        if share >= 1.0:
            coverage[...] = 200
        elif share > 0.0:
            edge = math.sqrt(share)
            height, width = round(size.height * edge), round(size.width * edge)
            top, left = (size.height - height) // 2, (size.width - width) // 2
            coverage[top : top + height, left : left + width] = 200
        self.document.set_mask(coverage, "cover")

    def roughen(self) -> Edge:
        """Cover half of the document in random squares of 8 pixels; returns their edge, grown by one."""
        size = self.document.size
        squares = np.random.default_rng(1).integers(
            0, 2, (size.height // 8 + 1, size.width // 8 + 1), np.uint8
        )
        coverage = squares.repeat(8, axis=0).repeat(8, axis=1)[: size.height, : size.width] * np.uint8(200)
        self.document.set_mask(coverage, "ragged")
        return Edge.of(size, size.rect, as_u8(cv2.dilate(coverage, np.ones((3, 3), np.uint8))))


class Bench:
    """A canvas of the size of a full window over one photograph."""

    def __init__(self, shown: Shown) -> None:
        self.shown = shown
        self.toolbox = ToolBox(Brush(100.0, 0.8))
        self.canvas = CanvasWidget(self.toolbox)
        self.canvas.resize(WINDOW.width, WINDOW.height)
        self.canvas.show()
        self.canvas.set_session(shown)
        QCoreApplication.processEvents()

    def close(self) -> None:
        self.canvas.set_session(None)
        self.canvas.close()
        self.canvas.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

    @property
    def view(self) -> ViewTransform:
        return self.canvas.navigation.view

    def event(self, kind: QEvent.Type, at: QPointF, pressed: bool) -> QMouseEvent:
        """What Qt makes of the system's event before anybody of ours sees it."""
        left, no = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        changed = no if kind is QEvent.Type.MouseMove else left
        place = QPointF(self.canvas.mapToGlobal(QPoint(0, 0))) + at
        held = Qt.KeyboardModifier.NoModifier
        return QMouseEvent(kind, at, place, changed, left if pressed else no, held)

    def send(self, kind: QEvent.Type, at: QPointF, pressed: bool) -> None:
        QApplication.sendEvent(self.canvas, self.event(kind, at, pressed))

    def paint(self) -> None:
        """What the event loop does after an event."""
        QCoreApplication.sendPostedEvents(self.canvas, QEvent.Type.UpdateRequest.value)

    def full_frame(self) -> None:
        self.canvas.frame.mark_all()
        self.canvas.frame.refresh()

    def forget_mask(self) -> None:
        """Have what the next frame shows of the mask found anew, as if it had changed."""
        overlay = self.canvas.frame.scene.overlay
        assert overlay is not None
        overlay.plain.forget([])

    def level(self) -> tuple[QImage, float]:
        """The level that is shown, and how large it is drawn."""
        pyramid = self.shown.document.pyramid
        index = level_for(self.view.scale, len(pyramid.levels))
        array = pyramid.levels[index]
        image = QImage(
            array.data, array.shape[1], array.shape[0], array.strides[0], QImage.Format.Format_RGB32
        )
        return image, self.view.scale * 2**index

    def draw_image(self, rect: Rect) -> Callable[[], None]:
        """Draw just the picture in `rect` (device pixels), same level, same filter, with plain Qt."""
        image, own = self.level()
        origin = self.view.origin
        source = QRectF(
            (rect.x - origin.x) / own, (rect.y - origin.y) / own, rect.width / own, rect.height / own
        )
        target = QRectF(rect.x, rect.y, rect.width, rect.height)
        smooth = own != 1.0 and self.view.scale < 2.0

        def draw() -> None:
            painter = QPainter(SURFACE)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
            painter.drawImage(target, image, source)
            painter.end()

        return draw

    def draw_square(self, edge: float) -> Callable[[], None]:
        """The same in a square of `edge` device pixels in the middle of the paper, or what of it is in the window."""
        side, centre = math.ceil(edge), self.paper().centre
        square = Rect(int(centre.x) - side // 2, int(centre.y) - side // 2, side, side)
        return self.draw_image(square.intersected(WINDOW.rect))

    def paper(self) -> Rect:
        return self.view.rect_to_view(self.shown.document.size.rect).intersected(WINDOW.rect)


class Stroke:
    """A pointer that goes to and fro over a stretch of the window, pressed, `step` device pixels at a time."""

    def __init__(self, bench: Bench, step: float, reach: float) -> None:
        self.bench = bench
        paper = bench.paper()
        self.low, self.high = paper.x + reach, paper.right - reach
        if self.low >= self.high:
            self.low, self.high = paper.centre.x - 200, paper.centre.x + 200
        self.x, self.y = self.low, paper.centre.y
        self.step = step
        self.pressed = False

    def place(self) -> QPointF:
        return QPointF(self.x, self.y)

    def prepare(self) -> None:
        """Step on; at the end of the way undo all and begin again over a clean mask."""
        self.x += self.step
        if not self.pressed or self.x >= self.high:
            self.begin()
        self.next = self.bench.event(QEvent.Type.MouseMove, self.place(), True)

    def begin(self) -> None:
        document = self.bench.shown.document
        if self.pressed:
            self.bench.send(QEvent.Type.MouseButtonRelease, self.place(), False)
            document.undo.undo()
        self.x, self.pressed = self.low, True
        self.bench.send(QEvent.Type.MouseButtonPress, self.place(), True)
        self.bench.paint()
        self.x += self.step

    def run(self) -> None:
        QApplication.sendEvent(self.bench.canvas, self.next)
        self.bench.paint()

    def end(self) -> None:
        self.bench.send(QEvent.Type.MouseButtonRelease, self.place(), False)
        self.bench.paint()


class StampedStroke:
    """A stroke straight into the document, in segments of 8 to 64 pixels, begun anew at the far side."""

    def __init__(self, document: Document, radius: int) -> None:
        self.document = document
        self.radius = radius
        self.runner = GestureRunner(document)
        self.tool = brush_stroke(Brush(2.0 * radius, 0.8))
        self.start = Point(radius + 10.0, document.size.height / 2)
        self.x = self.start.x
        self.steps = [8.0, 16.0, 32.0, 64.0]
        self.rects: list[Rect] = []
        self.drawn = QRect(0, 0, 1, 1)
        self.image = QImage(2000, 2000, QImage.Format.Format_RGB32)
        self.disconnect = document.mask_changed.connect(self.rects.extend)

    def prepare(self) -> None:
        if not self.runner.active or self.x > self.document.size.width - self.radius - 80:
            self.runner.cancel()
            self.x = self.start.x
            self.runner.press(self.tool, PointerSample(self.start))
        self.steps.append(self.steps.pop(0))
        self.x += self.steps[0]
        self.rects.clear()

    def run(self) -> None:
        self.runner.move((PointerSample(Point(self.x, self.start.y)),))

    def prepare_reference(self) -> None:
        changed = united(self.rects)
        self.drawn = QRect(0, 0, max(1, changed.width), max(1, changed.height))

    def run_reference(self) -> None:
        painter = QPainter(SURFACE)
        painter.drawImage(QPoint(0, 0), self.image, self.drawn)
        painter.end()

    def end(self) -> None:
        self.runner.cancel()
        self.disconnect()
