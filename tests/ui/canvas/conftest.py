"""Small documents for the canvas, and the canvas in a window of its own."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from app.base.geometry import Size
from app.base.signal import Signal
from app.document.brush import Brush
from app.document.document import Document
from app.document.gestures import GestureRunner
from app.imaging.arrays import U8
from app.imaging.photograph import Channels, Metadata, Photograph
from app.session.toolbox import ToolBox
from app.ui.canvas.widget import CanvasWidget


class OpenPhotograph:
    """What the canvas shows: first a preview, perhaps, then a document."""

    def __init__(self) -> None:
        self.stage_changed: Signal[[]] = Signal()
        self.size: Size | None = None
        self.preview: U8 | None = None
        self.document: Document | None = None
        self.gestures: GestureRunner | None = None

    def show_preview(self, preview: U8, size: Size) -> None:
        self.preview, self.size = preview, size
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


def open_photograph(width: int = 400, height: int = 300, **options: object) -> OpenPhotograph:
    shown = OpenPhotograph()
    shown.show_document(Document(photograph(width, height, **options)))  # type: ignore[arg-type]
    return shown


MakeCanvas = Callable[..., CanvasWidget]


@pytest.fixture
def toolbox() -> ToolBox:
    return ToolBox(Brush(40.0))


@pytest.fixture
def make_canvas(qtbot: QtBot, toolbox: ToolBox) -> Iterator[MakeCanvas]:
    made: list[CanvasWidget] = []

    def make(shown: OpenPhotograph | None = None, width: int = 640, height: int = 480) -> CanvasWidget:
        canvas = CanvasWidget(toolbox)
        qtbot.addWidget(canvas)
        canvas.resize(width, height)
        canvas.show()
        canvas.set_session(shown)
        QCoreApplication.processEvents()
        made.append(canvas)
        return canvas

    yield make
    for canvas in made:
        canvas.set_session(None)
