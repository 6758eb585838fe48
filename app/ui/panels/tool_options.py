"""What can be set on the tools that do not paint: one row of controls, each shown with the tools that it concerns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from app.base.text import tr
from app.document.selection_gestures import SmartStart, Wand
from app.document.shapes import Combine
from app.imaging.selections import GradientKind
from app.session.toolbox import ToolKind
from app.ui.theme import SPACE
from app.ui.widgets.fields import ChoiceBox, NumberField
from app.ui.widgets.labels import make_label

if TYPE_CHECKING:
    from app.session.toolbox import ToolBox

SAMPLES = (1, 3, 5)


class ToolOptionsRow(QWidget):
    """Mirrors the options in the toolbox."""

    def __init__(self, toolbox: ToolBox, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._toolbox = toolbox
        self.combine = ChoiceBox("toolCombine", tr("What the area does to the mask"))
        self.tolerance = NumberField("wandTolerance", tr("Tolerance, 0 to 255"))
        self.tolerance.configure(minimum=0, maximum=255, curve=2.0)
        self.fuzziness = NumberField("rangeFuzziness", tr("Fuzziness, 1 to 255"))
        self.fuzziness.configure(minimum=1, maximum=255, curve=2.0)
        self.sample = ChoiceBox("toolSample", tr("Pixels whose mean colour counts"))
        self.contiguous = _check("wandContiguous", tr("Contiguous"))
        self.contiguous.setToolTip(tr("Only what hangs together with the place of the click"))
        self.smooth = _check("wandSmooth", tr("Smooth edge"))
        self.gradient = ChoiceBox("gradientKind", tr("Kind of gradient"))
        self.smart_start = ChoiceBox("smartStart", tr("How an object is first told of"))
        for choice in (self.combine, self.sample, self.gradient, self.smart_start):
            choice.setSizeAdjustPolicy(ChoiceBox.SizeAdjustPolicy.AdjustToContents)
        self._parts: list[tuple[QWidget, frozenset[ToolKind]]] = []
        self._lay_out()
        self._connect()

    def mirror(self) -> None:
        """Show the options of the tool in hand."""
        tool, options = self._toolbox.tool, self._toolbox.options
        for part, tools in self._parts:
            part.setVisible(tool in tools)
        self.combine.show_choices(
            [
                (tr("Add to the mask"), Combine.ADD),
                (tr("Take away"), Combine.SUBTRACT),
                (tr("Keep only this"), Combine.INTERSECT),
            ],
            options.combine,
        )
        self.tolerance.show_value(options.wand.tolerance)
        self.fuzziness.show_value(options.fuzziness)
        self.sample.show_choices([(tr("{n} × {n} px", n=n), n) for n in SAMPLES], options.wand.sample)
        for check, on in ((self.contiguous, options.wand.contiguous), (self.smooth, options.wand.smooth)):
            check.blockSignals(True)
            check.setChecked(on)
            check.blockSignals(False)
        kinds = [(tr("Linear"), GradientKind.LINEAR), (tr("Radial"), GradientKind.RADIAL)]
        self.gradient.show_choices(kinds, options.gradient)
        starts = [(tr("A box around it"), SmartStart.BOX), (tr("A scribble over it"), SmartStart.SCRIBBLE)]
        self.smart_start.show_choices(starts, options.smart_start)

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        wand, colours = ToolKind.WAND, ToolKind.COLOUR_RANGE
        combining = frozenset(tool for tool in ToolKind if tool.combines)
        for title, control, tools in (
            ("", self.combine, combining),
            (tr("Begin with"), self.smart_start, {ToolKind.SMART}),
            (tr("Tolerance"), self.tolerance, {wand}),
            (tr("Fuzziness"), self.fuzziness, {colours}),
            (tr("Sample"), self.sample, {wand, colours}),
            ("", self.contiguous, {wand}),
            ("", self.smooth, {wand}),
            ("", self.gradient, {ToolKind.GRADIENT}),
        ):
            if isinstance(control, NumberField):
                control.slider.setFixedWidth(88)
                control.box.setFixedWidth(72)
            if title:
                label = make_label(title, "muted")
                label.setBuddy(control.box if isinstance(control, NumberField) else control)
                row.addWidget(label)
                self._parts.append((label, frozenset(tools)))
            row.addWidget(control)
            self._parts.append((control, frozenset(tools)))

    def _connect(self) -> None:
        box = self._toolbox

        def wand() -> Wand:
            return box.options.wand

        def set_wand(wand: Wand) -> None:
            box.set_options(replace(box.options, wand=wand))

        self.combine.chosen.connect(lambda how: box.set_options(replace(box.options, combine=how)))
        self.gradient.chosen.connect(lambda kind: box.set_options(replace(box.options, gradient=kind)))
        self.smart_start.chosen.connect(lambda by: box.set_options(replace(box.options, smart_start=by)))
        self.fuzziness.edited.connect(
            lambda value: box.set_options(replace(box.options, fuzziness=int(value)))
        )
        self.tolerance.edited.connect(lambda value: set_wand(replace(wand(), tolerance=int(value))))
        self.sample.chosen.connect(lambda sample: set_wand(replace(wand(), sample=sample)))
        self.contiguous.toggled.connect(lambda on: set_wand(replace(wand(), contiguous=on)))
        self.smooth.toggled.connect(lambda on: set_wand(replace(wand(), smooth=on)))


def _check(name: str, title: str) -> QCheckBox:
    check = QCheckBox(title)
    check.setObjectName(name)
    return check
