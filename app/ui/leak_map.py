"""Shows or hides the map of what the model changed, of the variant that is shown or of the selected layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.ui.canvas.heat import Heat
from app.ui.links import Links

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from app.document.layers import LayerSource
    from app.session.judging import Judged, Judging
    from app.ui.canvas.widget import CanvasWidget
    from app.ui.panels.leak_report import LeakLine


class LeakMap:
    """Once switched on it follows from result to result, until it is switched off."""

    def __init__(self, canvas: CanvasWidget, legend: QWidget, *lines: LeakLine) -> None:
        self.is_on = False
        self._canvas = canvas
        self._legend = legend
        self._lines = lines
        self._judging: Judging | None = None
        self._links = Links()
        self._shown: Heat | None = None
        self._asked: LayerSource | None = None
        """What it was last switched on for, or came to: somebody may cancel what is found out of it."""
        for line in lines:
            line.map_toggled.connect(self.toggle)
        legend.hide()

    def set_judging(self, judging: Judging | None) -> None:
        """Follow what is in front in this document."""
        self._links.clear()
        self._judging, self._shown = judging, None
        if judging is not None:
            self._links.add(judging.changed.connect(self._show))
        self._show()

    def detach(self) -> None:
        self._links.clear()

    def toggle(self) -> None:
        self.is_on, self._asked = not self.is_on, None
        for line in self._lines:
            line.show_map(self.is_on)
        self._show()

    def _show(self) -> None:
        judged = self._judging.subject if self._judging is not None and self.is_on else None
        if judged is not None and judged.source is not self._asked and self._judging is not None:
            self._asked = judged.source
            self._judging.find_out()
        heat = _heat(judged) if judged is not None else None
        if not _is_same(heat, self._shown):
            self._shown = heat
            self._canvas.source.set_heat(heat)
        self._legend.setVisible(heat is not None)


def _heat(judged: Judged) -> Heat | None:
    found = judged.report.heat if judged.report is not None else None
    return None if found is None else Heat(found.plane, found.rect_doc, judged.region, judged.spared)


def _is_same(one: Heat | None, other: Heat | None) -> bool:
    """A map is made anew only where it would be another one."""
    if one is None or other is None:
        return one is other
    return one.plane is other.plane and one.coverage is other.coverage and one.region == other.region
