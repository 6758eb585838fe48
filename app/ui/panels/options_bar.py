"""The bar at the top: what can be set on the tool in hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QToolBar, QWidget

from app.base.text import tr
from app.session.toolbox import MAX_DIAMETER, MAX_SPACING, MIN_DIAMETER, MIN_SPACING, ToolKind
from app.session.tools import tool_title
from app.ui.icons import icon
from app.ui.links import Links
from app.ui.panels.tool_options import ToolOptionsRow
from app.ui.theme import ROW_HEIGHT, SPACE
from app.ui.widgets.fields import NumberField
from app.ui.widgets.labels import make_label

if TYPE_CHECKING:
    from app.session.toolbox import ToolBox

NAME_WIDTH = 76
"""Most names fit into it, so that the options stand still when another tool is taken up."""
TOOL_ICONS = {
    ToolKind.BRUSH: "brush",
    ToolKind.ERASER: "eraser",
    ToolKind.RECTANGLE: "square-dashed",
    ToolKind.ELLIPSE: "circle-dashed",
    ToolKind.LASSO: "lasso",
    ToolKind.POLYGON: "vector-polygon",
    ToolKind.WAND: "wand",
    ToolKind.COLOUR_RANGE: "pipette",
    ToolKind.SMART: "square-dashed-mouse-pointer",
    ToolKind.BUCKET: "paint-bucket",
    ToolKind.GRADIENT: "blend",
    ToolKind.MOVE: "move",
    ToolKind.REGION: "frame",
    ToolKind.HAND: "hand",
}


def tool_hint(tool: ToolKind, *, is_split: bool = False) -> str:
    """How `tool` is used, and what the keys held with it do; `is_split`: each island has a region of its own."""
    if tool is ToolKind.REGION and is_split:
        return tr(
            "Each island has a region of its own, which follows the mask · In one request it can be dragged"
        )
    combines = tr("Alt takes away · Shift+Alt keeps only it")
    return {
        ToolKind.BRUSH: tr("Shift-click draws a straight line · Alt erases · Ctrl+Alt-drag resizes"),
        ToolKind.ERASER: tr("Shift-click draws a straight line · X goes back to painting"),
        ToolKind.RECTANGLE: tr("Drag a rectangle · {keys}", keys=combines),
        ToolKind.ELLIPSE: tr("Drag an ellipse, then hold Shift for a circle · {keys}", keys=combines),
        ToolKind.LASSO: tr("Draw around what should change · {keys}", keys=combines),
        ToolKind.POLYGON: tr(
            "Click corners · Enter or a double click closes · Backspace takes one back · {keys}",
            keys=combines,
        ),
        ToolKind.WAND: tr("Click a colour · {keys}", keys=combines),
        ToolKind.COLOUR_RANGE: tr("Click a colour, Shift-click more of them · {keys}", keys=combines),
        ToolKind.SMART: tr(
            "Then paint over what is missing, with Alt over what is too much · Enter: next object"
        ),
        ToolKind.BUCKET: tr("Click an area that the mask encloses · {keys}", keys=combines),
        ToolKind.GRADIENT: tr("Drag from full to nothing · {keys}", keys=combines),
        ToolKind.MOVE: tr("Drag the mask · Arrow keys move it by 1 pixel, with Shift by 10"),
        ToolKind.REGION: tr(
            "Drag the outline of what is sent, or its handles · Arrow keys move it by 1 pixel, with Shift by 10"
        ),
        ToolKind.HAND: tr("Drag to move the photograph · Space does the same with any tool"),
    }[tool]


class OptionsBar(QToolBar):
    """Size, hardness, opacity and spacing of the brush in hand, or the options of another tool."""

    def __init__(self, toolbox: ToolBox, parent: QWidget | None = None) -> None:
        super().__init__(tr("Tool options"), parent)
        self.setObjectName("options")
        self.setMovable(False)
        self.setFloatable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self._toolbox = toolbox
        self._links = Links()
        self._sign = make_label()
        self._sign.setFixedSize(QSize(20, 20))
        self._name = make_label(role="heading")
        self._name.setMinimumWidth(NAME_WIDTH)
        self.brush_size = NumberField("brushSize", tr("Brush size in pixels"))
        self.brush_size.configure(minimum=MIN_DIAMETER, maximum=MAX_DIAMETER, suffix=" px", curve=3.0)
        self.brush_hardness = NumberField("brushHardness", tr("Brush hardness in per cent"))
        self.brush_hardness.configure(minimum=0, maximum=100, suffix=" %")
        self.brush_opacity = NumberField("brushOpacity", tr("Brush opacity in per cent"))
        self.brush_opacity.configure(minimum=1, maximum=100, suffix=" %")
        self.brush_spacing = NumberField(
            "brushSpacing", tr("Distance of dabs in per cent of the size"), slider=False
        )
        self.brush_spacing.configure(minimum=MIN_SPACING * 100, maximum=MAX_SPACING * 100, suffix=" %")
        self.tool_options = ToolOptionsRow(toolbox)
        self._painting: list[QWidget] = []
        self._brush = QWidget()
        row = QHBoxLayout(self._brush)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        for title, field in (
            (tr("Size"), self.brush_size),
            (tr("Hardness"), self.brush_hardness),
            (tr("Opacity"), self.brush_opacity),
            (tr("Spacing"), self.brush_spacing),
        ):
            label = make_label(title, "muted")
            label.setBuddy(field.box)
            field.slider.setFixedWidth(88)
            field.box.setFixedWidth(72)
            row.addWidget(label)
            row.addWidget(field)
            row.addSpacing(SPACE)
            if field is not self.brush_size:
                self._painting += [label, field]
        content = QWidget()
        content.setMinimumHeight(ROW_HEIGHT)
        line = QHBoxLayout(content)
        line.setContentsMargins(SPACE // 2, 0, SPACE // 2, 0)
        line.setSpacing(SPACE)
        line.addWidget(self._sign)
        line.addWidget(self._name)
        line.addWidget(self._brush)
        line.addWidget(self.tool_options)
        line.addStretch(1)
        self.addWidget(content)
        self.brush_size.edited.connect(lambda value: toolbox.set_diameter(float(value)))
        self.brush_hardness.edited.connect(lambda value: toolbox.set_hardness(float(value) / 100))
        self.brush_opacity.edited.connect(lambda value: toolbox.set_opacity(float(value) / 100))
        self.brush_spacing.edited.connect(lambda value: toolbox.set_spacing(float(value) / 100))
        self._links.add(toolbox.changed.connect(self._mirror))
        self._mirror()

    def detach(self) -> None:
        self._links.clear()

    def _mirror(self) -> None:
        tool, brush = self._toolbox.tool, self._toolbox.brush
        self._sign.setPixmap(icon(TOOL_ICONS[tool]).pixmap(18, 18))
        self._name.setText(tool_title(tool))
        self._name.setMinimumWidth(max(NAME_WIDTH, self._name.sizeHint().width()))
        self._brush.setVisible(tool.has_brush)
        for widget in self._painting:
            widget.setVisible(tool.paints)
        self.tool_options.setVisible(tool.combines)
        self.tool_options.mirror()
        self.brush_size.show_value(brush.diameter)
        self.brush_hardness.show_value(round(brush.hardness * 100))
        self.brush_opacity.show_value(round(brush.opacity * 100))
        self.brush_spacing.show_value(round(brush.spacing * 100))
