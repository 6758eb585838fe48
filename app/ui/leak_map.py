"""Shows or hides the map of what the model changed, for whichever variant stands on the canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.ui.canvas.heat import Heat

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from app.session.candidates import Candidate
    from app.ui.canvas.widget import CanvasWidget
    from app.ui.panels.leak_report import LeakLine


class LeakMap:
    """Once switched on it follows from variant to variant, until it is switched off."""

    def __init__(self, canvas: CanvasWidget, legend: QWidget, line: LeakLine) -> None:
        self.is_on = False
        self._canvas = canvas
        self._legend = legend
        self._line = line
        self._candidate: Candidate | None = None
        line.map_toggled.connect(self.toggle)
        legend.hide()

    def toggle(self) -> None:
        self.is_on = not self.is_on
        self._line.show_map(self.is_on)
        self._show()

    def follow(self, candidate: Candidate | None) -> None:
        """This variant is shown now, or none."""
        if candidate is not self._candidate:
            self._candidate = candidate
            self._show()

    def _show(self) -> None:
        candidate = self._candidate if self.is_on else None
        heat: Heat | None = None
        if candidate is not None and candidate.report.heat is not None:
            found, patch = candidate.report.heat, candidate.patch
            heat = Heat(found.plane, found.rect_doc, patch.region, patch.coverage)
        self._canvas.source.set_heat(heat)
        self._legend.setVisible(heat is not None)
