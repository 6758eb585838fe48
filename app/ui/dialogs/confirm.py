"""The one question this program asks: what to do with edits that would be lost."""

from __future__ import annotations

import enum
from collections.abc import Sequence

from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.base.text import tr
from app.ui.dialogs.answers import answer
from app.ui.theme import SPACE
from app.ui.widgets.labels import make_label


class Unsaved(enum.Enum):
    """What to do with edits that were not exported."""

    EXPORT = "export"
    DISCARD = "discard"
    CANCEL = "cancel"


class UnsavedDialog(QDialog):
    """Export, discard or cancel; cancel is what Escape does."""

    def __init__(self, names: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("unsaved")
        self.setWindowTitle(tr("Unsaved edits"))
        self.choice = Unsaved.CANCEL
        listed = ", ".join(f"“{name}”" for name in names)
        title = make_label(tr("Export the edits of {names}?", names=listed), "heading", wrap=True)
        text = make_label(
            tr("Without an export the file stays as it is on disk. Every result is kept in the history."),
            "muted",
            wrap=True,
        )
        discard = QPushButton(tr("Close without exporting"))
        discard.setObjectName("discard")
        cancel = QPushButton(tr("Cancel"))
        cancel.setObjectName("cancel")
        export = QPushButton(tr("Export…"))
        export.setObjectName("export")
        export.setDefault(True)
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
        export.setFocus()

    def _choose(self, choice: Unsaved) -> None:
        self.choice = choice
        self.accept()


async def ask_unsaved(names: Sequence[str], parent: QWidget) -> Unsaved:
    """Ask once for all photographs called `names`."""
    dialog = UnsavedDialog(names, parent)
    return dialog.choice if await answer(dialog) else Unsaved.CANCEL
