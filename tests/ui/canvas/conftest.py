"""The canvas in a window of its own."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from app.document.brush import Brush
from app.session.toolbox import ToolBox
from app.ui.canvas.widget import CanvasWidget
from tests.ui.canvas.showing import OpenPhotograph

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
