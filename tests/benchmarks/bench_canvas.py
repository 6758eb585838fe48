"""What the brush, the frame and the window cost, as ratios to what Qt needs for the bare picture.

    python tests/benchmarks/bench_canvas.py [--sizes 4,24,50,100] [--only 1,2,10]

Budgets: 1 stroke event, 2 event to paint, 3 and 4 independence of the photograph's size, 5 full frame,
6 pan and hover, 7 memory of undo, 10 first paint of a JPEG, 12 start, 13 memory. The window is 1920x1080.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import starting
from harness import Report, Row, Timing, in_turn, nothing, require_linux
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QPainter
from PySide6.QtWidgets import QApplication

from app.base.geometry import Point, Rect, Size, united
from app.base.signal import Signal
from app.document.brush import Brush
from app.document.document import Document
from app.document.gestures import GestureRunner, PointerSample, brush_stroke
from app.document.tiles import TILE
from app.imaging.photograph import Metadata, from_bgra
from app.session.toolbox import ToolBox
from app.ui.canvas.view_transform import ViewTransform, level_for
from app.ui.canvas.widget import CanvasWidget

WINDOW = Size(1920, 1080)
SURFACE = QImage(WINDOW.width, WINDOW.height, QImage.Format.Format_RGB32)


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
        self.document = Document(from_bgra(bgra, Metadata(), "noise", "PNG"))
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


def milliseconds(*timings: Timing) -> str:
    return " / ".join(f"{timing.median:.3f} ms ({timing.note})" for timing in timings)


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


def stroke_events(report: Report, shown: Shown) -> None:
    """1: stamping and keeping for undo, spacing 10 %."""
    for radius in (5, 20, 50, 100, 300):
        stroke = StampedStroke(shown.document, radius)
        event, reference = in_turn(
            (stroke.prepare, stroke.run), (stroke.prepare_reference, stroke.run_reference)
        )
        stroke.end()
        ratio = event.median / (1.5 * reference.median + 0.15)
        details = milliseconds(event, reference)
        report.add(Row("1", f"stroke event r={radius}, {shown.name}", ratio, 1.0, details=details))


def event_to_paint(report: Report, bench: Bench) -> dict[str, float]:
    """2: from the mouse event to the painted window; returns time by reference for budget 3."""
    shown, found = bench.shown, {}
    shown.cover(0.0)
    cases = [("100 % r=5", 1.0, 5.0), ("100 % r=50", 1.0, 50.0), ("100 % r=300", 1.0, 300.0)]
    cases += [("fit r=50 on screen", 0.0, 50.0), ("1600 % r=50 on screen", 16.0, 50.0)]
    for name, scale, radius in cases:
        if scale:
            bench.canvas.navigation.zoom_to(scale)
        else:
            bench.canvas.zoom_to_fit()
        bench.canvas.repaint()
        bench.toolbox.set_diameter(2 * radius / bench.view.scale)
        stroke = Stroke(bench, 12.0, radius + 20)
        edge = math.ceil(2 * radius)
        centre = bench.paper().centre
        square = Rect(int(centre.x) - edge // 2, int(centre.y) - edge // 2, edge, edge)
        event, reference = in_turn(
            (stroke.prepare, stroke.run), (nothing, bench.draw_image(square.intersected(WINDOW.rect)))
        )
        stroke.end()
        shown.document.undo.undo()
        limit = 0.35 + 10 * reference.median
        found[name] = event.median / reference.median
        report.add(
            Row(
                "2",
                f"event to paint, {name}, {shown.name}",
                event.median / limit,
                1.0,
                details=milliseconds(event, reference),
            )
        )
    return found


def full_frames(report: Report, bench: Bench) -> float:
    """5: the whole window against the picture alone; returns the time at fit with little covered, for budget 4."""
    shown, at_fit = bench.shown, 0.0
    for share, limit in ((0.13, 2.5), (1.0, 3.5)):
        shown.cover(share)
        for name, scale in (("fit", 0.0), ("70 %", 0.7), ("100 %", 1.0), ("150 %", 1.5), ("1600 %", 16.0)):
            if scale:
                bench.canvas.navigation.zoom_to(scale)
            else:
                bench.canvas.zoom_to_fit()
            bench.canvas.repaint()
            covered = limit if name == "fit" else 3.5
            frame, reference = in_turn(
                (nothing, bench.full_frame), (nothing, bench.draw_image(bench.paper()))
            )
            if name == "fit" and share < 1.0:
                at_fit = frame.median
            report.add(
                Row(
                    "5",
                    f"full frame, {name}, {share:.0%} covered, {shown.name}",
                    frame.median / reference.median,
                    covered,
                    details=milliseconds(frame, reference),
                )
            )
    shown.cover(0.0)
    return at_fit


def moves(report: Report, bench: Bench) -> None:
    """6: panning against a full render, hovering against a blit of the window."""
    shown, canvas = bench.shown, bench.canvas
    shown.cover(0.13)
    canvas.zoom_to_fit()
    canvas.repaint()
    way = [(17, 9), (-17, -9)]

    def pan() -> None:
        way.append(way.pop(0))
        canvas.navigation.pan(*way[0])
        bench.paint()

    step, full = in_turn((nothing, pan), (nothing, bench.full_frame))
    report.add(
        Row(
            "6",
            f"pan by 17, 9 at fit, {shown.name}",
            step.median / full.median,
            0.5,
            details=milliseconds(step, full),
        )
    )
    bench.toolbox.set_diameter(100 / bench.view.scale)
    image = canvas.frame.renderer.image
    places = [QPointF(900, 500), QPointF(912, 503), QPointF(925, 498), QPointF(910, 490)]

    def hover() -> None:
        places.append(places.pop(0))
        bench.send(QEvent.Type.MouseMove, places[0], False)
        bench.paint()

    def blit() -> None:
        painter = QPainter(SURFACE)
        painter.drawImage(QPoint(0, 0), image)
        painter.end()

    ring, whole = in_turn((nothing, hover), (nothing, blit))
    report.add(
        Row(
            "6",
            f"hover with a ring of 100 px, {shown.name}",
            ring.median / whole.median,
            1.0,
            details=milliseconds(ring, whole),
        )
    )
    shown.cover(0.0)


def undo_memory(report: Report, shown: Shown) -> None:
    """7: what a stroke keeps, and what keeping costs per event."""
    document = shown.document
    for radius in (5, 50, 300):
        runner, y = GestureRunner(document), document.size.height / 2
        runner.press(brush_stroke(Brush(2.0 * radius, 0.8)), PointerSample(Point(radius + 10.0, y)))
        for x in range(radius + 10, document.size.width - radius, 16):
            runner.move((PointerSample(Point(float(x), y + 40 * math.sin(x / 90))),))
        touched = int(np.count_nonzero(document.mask.occupied))
        runner.release()
        # Erasing it keeps the stroke itself; painting it has kept only empty tiles.
        document.clear_mask()
        step = document.undo.steps[-1]
        step.compress()
        share = step.nbytes / (touched * TILE * TILE)
        details = f"{step.nbytes} bytes for {touched} tiles"
        report.add(Row("7", f"undo over a stroke r={radius}, {shown.name}", share * 100, 20.0, "%", details))
        document.undo.undo()
        document.undo.undo()
    # Over a mask that is all gradient, where nothing is constant and tiles are really copied.
    noise = np.tile(np.arange(256, dtype=np.uint8), (document.size.height, document.size.width // 256 + 1))
    document.set_mask(np.ascontiguousarray(noise[:, : document.size.width]), "gradient")
    with document.edit_mask("touch") as edit:
        boxes = [
            Rect(x, y, 100, 100)
            for y in range(0, document.size.height - 100, 104)
            for x in range(0, document.size.width - 100, 16)
        ]

        def prepare() -> None:
            boxes.append(boxes.pop(0))

        (capture,) = in_turn((prepare, lambda: edit.view(boxes[0])))
    report.add(
        Row("7", f"keeping tiles per event r=50, {shown.name}", capture.median, 0.1, "ms", capture.note)
    )
    document.undo.undo()


def measure(report: Report, sizes: list[float], wanted: Callable[[str], bool]) -> None:
    at_100: dict[float, dict[str, float]] = {}
    at_fit: dict[float, float] = {}
    for megapixels in sizes:
        shown = Shown(megapixels)
        if wanted("1"):
            stroke_events(report, shown)
        if wanted("7"):
            undo_memory(report, shown)
        bench = Bench(shown)
        if wanted("2") or wanted("3"):
            at_100[megapixels] = event_to_paint(report, bench)
        if wanted("4") or wanted("5"):
            at_fit[megapixels] = full_frames(report, bench)
        if wanted("6"):
            moves(report, bench)
        bench.close()
    small, large = sizes[0], sizes[-1]
    if small != large and at_100:
        ratio = at_100[large]["100 % r=50"] / at_100[small]["100 % r=50"]
        report.add(Row("3", f"stroke at 100 %, {large:g} against {small:g} MP", ratio, 1.3))
    for megapixels in sizes:
        if wanted("10") and megapixels >= 24:
            starting.first_paint(report, WINDOW, megapixels)
        if wanted("13"):
            starting.memory(report, megapixels)
    if wanted("12"):
        starting.start(report)
    if small != large and at_fit:
        ratio = at_fit[large] / at_fit[small]
        report.add(Row("4", f"full frame at fit, {large:g} against {small:g} MP", ratio, 1.3))


def main() -> int:
    require_linux()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default="4,24", help="megapixels, smallest first (default: 4,24)")
    parser.add_argument("--only", default="", help="budgets to measure, such as 2,5")
    options = parser.parse_args()
    only = set(filter(None, options.only.split(",")))
    wanted = partial(lambda chosen, budget: not chosen or budget in chosen, only)
    application = QApplication([])
    report = Report(f"Canvas of {WINDOW} at scale factor 1; times are subject / reference (samples-dropped)")
    measure(report, [float(each) for each in options.sizes.split(",")], wanted)
    del application
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
