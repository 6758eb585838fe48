"""The tool in hand and the keys that change its brush."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from app.document.brush import Brush
from app.session.toolbox import MAX_DIAMETER, MIN_DIAMETER, ToolBox, ToolKind, ToolOptions


def make_toolbox(diameter: float = 40.0) -> ToolBox:
    return ToolBox(Brush(diameter, 0.8, 1.0))


def test_brush_and_eraser_keep_their_own_sizes() -> None:
    toolbox = make_toolbox()
    toolbox.set_tool(ToolKind.ERASER)
    toolbox.set_diameter(90)
    assert toolbox.brush.erase
    toolbox.swap()
    assert toolbox.tool is ToolKind.BRUSH
    assert toolbox.brush.diameter == 40
    toolbox.swap()
    assert toolbox.brush.diameter == 90
    toolbox.set_tool(ToolKind.SMART)
    toolbox.set_diameter(17)
    toolbox.set_tool(ToolKind.ERASER)
    toolbox.set_hardness(0.1)
    toolbox.set_tool(ToolKind.SMART)
    assert (toolbox.brush.diameter, toolbox.brush.hardness, toolbox.brush.erase) == (17, 1.0, False)


def test_other_tools_change_the_painting_brush() -> None:
    toolbox = make_toolbox()
    toolbox.set_tool(ToolKind.LASSO)
    toolbox.set_hardness(0.25)
    toolbox.set_tool(ToolKind.BRUSH)
    assert toolbox.brush.hardness == 0.25


def test_reset_brings_back_the_start() -> None:
    toolbox = make_toolbox()
    toolbox.set_tool(ToolKind.ERASER)
    toolbox.set_opacity(0.1)
    toolbox.set_diameter(7)
    toolbox.set_options(replace(toolbox.options, fuzziness=3))
    toolbox.reset()
    assert toolbox.options == ToolOptions()
    assert (toolbox.tool, toolbox.brush) == (ToolKind.BRUSH, Brush(40.0, 0.8, 1.0))


def test_changes_are_told_once_and_only_when_something_changed() -> None:
    toolbox = make_toolbox()
    told: list[ToolKind] = []
    toolbox.changed.connect(lambda: told.append(toolbox.tool))
    toolbox.set_tool(ToolKind.BRUSH)
    toolbox.set_diameter(40)
    assert told == []
    toolbox.set_tool(ToolKind.HAND)
    assert told == [ToolKind.HAND]


@given(st.floats(MIN_DIAMETER, MAX_DIAMETER), st.integers(-40, 40))
def test_bracket_keys_always_move_and_stay_in_range(diameter: float, steps: int) -> None:
    toolbox = make_toolbox(diameter)
    toolbox.step_diameter(steps)
    after = toolbox.brush.diameter
    assert MIN_DIAMETER <= after <= MAX_DIAMETER
    if steps > 0:
        assert after > diameter or after == MAX_DIAMETER
    elif steps < 0:
        assert after < diameter or after == MIN_DIAMETER
