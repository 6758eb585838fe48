"""About: what this is, its version, its licence."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QPushButton, QVBoxLayout, QWidget

from app import __version__
from app.base.text import tr
from app.ui.theme import SPACE
from app.ui.widgets.labels import make_label


class AboutDialog(QDialog):
    """A few lines and a button."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("aboutDialog")
        self.setWindowTitle(tr("About Maskroom"))
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE * 3, SPACE * 3, SPACE * 3, SPACE * 2)
        column.setSpacing(SPACE)
        column.addWidget(make_label("Maskroom", "title"))
        column.addWidget(make_label(tr("Version {version}", version=__version__), "muted"))
        column.addWidget(
            make_label(
                tr("Paint over what should change; every other pixel of the photograph stays as it is."),
                wrap=True,
            )
        )
        column.addWidget(make_label(tr("MIT licence. Icons: Lucide, ISC licence."), "muted", wrap=True))
        close = QPushButton(tr("Close"))
        close.clicked.connect(self.accept)
        column.addSpacing(SPACE)
        column.addWidget(close)
        self.setMinimumWidth(380)
