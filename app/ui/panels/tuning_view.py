"""How a result is put back, to be changed after it arrived: of the variant that is shown, or of the selected layer.

It mirrors the session's tuning and holds nothing itself; every change is seen on the canvas and costs nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.base.text import tr
from app.imaging.recipe import Align, BlendMode, ColourMatch, Detail, Recipe
from app.ui.links import Links
from app.ui.theme import SPACE
from app.ui.widgets.fields import ChoiceBox, FormRow, NumberField
from app.ui.widgets.labels import ElidedLabel, make_icon_button, make_label
from app.ui.wording import blend_mode_title

if TYPE_CHECKING:
    from app.session.tuning import Tuning

MOST_GROW_SHOWN, MOST_FEATHER_SHOWN = 128, 64
"""Pixels; more than this is the mask operations' matter."""


class TuningView(QWidget):
    """Opacity, blend mode, feather, grow, alignment, colour match, detail."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("tuning")
        self.setAccessibleName(tr("Tune the result"))
        self._tuning: Tuning | None = None
        self._links = Links()
        self.name = ElidedLabel()
        self.name.setProperty("role", "heading")
        self.state = make_label(role="muted")
        self.reset = make_icon_button("rotate-ccw", tr("Back to the usual settings"))
        self.reset.setObjectName("tuneReset")
        self.opacity = NumberField("layerOpacity", tr("Opacity of the layer in percent"))
        self.opacity.configure(minimum=0, maximum=100, suffix=" %")
        self.mode = ChoiceBox("layerMode", tr("Blend mode"))
        self.feather = NumberField("layerFeather", tr("Feather of the layer in pixels"))
        self.feather.configure(minimum=0, maximum=MOST_FEATHER_SHOWN, suffix=" px", curve=2.0)
        self.grow = NumberField("layerGrow", tr("Grow the layer's mask by pixels"))
        self.grow.configure(minimum=-MOST_GROW_SHOWN, maximum=MOST_GROW_SHOWN, suffix=" px")
        self.align = ChoiceBox("layerAlign", tr("Alignment"))
        self.colour = ChoiceBox("layerColour", tr("Colour match"))
        self.detail = ChoiceBox("layerDetail", tr("Detail"))
        for field in (self.opacity, self.feather, self.grow):
            # What is typed is seen at once.
            field.box.setKeyboardTracking(True)
        self._remade = (
            FormRow(tr("Align"), self.align, tr("Moves the result back to where it was cut from")),
            FormRow(tr("Colours"), self.colour, tr("Brings the result back to the photograph's colours")),
            FormRow(tr("Detail"), self.detail, tr("Gives back what a picture loses that was sent smaller")),
        )
        self._grow_row = FormRow(
            tr("Grow"), self.grow, tr("Widens what the layer covers; below 0 narrows it")
        )
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(SPACE)
        head.addWidget(self.name, 1)
        head.addWidget(self.state)
        head.addWidget(self.reset)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE * 3 // 2, SPACE, SPACE * 3 // 2, SPACE)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(FormRow(tr("Opacity"), self.opacity))
        column.addWidget(FormRow(tr("Blend"), self.mode, tr("How its colours meet those below")))
        column.addWidget(FormRow(tr("Feather"), self.feather, tr("Softens the edge, inwards only")))
        for row in (self._grow_row, *self._remade):
            column.addWidget(row)
        self.opacity.edited.connect(self._set_opacity)
        self.mode.chosen.connect(self._set_mode)
        self.feather.edited.connect(lambda value: self._set_recipe(feather=round(float(value))))
        self.grow.edited.connect(lambda value: self._set_recipe(grow=round(float(value))))
        self.align.chosen.connect(lambda value: self._set_recipe(align=value))
        self.colour.chosen.connect(lambda value: self._set_recipe(colour=value))
        self.detail.chosen.connect(lambda value: self._set_recipe(detail=value))
        self.reset.clicked.connect(self._reset)
        self._mirror()

    def set_tuning(self, tuning: Tuning | None) -> None:
        """Follow the tuning of the document in front."""
        self._links.clear()
        self._tuning = tuning
        if tuning is not None:
            self._links.add(tuning.changed.connect(self._mirror))
        self._mirror()

    def detach(self) -> None:
        self._links.clear()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._mirror()

    def _set_opacity(self, percent: float) -> None:
        if self._tuning is not None:
            self._tuning.set_opacity(percent / 100)

    def _set_mode(self, mode: BlendMode) -> None:
        if self._tuning is not None:
            self._tuning.set_mode(mode)

    def _set_recipe(self, **changes: object) -> None:
        if self._tuning is not None:
            self._tuning.set_recipe(replace(self._tuning.look.recipe, **changes))  # type: ignore[arg-type]

    def _reset(self) -> None:
        tuning = self._tuning
        if tuning is not None:
            tuning.set_opacity(1.0)
            tuning.set_mode(BlendMode.NORMAL)
            grow = tuning.look.recipe.grow if tuning.is_painted else 0
            tuning.set_recipe(replace(Recipe(), grow=grow))

    def _mirror(self) -> None:
        tuning = self._tuning
        subject = tuning.subject if tuning is not None else None
        self.setVisible(subject is not None)
        if tuning is None or subject is None or not self.isVisible():
            # Nobody sees it; what it has missed is taken up when it comes to sight.
            return
        look = tuning.look
        self.name.setText(subject.name)
        self.state.setText(tr("Working…") if tuning.is_busy else "")
        self.reset.setEnabled(
            look.opacity < 1.0 or look.mode is not BlendMode.NORMAL or look.recipe != Recipe()
        )
        for field, value in (
            (self.opacity, round(look.opacity * 100)),
            (self.feather, look.recipe.feather),
            (self.grow, look.recipe.grow),
        ):
            field.show_value(value)
        self.mode.show_choices([(blend_mode_title(mode), mode) for mode in BlendMode], look.mode)
        self.align.show_choices(_aligns(), look.recipe.align)
        self.colour.show_choices(_colours(), look.recipe.colour)
        self.detail.show_choices(_details(), look.recipe.detail)
        self._grow_row.setEnabled(not tuning.is_painted)
        for row in self._remade:
            row.setEnabled(subject.source is not None)


def _aligns() -> list[tuple[str, object]]:
    return [
        (tr("Piece by piece"), Align.AUTO),
        (tr("As a whole"), Align.RIGID),
        (tr("As it came"), Align.OFF),
    ]


def _colours() -> list[tuple[str, object]]:
    return [
        (tr("Whole picture"), ColourMatch.PICTURE),
        (tr("At the edge"), ColourMatch.EDGE),
        (tr("As they came"), ColourMatch.OFF),
    ]


def _details() -> list[tuple[str, object]]:
    return [
        (tr("As it came"), Detail.OFF),
        (tr("Add grain"), Detail.GRAIN),
        (tr("Add texture"), Detail.TEXTURE),
    ]
