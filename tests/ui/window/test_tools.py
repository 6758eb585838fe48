"""Tools in the whole window: keys, options, hints, and what runs in a thread and can be stopped."""

import time
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QDoubleSpinBox, QLabel, QStyleOptionComboBox
from pytestqt.qtbot import QtBot

from app.base.geometry import Point
from app.base.work import Work
from app.document.selection import Selection
from app.document.shapes import Combine, Shape
from app.session.toolbox import ToolKind
from app.session.tools import TOOL_KEYS, tool_title
from app.ui.panels.options_bar import tool_hint
from app.ui.theme import DARK, make_style_sheet
from app.ui.widgets.fields import ChoiceBox
from app.ui.wording import percent_text
from tests.ui.window.conftest import Window, eventually


async def test_each_tool_has_its_key_button_options_and_hint(window: Window, photograph: Path) -> None:
    await window.open(photograph)
    bar = window.desk.options
    shown: dict[ToolKind, set[str]] = {}
    for kind, keys in TOOL_KEYS.items():
        *held, key = keys.split("+")
        modifier = Qt.KeyboardModifier.ShiftModifier if held else Qt.KeyboardModifier.NoModifier
        window.desk.canvas.setFocus()
        window.key(getattr(Qt.Key, f"Key_{key}"), modifier, window.desk.canvas)
        assert window.workspace.toolbox.tool is kind
        action = window.desk.actions.action(f"tool.{kind.value}")
        assert action.isChecked()
        assert not action.icon().isNull()
        assert window.desk.status.hint.text() == tool_hint(kind)
        assert action.text() == tool_title(kind)
        names = (
            "brushSize",
            "brushSpacing",
            "toolCombine",
            "wandTolerance",
            "rangeFuzziness",
            "gradientKind",
        )
        shown[kind] = {name for name in names if window.widget(name).isVisibleTo(bar)}
    assert set(shown) == set(ToolKind)
    assert shown[ToolKind.BRUSH] == {"brushSize", "brushSpacing"}
    assert shown[ToolKind.SMART] == {"brushSize", "toolCombine"}
    assert shown[ToolKind.WAND] == {"toolCombine", "wandTolerance"}
    assert shown[ToolKind.COLOUR_RANGE] == {"toolCombine", "rangeFuzziness"}
    assert shown[ToolKind.GRADIENT] == {"toolCombine", "gradientKind"}
    assert shown[ToolKind.HAND] == shown[ToolKind.MOVE] == set()


def test_a_choice_is_read_whole_where_there_is_as_much_room_as_it_asks_for(qtbot: QtBot) -> None:
    box = ChoiceBox("choice", "Choice")
    qtbot.addWidget(box)
    box.setStyleSheet(make_style_sheet(DARK))
    box.setSizeAdjustPolicy(ChoiceBox.SizeAdjustPolicy.AdjustToContents)
    for text in ("Add to the mask", "A scribble over it", "101 × 101 px", "iiiiiii", "MMM"):
        box.clear()
        box.addItem(text)
        box.resize(box.sizeHint())
        option = QStyleOptionComboBox()
        box.initStyleOption(option)
        assert option.currentText == text


async def test_options_set_the_tool_and_show_what_is_set(window: Window, photograph: Path) -> None:
    await window.open(photograph)
    toolbox = window.workspace.toolbox
    toolbox.set_tool(ToolKind.WAND)
    contiguous, smooth = window.widget("wandContiguous"), window.widget("wandSmooth")
    assert isinstance(contiguous, QCheckBox)
    assert isinstance(smooth, QCheckBox)
    QTest.mouseClick(contiguous, Qt.MouseButton.LeftButton, pos=contiguous.rect().center())
    QTest.keyClick(smooth, Qt.Key.Key_Space)
    tolerance, combine = window.widget("wandTolerance"), window.widget("toolCombine")
    assert isinstance(tolerance, QDoubleSpinBox)
    assert isinstance(combine, ChoiceBox)
    tolerance.selectAll()
    QTest.keyClicks(tolerance, "77")
    QTest.keyClick(tolerance, Qt.Key.Key_Return)
    QTest.keyClick(combine, Qt.Key.Key_Down)
    wand = toolbox.options.wand
    assert (wand.contiguous, wand.smooth, wand.tolerance) == (False, False, 77)
    assert toolbox.options.combine is Combine.SUBTRACT
    toolbox.reset()
    toolbox.set_tool(ToolKind.WAND)
    assert contiguous.isChecked()
    assert tolerance.value() == toolbox.options.wand.tolerance
    toolbox.set_tool(ToolKind.BRUSH)
    spacing = window.widget("brushSpacing")
    assert isinstance(spacing, QDoubleSpinBox)
    spacing.setValue(35)
    assert toolbox.brush.spacing == pytest.approx(0.35)


async def test_a_click_with_the_wand_ends_in_the_mask_and_its_plan(window: Window, photograph: Path) -> None:
    session = await window.open(photograph)
    document = session.document
    assert document is not None
    window.workspace.toolbox.set_tool(ToolKind.WAND)
    window.stroke(Point(160, 120))
    await eventually(lambda: not document.mask.is_empty)
    # The dark disc has a radius of 16.
    assert document.mask.share() * 320 * 240 == pytest.approx(3.14 * 17**2, rel=0.2)
    share = percent_text(document.mask.share())
    await eventually(lambda: window.desk.status.coverage.text() == f"Mask {share}")
    await eventually(lambda: session.plan is not None)
    undo, redo = window.desk.actions.action("edit.undo"), window.desk.actions.action("edit.redo")
    assert undo.isEnabled()
    assert (undo.text(), redo.text()) == ("Undo: Magic wand", "Redo")
    assert undo.toolTip().startswith("Undo: Magic wand (Ctrl+Z)")
    document.rename_mask("Sky & sea")
    window.workspace.commands.get("edit.undo").run(window.workspace)
    await eventually(lambda: redo.text() == "Redo: Rename “Mask 1” to “Sky && sea”")
    assert undo.text() == "Undo: Magic wand"
    undo.trigger()
    await eventually(lambda: window.desk.status.coverage.text() == "No mask")


def endless(work: Work) -> Shape:
    while True:
        work.step(0.3)
        time.sleep(0.002)


@pytest.mark.parametrize("way", ["escape", "button", "tab"])
async def test_long_selecting_shows_how_far_it_is_and_can_be_stopped(
    window: Window, photograph: Path, way: str
) -> None:
    session = await window.open(photograph)
    selecting, view = session.selecting, window.desk.status.selecting
    assert selecting is not None
    selecting.order(Selection("Colour range", endless, Combine.ADD))
    assert not view.isVisible()
    await eventually(view.isVisible)
    await eventually(lambda: view.bar.value() == 30)
    if way == "escape":
        window.key(Qt.Key.Key_Escape, widget=window.desk.canvas)
    elif way == "button":
        QTest.mouseClick(view.stop, Qt.MouseButton.LeftButton)
    else:
        window.workspace.close(session)
    await eventually(lambda: not selecting.title)
    assert not view.isVisible()
    assert session.document is not None
    assert not session.document.undo.steps
    await session.aclose()


async def test_the_name_of_the_tool_is_never_cut_off(window: Window) -> None:
    """However narrow the window is: the bar leaves out what does not fit, but not half of a word."""
    for tool in ToolKind:
        window.workspace.toolbox.set_tool(tool)
        labels = window.desk.options.findChildren(QLabel)
        name = next(each for each in labels if each.text() == tool_title(tool))
        assert name.minimumWidth() >= name.fontMetrics().horizontalAdvance(name.text()), tool
