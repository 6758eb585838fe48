"""The bar of notices over the top of the canvas: never modal, replaced by topic, dismissed by Esc or its cross.

It floats: what one looks at, or is about to paint on, stays where it is when a message comes or goes.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.base.notices import Level, Notice
from app.base.text import tr
from app.ui.icons import icon
from app.ui.theme import DARK, SPACE
from app.ui.widgets.labels import make_icon_button, make_label

MOST = 3
"""More than these would hide the photograph; the oldest goes."""
INFO_MILLISECONDS = 8000

_LOOKS = {
    Level.INFO: ("info", DARK.accent_line),
    Level.WARNING: ("triangle-alert", DARK.warning),
    Level.ERROR: ("circle-alert", DARK.error),
}


class NoticeRow(QFrame):
    """One notice: sentence, hint, cross."""

    def __init__(self, notice: Notice, parent: NoticesBar) -> None:
        super().__init__(parent)
        self.notice = notice
        self.setProperty("role", "notice")
        self.setProperty("level", notice.level.value)
        self.setAccessibleName(notice.text)
        self.setAccessibleDescription(notice.hint)
        picture, colour = _LOOKS[notice.level]
        sign = make_label()
        sign.setPixmap(icon(picture, colour).pixmap(18, 18))
        text = make_label(notice.text, wrap=True, selectable=True)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(text)
        if notice.hint:
            words.addWidget(make_label(notice.hint, "muted", wrap=True, selectable=True))
        actions = QHBoxLayout()
        actions.setSpacing(SPACE)
        for command in notice.commands:
            button = QPushButton(parent.title_of(command))
            button.clicked.connect(lambda checked=False, command=command: parent.choose(self, command))
            actions.addWidget(button)
        if notice.commands:
            actions.addStretch(1)
            words.addLayout(actions)
        close = make_icon_button("x", tr("Dismiss this message"), size=14, tip=tr("Dismiss (Esc)"))
        close.clicked.connect(lambda: parent.dismiss(self))
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE, SPACE // 2, SPACE // 2, SPACE // 2)
        row.setSpacing(SPACE)
        row.addWidget(sign)
        row.addLayout(words, 1)
        row.addWidget(close)
        if notice.level is Level.INFO and not notice.commands:
            timer = QTimer(self)
            timer.setSingleShot(True)
            timer.timeout.connect(lambda: parent.dismiss(self))
            timer.start(INFO_MILLISECONDS)


class NoticesBar(QWidget):
    """The newest notices, newest first."""

    covering = Signal(int)
    """So many pixels of the view below are covered, from its top."""
    command_wanted = Signal(str)
    """The id of a command that a notice offers."""

    def __init__(self, parent: QWidget | None = None, title_of: Callable[[str], str] = str) -> None:
        """`title_of` names a command by its id."""
        super().__init__(parent)
        self.title_of = title_of
        self.setAccessibleName(tr("Messages"))
        self._below: QWidget | None = None
        self._rows: list[NoticeRow] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(1)
        self.hide()

    def float_over(self, view: QWidget) -> None:
        """Lie over the top of `view`, a part of the same parent, from now on."""
        self._below = view
        view.installEventFilter(self)
        self._place()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() is QEvent.Type.LayoutRequest:
            self._place()
        return done

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._below and event.type() in (QEvent.Type.Resize, QEvent.Type.Move):
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        view, parent = self._below, self.parentWidget()
        if view is None or parent is None:
            return
        height = self._column.heightForWidth(view.width()) if self._rows else 0
        self.setGeometry(QRect(view.mapTo(parent, QPoint(0, 0)), QSize(view.width(), height)))
        self.raise_()
        self.covering.emit(height)

    @property
    def shown(self) -> tuple[Notice, ...]:
        return tuple(row.notice for row in self._rows)

    def show_notice(self, notice: Notice) -> None:
        """Show `notice` in the place of an earlier one of its topic or wording."""
        for row in list(self._rows):
            same_topic = bool(notice.topic) and row.notice.topic == notice.topic
            if same_topic or row.notice.text == notice.text:
                self.dismiss(row)
        while len(self._rows) >= MOST:
            self.dismiss(self._rows[-1])
        row = NoticeRow(notice, self)
        self._rows.insert(0, row)
        self._column.insertWidget(0, row)
        self._place()
        self.show()

    def dismiss(self, row: NoticeRow) -> None:
        if row in self._rows:
            self._rows.remove(row)
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.setVisible(bool(self._rows))
        self._place()

    def choose(self, row: NoticeRow, command: str) -> None:
        """Somebody wants what a notice offers; whatever comes of it is told anew."""
        self.dismiss(row)
        self.command_wanted.emit(command)

    def dismiss_newest(self) -> bool:
        """Dismiss one; False when there was none."""
        if not self._rows:
            return False
        self.dismiss(self._rows[0])
        return True

    def clear(self) -> None:
        for row in list(self._rows):
            self.dismiss(row)
