"""The tool in hand, its brush and its options: what the canvas works with and the options bar shows."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

from app.base.signal import Signal
from app.document.brush import Brush
from app.document.selection_gestures import SmartStart, Wand
from app.document.shapes import Combine
from app.imaging.selections import GradientKind

MIN_DIAMETER = 1.0
MAX_DIAMETER = 4000.0
MIN_SPACING, MAX_SPACING = 0.01, 2.0
_SCRIBBLE = 24.0
"""Diameter with which objects are scribbled over at first."""


class ToolKind(enum.Enum):
    """What a press on the canvas does."""

    BRUSH = "brush"
    ERASER = "eraser"
    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    LASSO = "lasso"
    POLYGON = "polygon"
    WAND = "wand"
    COLOUR_RANGE = "range"
    SMART = "smart"
    BUCKET = "bucket"
    GRADIENT = "gradient"
    MOVE = "move"
    REGION = "region"
    HAND = "hand"

    @property
    def paints(self) -> bool:
        return self in (ToolKind.BRUSH, ToolKind.ERASER)

    @property
    def has_brush(self) -> bool:
        """Whether it draws with the width of a brush of its own."""
        return self.paints or self is ToolKind.SMART

    @property
    def combines(self) -> bool:
        """Whether it adds an area to the mask, takes it away or keeps only it."""
        return not self.paints and self not in (ToolKind.MOVE, ToolKind.REGION, ToolKind.HAND)


@dataclass(frozen=True, slots=True)
class ToolOptions:
    """What can be set on the tools that do not paint."""

    combine: Combine = Combine.ADD
    """What an area does when no key is held."""
    wand: Wand = Wand()
    """The sample counts for the colour range, too."""
    fuzziness: int = 40
    """1–255."""
    gradient: GradientKind = GradientKind.LINEAR
    smart_start: SmartStart = SmartStart.BOX


class ToolBox:
    """The chosen tool, its options, and a brush for each tool that has one, whose sizes are kept apart."""

    def __init__(self, brush: Brush) -> None:
        self._default = replace(brush, erase=False)
        self._tool = ToolKind.BRUSH
        self._brushes = self._new_brushes()
        self._options = ToolOptions()
        self.changed: Signal[[]] = Signal()

    @property
    def tool(self) -> ToolKind:
        return self._tool

    @property
    def brush(self) -> Brush:
        """The brush of the tool in hand; the painting one for tools that have none."""
        return self._brushes.get(self._tool, self._brushes[ToolKind.BRUSH])

    def set_tool(self, tool: ToolKind) -> None:
        if tool is not self._tool:
            self._tool = tool
            self.changed.emit()

    def swap(self) -> None:
        """Change between painting and erasing."""
        self.set_tool(ToolKind.BRUSH if self._tool is ToolKind.ERASER else ToolKind.ERASER)

    def reset(self) -> None:
        """The brush and its options as they were at the start."""
        self._tool = ToolKind.BRUSH
        self._brushes = self._new_brushes()
        self._options = ToolOptions()
        self.changed.emit()

    @property
    def options(self) -> ToolOptions:
        return self._options

    def set_options(self, options: ToolOptions) -> None:
        if options != self._options:
            self._options = options
            self.changed.emit()

    def set_diameter(self, diameter: float) -> None:
        """Document pixels, clamped to 1 … 4000."""
        self._change(replace(self.brush, diameter=min(max(diameter, MIN_DIAMETER), MAX_DIAMETER)))

    def set_hardness(self, hardness: float) -> None:
        """0 … 1, clamped."""
        self._change(replace(self.brush, hardness=min(max(hardness, 0.0), 1.0)))

    def set_opacity(self, opacity: float) -> None:
        """0.01 … 1, clamped: a brush that paints nothing would look broken."""
        self._change(replace(self.brush, opacity=min(max(opacity, 0.01), 1.0)))

    def set_spacing(self, spacing: float) -> None:
        """From dab to dab as a share of the diameter, clamped to 0.01 … 2."""
        self._change(replace(self.brush, spacing=min(max(spacing, MIN_SPACING), MAX_SPACING)))

    def step_diameter(self, steps: int) -> None:
        """One bracket key: about 12 %, at least one pixel, to whole pixels."""
        diameter = self.brush.diameter
        for _ in range(abs(steps)):
            step = max(1.0, round(diameter * 0.12))
            diameter = diameter + step if steps > 0 else diameter - step
        self.set_diameter(round(diameter))

    def _change(self, brush: Brush) -> None:
        owner = self._tool if self._tool in self._brushes else ToolKind.BRUSH
        if brush != self._brushes[owner]:
            self._brushes[owner] = brush
            self.changed.emit()

    def _new_brushes(self) -> dict[ToolKind, Brush]:
        return {
            ToolKind.BRUSH: self._default,
            ToolKind.ERASER: replace(self._default, erase=True),
            ToolKind.SMART: Brush(_SCRIBBLE),
        }
