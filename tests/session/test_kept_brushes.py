"""The brush of each tool is as it was left when Maskroom starts again."""

from __future__ import annotations

from pathlib import Path

from app.base.notices import Notices
from app.session.bootstrap import build_workspace
from app.session.toolbox import ToolKind
from app.settings.folders import Folders


async def test_brushes_come_back(maskroom_home: Path) -> None:
    first = build_workspace(Folders(maskroom_home), {}, Notices())
    first.toolbox.set_diameter(123.0)
    first.toolbox.set_opacity(0.4)
    first.toolbox.set_tool(ToolKind.ERASER)
    first.toolbox.set_diameter(321.0)
    first.toolbox.set_hardness(0.25)
    first.toolbox.set_tool(ToolKind.SMART)
    first.toolbox.set_diameter(9.0)
    await first.aclose()
    second = build_workspace(Folders(maskroom_home), {}, Notices())
    brush, eraser = second.toolbox.brushes[ToolKind.BRUSH], second.toolbox.brushes[ToolKind.ERASER]
    assert second.toolbox.tool is ToolKind.BRUSH
    assert (brush.diameter, brush.opacity, brush.erase) == (123.0, 0.4, False)
    assert (eraser.diameter, eraser.hardness, eraser.opacity, eraser.erase) == (321.0, 0.25, 1.0, True)
    assert second.toolbox.brushes[ToolKind.SMART].diameter == 9.0
    second.toolbox.reset()
    await second.aclose()
    third = build_workspace(Folders(maskroom_home), {}, Notices())
    assert third.toolbox.brushes == third.toolbox.usual_brushes
    await third.aclose()
    assert "brushes" not in Folders(maskroom_home).settings_file.read_text(encoding="utf-8")


async def test_a_brush_that_is_set_to_lie_ready_does(maskroom_home: Path) -> None:
    first = build_workspace(Folders(maskroom_home), {}, Notices())
    first.toolbox.set_diameter(123.0)
    await first.aclose()
    second = build_workspace(Folders(maskroom_home), {}, Notices())
    await second.settings.update("brush", diameter=55.0)
    await second.aclose()
    third = build_workspace(Folders(maskroom_home), {}, Notices())
    assert third.toolbox.brush.diameter == 55.0
    await third.aclose()
