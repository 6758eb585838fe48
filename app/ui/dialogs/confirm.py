"""The one question this program asks: what to do with what would be lost by closing."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.base.text import tr
from app.ui.dialogs.answers import answer
from app.ui.theme import SPACE
from app.ui.widgets.labels import make_label


@dataclass(frozen=True, slots=True)
class Loss:
    """What closing would lose."""

    edited: tuple[str, ...]
    """The photographs with edits that were not exported."""
    painted: tuple[str, ...]
    """Those on which a mask was painted, and nothing applied."""
    requests: int = 0
    """How many requests wait or run."""


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"“{name}”" for name in names)


class Unsaved(enum.Enum):
    """What to do with what was not exported."""

    EXPORT = "export"
    DISCARD = "discard"
    CANCEL = "cancel"


class UnsavedDialog(QDialog):
    """Export, discard or cancel; cancel is what Escape does."""

    def __init__(self, loss: Loss, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("unsaved")
        self.choice = Unsaved.CANCEL
        edited, painted = _listed(loss.edited), _listed(loss.painted)
        if not edited and not painted:
            self.setWindowTitle(tr("Running requests"))
            question, lost = tr("Quit while requests run?"), tr("Some are not done yet.")
        elif edited:
            self.setWindowTitle(tr("Unsaved edits"))
            question = tr("Export the edits of {names}?", names=edited)
            lost = tr("Without an export the file stays as it is on disk.")
            if painted:
                lost += " " + tr("What you painted on {names} is not kept.", names=painted)
        else:
            self.setWindowTitle(tr("Painted mask"))
            question = tr("Close {names}?", names=painted)
            lost = tr("Nothing was applied to the photograph. What you painted is not kept.")
        sentences = [lost, tr("Every result is kept in the history.")]
        if loss.requests == 1:
            sentences.append(tr("A request that still runs is cancelled."))
        elif loss.requests:
            sentences.append(tr("{count} requests that still run are cancelled.", count=loss.requests))
        title = make_label(question, "heading", wrap=True)
        text = make_label(" ".join(sentences), "muted", wrap=True)
        discard = QPushButton(tr("Close without exporting") if edited else tr("Close"))
        discard.setObjectName("discard")
        cancel = QPushButton(tr("Cancel"))
        cancel.setObjectName("cancel")
        export = QPushButton(tr("Export…"))
        export.setObjectName("export")
        export.setVisible(bool(edited))
        (export if edited else cancel).setDefault(True)
        discard.setAutoDefault(False)
        cancel.setAutoDefault(False)
        discard.clicked.connect(lambda: self._choose(Unsaved.DISCARD))
        export.clicked.connect(lambda: self._choose(Unsaved.EXPORT))
        cancel.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE)
        buttons.addWidget(discard)
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(export)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE * 2, SPACE * 2, SPACE * 2, SPACE * 2)
        column.setSpacing(SPACE)
        column.addWidget(title)
        column.addWidget(text)
        column.addSpacing(SPACE)
        column.addLayout(buttons)
        self.setMinimumWidth(440)
        (export if edited else cancel).setFocus()

    def _choose(self, choice: Unsaved) -> None:
        self.choice = choice
        self.accept()


async def ask_unsaved(loss: Loss, parent: QWidget) -> Unsaved:
    """Ask once for everything that would be lost."""
    dialog = UnsavedDialog(loss, parent)
    return dialog.choice if await answer(dialog) else Unsaved.CANCEL
