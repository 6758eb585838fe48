"""The tool in hand and its brush: what the canvas paints with and the options bar shows."""

from __future__ import annotations

import enum
from dataclasses import replace

from app.base.signal import Signal
from app.document.brush import Brush

MIN_DIAMETER = 1.0
MAX_DIAMETER = 2000.0


class ToolKind(enum.Enum):
    """What a press on the canvas does."""

    BRUSH = "brush"
    ERASER = "eraser"
    RECTANGLE = "rectangle"
    LASSO = "lasso"
    HAND = "hand"

    @property
    def paints(self) -> bool:
        return self in (ToolKind.BRUSH, ToolKind.ERASER)


class ToolBox:
    """The chosen tool, and one brush each for painting and erasing, whose sizes are kept apart."""

    def __init__(self, brush: Brush) -> None:
        self._default = replace(brush, erase=False)
        self._tool = ToolKind.BRUSH
        self._brushes = {
            ToolKind.BRUSH: self._default,
            ToolKind.ERASER: replace(self._default, erase=True),
        }
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
        self._brushes = {
            ToolKind.BRUSH: self._default,
            ToolKind.ERASER: replace(self._default, erase=True),
        }
        self.changed.emit()

    def set_diameter(self, diameter: float) -> None:
        """Document pixels, clamped to 1 … 2000."""
        self._change(replace(self.brush, diameter=min(max(diameter, MIN_DIAMETER), MAX_DIAMETER)))

    def set_hardness(self, hardness: float) -> None:
        """0 … 1, clamped."""
        self._change(replace(self.brush, hardness=min(max(hardness, 0.0), 1.0)))

    def set_opacity(self, opacity: float) -> None:
        """0.01 … 1, clamped: a brush that paints nothing would look broken."""
        self._change(replace(self.brush, opacity=min(max(opacity, 0.01), 1.0)))

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
