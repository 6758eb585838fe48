"""Budgets of opening and starting: first paint of a JPEG (10), stalls (11), start of the window (12), memory (13)."""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from harness import Report, Row, in_turn, nothing
from PIL import Image
from PySide6.QtCore import QCoreApplication, QEvent, QRectF
from PySide6.QtGui import QImage, QImageReader, QPainter

from app.base.geometry import Size
from app.base.signal import Signal
from app.document.brush import Brush
from app.document.document import Document
from app.document.gestures import GestureRunner
from app.imaging.arrays import U8
from app.imaging.load import load_preview, probe
from app.imaging.pyramid import Preview
from app.session.toolbox import ToolBox
from app.session.workspace import PREVIEW_BOUNDS
from app.ui.canvas.widget import CanvasWidget

PROBE = Path(__file__).with_name("window_probe.py")
STARTS = 50
STALL_RUNS = 5
PROBE_SECONDS = 900.0
"""After which a window that does not come to its end is given up."""
MEGABYTE = 1024 * 1024


class Opening:
    """A photograph of which the preview is there."""

    def __init__(self) -> None:
        self.stage_changed: Signal[[]] = Signal()
        self.size: Size | None = None
        self.preview: Preview | None = None
        self.document: Document | None = None
        self.gestures: GestureRunner | None = None

    def show_preview(self, preview: U8, size: Size) -> None:
        self.preview, self.size = Preview.of(preview), size
        self.stage_changed.emit()


def write_jpeg(path: Path, megapixels: float) -> Size:
    """A photograph with detail, stored turned, as cameras do: 24 MP are about 7 MB."""
    height = round((megapixels * 1e6 / 1.5) ** 0.5 / 8) * 8
    width = round(height * 1.5)
    random = np.random.default_rng(3)
    field = np.zeros((height, width), np.float32)
    for octave in range(2, 9):
        coarse = random.normal(0.0, 2.0**octave / 6, (height // 2**octave + 2, width // 2**octave + 2))
        picture = Image.fromarray(coarse.astype(np.float32)).resize(
            (width, height), Image.Resampling.BILINEAR
        )
        field += np.asarray(picture)
    field += random.normal(0.0, 3.0, field.shape).astype(np.float32)
    planes = [
        np.clip(field * gain + base, 0, 255).astype(np.uint8)
        for gain, base in ((1, 130), (0.9, 120), (0.8, 100))
    ]
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.dstack(planes)).save(path, quality=90, exif=exif)
    return Size(height, width)


def first_paint(report: Report, window: Size, megapixels: float) -> None:
    """10: file to painted canvas by the preview, against decoding everything with Qt and painting it."""
    surface = QImage(window.width, window.height, QImage.Format.Format_RGB32)
    canvas = CanvasWidget(ToolBox(Brush(50.0)))
    canvas.resize(window.width, window.height)
    canvas.show()
    QCoreApplication.processEvents()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "photograph.jpg")
        write_jpeg(path, megapixels)

        def preview() -> None:
            opening = Opening()
            canvas.set_session(opening)
            data = path.read_bytes()
            info = probe(data)
            opening.show_preview(load_preview(data, PREVIEW_BOUNDS), info.size)
            QCoreApplication.sendPostedEvents(canvas, QEvent.Type.UpdateRequest.value)

        def whole() -> None:
            reader = QImageReader(str(path))
            reader.setAutoTransform(True)
            image = reader.read()
            scale = min(window.width / image.width(), window.height / image.height())
            painter = QPainter(surface)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(QRectF(0, 0, image.width() * scale, image.height() * scale), image)
            painter.end()

        QImageReader.setAllocationLimit(0)
        quick, full = in_turn((nothing, preview), (nothing, whole))
    canvas.set_session(None)
    canvas.close()
    details = f"{quick.median:.0f} ms ({quick.note}) / {full.median:.0f} ms ({full.note})"
    report.add(
        Row(
            "10",
            f"first paint of a {megapixels:g} MP JPEG",
            quick.median / full.median,
            0.35,
            details=details,
        )
    )


def start(report: Report) -> None:
    """12: process start to first paint, against a plain QMainWindow. Whole processes, so none is dropped."""
    waits: dict[str, list[float]] = {"bare": [], "painted": [], "furnished": []}
    with tempfile.TemporaryDirectory() as home:
        _probe(home, "start")
        for _ in range(STARTS):
            begun = time.monotonic()
            waits["bare"].append(_probe(home, "bare")["painted"] - begun)
            begun = time.monotonic()
            found = _probe(home, "start")
            for step in ("painted", "furnished"):
                waits[step].append(found[step] - begun)
    bare, painted, furnished = (statistics.median(waits[step]) for step in ("bare", "painted", "furnished"))
    details = (
        f"{painted * 1e3:.0f} ms / {bare * 1e3:.0f} ms ({STARTS}); furnished after {furnished * 1e3:.0f} ms"
    )
    report.add(Row("12", "start to the first painted window", painted / bare, 3.0, details=details))


def stalls(report: Report, megapixels: float) -> None:
    """11: the longest stall of the window's thread in each part of an edit; the median of some runs."""
    runs: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "photograph.jpg")
        write_jpeg(path, megapixels)
        for _ in range(STALL_RUNS):
            # Of its own: else the tabs of the run before come back and lie in front of what is painted on.
            with tempfile.TemporaryDirectory() as home:
                runs.append(_probe(home, "stalls", str(path)))
    for failed in [run["failed"] for run in runs if "failed" in run]:
        report.add(Row("11", f"stalls, {megapixels:g} MP", float("inf"), 16.0, "ms", str(failed)))
        return
    for phase in [name for name in runs[0] if name not in ("painted", "furnished", "stood_still")]:
        found = sorted(run[phase][0] for run in runs)
        busiest = statistics.median(run[phase][1] for run in runs)
        details = f"at most {busiest:.1f} of its own; runs: " + ", ".join(f"{each:.1f}" for each in found)
        case = f"stall while {phase}, {megapixels:g} MP"
        report.add(Row("11", case, statistics.median(found), 16.0, "ms", details))
    still = ", ".join(f"{run['stood_still']:.0f}" for run in runs)
    case = f"the machine stood still, {megapixels:g} MP"
    longest = max(run["stood_still"] for run in runs)
    report.add(Row("", case, longest, math.inf, "ms", f"in all of a run, and taken off: {still}"))


def memory(report: Report, megapixels: float) -> None:
    """13: what the program holds once a photograph is open, in a process that has opened nothing else."""
    with tempfile.TemporaryDirectory() as home:
        path = Path(home, "photograph.jpg")
        size = write_jpeg(path, megapixels)
        held = _probe(home, "open", str(path))["resident"]
    limit = 8 * size.area + 150 * MEGABYTE
    details = f"{size}, {held / size.area:.1f} bytes a pixel in all"
    report.add(
        Row("13", f"memory with {megapixels:g} MP open", held / MEGABYTE, limit / MEGABYTE, "MB", details)
    )


def _probe(home: str, *arguments: str) -> dict[str, Any]:
    environment = {**os.environ, "MASKROOM_HOME": home, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, str(PROBE), *arguments],
        env=environment,
        capture_output=True,
        check=True,
        timeout=PROBE_SECONDS,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found
