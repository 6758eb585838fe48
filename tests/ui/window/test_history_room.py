"""The history beside everything else: rows to see, and details of which nothing is cut off."""

import asyncio
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QLabel, QScrollArea, QWidget

from app.base.geometry import Point
from app.ui.panels.side import HISTORY
from tests.ui.window.conftest import Window, eventually


def _cut(window: Window) -> list[str]:
    """Words of the details that their place is too small for, or that stand outside the window."""
    details = window.desk.history.details
    cut = []
    for label in details.findChildren(QLabel):
        if not label.isVisible() or not label.text():
            continue
        needed = label.heightForWidth(label.width()) if label.wordWrap() else label.sizeHint().height()
        if label.height() < needed:
            cut.append(label.text())
    return cut


def _inside(window: Window, widget: QWidget) -> bool:
    place = QRect(widget.mapTo(window.desk.side, QPoint(0, 0)), widget.size())
    return window.desk.side.rect().contains(place)


def _scrolled(details: QWidget) -> bool:
    """Whether some of the words are out of sight."""
    return any(area.verticalScrollBar().maximum() > 0 for area in details.findChildren(QScrollArea))


@pytest.mark.parametrize("size", [(1100, 700), (1600, 1000), (1920, 1200)])
async def test_the_details_are_whole_and_leave_room_for_the_list(
    window: Window, photograph: Path, size: tuple[int, int]
) -> None:
    session = await window.open(photograph)
    session.form.set_provider("local", "instant")
    session.form.set_variants(4)
    session.form.set_value("seed", 7)
    window.stroke(Point(150, 120), Point(170, 120))
    for count in (1, 2, 3):
        id = await session.generate()
        assert id is not None
        await window.workspace.worker.wait(id)
        await eventually(lambda count=count: window.desk.history.model.rowCount() == count)
    window.frame.resize(*size)
    window.desk.side.reveal(HISTORY)
    history = window.desk.history
    await eventually(lambda: not history.details.isVisible())
    await asyncio.sleep(0.2)
    generate = window.widget("generate")
    place = generate.mapTo(window.frame, QPoint(0, 0))
    history.view.setCurrentIndex(history.model.index(0))
    await eventually(lambda: history.details.isVisible())
    for is_open in (False, True):
        assert history.details.more.isChecked() is is_open
        await asyncio.sleep(0.1)
        assert _cut(window) == []
        assert history.view.viewport().height() >= (1 if is_open else 2) * history.view.sizeHintForRow(0)
        assert not _scrolled(history.details) or is_open
        assert generate.mapTo(window.frame, QPoint(0, 0)) == place
        for button in (history.details.reuse, history.details.delete, history.details.more):
            assert _inside(window, button)
        words = " ".join(label.text() for label in history.details.findChildren(QLabel) if label.isVisible())
        assert "0 px changed outside the mask" in words
        assert ("Request " in words) is is_open
        history.details.more.click()


async def test_the_form_of_the_built_in_model_is_seen_whole_beside_the_history(
    window: Window, photograph: Path
) -> None:
    session = await window.open(photograph)
    session.form.set_provider("local", "instant")
    window.frame.resize(1600, 1000)
    await asyncio.sleep(0.1)
    feather = window.widget("feather")
    assert feather.visibleRegion().boundingRect() == feather.rect()
