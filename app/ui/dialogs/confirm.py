"""The one question this program asks: what to do with what would be lost by closing."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.base.text import tr, tr_count
from app.ui.dialogs.answers import answer
from app.ui.theme import SPACE
from app.ui.widgets.labels import make_label

INDENT = 24
"""Pixels by which what is said of a document stands under its name."""


@dataclass(frozen=True, slots=True)
class Unsaved:
    """A document that was changed since it was saved, or was never saved."""

    name: str
    only_painted: bool = False
    """There is a mask, and nothing was applied."""
    exported_as: str = ""
    """The name of the picture file that holds just its edits."""


@dataclass(frozen=True, slots=True)
class Loss:
    """What closing would lose."""

    documents: tuple[Unsaved, ...]
    requests: int = 0
    """How many requests wait or run."""


class Choice(enum.Enum):
    """What to do about it."""

    SAVE = "save"
    DISCARD = "discard"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Answer:
    """The choice, and for SAVE which of the documents, by their place in the loss; the others are let go."""

    choice: Choice
    save: tuple[int, ...] = ()


class UnsavedDialog(QDialog):
    """Save, discard or cancel; Enter saves, Escape cancels. Of several documents each can be picked."""

    def __init__(self, loss: Loss, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("unsaved")
        self.choice = Choice.CANCEL
        documents = loss.documents
        if not documents:
            self.setWindowTitle(tr("Running requests"))
            question, sentences = tr("Quit while requests run?"), [tr("Some are not done yet.")]
        elif len(documents) == 1:
            self.setWindowTitle(tr("Unsaved changes"))
            question = tr("Save “{name}” before it is closed?", name=documents[0].name)
            sentences = [_state(documents[0])]
        else:
            self.setWindowTitle(tr("Unsaved changes"))
            question = tr("Save these {count} documents before they are closed?", count=len(documents))
            sentences = [tr("What is not ticked is closed as it is on disk.")]
        sentences.append(tr("Every result is kept in the history."))
        if loss.requests:
            sentences.append(
                tr_count(
                    "A request that still runs is cancelled.",
                    "{count} requests that still run are cancelled.",
                    loss.requests,
                )
            )
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE * 2, SPACE * 2, SPACE * 2, SPACE * 2)
        column.setSpacing(SPACE)
        column.addWidget(make_label(question, "heading", wrap=True))
        self._boxes = [_box(each) for each in documents] if len(documents) > 1 else []
        for box, each in zip(self._boxes, documents, strict=False):
            state = make_label(_state(each), "muted", wrap=True)
            state.setIndent(INDENT)
            column.addWidget(box)
            column.addWidget(state)
        column.addWidget(make_label(" ".join(sentences), "muted", wrap=True))
        column.addSpacing(SPACE)
        usual = self._add_buttons(column, bool(documents))
        self.setMinimumWidth(460)
        usual.setFocus()

    def _add_buttons(self, column: QVBoxLayout, can_save: bool) -> QPushButton:
        """The row of buttons; returns the one that Enter presses."""
        discard = QPushButton(tr("Close &without saving") if can_save else tr("&Quit"))
        discard.setObjectName("discard")
        cancel = QPushButton(tr("&Cancel"))
        cancel.setObjectName("cancel")
        save = QPushButton(tr("&Save"))
        save.setObjectName("save")
        save.setVisible(can_save)
        usual = save if can_save else cancel
        for button in (discard, cancel, save):
            button.setAutoDefault(button is usual)
        usual.setDefault(True)
        discard.clicked.connect(lambda: self._choose(Choice.DISCARD))
        save.clicked.connect(lambda: self._choose(Choice.SAVE))
        cancel.clicked.connect(self.reject)
        if can_save:
            QShortcut(QKeySequence.StandardKey.Save, self, lambda: self._choose(Choice.SAVE))
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE)
        buttons.addWidget(discard)
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(save)
        column.addLayout(buttons)
        return usual

    @property
    def picked(self) -> tuple[int, ...]:
        """The documents that are to be saved, by their place."""
        if not self._boxes:
            return (0,)
        return tuple(place for place, box in enumerate(self._boxes) if box.isChecked())

    def _choose(self, choice: Choice) -> None:
        self.choice = choice
        self.accept()


def _box(document: Unsaved) -> QCheckBox:
    box = QCheckBox(document.name.replace("&", "&&"))
    box.setAccessibleDescription(_state(document))
    box.setChecked(True)
    return box


def _state(document: Unsaved) -> str:
    """What of a document is in a file, and what is not."""
    if document.only_painted:
        return tr("A mask was painted on it, which is in no file.")
    if document.exported_as:
        return tr(
            "It was exported as “{file}”, which shows the edits; layers and masks are in no file.",
            file=document.exported_as,
        )
    return tr("Its edits and masks are in no file.")


async def ask_unsaved(loss: Loss, parent: QWidget) -> Answer:
    """Ask once for everything that would be lost."""
    dialog = UnsavedDialog(loss, parent)
    if not await answer(dialog):
        return Answer(Choice.CANCEL)
    return Answer(dialog.choice, dialog.picked if dialog.choice is Choice.SAVE else ())
