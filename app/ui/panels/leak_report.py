"""The leak report of a result: one calm line, and behind it a card with the figures, the map and the next step.

It tells what a `Report` holds and measures nothing. The map itself is the canvas's matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.base.text import tr
from app.edits.types import Suspicion
from app.session.verdicts import EXTEND_BY_LEAK, INVERT_NEXT, doubt_text
from app.ui.icons import icon
from app.ui.leak import Verdict, document_text, figures, verdict, verdict_text
from app.ui.theme import DARK, SPACE
from app.ui.widgets.labels import make_button, make_label

if TYPE_CHECKING:
    from app.base.geometry import Rect, Size
    from app.edits.types import Report
    from app.session.candidates import Candidate

WIDTH = 440
_LOOKS = {
    Verdict.UNKNOWN: ("circle-dashed", DARK.text_muted),
    Verdict.KEPT: ("square-check", DARK.good),
    Verdict.STRAYED: ("info", DARK.warning),
    Verdict.REPAINTED: ("triangle-alert", DARK.error),
}
"""Another shape for each, so that nobody has to tell colours apart."""


def verdict_icon(leak: float | None) -> QIcon:
    """The sign of the verdict on a share (0–1), which its shape tells as well as its colour."""
    return icon(*_LOOKS[verdict(leak)])


class LeakCard(QFrame):
    """The whole report of one candidate, in a window of its own that goes with a click beside it or with Esc."""

    map_toggled = Signal()
    command_wanted = Signal(str)
    """The next step that was chosen: a command's id."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("leakReport")
        self.setAccessibleName(tr("What the model changed outside the mask"))
        self.setFixedWidth(WIDTH)
        self.sign = make_label()
        self.headline = make_label(role="heading", wrap=True)
        self.document = make_label(wrap=True)
        self.edge = make_label(
            tr("Some of it begins at the mask's edge, as a shadow may: a larger mask would let it in."),
            wrap=True,
        )
        self.doubt = make_label(role="warning", wrap=True)
        self.names, self.values = make_label(role="muted"), make_label()
        table = QHBoxLayout()
        table.setSpacing(2 * SPACE)
        table.addWidget(self.names)
        table.addWidget(self.values, 1)
        self.map = QCheckBox(tr("Show on the photograph where"))
        self.map.setObjectName("leakMap")
        self.map.setAccessibleName(tr("Show on the photograph where the model changed it"))
        self.map.clicked.connect(lambda on: self.map_toggled.emit())
        self.extend = make_button("extendMask", tr("Extend the mask by it"))
        self.extend.setToolTip(tr("Adds it to the mask; Generate then lets it in"))
        self.extend.clicked.connect(lambda: self._choose(EXTEND_BY_LEAK))
        self.retry = make_button("invertedRetry", tr("Prepare an inverted retry"))
        self.retry.setToolTip(tr("Turns the mask of the next request round; sends nothing"))
        self.retry.clicked.connect(lambda: self._choose(INVERT_NEXT))
        head = QHBoxLayout()
        head.setSpacing(SPACE)
        head.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.headline, 1)
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(SPACE * 3 // 2, SPACE * 3 // 2, SPACE * 3 // 2, SPACE * 3 // 2)
        column.setSpacing(SPACE)
        column.addLayout(head)
        column.addWidget(self.document)
        column.addLayout(table)
        column.addWidget(self.edge)
        column.addWidget(self.extend, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.doubt)
        column.addWidget(self.map)
        column.addWidget(self.retry, 0, Qt.AlignmentFlag.AlignLeft)

    def show_report(self, report: Report, region: Rect, document: Size, *, map_shown: bool) -> None:
        """Tell what a report holds, of a region of a document of this size."""
        self.sign.setPixmap(verdict_icon(report.leak).pixmap(18, 18))
        self.headline.setText(verdict_text(report.leak))
        self.document.setText(document_text(report, region, document) + ".")
        rows = figures(report)
        self.names.setText("\n".join(name for name, _ in rows))
        self.values.setText("\n".join(value for _, value in rows))
        for label in (self.names, self.values):
            label.setVisible(bool(rows))
        goes_on = report.touches_mask and verdict(report.leak) is not Verdict.REPAINTED
        self.edge.setVisible(goes_on)
        self.extend.setVisible(goes_on)
        self.doubt.setText(doubt_text(report.suspicion))
        self.doubt.setVisible(bool(self.doubt.text()))
        self.retry.setVisible(report.suspicion is not Suspicion.NONE)
        self.map.setVisible(report.heat is not None)
        self.map.setChecked(map_shown)
        # A window that is sized by its contents does not ask wrapped words how high they are, and words have
        # their style only once they are shown.
        for each in self.findChildren(QWidget):
            each.ensurePolished()
        self._column.invalidate()
        self.setFixedHeight(self._column.totalHeightForWidth(WIDTH))

    def _choose(self, command: str) -> None:
        self.close()
        self.command_wanted.emit(command)


class LeakLine(QPushButton):
    """The verdict on the candidate that is shown, in one line; a click opens the card above it."""

    map_toggled = Signal()
    command_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("leakLine")
        self.setProperty("role", "line")
        self.setIconSize(QSize(20, 16))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setToolTip(tr("What the model changed outside the mask"))
        self.setAccessibleName(self.toolTip())
        self.card = LeakCard(self)
        self.card.map_toggled.connect(self.map_toggled)
        self.card.command_wanted.connect(self.command_wanted)
        self._shown: tuple[Candidate, Size] | None = None
        self._map_shown = False
        self.clicked.connect(self.open)

    def show_candidate(self, candidate: Candidate | None, document: Size | None) -> None:
        """Tell of this one, or of none."""
        self._shown = (candidate, document) if candidate is not None and document is not None else None
        self.setVisible(self._shown is not None)
        if candidate is None or self._shown is None:
            self.card.close()
            return
        text = verdict_text(candidate.report.leak)
        self.setText(f"{text}  ›")
        self.setAccessibleName(tr("{text}: details", text=text))
        self.setIcon(verdict_icon(candidate.report.leak))
        self._fill()

    def show_map(self, shown: bool) -> None:
        """The map is shown on the photograph, or no longer."""
        self._map_shown = shown
        self._fill()

    def open(self) -> None:
        """Show the card, above the line where there is room."""
        if self._shown is None:
            return
        self._fill()
        size, corner = self.card.size(), self.mapToGlobal(QPoint(0, 0))
        screen = self.screen().availableGeometry()
        above = corner.y() - size.height() - SPACE // 2
        top = above if above >= screen.top() else corner.y() + self.height() + SPACE // 2
        left = min(corner.x(), screen.right() - size.width())
        self.card.move(max(screen.left(), left), top)
        self.card.show()
        first = self.card.retry if self.card.retry.isVisible() else self.card.map
        first.setFocus(Qt.FocusReason.PopupFocusReason)

    def _fill(self) -> None:
        if self._shown is not None:
            candidate, document = self._shown
            region = candidate.patch.region
            self.card.show_report(candidate.report, region, document, map_shown=self._map_shown)
