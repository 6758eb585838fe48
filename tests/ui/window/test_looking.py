"""Looking round in the whole window: the navigator, turning, looks that are remembered, the list of steps."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QListWidget

from app.base.geometry import Point
from app.ui.canvas.mask_look import MaskStyle
from app.ui.panels.navigator import Navigator
from app.ui.panels.side import STEPS
from tests.ui.window.conftest import Window, eventually

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


async def paint_three(window: Window, photograph: Path) -> list[np.ndarray]:  # type: ignore[type-arg]
    """Three strokes; returns the mask before, between and after them."""
    session = await window.open(photograph)
    document = session.document
    assert document is not None
    seen = [document.mask.coverage.copy()]
    for y in (60.0, 120.0, 180.0):
        window.stroke(Point(80, y), Point(160, y), Point(240, y))
        seen.append(document.mask.coverage.copy())
    return seen


def steps_of(window: Window) -> QListWidget:
    found = window.widget("undoSteps")
    assert isinstance(found, QListWidget)
    return found


async def test_every_step_is_a_place_to_go_back_to(window: Window, photograph: Path) -> None:
    seen = await paint_three(window, photograph)
    window.key(Qt.Key.Key_Y, CTRL | SHIFT)
    steps = steps_of(window)
    await eventually(lambda: steps.isVisible() and steps.count() == 4)
    assert window.desk.side.tabs.currentIndex() == STEPS
    assert steps.hasFocus()
    titles = [steps.item(row).text() for row in range(4)]
    assert titles == ["Opened", "Brush stroke", "Brush stroke", "Brush stroke"]
    document = window.session.document
    assert document is not None
    steps.scrollToItem(steps.item(1))
    QTest.mouseClick(
        steps.viewport(),
        Qt.MouseButton.LeftButton,
        pos=steps.visualItemRect(steps.item(1)).center(),
    )
    assert np.array_equal(document.mask.coverage, seen[1])
    await eventually(lambda: steps.item(1).font().bold())
    assert steps.item(3).foreground().color() != steps.item(0).foreground().color()
    window.key(Qt.Key.Key_Up)
    assert np.array_equal(document.mask.coverage, seen[0])
    window.key(Qt.Key.Key_End)
    assert np.array_equal(document.mask.coverage, seen[3])
    window.key(Qt.Key.Key_Home)
    window.stroke(Point(100, 100), Point(140, 100))
    await eventually(lambda: steps.count() == 2)


async def test_the_memory_for_steps_is_a_setting(window: Window, photograph: Path) -> None:
    session = await window.open(photograph)
    document = session.document
    assert document is not None
    assert document.undo.limit_bytes == 256 * 1024 * 1024
    await window.workspace.settings.update("steps", memory=32)
    assert document.undo.limit_bytes == 32 * 1024 * 1024


async def test_the_navigator_shows_all_and_leads_to_any_part(window: Window, photograph: Path) -> None:
    await window.open(photograph)
    navigator = window.widget("navigator")
    assert isinstance(navigator, Navigator)
    assert not navigator.isVisible()
    window.desk.actions.run("view.navigator")
    await eventually(navigator.isVisible)
    assert window.workspace.settings.value.canvas.navigator
    canvas = window.desk.canvas
    assert canvas.rect().contains(navigator.geometry())
    assert abs(navigator.width() / navigator.height() - 4 / 3) < 0.05
    canvas.navigation.zoom_to(4.0)
    canvas.navigation.turn_to(20.0)
    quarter = QPoint(6 + (navigator.width() - 12) // 4, 6 + (navigator.height() - 12) // 4)
    QTest.mouseClick(navigator, Qt.MouseButton.LeftButton, pos=quarter)
    middle = canvas.navigation.view.to_doc(canvas.navigation.centre)
    assert middle.distance(Point(80, 60)) < 4
    shown = navigator.grab().toImage().pixelColor(quarter.x() - 10, quarter.y())
    # The photograph is a ramp: its colours tell where one is.
    assert abs(shown.blue() - (0.5 * 60 + 40)) < 30
    window.desk.actions.run("view.navigator")
    await eventually(lambda: not navigator.isVisible())


async def test_the_look_of_the_mask_goes_round_and_is_remembered(window: Window, photograph: Path) -> None:
    await window.open(photograph)
    canvas = window.desk.canvas
    canvas.setFocus()
    for style in (MaskStyle.OUTLINE, MaskStyle.ALONE, MaskStyle.TINT):
        window.key(Qt.Key.Key_Q, SHIFT)
        await eventually(lambda style=style: canvas.mask_style is style)
        assert window.workspace.settings.value.canvas.mask_look == style.value


async def test_the_view_is_turned_mirrored_and_straightened_by_keys(window: Window, photograph: Path) -> None:
    await window.open(photograph)
    canvas = window.desk.canvas
    canvas.setFocus()
    window.key(Qt.Key.Key_BracketRight, CTRL)
    window.key(Qt.Key.Key_BracketRight, CTRL)
    window.key(Qt.Key.Key_BracketLeft, CTRL)
    assert canvas.navigation.view.angle == pytest.approx(15.0)
    assert canvas.navigation.is_fitted
    assert "15°" in window.desk.status.zoom.text()
    window.key(Qt.Key.Key_H, SHIFT)
    assert canvas.navigation.view.mirror
    assert canvas.navigation.view.angle == pytest.approx(345.0)
    assert "-15°" in window.desk.status.zoom.text()
    window.key(Qt.Key.Key_R, SHIFT)
    assert canvas.navigation.view.is_upright
    assert canvas.navigation.is_fitted


async def test_one_looks_at_the_mask_or_fills_the_window(window: Window, photograph: Path) -> None:
    await window.open(photograph)
    canvas = window.desk.canvas
    canvas.setFocus()
    before = canvas.navigation.view
    window.key(Qt.Key.Key_3, CTRL)
    assert canvas.navigation.view == before
    window.stroke(Point(60, 60), Point(90, 60))
    await eventually(window.desk.actions.action("view.mask").isEnabled)
    window.key(Qt.Key.Key_3, CTRL)
    document = window.session.document
    assert document is not None
    bounds = canvas.navigation.view.rect_to_view(document.mask.bounds())
    assert canvas.frame.size.rect.contains(bounds)
    assert bounds.centre.distance(canvas.navigation.centre) < 2
    assert max(bounds.width / canvas.frame.size.width, bounds.height / canvas.frame.size.height) > 0.5
    window.key(Qt.Key.Key_2, CTRL)
    paper = canvas.navigation.view.rect_to_view(document.size.rect)
    assert paper.expanded(1).contains(canvas.frame.size.rect)
