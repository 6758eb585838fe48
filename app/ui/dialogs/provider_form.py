"""The form of one provider: a control for everything that can be said about it.

It mirrors settings that the dialog holds and emits what the user changes; what is not said shows what is usual.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QLineEdit,
    QPlainTextEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.base.states import MaskConvention
from app.base.text import tr
from app.gateways.types import Dialect, Profile, Transport, UploadFormat
from app.session.provider_edits import dialect_words, extras_text, field_titles, parse_extras
from app.ui.theme import LABEL_WIDTH, SPACE
from app.ui.widgets.fields import ChoiceBox, FormRow, NumberField, beside
from app.ui.widgets.labels import make_icon_button, make_label
from app.ui.widgets.mask_picture import MaskPicture

if TYPE_CHECKING:
    from app.gateways.discovery import ModelOffer
    from app.gateways.provider_settings import ProviderSettings

LABELS = LABEL_WIDTH + SPACE * 7
"""Width of the label column: these titles are longer than those of the panels."""
MEGABYTE = 1_000_000
FIELD_COLUMNS = 3
FRACTIONS = ("timeout", "monthly_limit")
"""Numbers that need not be whole."""
FORMATS = (
    (UploadFormat.PNG,),
    (UploadFormat.PNG, UploadFormat.WEBP),
    (UploadFormat.PNG, UploadFormat.JPEG),
    (UploadFormat.PNG, UploadFormat.JPEG, UploadFormat.WEBP),
)


class FieldRow(QWidget):
    """A form row with room below it for a word of explanation and for what is wrong."""

    def __init__(self, title: str, control: QWidget, tip: str = "") -> None:
        super().__init__()
        self.control = control
        row = FormRow(title, control, tip)
        row.label.setFixedWidth(LABELS)
        self.note = make_label(role="muted", wrap=True)
        self.error = make_label(role="error", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(row)
        for words in (self.note, self.error):
            words.setContentsMargins(LABELS + SPACE, 0, 0, 0)
            words.hide()
            column.addWidget(words)

    def show_note(self, text: str) -> None:
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def show_error(self, text: str) -> None:
        """Say what is wrong here; "" = nothing is."""
        self.error.setText(text)
        self.error.setVisible(bool(text))


class ProviderForm(QWidget):
    """Everything about one provider; the key's own part is handed in."""

    edited = Signal(str, object)
    """A field of ProviderSettings and its new value."""
    refresh_wanted = Signal()

    def __init__(self, key: QWidget, parent: QWidget | None = None) -> None:
        """`key` stands between the address and the rest."""
        super().__init__(parent)
        self.rows: dict[str, FieldRow] = {}
        self._parameters: dict[str, QCheckBox] = {}
        self._dialect = ""
        self._make_controls()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACE // 2)
        self._lay_out_address()
        self._column.addWidget(key)
        self._lay_out_mask()
        self._lay_out_limits()
        self._connect()

    def mirror(
        self,
        settings: ProviderSettings,
        profile: Profile,
        offer: ModelOffer,
        *,
        is_new: bool,
        begins: Sequence[tuple[str, object]],
        dialects: Mapping[str, Dialect],
    ) -> None:
        """Show `settings`, and beside what they leave open what `profile` makes of it."""
        self.name.setReadOnly(not is_new)
        _show_text(self.name, settings.name, "")
        _show_text(self.title, settings.title, profile.title)
        self.like.show_choices(begins, settings.like)
        usual = (tr("As shipped: {title}", title=profile.dialect.title), None)
        own = [(dialect.title, name) for name, dialect in dialects.items()]
        chosen = settings.dialect is not None
        shipped = not is_new or settings.like is not None
        self.dialect.show_choices([usual, *own] if shipped and not chosen else own, settings.dialect)
        self.rows["dialect"].show_note(dialect_words(profile.dialect))
        _show_text(self.base_url, settings.base_url, profile.base_url if shipped else "https://host/v1")
        cards = [(card.title if card.title == card.id else f"{card.title} — {card.id}", card.id)
                 for card in offer.cards]  # fmt: skip
        if not self._model_line.isModified():
            self.model.show_choices(cards, settings.model or profile.default_model)
        self.model.set_completions([*(card.id for card in offer.cards), *offer.completions])
        _show_list(self.models, settings.models, tr("ids, with commas between them"))
        self._mirror_mask(settings, profile)
        self._mirror_fields(settings, profile)
        self._mirror_limits(settings, profile)
        for name, row in self.rows.items():
            row.setVisible(profile.transport is Transport.HTTP or name in ("name", "title"))
        self.mask_part.setVisible(profile.transport is Transport.HTTP)
        self.limits_part.setVisible(profile.transport is Transport.HTTP)
        self.rows["like"].setVisible(is_new or settings.like is not None)
        self.like.setEnabled(is_new)

    def wrong_lines(self) -> tuple[str, ...]:
        """Lines of the extra fields that are no KEY=VALUE."""
        return parse_extras(self.extras.toPlainText())[1]

    def _make_controls(self) -> None:
        self.name = self._line("providerName", tr("Name"))
        self.title = self._line("providerTitle", tr("Title"))
        self.like = ChoiceBox("providerLike", tr("Begins like"))
        self.dialect = ChoiceBox("providerDialect", tr("Dialect"))
        self.base_url = self._line("providerUrl", tr("Base URL"))
        self.model = ChoiceBox("providerModel", tr("Model"))
        self.model.set_typing(True)
        line = self.model.lineEdit()
        assert line is not None, "a box that takes typing has a line"
        line.setPlaceholderText(tr("the id of a model"))
        self._model_line = line
        self.refresh = make_icon_button("refresh-cw", tr("Ask the provider for its models"))
        self.refresh.setObjectName("providerRefresh")
        self.models = self._line("providerModels", tr("More models"))
        self.convention = ChoiceBox("providerMask", tr("Mask"))
        self.invert = QCheckBox(tr("Invert"))
        self.invert.setObjectName("providerInvert")
        self.soft = ChoiceBox("providerSoft", tr("Soft edges"))
        self.picture = MaskPicture()
        self.only = QCheckBox(tr("Send only what is ticked here"))
        self.only.setObjectName("providerOnly")
        self.sizes = self._line("providerSizes", tr("Sizes"))
        self.formats = ChoiceBox("providerFormats", tr("Sent as"))
        self.extras = QPlainTextEdit()
        self.extras.setObjectName("providerExtras")
        self.extras.setAccessibleName(tr("Extra fields"))
        self.extras.setTabChangesFocus(True)
        self.extras.setPlaceholderText(tr("KEY=VALUE, one on each line; sent with every request"))
        self.extras.setFixedHeight(self.extras.fontMetrics().lineSpacing() * 3 + 14)
        self.numbers = {
            name: self._number(name, title)
            for name, title in (
                ("max_n", tr("Variants per request")),
                ("concurrency", tr("Requests at once")),
                ("timeout", tr("Time-out")),
                ("monthly_limit", tr("Monthly limit")),
                ("most_images", tr("Pictures per request")),
                ("image_bytes", tr("Largest picture")),
                ("mask_bytes", tr("Largest mask")),
                ("body_bytes", tr("Largest request")),
            )
        }

    def _line(self, name: str, title: str) -> QLineEdit:
        line = QLineEdit()
        line.setObjectName(name)
        line.setAccessibleName(title)
        return line

    def _number(self, name: str, title: str) -> NumberField:
        field = NumberField(f"provider.{name}", title, slider=False)
        field.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        field.edited.connect(lambda value: self._number_edited(name, value))
        return field

    def _lay_out_address(self) -> None:
        self._add("name", tr("Name"), self.name, tr("In commands and for the key's variable"))
        self._add("title", tr("Title"), self.title, tr("What is shown in lists"))
        self._add(
            "like", tr("Begins like"), self.like, tr("A shipped provider that all the rest is taken from")
        )
        self._add("dialect", tr("Dialect"), self.dialect, tr("How requests are put into bytes"))
        self._add("base_url", tr("Base URL"), self.base_url, tr("The address up to and with /v1"))
        self._add(
            "model", tr("Model"), beside(self.model, self.refresh), tr("Chosen first; any id can be typed")
        )
        self._add("models", tr("More models"), self.models, tr("Ids to offer besides those that are known"))

    def _lay_out_mask(self) -> None:
        self.mask_part = QWidget()
        outer, self._column = self._column, QVBoxLayout(self.mask_part)
        self._column.setContentsMargins(0, SPACE, 0, 0)
        self._column.setSpacing(SPACE // 2)
        self._column.addWidget(make_label(tr("Mask"), "heading"))
        self._add("mask_convention", tr("To be edited"), beside(self.convention, self.invert))
        self._add("soft_masks", tr("Soft edges"), self.soft, tr("Whether partial coverage is understood"))
        indented = QWidget()
        inner = QVBoxLayout(indented)
        inner.setContentsMargins(LABELS + SPACE, SPACE // 2, 0, 0)
        inner.addWidget(self.picture)
        self.meaning = make_label(role="muted", wrap=True)
        self.meaning.setObjectName("maskMeaning")
        inner.addWidget(self.meaning)
        self._column.addWidget(indented)
        self._column = outer
        self._column.addWidget(self.mask_part)

    def _lay_out_limits(self) -> None:
        self.limits_part = QWidget()
        outer, self._column = self._column, QVBoxLayout(self.limits_part)
        self._column.setContentsMargins(0, SPACE, 0, 0)
        self._column.setSpacing(SPACE // 2)
        self._column.addWidget(make_label(tr("What its models take"), "heading"))
        self._add("fields", tr("Fields"), self.only)
        self._checks = QWidget()
        self._grid = QGridLayout(self._checks)
        self._grid.setContentsMargins(LABELS + SPACE, 0, 0, SPACE // 2)
        self._grid.setHorizontalSpacing(SPACE * 2)
        self._grid.setVerticalSpacing(SPACE // 2)
        self._column.addWidget(self._checks)
        self._add("sizes", tr("Sizes"), self.sizes, tr("The only ones, such as 1024x1024, 1536x1024"))
        self._add(
            "formats", tr("Sent as"), self.formats, tr("Anything but PNG only where a PNG is too large")
        )
        pairs = QGridLayout()
        pairs.setHorizontalSpacing(SPACE * 3)
        pairs.setVerticalSpacing(SPACE // 2)
        for index, (name, field) in enumerate(self.numbers.items()):
            self.rows[name] = row = FieldRow(field.box.accessibleName(), field)
            pairs.addWidget(row, index // 2, index % 2)
        pairs.setColumnStretch(1, 1)
        self._column.addLayout(pairs)
        self._add("extras", tr("Extra fields"), self.extras)
        self._column = outer
        self._column.addWidget(self.limits_part)

    def _add(self, name: str, title: str, control: QWidget, tip: str = "") -> None:
        self.rows[name] = row = FieldRow(title, control, tip)
        self._column.addWidget(row)

    def _connect(self) -> None:
        for name, line in (("title", self.title), ("base_url", self.base_url)):
            line.textEdited.connect(lambda text, name=name: self.edited.emit(name, text.strip() or None))
        self.name.textEdited.connect(lambda text: self.edited.emit("name", text.strip()))
        self.models.textEdited.connect(lambda text: self.edited.emit("models", _listed(text)))
        self.sizes.textEdited.connect(lambda text: self.edited.emit("sizes", _listed(text)))
        self.model.chosen.connect(lambda value: self._model_line.setModified(False))
        for name, box in (
            ("like", self.like),
            ("dialect", self.dialect),
            ("model", self.model),
            ("mask_convention", self.convention),
            ("soft_masks", self.soft),
            ("formats", self.formats),
        ):
            box.chosen.connect(lambda value, name=name: self.edited.emit(name, value))
        self.invert.clicked.connect(lambda on: self.edited.emit("invert_mask", on))
        self.only.clicked.connect(lambda on: self.edited.emit("fields", self._ticked() if on else None))
        self.extras.textChanged.connect(
            lambda: self.edited.emit("extras", parse_extras(self.extras.toPlainText())[0])
        )
        self.refresh.clicked.connect(self.refresh_wanted)

    def _ticked(self) -> tuple[str, ...]:
        return tuple(name for name, box in self._parameters.items() if box.isChecked())

    def _number_edited(self, name: str, value: float | None) -> None:
        if value is not None and name.endswith("_bytes"):
            value = value * MEGABYTE
        self.edited.emit(name, value if value is None or name in FRACTIONS else round(value))

    def _mirror_mask(self, settings: ProviderSettings, profile: Profile) -> None:
        usual = profile.dialect.mask_convention
        self.convention.show_choices(
            [
                (tr("Automatic: {words}", words=convention_words(usual)), None),
                *((convention_words(each).capitalize(), each) for each in MaskConvention),
            ],
            settings.mask_convention,
        )
        self.invert.setChecked(profile.invert_mask)
        usual_soft = tr("Automatic: understood") if profile.soft_masks else tr("Automatic: not understood")
        self.soft.show_choices(
            [(usual_soft, None), (tr("Understood"), True), (tr("Not understood"), False)], settings.soft_masks
        )
        self.picture.show_convention(profile.mask_convention, profile.invert_mask)
        self.meaning.setText(profile.mask_convention.meaning(profile.invert_mask))

    def _mirror_fields(self, settings: ProviderSettings, profile: Profile) -> None:
        if self._dialect != profile.dialect.name:
            self._dialect = profile.dialect.name
            self._make_checks(field_titles(profile.dialect))
        takes = profile.card(settings.model or profile.default_model).takes
        self.only.setChecked(settings.fields is not None)
        for name, box in self._parameters.items():
            box.setChecked(name in takes)
            box.setEnabled(settings.fields is not None)

    def _make_checks(self, titles: Mapping[str, str]) -> None:
        for box in self._parameters.values():
            self._grid.removeWidget(box)
            box.hide()
            box.deleteLater()
        self._parameters = {}
        for index, (name, title) in enumerate(titles.items()):
            box = QCheckBox(title)
            box.setObjectName(f"field.{name}")
            box.clicked.connect(lambda on: self.edited.emit("fields", self._ticked()))
            self._parameters[name] = box
            self._grid.addWidget(box, index // FIELD_COLUMNS, index % FIELD_COLUMNS)
        self._grid.setColumnStretch(FIELD_COLUMNS, 1)

    def _mirror_limits(self, settings: ProviderSettings, profile: Profile) -> None:
        card, limits = profile.card(settings.model or profile.default_model), profile.limits
        _show_list(self.sizes, settings.sizes, tr("as the model takes them"))
        listed = [(_format_words(each), each) for each in FORMATS]
        usual = tr("Automatic: {formats}", formats=_format_words(profile.formats))
        self.formats.show_choices([(usual, None), *listed], settings.formats)
        for name, usual_value, least, most, suffix in (
            ("max_n", card.max_n, 1, 100, ""),
            ("concurrency", profile.concurrency, 1, 100, ""),
            ("timeout", profile.timeout, 1, 86400, " s"),
            ("most_images", limits.images, 1, 100, ""),
            ("image_bytes", limits.image_bytes, 0, 1000, " MB"),
            ("mask_bytes", limits.mask_bytes, 0, 1000, " MB"),
            ("body_bytes", limits.body_bytes, 0, 1000, " MB"),
            ("monthly_limit", 0, 0, 1_000_000, f" {profile.currency}"),
        ):
            said = getattr(settings, name)
            scale = MEGABYTE if suffix == " MB" else 1
            decimals = 2 if name == "monthly_limit" else 1 if scale > 1 else 0
            shown = f"{round(usual_value / scale, 1):g}{suffix}" if usual_value else tr("no limit")
            self.numbers[name].configure(
                minimum=least, maximum=most, decimals=decimals, unset_text=shown, suffix=suffix
            )
            self.numbers[name].show_value(None if said is None else said / scale)
        known = extras_text(settings.extras)
        # Lines that are no fields yet are in no settings, and must not be lost.
        if extras_text(parse_extras(self.extras.toPlainText())[0]) != known:
            self._show_extras(known)

    def begin(self) -> None:
        """Drop what is half typed about another provider."""
        self._model_line.setModified(False)
        self._show_extras("")

    def _show_extras(self, text: str) -> None:
        self.extras.blockSignals(True)
        self.extras.setPlainText(text)
        self.extras.blockSignals(False)


def _show_text(line: QLineEdit, text: str | None, usual: str) -> None:
    """Show `text`, or what is usual; what is being typed stays as it is typed."""
    line.setPlaceholderText(usual)
    if line.text().strip() != (text or ""):
        line.setText(text or "")
        line.setCursorPosition(0)


def _show_list(line: QLineEdit, items: tuple[str, ...], usual: str) -> None:
    line.setPlaceholderText(usual)
    if _listed(line.text()) != items:
        line.setText(", ".join(items))
        line.setCursorPosition(0)


def convention_words(convention: MaskConvention) -> str:
    """Which pixels of a mask are edited, in a few words."""
    return {
        MaskConvention.TRANSPARENT: tr("transparent pixels"),
        MaskConvention.WHITE: tr("white pixels"),
        MaskConvention.OPAQUE: tr("opaque pixels"),
        MaskConvention.IGNORED: tr("anything: the mask has no effect"),
    }[convention]


def _format_words(formats: tuple[UploadFormat, ...]) -> str:
    return ", ".join(format.name for format in formats)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (each.strip() for each in text.split(","))))
