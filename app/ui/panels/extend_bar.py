"""The bar over the canvas while the canvas of the photograph is to be extended: how far on each side, and Extend.

What the canvas will be is outlined on it meanwhile. The bar belongs to the document in front and goes with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout

from app.base.geometry import Margins, Rect
from app.base.text import tr
from app.ui.theme import SPACE
from app.ui.widgets.fields import ChoiceBox, NumberBox
from app.ui.widgets.labels import make_label
from app.ui.wording import size_text

if TYPE_CHECKING:
    from app.document.document import Document
    from app.ui.canvas.widget import CanvasWidget
    from app.ui.panels.canvas_host import CanvasHost

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_MOST_PIXELS, _MOST_PERCENT = 20_000, 400
_PERCENT = "%"
_BOX = 84


class ExtendBar(QFrame):
    """Floats at the top of `host`. Enter extends, Esc cancels."""

    accepted = Signal(object)
    """Margins of the document in front that are to be added."""
    left = Signal()
    """The bar went away: the focus belongs to the canvas again."""

    def __init__(self, host: CanvasHost, canvas: CanvasWidget) -> None:
        super().__init__(host)
        self.setObjectName("extendBar")
        self.setAccessibleName(tr("Extend the canvas"))
        self._canvas = canvas
        self._document: Document | None = None
        self._was_fitted = True
        self._is_percent = False
        self.unit = ChoiceBox("extendUnit", tr("Unit"))
        self.unit.show_choices([(tr("px"), "px"), (tr("%"), _PERCENT)], "px")
        self.unit.setFixedWidth(64)
        self.sides = {
            name: self._make_side(f"extend{name.capitalize()}", title)
            for name, title in (
                ("left", tr("Left")),
                ("top", tr("Top")),
                ("right", tr("Right")),
                ("bottom", tr("Bottom")),
            )
        }
        self._size = make_label(role="muted")
        self.extend = QPushButton(tr("Extend"))
        self.extend.setObjectName("extendApply")
        self.extend.setProperty("role", "primary")
        self.cancel = QPushButton(tr("Cancel"))
        self.cancel.setObjectName("extendCancel")
        self._lay_out()
        self.unit.chosen.connect(self._change_unit)
        self.extend.clicked.connect(self._accept)
        self.cancel.clicked.connect(self.leave)
        host.add_bar(self)
        self.hide()

    @property
    def margins(self) -> Margins:
        """What is typed, in pixels of the document."""
        if self._document is None:
            return Margins()
        size, values = self._document.size, {name: box.value() for name, box in self.sides.items()}
        if self._is_percent:
            for name in values:
                whole = size.width if name in ("left", "right") else size.height
                values[name] *= whole / 100
        return Margins(**{name: round(value) for name, value in values.items()})

    def open(self, document: Document) -> None:
        """Ask how far `document` is to be extended."""
        self._document = document
        self._was_fitted = self._canvas.navigation.is_fitted
        for box in self.sides.values():
            box.blockSignals(True)
            box.setValue(0)
            box.blockSignals(False)
        self._mirror()
        self.show()
        self.raise_()
        first = self.sides["left"]
        first.setFocus(Qt.FocusReason.ShortcutFocusReason)
        first.selectAll()

    def leave(self) -> None:
        """Close without a change."""
        if self._document is None:
            return
        self._document = None
        self._outline(None)
        if self._was_fitted:
            self._canvas.zoom_to_fit()
        self.hide()
        self.left.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape or (event.key() in _ENTER and self.cancel.hasFocus()):
            self.leave()
        elif event.key() in _ENTER:
            self._accept()
        else:
            super().keyPressEvent(event)

    def _make_side(self, name: str, title: str) -> NumberBox:
        box = NumberBox(self)
        box.setObjectName(name)
        box.setAccessibleName(tr("{side}: extend by", side=title))
        box.setRange(0, _MOST_PIXELS)
        box.setSingleStep(16)
        box.setSuffix(" px")
        box.setFixedWidth(_BOX)
        # What is typed is outlined at once.
        box.setKeyboardTracking(True)
        box.valueChanged.connect(lambda value: self._mirror())
        return box

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(SPACE * 2)
        head.addWidget(make_label(tr("Extend the canvas"), "heading"))
        head.addWidget(self._size)
        head.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        titles = {"left": tr("Left"), "top": tr("Top"), "right": tr("Right"), "bottom": tr("Bottom")}
        for name, box in self.sides.items():
            label = make_label(titles[name], "muted")
            label.setBuddy(box)
            row.addWidget(label)
            row.addWidget(box)
        row.addWidget(self.unit)
        row.addSpacing(SPACE)
        row.addWidget(self.cancel)
        row.addWidget(self.extend)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE * 2, SPACE, SPACE, SPACE)
        column.setSpacing(SPACE)
        column.addLayout(head)
        column.addLayout(row)

    def _change_unit(self, unit: str) -> None:
        """Other numbers for the same canvas, as far as whole ones can tell it."""
        document, percent = self._document, unit == _PERCENT
        if document is None or percent == self._is_percent:
            return
        margins, self._is_percent = self.margins, percent
        self.unit.show_choices([(tr("px"), "px"), (tr("%"), _PERCENT)], unit)
        for name, box in self.sides.items():
            box.blockSignals(True)
            box.setRange(0, _MOST_PERCENT if percent else _MOST_PIXELS)
            box.setSingleStep(5 if percent else 16)
            box.setSuffix(" %" if percent else " px")
            pixels = getattr(margins, name)
            whole = document.size.width if name in ("left", "right") else document.size.height
            box.setValue(pixels * 100 / whole if percent else pixels)
            box.blockSignals(False)
        self._mirror()

    def _accept(self) -> None:
        margins = self.margins
        if self._document is None or margins.is_empty:
            return
        self._was_fitted = False
        self.leave()
        self.accepted.emit(margins)

    def _mirror(self) -> None:
        document = self._document
        if document is None:
            return
        margins = self.margins
        size = margins.around(document.size)
        self.extend.setEnabled(not margins.is_empty)
        self._size.setText(
            tr("The photograph is mirrored outwards; what is new is masked.")
            if margins.is_empty
            else tr("{before} becomes {after} px", before=size_text(document.size), after=size_text(size))
        )
        self._outline(
            None if margins.is_empty else Rect(-margins.left, -margins.top, size.width, size.height)
        )

    def _outline(self, rect_doc: Rect | None) -> None:
        """Show what the canvas is to become, and bring all of it into sight."""
        if rect_doc is not None:
            self._canvas.navigation.look_at(rect_doc)
        self._canvas.decorations.extension = rect_doc
        self._canvas.update()
