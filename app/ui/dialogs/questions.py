"""A question within a dialog: a line with its answers as buttons, in the place where it arises. Never modal."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.ui.theme import SPACE
from app.ui.widgets.labels import make_label

Answer = tuple[str, Callable[[], None]]


class QuestionBar(QFrame):
    """Hidden until something is asked; the first answer has the focus."""

    def __init__(self, parent: QWidget | None = None, *, stacked: bool = False) -> None:
        """`stacked`, the answers stand below the text, for narrow places."""
        super().__init__(parent)
        self.setObjectName("question")
        self.setProperty("role", "notice")
        self.setProperty("level", "warning")
        self.text = make_label(wrap=True)
        self._row = QHBoxLayout()
        self._row.setSpacing(SPACE)
        whole = QVBoxLayout(self) if stacked else QHBoxLayout(self)
        whole.setContentsMargins(SPACE * 3 // 2, SPACE, SPACE, SPACE)
        whole.setSpacing(SPACE)
        whole.addWidget(self.text, 1)
        whole.addLayout(self._row)
        if stacked:
            self._row.addStretch(1)
        self.answers: tuple[QPushButton, ...] = ()
        self.hide()

    def ask(self, text: str, *answers: Answer) -> None:
        """Ask; whatever is answered, the question goes. It replaces one that was not answered."""
        self.dismiss()
        self.text.setText(text)
        self.answers = tuple(self._button(title, answered) for title, answered in answers)
        self.show()
        self.answers[0].setFocus()

    def dismiss(self) -> None:
        """Ask no more."""
        for button in self.answers:
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.answers = ()
        self.hide()

    def _button(self, title: str, answered: Callable[[], None]) -> QPushButton:
        button = QPushButton(title)
        button.setAutoDefault(False)

        def pressed() -> None:
            self.dismiss()
            answered()

        button.clicked.connect(pressed)
        self._row.addWidget(button)
        return button
