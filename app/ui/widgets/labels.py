"""Labels in the house's roles, a label that ends in an ellipsis, and a hairline."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QSizePolicy, QToolButton, QToolTip, QWidget

from app.ui.icons import icon


class SelectableLabel(QLabel):
    """Text to be selected and copied: it takes the focus, so it has a name, which is what it says."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def setText(self, text: str) -> None:
        super().setText(text)
        self.setAccessibleName(text)


def make_label(text: str = "", role: str = "", *, wrap: bool = False, selectable: bool = False) -> QLabel:
    """A label; `role` is one of the style sheet's: muted, heading, title, warning, error."""
    label = SelectableLabel() if selectable else QLabel()
    label.setText(text)
    if role:
        label.setProperty("role", role)
    label.setWordWrap(wrap)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def make_line() -> QFrame:
    """A horizontal hairline."""
    line = QFrame()
    line.setProperty("role", "line")
    return line


def make_button(name: str, title: str) -> QPushButton:
    """A button of a dialog, called `name`, that Return presses only while it has the focus."""
    button = QPushButton(title)
    button.setObjectName(name)
    button.setAutoDefault(False)
    return button


def make_icon_button(name: str, title: str, *, size: int = 16, tip: str = "") -> QToolButton:
    """A flat button that shows an icon only; `title` is what a screen reader says."""
    button = QToolButton()
    button.setIcon(icon(name))
    button.setIconSize(QSize(size, size))
    button.setAccessibleName(title)
    button.setToolTip(tip or title)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


class ElidedLabel(QLabel):
    """One line that is shortened with an ellipsis instead of widening its panel."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setTextFormat(Qt.TextFormat.PlainText)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def event(self, event: QEvent) -> bool:
        """The pointer shows all of a text that is cut."""
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and not self.toolTip():
            cut = self.fontMetrics().horizontalAdvance(self.text()) > self.width()
            QToolTip.showText(event.globalPos(), self.text() if cut else "", self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), text)
        painter.end()
