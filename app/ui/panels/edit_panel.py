"""The Edit panel: what to ask, whom, and how; it mirrors the EditForm of the document in front.

Every control exists once; which are shown is told by the capabilities of the chosen model, never by its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMimeData, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QScrollArea, QToolButton, QVBoxLayout, QWidget

from app.base.geometry import Size
from app.base.text import tr
from app.edits.types import Context, Islands
from app.gateways.types import ModelCard, Transport
from app.ui.icons import icon
from app.ui.links import Links
from app.ui.panels.generate_box import GenerateBox
from app.ui.panels.parameter_rows import ParameterRows
from app.ui.panels.reference_strip import ReferenceStrip
from app.ui.theme import SPACE
from app.ui.widgets.fields import ChoiceBox, FormRow, NumberField, beside
from app.ui.widgets.labels import make_icon_button, make_label
from app.ui.wording import price_text, size_text

if TYPE_CHECKING:
    from app.session.document_session import DocumentSession
    from app.session.form import EditForm
    from app.session.workspace import Workspace

MOST_VARIANTS = 8
LINES = 3
"""Of prompt that are seen; one where the model takes none."""
CORNER = 24
"""The edge of a small button in the prompt field."""
FREE_SIZES = (Size(512, 512), Size(768, 768), Size(1024, 1024), Size(1536, 1024), Size(1024, 1536))
"""Offered where a model takes any size; the automatic one is nearly always better."""


class PromptEdit(QPlainTextEdit):
    """Several lines of prompt; Tab travels on, because a prompt needs no tabs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._corner: tuple[QWidget, ...] = ()
        self.setObjectName("prompt")
        self.setAccessibleName(tr("Prompt"))
        self.setTabChangesFocus(True)
        self.setPlaceholderText(tr("What should stand in the painted area?"))
        self.set_lines(LINES)

    def set_lines(self, lines: int) -> None:
        """Be so many lines high; longer texts scroll."""
        self.setFixedHeight(self.fontMetrics().lineSpacing() * lines + 14)
        needed = Qt.ScrollBarPolicy.ScrollBarAsNeeded
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff if lines == 1 else needed)

    def add_corner(self, *buttons: QWidget) -> None:
        """Put small buttons at the right edge, beside the text: one below the other, or side by side in one line."""
        self._corner = buttons
        for button in buttons:
            button.setParent(self)
            button.show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_low = self.height() < len(self._corner) * CORNER
        columns = len(self._corner) if is_low else 1
        self.setViewportMargins(0, 0, columns * CORNER, 0)
        for place, button in enumerate(self._corner):
            x, y = (columns - 1 - place, 0) if is_low else (0, place)
            button.setGeometry(self.width() - (x + 1) * CORNER - 2, 3 + y * CORNER, CORNER, CORNER)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Text only: files and pictures that are dropped here are photographs to open."""
        return source.hasText() and not source.hasUrls() and not source.hasImage()

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            held = QGuiApplication.clipboard().mimeData()
            if event.matches(QKeySequence.StandardKey.Paste) and not self.canInsertFromMimeData(held):
                event.ignore()
                return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            event.ignore()
        else:
            super().keyPressEvent(event)


def _sizes(card: ModelCard) -> list[tuple[str, object]]:
    sizes = card.sizes.fixed or tuple(size for size in FREE_SIZES if card.sizes.admits(size))
    return [(tr("Automatic"), None), *((size_text(size), size) for size in sizes)]


class EditPanel(QWidget):
    """Provider, model, prompt, parameters, and the box with Generate at the bottom."""

    generate_wanted = Signal()
    cancel_wanted = Signal()
    references_wanted = Signal()
    """The user wants to choose files of reference images."""
    references_offered = Signal(object)
    """An Offer: files or a picture were dropped or pasted as reference images."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Edit"))
        self._workspace = workspace
        self._session: DocumentSession | None = None
        self._links = Links()
        self._make_controls()
        self._lay_out()
        self._connect()
        self.set_session(None)

    @property
    def _form(self) -> EditForm | None:
        return None if self._session is None else self._session.form

    def set_session(self, session: DocumentSession | None) -> None:
        """Mirror another document's form; None leaves the panel disabled."""
        self._links.clear()
        self._session = session
        self._body.setEnabled(session is not None)
        self.box.set_session(session)
        if session is None:
            self.note.hide()
            return
        self._links.add(
            session.form.changed.connect(self._mirror),
            session.planning.changed.connect(self._mirror_islands),
            self._workspace.models.changed.connect(lambda name: self._mirror("model")),
        )
        self._mirror("provider")

    def detach(self) -> None:
        self._links.clear()
        self.box.detach()

    def _make_controls(self) -> None:
        self.provider = ChoiceBox("provider", tr("Provider"))
        self.model = ChoiceBox("model", tr("Model"))
        self.manage = make_icon_button("settings-2", tr("Set up providers"))
        self.manage.setObjectName("manageProviders")
        self.refresh = make_icon_button("refresh-cw", tr("Ask the provider for its models"))
        self.refresh.setObjectName("refreshModels")
        self.prompt = PromptEdit()
        self.note = make_label(role="muted", wrap=True)
        self.untaken = make_label(role="warning", wrap=True)
        self.references = ReferenceStrip()
        self.parameters = ParameterRows(self._store, standard=True)
        self.more = ParameterRows(self._store, standard=False)
        self.variants = NumberField("variants", tr("Variants"))
        self.variants.configure(minimum=1, maximum=MOST_VARIANTS)
        self.send_size = ChoiceBox("size", tr("Size on the wire"))
        self.context = NumberField("context", tr("Context in pixels"))
        self.context.configure(
            minimum=0, maximum=4096, step=8, unset_text=tr("auto"), suffix=" px", curve=2.5
        )
        self._whole = QToolButton()
        self._whole.setIcon(icon("maximize"))
        self._whole.setCheckable(True)
        self._whole.setAccessibleName(tr("Send the whole photograph"))
        self._whole.setToolTip(tr("Send the whole photograph"))
        self._whole.setFixedSize(26, 26)
        self.context.add_control(self._whole)
        self.region_reset = make_icon_button(
            "rotate-ccw", tr("The region was set by hand: let it follow the mask again")
        )
        self.region_reset.setObjectName("regionReset")
        self.region_reset.setFixedSize(26, 26)
        self.context.add_control(self.region_reset)
        self.islands = ChoiceBox("islands", tr("Islands of the mask"))
        self.feather = NumberField("feather", tr("Feather in pixels"))
        self.feather.configure(minimum=0, maximum=64, suffix=" px", curve=2.0)
        self.grow = NumberField("grow", tr("Grow the mask by pixels"))
        self.grow.configure(minimum=0, maximum=128, unset_text=tr("auto"), suffix=" px", curve=2.0)
        self.box = GenerateBox(self._workspace)

    def _lay_out(self) -> None:
        self._rows = {
            "references": FormRow(
                tr("References"), self.references, tr("Pictures for the model to look at, after the canvas")
            ),
            "variants": FormRow(tr("Variants"), self.variants, tr("How many results to ask for")),
            "size": FormRow(
                tr("Size"), self.send_size, tr("Of what is sent; the photograph keeps its own size")
            ),
            "context": FormRow(tr("Context"), self.context, tr("How much around the mask is sent with it")),
            "grow": FormRow(
                tr("Grow"), self.grow, tr("Widens the mask, so that no fringe of the object stays")
            ),
            "feather": FormRow(tr("Feather"), self.feather, tr("Softens the result's edge, inwards only")),
            # Last, since it comes and goes with what is painted.
            "islands": FormRow(
                tr("Islands"),
                self.islands,
                tr("Parts of the mask that stand far from each other: one request for all, or one for each"),
            ),
        }
        self._body = QWidget()
        column = QVBoxLayout(self._body)
        column.setContentsMargins(SPACE * 3 // 2, SPACE, SPACE * 3 // 2, SPACE)
        column.setSpacing(2)
        column.addWidget(FormRow(tr("Provider"), beside(self.provider, self.manage)))
        column.addWidget(FormRow(tr("Model"), beside(self.model, self.refresh)))
        column.addSpacing(SPACE // 2)
        column.addWidget(self.prompt)
        column.addSpacing(SPACE // 2)
        column.addWidget(self.parameters)
        for row in self._rows.values():
            column.addWidget(row)
        column.addWidget(self.more)
        column.addSpacing(SPACE // 2)
        column.addWidget(self.note)
        column.addWidget(self.untaken)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(self._body)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(scroll, 1)
        whole.addWidget(self.box)

    def _connect(self) -> None:
        self.provider.chosen.connect(self._choose_provider)
        self.provider.opening.connect(self._mirror_providers)
        self.model.chosen.connect(self._choose_model)
        self.prompt.textChanged.connect(self._type_prompt)
        self.send_size.chosen.connect(self._choose_size)
        self.variants.edited.connect(self._set_variants)
        self.feather.edited.connect(self._set_feather)
        self.grow.edited.connect(self._set_grow)
        self.context.edited.connect(
            lambda px: self._set_context(Context() if px is None else Context(pixels=round(px)))
        )
        self._whole.clicked.connect(lambda on: self._set_context(Context(whole=True) if on else Context()))
        self.islands.chosen.connect(self._choose_islands)
        self.references.add_wanted.connect(self.references_wanted)
        self.references.offered.connect(self.references_offered)
        self.references.reordered.connect(self._reorder_references)
        self.box.generate.clicked.connect(self.generate_wanted)
        self.box.cancel.clicked.connect(self.cancel_wanted)

    def _store(self, name: str, value: str | int | float | bool | None) -> None:
        if self._form is not None:
            self._form.set_value(name, value)

    def _reorder_references(self, places: tuple[int, ...]) -> None:
        if self._form is not None:
            self._form.set_references(tuple(self._form.references[place] for place in places))

    def _set_context(self, context: Context) -> None:
        if self._form is not None:
            self._form.set_context(context)

    def _choose_islands(self, islands: Islands) -> None:
        if self._form is not None:
            self._form.set_islands(islands)

    def _choose_size(self, size: Size | None) -> None:
        if self._form is not None:
            self._form.set_size(size)

    def _set_variants(self, count: float) -> None:
        if self._form is not None:
            self._form.set_variants(round(count))

    def _set_feather(self, pixels: float) -> None:
        if self._form is not None:
            self._form.set_feather(round(pixels))

    def _set_grow(self, pixels: float | None) -> None:
        if self._form is not None:
            self._form.set_grow(None if pixels is None else round(pixels))

    def _choose_provider(self, name: str) -> None:
        if self._form is not None:
            self._form.set_provider(name)

    def _choose_model(self, model: str) -> None:
        if self._form is not None:
            self._form.set_model(model)

    def _type_prompt(self) -> None:
        if self._form is not None:
            self._form.set_prompt(self.prompt.toPlainText())

    def _mirror(self, field: str) -> None:
        form = self._form
        if form is None:
            return
        if field in ("provider", "model"):
            self._mirror_all(form)
        elif field == "prompt":
            self._mirror_prompt(form)
        else:
            self.parameters.show_value(form, field)
            self.more.show_value(form, field)
            self._mirror_fields(form)

    def _mirror_providers(self) -> None:
        """List them anew: the command line, or another window, may have added or removed some meanwhile."""
        if self._form is not None:
            profiles = self._workspace.providers.list()
            self.provider.show_choices([(p.title, p.name) for p in profiles], self._form.provider)

    def _mirror_all(self, form: EditForm) -> None:
        self._mirror_providers()
        offer = self._workspace.models.offer(form.profile, form.model)
        self.model.show_choices([_model_choice(card) for card in offer.cards], form.model)
        self.model.set_typing(form.profile.transport is Transport.HTTP)
        self.model.set_completions([*(card.id for card in offer.cards), *offer.completions])
        self.model.setToolTip(form.card.description)
        self.parameters.mirror(form)
        self.more.mirror(form)
        self._rows["size"].setVisible(form.takes("size"))
        self._rows["references"].setVisible(form.profile.most_references > 0)
        self._mirror_prompt(form)
        self._mirror_fields(form)
        self._mirror_note(form)

    def _mirror_fields(self, form: EditForm) -> None:
        self.variants.show_value(form.variants)
        self.send_size.show_choices(_sizes(form.card), form.size)
        by_hand = form.context.region is not None
        self.context.box.setSpecialValueText(tr("by hand") if by_hand else tr("auto"))
        self.context.show_value(None if by_hand else form.context.pixels)
        for control in (self.context.box, self.context.slider):
            control.setEnabled(not form.context.whole and not by_hand)
        self._whole.setVisible(not by_hand)
        self.region_reset.setVisible(by_hand)
        self._whole.setChecked(form.context.whole)
        self._mirror_islands()
        self.feather.show_value(form.feather)
        self.grow.show_value(form.grow)
        self.references.mirror(form.references, form.profile.most_references)
        untaken = form.untaken()
        self.untaken.setText(tr("Not taken by this model, so not sent: {names}.", names=", ".join(untaken)))
        self.untaken.setVisible(bool(untaken))

    def _mirror_islands(self) -> None:
        """Offered only where there is something to choose."""
        session = self._session
        count = session.planning.requests.islands if session is not None else 0
        self._rows["islands"].setVisible(count > 1)
        if session is not None and count > 1:
            self.islands.show_choices(
                [
                    (tr("In one request"), Islands.TOGETHER),
                    (tr("One request each ({count})", count=count), Islands.EACH),
                ],
                session.form.islands,
            )

    def _mirror_prompt(self, form: EditForm) -> None:
        if self.prompt.toPlainText() != form.prompt:
            self.prompt.blockSignals(True)
            self.prompt.setPlainText(form.prompt)
            self.prompt.blockSignals(False)

    def _mirror_note(self, form: EditForm) -> None:
        """What is known of the model stands below, so that nothing that is set moves with it."""
        takes = form.takes("prompt")
        self.note.setText(
            "\n".join(filter(None, (form.card.description, form.profile.notes))) if takes else ""
        )
        self.note.setVisible(bool(self.note.text()))
        self.prompt.set_lines(LINES if takes else 1)
        self.prompt.setPlaceholderText(
            tr("What should stand in the painted area?") if takes else tr("Not used by this model")
        )
        self.prompt.setToolTip(
            ""
            if takes
            else tr(
                "This model fills from the surroundings and ignores the prompt; it is kept for the next one."
            )
        )


def _model_choice(card: ModelCard) -> tuple[str, object]:
    price = price_text(card.price, at_most=bool(card.price_by_quality))
    return (f"{card.title} · {price}" if price else card.title, card.id)
