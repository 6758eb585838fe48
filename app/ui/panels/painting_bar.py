"""The bar over the canvas while the mask of a layer is painted: whose it is, and the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from app.base.text import tr
from app.ui.theme import SPACE
from app.ui.widgets.labels import ElidedLabel, make_label

if TYPE_CHECKING:
    from app.document.layers import EditLayer

WIDEST = 800
"""Pixels; longer names end in an ellipsis."""


class PaintingBar(QFrame):
    """Floats at the top of `host`."""

    finish_wanted = Signal()

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        self.setObjectName("layerPainting")
        self.setAccessibleName(tr("The mask of a layer is being painted"))
        self._host = host
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
        host.installEventFilter(self)
        self.hide()

    def show_layer(self, layer: EditLayer | None) -> None:
        """Say whose mask is painted; None hides the bar."""
        self.setVisible(layer is not None)
        if layer is not None:
            self.title.setText(tr("Painting the mask of “{name}”", name=layer.name))
            self._place()
            self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._host and event.type() is QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        # What it is painted in is known once it has its style.
        self.title.ensurePolished()
        words = self.title.fontMetrics().horizontalAdvance(self.title.text())
        width = min(self.sizeHint().width() + words + 1, WIDEST, self._host.width() - 4 * SPACE)
        self.setGeometry((self._host.width() - width) // 2, 2 * SPACE, width, self.sizeHint().height())
