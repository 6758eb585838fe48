"""The leak report of a result: one calm line, and behind it a card with the figures, the map and the next step.

It tells what a `Report` holds and measures nothing; what is not known yet is found out by the session while the card
is open. The map itself is the canvas's matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.base.text import tr
from app.edits.types import Suspicion
from app.session.verdicts import EXTEND_BY_LEAK, INVERT_NEXT, doubt_text
from app.ui.icons import icon
from app.ui.leak import Verdict, document_text, figures, unknown_text, verdict, verdict_text
from app.ui.links import Links
from app.ui.theme import DARK, SPACE
from app.ui.widgets.labels import make_button, make_label

if TYPE_CHECKING:
    from app.base.geometry import Size
    from app.session.document_session import DocumentSession
    from app.session.judging import Judged, Judging

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
    """The whole report of one result, in a window of its own that goes with a click beside it or with Esc."""

    map_toggled = Signal()
    find_wanted = Signal()
    """What is not known yet should be found out."""
    cancel_wanted = Signal()
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
        self.working = make_label(tr("Comparing the reply with what was sent…"), role="muted")
        self.bar = QProgressBar()
        self.bar.setRange(0, 100)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Progress of the comparison"))
        self.cancel = make_button("leakCancel", tr("Cancel"))
        self.cancel.clicked.connect(self.cancel_wanted)
        self.compare = make_button("leakFind", tr("Compare the reply with what was sent"))
        self.compare.setToolTip(tr("Finds out what the model changed; sends nothing"))
        self.compare.clicked.connect(self.find_wanted)
        self.extend = make_button("extendMask", tr("Extend the mask by it"))
        self.extend.setToolTip(tr("Adds it to the mask; Generate then lets it in"))
        self.extend.clicked.connect(lambda: self._choose(EXTEND_BY_LEAK))
        self.retry = make_button("invertedRetry", tr("Prepare an inverted retry"))
        self.retry.setToolTip(tr("Turns the mask of the next request round; sends nothing"))
        self.retry.clicked.connect(lambda: self._choose(INVERT_NEXT))
        words = QVBoxLayout()
        words.setSpacing(SPACE // 2)
        words.addWidget(self.working)
        words.addWidget(self.bar)
        self._busy = QWidget()
        busy = QHBoxLayout(self._busy)
        busy.setContentsMargins(0, 0, 0, 0)
        busy.setSpacing(SPACE)
        busy.addLayout(words, 1)
        busy.addWidget(self.cancel)
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
        column.addWidget(self._busy)
        column.addWidget(self.compare, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.edge)
        column.addWidget(self.extend, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.doubt)
        column.addWidget(self.map)
        column.addWidget(self.retry, 0, Qt.AlignmentFlag.AlignLeft)

    def show_report(self, judged: Judged, document: Size, progress: float | None, *, map_shown: bool) -> None:
        """Tell what is known of a result in a document of this size, and how far finding out more has come."""
        report = judged.report
        leak = report.leak if report is not None else None
        self.sign.setPixmap(verdict_icon(leak).pixmap(18, 18))
        self.headline.setText(verdict_text(leak) if report is not None else unknown_text())
        self.document.setVisible(report is not None)
        rows = figures(report) if report is not None else ()
        self.names.setText("\n".join(name for name, _ in rows))
        self.values.setText("\n".join(value for _, value in rows))
        for label in (self.names, self.values):
            label.setVisible(bool(rows))
        self._busy.setVisible(progress is not None)
        self.bar.setValue(round(100 * (progress or 0.0)))
        self.compare.setVisible(progress is None and not judged.is_whole)
        goes_on, doubt = False, ""
        if report is not None:
            self.document.setText(
                document_text(report.outside_changed_pixels, judged.outside(document)) + "."
            )
            goes_on = report.touches_mask and verdict(leak) is not Verdict.REPAINTED
            doubt = doubt_text(report.suspicion)
        self.edge.setVisible(goes_on)
        self.extend.setVisible(goes_on)
        self.doubt.setText(doubt)
        self.doubt.setVisible(bool(doubt))
        self.retry.setVisible(report is not None and report.suspicion is not Suspicion.NONE)
        self.map.setVisible(report is not None and report.heat is not None)
        self.map.setChecked(map_shown)
        # A window that is sized by its contents does not ask wrapped words how high they are, and words have
        # their style only once they are shown.
        for each in self.findChildren(QWidget):
            each.ensurePolished()
        self._column.invalidate()
        self.setFixedHeight(self._column.totalHeightForWidth(WIDTH))

    def focus_first(self) -> None:
        """Go to the first thing that can be done, where the focus is on nothing that can be seen."""
        if self.isVisible() and (self.focusWidget() is None or not self.focusWidget().isVisible()):
            first = (self.retry, self.cancel, self.compare, self.map)
            for each in (button for button in first if button.isVisible()):
                each.setFocus(Qt.FocusReason.PopupFocusReason)
                return

    def _choose(self, command: str) -> None:
        self.close()
        self.command_wanted.emit(command)


class LeakLine(QPushButton):
    """The verdict on the variant that is shown, or on the selected layer, in one line; a click opens the card."""

    map_toggled = Signal()
    command_wanted = Signal(str)

    def __init__(self, name: str, parent: QWidget | None = None, *, of_layers: bool = False) -> None:
        """Called `name`; shown for layers only, or for variants only."""
        super().__init__(parent)
        self.setObjectName(name)
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
        self.card.find_wanted.connect(self._find_out)
        self.card.cancel_wanted.connect(self._cancel)
        self._of_layers = of_layers
        self._session: DocumentSession | None = None
        self._links, self._judging_links = Links(), Links()
        self._map_shown = False
        self.clicked.connect(self.open)
        self._mirror()

    def set_session(self, session: DocumentSession | None) -> None:
        """Tell of what is in front in this one, as soon as it is open."""
        self._links.clear()
        self._session = session
        if session is not None:
            self._links.add(session.stage_changed.connect(self._take_judging))
        self._take_judging()

    def detach(self) -> None:
        self._links.clear()
        self._judging_links.clear()

    def show_map(self, shown: bool) -> None:
        """The map is shown on the photograph, or no longer."""
        self._map_shown = shown
        self._fill()

    def open(self) -> None:
        """Show the card, and find out what is not known yet."""
        if self._judged is None:
            return
        self._find_out()
        self._fill()
        self._place()
        self.card.show()
        self.card.focus_first()

    @property
    def _judging(self) -> Judging | None:
        return self._session.judging if self._session is not None else None

    @property
    def _judged(self) -> Judged | None:
        judged = self._judging.subject if self._judging is not None else None
        return judged if judged is not None and judged.is_layer is self._of_layers else None

    def _take_judging(self) -> None:
        self._judging_links.clear()
        if self._judging is not None:
            self._judging_links.add(self._judging.changed.connect(self._mirror))
        self._mirror()

    def _mirror(self) -> None:
        judged = self._judged
        self.setVisible(judged is not None)
        if judged is None:
            self.card.close()
            return
        leak = judged.report.leak if judged.report is not None else None
        text = verdict_text(leak) if judged.report is not None else unknown_text()
        self.setText(f"{text}  ›")
        self.setAccessibleName(tr("{text}: details", text=text))
        self.setIcon(verdict_icon(leak))
        if self.card.isVisible():
            self._fill()
            self._place()
            self.card.focus_first()

    def _fill(self) -> None:
        judged, session = self._judged, self._session
        if judged is not None and session is not None and session.size is not None:
            progress = session.judging.progress if session.judging is not None else None
            self.card.show_report(judged, session.size, progress, map_shown=self._map_shown)

    def _place(self) -> None:
        """Above the line where there is room."""
        size, corner = self.card.size(), self.mapToGlobal(QPoint(0, 0))
        screen = self.screen().availableGeometry()
        above = corner.y() - size.height() - SPACE // 2
        top = above if above >= screen.top() else corner.y() + self.height() + SPACE // 2
        left = min(corner.x(), screen.right() - size.width())
        self.card.move(max(screen.left(), left), top)

    def _find_out(self) -> None:
        if self._judging is not None:
            self._judging.find_out()

    def _cancel(self) -> None:
        if self._judging is not None:
            self._judging.cancel()
