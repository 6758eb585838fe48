"""The bar over the canvas while the mask of a layer is painted: whose it is, and the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton

from app.base.text import tr
from app.ui.theme import SPACE
from app.ui.widgets.labels import ElidedLabel, make_label

if TYPE_CHECKING:
    from app.document.layers import EditLayer
    from app.ui.panels.canvas_host import CanvasHost

WIDEST = 800
"""Pixels; longer names end in an ellipsis."""


class PaintingBar(QFrame):
    """Floats at the top of `host`."""

    finish_wanted = Signal()

    def __init__(self, host: CanvasHost) -> None:
        super().__init__(host)
        self.setObjectName("layerPainting")
        self.setAccessibleName(tr("The mask of a layer is being painted"))
        self.title = ElidedLabel()
        self.title.setProperty("role", "heading")
        hint = make_label(tr("Brush shows, eraser hides"), "muted")
        self.finish = QPushButton(tr("Finish"))
        self.finish.setObjectName("layerPaintingFinish")
        self.finish.setToolTip(tr("Paint the mask for the next request again (Esc)"))
        self.finish.clicked.connect(self.finish_wanted)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE * 2, SPACE, SPACE, SPACE)
        row.setSpacing(SPACE * 3 // 2)
        row.addWidget(self.title, 1)
        row.addWidget(hint)
        row.addWidget(self.finish)
        host.add_bar(self)
        self.hide()

    def show_layer(self, layer: EditLayer | None) -> None:
        """Say whose mask is painted; None hides the bar."""
        self.setVisible(layer is not None)
        if layer is not None:
            self.title.setText(tr("Painting the mask of “{name}”", name=layer.name))
            self.raise_()

    def sizeHint(self) -> QSize:
        """Wide enough for the whole name, as far as that goes."""
        # What it is painted in is known once it has its style.
        self.title.ensurePolished()
        words = self.title.fontMetrics().horizontalAdvance(self.title.text())
        hint = super().sizeHint()
        return QSize(min(hint.width() + words + 1, WIDEST), hint.height())
