"""What stands in the window when nothing else can: why Maskroom cannot start, and the way on."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.base.errors import MaskroomError
from app.base.text import tr
from app.ui.theme import SPACE
from app.ui.widgets.labels import make_button, make_label

WIDTH = 560


class TroubleView(QWidget):
    """A sentence, the next step, and the buttons for it; `can_move` offers another folder for the data."""

    again_wanted = Signal()
    move_wanted = Signal()
    quit_wanted = Signal()

    def __init__(
        self, error: MaskroomError, *, can_move: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Maskroom cannot start"))
        self.again = make_button("tryAgain", tr("Try again"))
        self.again.setProperty("role", "primary")
        self.again.clicked.connect(self.again_wanted)
        self.move_data = make_button("chooseFolder", tr("Choose another folder…"))
        self.move_data.setVisible(can_move)
        self.move_data.clicked.connect(self.move_wanted)
        leave = make_button("quit", tr("Quit"))
        leave.clicked.connect(self.quit_wanted)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE)
        buttons.addWidget(self.again)
        buttons.addWidget(self.move_data)
        buttons.addWidget(leave)
        buttons.addStretch(1)
        words = QWidget()
        words.setMaximumWidth(WIDTH)
        column = QVBoxLayout(words)
        column.setSpacing(SPACE)
        column.addWidget(make_label(tr("Maskroom cannot start"), "title"))
        column.addWidget(make_label(error.message, wrap=True, selectable=True))
        column.addWidget(make_label(error.hint, "muted", wrap=True, selectable=True))
        column.addSpacing(SPACE)
        column.addLayout(buttons)
        row = QHBoxLayout(self)
        row.addStretch(1)
        row.addWidget(words, 10, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)
