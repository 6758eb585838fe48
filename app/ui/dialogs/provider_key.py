"""The key of a provider: a field to type one, and a word on where it is kept. It is never shown again."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLineEdit, QVBoxLayout, QWidget

from app.base.text import tr
from app.settings.secrets import SecretPlace
from app.ui.dialogs.provider_form import LABELS, FieldRow
from app.ui.theme import SPACE
from app.ui.widgets.fields import beside
from app.ui.widgets.labels import make_button, make_label


class ProviderKey(QWidget):
    """Whether a key is wanted, the field for it, where it is, and a button that forgets it."""

    typed = Signal()
    wanted_changed = Signal(bool)
    forget_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = QLineEdit()
        self.line.setObjectName("providerKey")
        self.line.setAccessibleName(tr("Key"))
        self.line.setEchoMode(QLineEdit.EchoMode.Password)
        self.forget = make_button("providerForgetKey", tr("Forget it"))
        self.wanted = QCheckBox(tr("This provider wants a key"))
        self.wanted.setObjectName("providerNeedsKey")
        self.row = FieldRow(tr("Key"), beside(self.line, self.forget))
        self.row.note.setObjectName("providerKeyPlace")
        wanted = QWidget()
        inner = QVBoxLayout(wanted)
        inner.setContentsMargins(LABELS + SPACE, 0, 0, 0)
        inner.addWidget(self.wanted)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, SPACE, 0, 0)
        column.setSpacing(SPACE // 2)
        column.addWidget(make_label(tr("Key"), "heading"))
        column.addWidget(self.row)
        column.addWidget(wanted)
        self.line.textEdited.connect(lambda text: self.typed.emit())
        self.wanted.clicked.connect(self.wanted_changed)
        self.forget.clicked.connect(self.forget_wanted)

    @property
    def text(self) -> str | None:
        """The key that was typed and is not stored yet."""
        return self.line.text().strip() or None

    def clear(self) -> None:
        self.line.clear()

    def mirror(self, needs_key: bool) -> None:
        """Offer the field where a key is wanted."""
        self.wanted.setChecked(needs_key)
        self.row.setVisible(needs_key)

    def show_place(self, place: SecretPlace | None, keychain: str | None, variable: str) -> None:
        """Say where the key is, or where a typed one would go."""
        self.forget.setVisible(place in (SecretPlace.KEYCHAIN, SecretPlace.THIS_RUN))
        self.line.setPlaceholderText(tr("type a new one to replace it") if place else tr("none yet"))
        self.row.show_note(_place_words(place, keychain, variable))


def _place_words(place: SecretPlace | None, keychain: str | None, variable: str) -> str:
    match place:
        case SecretPlace.ENVIRONMENT:
            return tr("Comes from the environment variable {variable}, before any other.", variable=variable)
        case SecretPlace.KEYCHAIN:
            return tr("Kept in {keychain}.", keychain=keychain or tr("the keychain"))
        case SecretPlace.THIS_RUN:
            return tr(
                "Kept for this run only, because this machine has no keychain. {variable} gives it for good.",
                variable=variable,
            )
        case None if keychain:
            return tr("It will be kept in {keychain}.", keychain=keychain)
        case None:
            return tr(
                "This machine has no keychain: it will be kept for this run only. {variable} gives it for good.",
                variable=variable,
            )
