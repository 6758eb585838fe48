"""A whole window on a real workspace, as the program makes it, in a data folder of the test's own."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import pytest_asyncio
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.base.geometry import Point
from app.base.notices import Notices
from app.session.document_session import DocumentSession, Stage
from app.session.workspace import Workspace
from app.settings.folders import resolve_folders
from app.ui.app import Program
from app.ui.desk import Desk
from app.ui.panels.dragging import ResultButton

GATEWAY = """
[providers.everything]
dialect = "openai-multipart"
base_url = "http://127.0.0.1:9/v1"
model = "all-parameters"
title = "Everything"
"""


async def eventually(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Let the loop run until `condition` holds; Qt's own waiting would not drive the tasks."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        await asyncio.sleep(0.01)


class Window:
    """The window under test, with a person's hands."""

    def __init__(self, program: Program) -> None:
        assert program.desk is not None
        assert program.workspace is not None
        self.program = program
        self.desk: Desk = program.desk
        self.workspace: Workspace = program.workspace
        self.frame = program.window

    @property
    def session(self) -> DocumentSession:
        session = self.workspace.current
        assert session is not None
        return session

    def widget(self, name: str) -> QWidget:
        """The only widget of this objectName."""
        found = self.frame.findChildren(QWidget, name)
        assert len(found) == 1, f"{name} exists {len(found)} times"
        return found[0]

    async def open(self, path: Path) -> DocumentSession:
        await self.desk.files.open_files([path])
        session = self.session
        assert session.stage is Stage.READY
        return session

    def at(self, position: Point) -> QPoint:
        """Where a document position stands on the canvas."""
        view = self.desk.canvas.navigation.view.to_view(position)
        ratio = self.desk.canvas.devicePixelRatioF()
        return QPointF(view.x / ratio, view.y / ratio).toPoint()

    def stroke(self, *points: Point) -> None:
        """Paint through document positions with the left button."""
        canvas, left = self.desk.canvas, Qt.MouseButton.LeftButton
        QTest.mousePress(canvas, left, pos=self.at(points[0]))
        for point in points[1:]:
            QTest.mouseMove(canvas, self.at(point))
        QTest.mouseRelease(canvas, left, pos=self.at(points[-1]))

    def strip_buttons(self) -> list[ResultButton]:
        """Those of the strip that stand for something, whether the strip is to be seen or not."""
        return [each for each in self.desk.strip.findChildren(ResultButton) if not each.isHidden()]

    def key(
        self,
        key: Qt.Key | str,
        modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
        widget: QWidget | None = None,
    ) -> None:
        """Press a key where the focus is, so that shortcuts have their say first."""
        target = widget or self.frame.focusWidget() or self.frame
        QTest.keyClick(target, key, modifier)  # type: ignore[call-overload]


@pytest_asyncio.fixture
async def window(qtbot: QtBot, maskroom_home: Path) -> AsyncIterator[Window]:
    """An empty window of 1400 x 900."""
    with (maskroom_home / "providers.toml").open("a") as file:
        file.write(GATEWAY)
    program = Program(resolve_folders(os.environ), Notices())
    program.show_frame()
    await program.furnish()
    program.window.resize(1400, 900)
    program.window.activateWindow()
    await asyncio.sleep(0.05)
    yield Window(program)
    await program.aclose()


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    """A soft gradient with texture and a dark disc in it: 320 x 240, PNG."""
    generator = np.random.default_rng(3)
    rows, columns = np.mgrid[0:240, 0:320]
    picture = np.stack([columns * 0.5 + 40, rows * 0.6 + 40, (rows + columns) * 0.2 + 60], axis=-1)
    picture = np.clip(picture + generator.normal(0, 6, picture.shape), 0, 255).astype(np.uint8)
    cv2.circle(picture, (160, 120), 16, (10, 10, 10), -1)
    path = tmp_path / "disc.png"
    cv2.imwrite(str(path), picture)
    return path
