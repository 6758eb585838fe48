"""The tools by name: titles, keys, and the gesture that each makes with the options it has in the toolbox."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from app.base.text import tr
from app.document.gestures import Tool, lasso, rectangle
from app.document.selection_gestures import bucket, colour_range, gradient, magic_wand, smart_select
from app.document.shape_gestures import ellipse_between, move_mask, polygon_by_corners
from app.session.toolbox import ToolBox, ToolKind

TOOL_KEYS: Mapping[ToolKind, str] = MappingProxyType(
    {
        ToolKind.BRUSH: "B",
        ToolKind.ERASER: "E",
        ToolKind.RECTANGLE: "M",
        ToolKind.ELLIPSE: "Shift+M",
        ToolKind.LASSO: "L",
        ToolKind.POLYGON: "Shift+L",
        ToolKind.WAND: "W",
        ToolKind.COLOUR_RANGE: "Shift+W",
        ToolKind.SMART: "S",
        ToolKind.BUCKET: "Shift+G",
        ToolKind.GRADIENT: "G",
        ToolKind.MOVE: "V",
        ToolKind.REGION: "K",
        ToolKind.HAND: "H",
    }
)
"""All tools in the order of the tool bar."""


def tool_title(tool: ToolKind) -> str:
    """What people call `tool`."""
    return {
        ToolKind.BRUSH: tr("Brush"),
        ToolKind.ERASER: tr("Eraser"),
        ToolKind.RECTANGLE: tr("Rectangle"),
        ToolKind.ELLIPSE: tr("Ellipse"),
        ToolKind.LASSO: tr("Lasso"),
        ToolKind.POLYGON: tr("Polygon"),
        ToolKind.WAND: tr("Magic wand"),
        ToolKind.COLOUR_RANGE: tr("Colour range"),
        ToolKind.SMART: tr("Smart select"),
        ToolKind.BUCKET: tr("Fill area"),
        ToolKind.GRADIENT: tr("Gradient"),
        ToolKind.MOVE: tr("Move mask"),
        ToolKind.REGION: tr("Region"),
        ToolKind.HAND: tr("Hand"),
    }[tool]


def gesture_in_hand(toolbox: ToolBox) -> Tool | None:
    """What a press begins; None for the tools that paint and for the hand."""
    options = toolbox.options
    how, wand = options.combine, options.wand
    match toolbox.tool:
        case ToolKind.RECTANGLE:
            return rectangle(how)
        case ToolKind.ELLIPSE:
            return ellipse_between(how)
        case ToolKind.LASSO:
            return lasso(how)
        case ToolKind.POLYGON:
            return polygon_by_corners(how)
        case ToolKind.WAND:
            return magic_wand(wand, how)
        case ToolKind.COLOUR_RANGE:
            return colour_range(options.fuzziness, wand.sample, how)
        case ToolKind.SMART:
            return smart_select(options.smart_start, toolbox.brush.diameter, how)
        case ToolKind.BUCKET:
            return bucket(how)
        case ToolKind.GRADIENT:
            return gradient(options.gradient, how)
        case ToolKind.MOVE:
            return move_mask
        case _:
            return None
