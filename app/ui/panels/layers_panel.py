"""The Layers panel: the list of layers, what can be done to the selected one, and how it is tuned.

While a variant is shown, what is tuned is the variant. All of it is the session's; small pictures are a
worker's.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QAction, QPixmap, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QToolButton, QVBoxLayout, QWidget

from app.base.geometry import Size
from app.base.text import tr
from app.session.layer_actions import place_layer, rename_layer
from app.ui.compositing import layer_picture
from app.ui.links import Links
from app.ui.panels.layer_list import PICTURE, LayerList
from app.ui.panels.leak_report import LeakLine
from app.ui.panels.tuning_view import TuningView
from app.ui.pictures import image_of_rgb
from app.ui.theme import SPACE
from app.ui.widgets.labels import make_label, make_line

if TYPE_CHECKING:
    from app.document.document import Document
    from app.document.layers import EditLayer
    from app.imaging.arrays import U8
    from app.session.document_session import DocumentSession
    from app.ui.actions import Actions
    from app.ui.tasks import Tasks

PAINT = "layer.paint"
BUTTONS = ("layer.duplicate", "layer.raise", "layer.lower", "layer.merge_down", "layer.delete")


class LayersPanel(QWidget):
    """Mirrors the layers of the document in front."""

    def __init__(self, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Layers"))
        self._tasks = tasks
        self._session: DocumentSession | None = None
        self._links = Links()
        self._document_links = Links()
        self._made: dict[str, tuple[U8, U8]] = {}
        """Of which arrays the small pictures are."""
        self.list = LayerList()
        self.tuning = TuningView()
        self.leak = LeakLine("layerLeak", of_layers=True)
        self._empty = make_label(role="muted", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setContentsMargins(SPACE * 3, SPACE * 2, SPACE * 3, SPACE * 2)
        self._buttons = QHBoxLayout()
        self._buttons.setContentsMargins(SPACE, SPACE // 2, SPACE, SPACE // 2)
        self._buttons.setSpacing(SPACE // 2)
        self._bar = QWidget()
        self._bar.setLayout(self._buttons)
        top = QVBoxLayout()
        top.setContentsMargins(SPACE // 2, SPACE // 2, SPACE // 2, 0)
        top.setSpacing(0)
        top.addWidget(self.list, 1)
        top.addWidget(self._empty, 1)
        scroll = QScrollArea()
        scroll.setWidget(self.tuning)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll = scroll
        self._line = make_line()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top, 1)
        column.addWidget(self._bar)
        column.addWidget(self._line)
        column.addWidget(scroll)
        column.addWidget(self.leak)
        self._paint: QAction | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._mirror)
        self.list.chosen.connect(self._select)
        self.list.visibility_wanted.connect(self._show_or_hide)
        self.list.renamed.connect(self._rename)
        self.list.moved.connect(self._move)
        self._mirror()

    def set_actions(self, actions: Actions) -> None:
        """The buttons under the list: those of commands, the first of which says what it does."""
        self._paint = actions.action(PAINT)
        self._paint.setCheckable(True)
        self._paint.setIconText(tr("Paint mask"))
        paint = _button(self._paint)
        paint.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._buttons.addWidget(paint)
        self._buttons.addStretch(1)
        for id in BUTTONS:
            self._buttons.addWidget(_button(actions.action(id)))
        self.list.delete_wanted.connect(lambda: actions.run("layer.delete"))
        self._mirror()

    def set_session(self, session: DocumentSession | None) -> None:
        """Show the layers of this session's document, as soon as it has one."""
        self._links.clear()
        self._session = session
        if session is not None:
            self._links.add(session.stage_changed.connect(self._take_document))
        self._take_document()

    def detach(self) -> None:
        self._soon.stop()
        self._links.clear()
        self._document_links.clear()
        self.tuning.detach()
        self.leak.detach()

    def showEvent(self, event: QShowEvent) -> None:
        self._mirror()

    @property
    def _document(self) -> Document | None:
        return self._session.document if self._session is not None else None

    def _take_document(self) -> None:
        self._document_links.clear()
        self._made.clear()
        session = self._session
        if session is not None and session.document is not None and session.layers is not None:
            self._document_links.add(
                session.document.layers_changed.connect(self._soon.start),
                session.document.masks_changed.connect(self._soon.start),
                session.layers.changed.connect(self._soon.start),
                session.candidates.changed.connect(self._soon.start),
            )
        self.leak.set_session(session)
        self.tuning.set_tuning(session.tuning if session is not None else None)
        self._mirror()

    def _mirror(self) -> None:
        """Bring the list up to the document; nothing is done for a panel that nobody sees."""
        self._soon.stop()
        session, document = self._session, self._document
        layers = document.layers if document is not None else ()
        shows_variant = session is not None and session.candidates.shown is not None
        for widget in (self.list, self._bar):
            widget.setVisible(bool(layers))
        self._empty.setVisible(not layers)
        self._empty.setText(_empty_text(document is not None, shows_variant=shows_variant))
        if self._paint is not None:
            self._paint.setChecked(document is not None and document.painted_layer is not None)
        tuned = bool(layers) or shows_variant
        for part in (self._line, self._scroll):
            part.setVisible(tuned)
        self._scroll.setMinimumHeight(min(self.tuning.sizeHint().height() + 2, 290) if tuned else 0)
        self._scroll.setMaximumHeight(self.tuning.sizeHint().height() + 2)
        if session is None or document is None or session.layers is None or not self.isVisible():
            return
        selected, painted = session.layers.selected, document.painted_layer
        self.list.show_layers(
            layers, selected.id if selected is not None else None, painted.id if painted is not None else None
        )
        # What is no longer there is let go of.
        self._made = {layer.id: self._made[layer.id] for layer in layers if layer.id in self._made}
        for layer in layers:
            if not self._is_pictured(layer):
                self._made[layer.id] = layer.pixels, layer.coverage
                self._tasks.start(self._make_picture(layer), "layers")

    def _is_pictured(self, layer: EditLayer) -> bool:
        """Whether the small picture of a layer was ordered as it is now."""
        pixels, coverage = self._made.get(layer.id, (None, None))
        return pixels is layer.pixels and coverage is layer.coverage

    async def _make_picture(self, layer: EditLayer) -> None:
        ratio = self.devicePixelRatioF()
        room = Size(round(PICTURE.width() * ratio), round(PICTURE.height() * ratio))
        small = await asyncio.to_thread(layer_picture, layer, room)
        if self._is_pictured(layer):
            pixmap = QPixmap.fromImage(image_of_rgb(small))
            pixmap.setDevicePixelRatio(ratio)
            self.list.show_picture(layer.id, pixmap)

    def _select(self, layer_id: str) -> None:
        if self._session is not None and self._session.layers is not None:
            self._session.candidates.select(None)
            self._session.layers.select(layer_id)

    def _show_or_hide(self, layer_id: str) -> None:
        document = self._document
        if document is not None and not document.undo.is_held:
            shown = {layer.id: layer.visible for layer in document.layers}
            document.set_layer_visible(layer_id, not shown[layer_id])

    def _rename(self, layer_id: str, name: str) -> None:
        if self._document is not None and not self._document.undo.is_held:
            rename_layer(self._document, layer_id, name)

    def _move(self, layer_id: str, place: int) -> None:
        if self._document is not None and not self._document.undo.is_held:
            place_layer(self._document, layer_id, place)


def _button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setIconSize(QSize(16, 16))
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setAccessibleName(action.text())
    return button


def _empty_text(is_open: bool, *, shows_variant: bool) -> str:
    if not is_open:
        return tr("Open a photograph: what you apply to it is listed here.")
    if shows_variant:
        return tr("Apply the variant, and it lies here as a layer. You can tune it before and after.")
    return tr(
        "No layers yet. Paint over what should change, generate, and apply a variant: it becomes a layer that you"
        " can hide, tune, reorder and paint on at any time."
    )
