"""What the brush, the frame and the window cost, as ratios to what Qt needs for the bare picture.

    python tests/benchmarks/bench_canvas.py [--sizes 4,24,50,100] [--only 1,2,10]

Budgets: 1 stroke event, 2 event to paint, 3 and 4 independence of the photograph's size, 5 full frame,
6 pan and hover, 7 memory of undo, 8 release and undo, 9 whole masks, 10 first paint of a JPEG, 11 stalls while
workers run, 12 start, 13 memory. The window is 1920x1080. All of it takes 30 to 50 minutes.
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
# As the window has it, see `app.base.idle_threads`.
os.environ.setdefault("OPENCV_THREAD_POOL_ACTIVE_WAIT_WORKER", "0")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import masking
import numpy as np
import starting
from harness import Report, Row, Timing, in_turn, nothing, require_linux
from PySide6.QtCore import QEvent, QPoint, QPointF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QApplication
from subjects import SURFACE, WINDOW, Bench, Shown, StampedStroke, Stroke

from app.base.geometry import Point, Rect
from app.document.brush import Brush
from app.document.gestures import GestureRunner, PointerSample, brush_stroke
from app.document.tiles import TILE


def milliseconds(*timings: Timing) -> str:
    return " / ".join(f"{timing.median:.3f} ms ({timing.note})" for timing in timings)


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


def event_to_paint(report: Report, bench: Bench) -> None:
    """2: from the mouse event to the painted window."""
    shown = bench.shown
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
        event, reference = in_turn((stroke.prepare, stroke.run), (nothing, bench.draw_square(2 * radius)))
        stroke.end()
        shown.document.undo.undo()
        limit = 0.35 + 10 * reference.median
        report.add(
            Row(
                "2",
                f"event to paint, {name}, {shown.name}",
                event.median / limit,
                1.0,
                details=milliseconds(event, reference),
            )
        )


ZOOMS = (("fit", 0.0), ("70 %", 0.7), ("100 %", 1.0), ("150 %", 1.5), ("400 %", 4.0), ("1600 %", 16.0))


def full_frames(report: Report, bench: Bench) -> None:
    """5: the whole window against the picture alone.

    As it follows another one, while only the picture changes below the mask; "anew" is the first after the mask has
    changed, too. The edge of a ragged mask is drawn beside; the budget does not know it.
    """
    shown = bench.shown
    for share, limit in ((0.13, 2.5), (1.0, 3.5)):
        shown.cover(share)
        full_frame_at_zooms(report, bench, f"{share:.0%} covered", limit)
    edge = shown.roughen()
    full_frame_at_zooms(report, bench, "ragged", 3.5)
    bench.canvas.set_edge(edge)
    full_frame_at_zooms(report, bench, "ragged edge", 3.5)
    full_frame_at_zooms(report, bench, "ragged edge, anew", math.inf, prepare=bench.forget_mask)
    bench.canvas.set_edge(None)
    shown.cover(0.0)


def full_frame_at_zooms(
    report: Report, bench: Bench, what: str, limit_at_fit: float, prepare: Callable[[], object] = nothing
) -> None:
    for name, scale in ZOOMS:
        if scale:
            bench.canvas.navigation.zoom_to(scale)
        else:
            bench.canvas.zoom_to_fit()
        bench.canvas.repaint()
        frame, reference = in_turn((prepare, bench.full_frame), (nothing, bench.draw_image(bench.paper())))
        report.add(
            Row(
                "5",
                f"full frame, {name}, {what}, {bench.shown.name}",
                frame.median / reference.median,
                limit_at_fit if name == "fit" else max(limit_at_fit, 3.5),
                details=milliseconds(frame, reference),
            )
        )


def strokes_of_two_sizes(report: Report, small: Shown, large: Shown) -> None:
    """3: the same brush at 100 % on a large photograph and on a small one, each to what it is drawn over, in turn."""
    benches, radius = [Bench(small), Bench(large)], 50.0
    pairs, strokes = [], []
    for bench in benches:
        bench.shown.cover(0.0)
        bench.canvas.navigation.zoom_to(1.0)
        bench.canvas.repaint()
        bench.toolbox.set_diameter(2 * radius)
        strokes.append(Stroke(bench, 12.0, radius + 20))
        pairs += [(strokes[-1].prepare, strokes[-1].run), (nothing, bench.draw_square(2 * radius))]
    little, below_little, much, below_much = in_turn(*pairs)
    for bench, stroke in zip(benches, strokes, strict=True):
        stroke.end()
        bench.close()
    ratio = much.median / below_much.median / (little.median / below_little.median)
    details = milliseconds(much, below_much, little, below_little)
    report.add(Row("3", f"stroke at 100 %, {large.name} against {small.name}", ratio, 1.2, details=details))


def frames_of_two_sizes(report: Report, small: Shown, large: Shown) -> None:
    """4: the whole window at fit, a large photograph against a small one, in turn."""
    benches = [Bench(small), Bench(large)]
    for bench in benches:
        bench.shown.cover(0.13)
        bench.canvas.zoom_to_fit()
        bench.canvas.repaint()
    little, much = in_turn(*[(nothing, bench.full_frame) for bench in benches])
    for bench in benches:
        bench.close()
    ratio, details = much.median / little.median, milliseconds(much, little)
    report.add(Row("4", f"full frame at fit, {large.name} against {small.name}", ratio, 1.2, details=details))


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


def ends_of_strokes(report: Report, bench: Bench) -> None:
    """8: letting go of the button, and undo with its repaint, after strokes across the window."""
    shown, document = bench.shown, bench.shown.document
    bench.canvas.zoom_to_fit()
    bench.canvas.repaint()
    for radius in (20.0, 300.0):
        bench.toolbox.set_diameter(2 * radius / bench.view.scale)
        paper = bench.paper()
        places = [QPointF(paper.x + paper.width * share / 40, paper.centre.y) for share in range(4, 37)]
        tiles = 0

        def paint(places: list[QPointF] = places) -> None:
            nonlocal tiles
            if document.undo.can_undo:
                document.undo.undo()
            bench.send(QEvent.Type.MouseButtonPress, places[0], True)
            for place in places:
                bench.send(QEvent.Type.MouseMove, place, True)
            tiles = int(np.count_nonzero(document.mask.occupied))
            bench.paint()

        def release(places: list[QPointF] = places) -> None:
            bench.send(QEvent.Type.MouseButtonRelease, places[-1], False)

        (let_go,) = in_turn((paint, release))
        case = f"release after r={radius:g} on screen, {shown.name}"
        report.add(Row("8", case, let_go.median, 4.0, "ms", let_go.note))
        paint()
        release()

        def undo() -> None:
            document.undo.undo()
            bench.paint()

        source = np.zeros(tiles * TILE * TILE, np.uint8)
        copied = source.copy()
        back, whole, copy = in_turn(
            (lambda: document.undo.redo() or bench.paint(), undo),
            (nothing, bench.full_frame),
            (nothing, partial(np.copyto, copied, source)),
        )
        limit = whole.median + 5 * copy.median
        case = f"undo after r={radius:g} on screen, {shown.name}"
        details = milliseconds(back, whole, copy)
        report.add(Row("8", case, back.median / limit, 1.0, details=details))


def measure(report: Report, sizes: list[float], wanted: Callable[[str], bool]) -> None:
    for megapixels in sizes:
        shown = Shown(megapixels)
        if wanted("1"):
            stroke_events(report, shown)
        if wanted("7"):
            undo_memory(report, shown)
        bench = Bench(shown)
        if wanted("2"):
            event_to_paint(report, bench)
        if wanted("5"):
            full_frames(report, bench)
        if wanted("6"):
            moves(report, bench)
        if wanted("8"):
            ends_of_strokes(report, bench)
        bench.close()
    small, large = sizes[0], sizes[-1]
    if small != large and wanted("3"):
        strokes_of_two_sizes(report, Shown(small), Shown(large))
    if small != large and wanted("4"):
        frames_of_two_sizes(report, Shown(small), Shown(large))
    for megapixels in sizes:
        if wanted("9"):
            masking.whole_masks(report, megapixels)
            masking.wands(report, megapixels)
        if wanted("10") and megapixels >= 24:
            starting.first_paint(report, WINDOW, megapixels)
        if wanted("11"):
            starting.stalls(report, megapixels)
        if wanted("13"):
            starting.memory(report, megapixels)
    if wanted("12"):
        starting.start(report)


def main() -> int:
    require_linux()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--sizes", default="4,24,50,100", help="megapixels, smallest first (default: %(default)s)"
    )
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
