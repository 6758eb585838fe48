"""The strip over the canvas that shows the candidates: numbered pictures beside the original, and what to do.

While it has the focus, digits choose, Return applies, Delete discards, Escape goes back, and the backslash shows
the original while it is held; it takes these keys before any shortcut of the window does.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QIcon, QImage, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app.base.geometry import Size
from app.base.text import tr
from app.ui.compositing import small_pictures
from app.ui.icons import icon
from app.ui.leak import verdict_text
from app.ui.links import Links
from app.ui.panels.dragging import ResultButton, drag_out
from app.ui.panels.leak_report import LeakLine
from app.ui.pictures import image_of_rgb
from app.ui.theme import BUTTON_ICON, DARK, SPACE
from app.ui.widgets.labels import ElidedLabel, make_icon_button

if TYPE_CHECKING:
    from app.edits.types import Patch
    from app.imaging.display import DisplayTable
    from app.session.candidates import Candidate
    from app.session.document_session import DocumentSession
    from app.session.workspace import Workspace
    from app.ui.tasks import Tasks
    from app.ui.transfer import Transfer

PICTURE = QSize(72, 54)
ROW_HEIGHT = PICTURE.height() + 34
WORDS_WIDTH = 468
"""At least, for what is told beside the pictures."""
_FEW = 5
"""Buttons that are made before there are variants: for the original and as many as are often asked for at once."""


def candidate_facts(candidate: Candidate) -> str:
    """What is known about one candidate besides what it did around its mask."""
    count = candidate.report.outside_changed_pixels
    facts = [tr("{n} px changed outside the mask in your document", n=count)]
    if candidate.seed is not None:
        facts.append(tr("seed {seed}", seed=candidate.seed))
    if candidate.revised_prompt and candidate.revised_prompt != candidate.prompt:
        facts.append(tr("revised: {prompt}", prompt=candidate.revised_prompt))
    return " · ".join(facts)


def candidate_text(candidate: Candidate) -> str:
    """All that is known about it, in one line."""
    return f"{verdict_text(candidate.report.leak)} · {candidate_facts(candidate)}"


class CandidatesStrip(QFrame):
    """Mirrors the candidates of the document in front."""

    apply_wanted = Signal()
    apply_all_wanted = Signal()
    compare_wanted = Signal()
    tune_wanted = Signal()
    paint_in_wanted = Signal()
    left = Signal()
    """The focus should go back to the canvas."""
    original_held = Signal(bool)
    """The key that shows the photograph as opened went down, or is no longer held."""

    def __init__(
        self, workspace: Workspace, tasks: Tasks, transfer: Transfer, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("candidates")
        self.setAccessibleName(tr("Variants"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._workspace = workspace
        self._tasks = tasks
        self._transfer = transfer
        self._session: DocumentSession | None = None
        self._links = Links()
        self._display: DisplayTable | None = None
        self._pictures: dict[str | None, QPixmap] = {}
        """The small picture of each result; None is the original."""
        self._pictured: dict[str, Patch] = {}
        """What the small pictures were made of."""
        self._buttons: list[ResultButton] = []
        self._names: list[str | None] = []
        """What the buttons stand for: None for the original, then the ids of the results; those left over hide."""
        self._row = QHBoxLayout()
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(SPACE // 2)
        self.leak = LeakLine("leakLine")
        self._facts, self._hint = ElidedLabel(), ElidedLabel()
        for label in (self._facts, self._hint):
            label.setProperty("role", "muted")
        self._revealing = QTimer(self)
        """Until the buttons are laid out."""
        self._revealing.setSingleShot(True)
        self._revealing.setInterval(0)
        self._revealing.timeout.connect(self._reveal)
        self._repicturing = QTimer(self)
        """Until a variant that is tuned has come to rest."""
        self._repicturing.setSingleShot(True)
        self._repicturing.setInterval(250)
        self._repicturing.timeout.connect(self._make_stale_pictures)
        self._lay_out()
        self.hide()

    def make_ready(self) -> None:
        """Make it and paint it once while nothing is to be seen: all that Qt looks up for that takes a frame."""
        self._make_buttons(_FEW)
        self.grab()

    def set_session(self, session: DocumentSession | None) -> None:
        self._links.clear()
        self._session = session
        self._pictures.clear()
        self._pictured.clear()
        if session is not None:
            self._links.add(session.candidates.changed.connect(self.mirror))
        self.leak.set_session(session)
        self.mirror()

    def set_display(self, display: DisplayTable | None) -> None:
        """Show pictures as this display must be sent them, or as they are."""
        self._display = display
        for candidate in self._session.candidates.items if self._session is not None else ():
            self._picture(candidate)

    def detach(self) -> None:
        self._links.clear()
        self.leak.detach()
        self._revealing.stop()
        self._repicturing.stop()

    def mirror(self) -> None:
        """Show the candidates as they stand now."""
        session = self._session
        items = session.candidates.items if session is not None else ()
        had_focus = self.hasFocus()
        if self._names[1:] != [c.result_id for c in items]:
            self._rebuild(items)
        if session is None or not items:
            self.hide()
            if had_focus:
                self.left.emit()
            return
        places = session.candidates.places
        chosen = session.candidates.chosen if len(places) > 1 else ()
        self._buttons[0].setChecked(session.candidates.shown is None)
        for button, item in zip(self._buttons[1 : len(self._names)], items, strict=True):
            button.setChecked(item is session.candidates.shown)
            # In several places what Apply all will take is not told by the selection alone.
            title = tr("{n} ✓", n=item.number) if item in chosen else str(item.number)
            if button.text() != title:
                button.setText(title)
        self._revealing.start()
        if any(self._pictured.get(each.result_id) is not each.patch for each in items):
            self._repicturing.start()
        shown = session.candidates.shown
        facts = candidate_facts(shown) if shown is not None else tr("The photograph as it is")
        if shown is not None and len(places) > 1:
            place = places.index(session.candidates.rivals(shown)) + 1
            facts = " · ".join((tr("Region {place} of {count}", place=place, count=len(places)), facts))
        self._facts.setText(facts)
        self._hint.setText("" if shown is not None else tr("1–9 show a variant, Return applies it"))
        self._hint.setVisible(shown is None)
        self.apply_all.setText(tr("Apply all {count}", count=len(places)))
        self.apply_all.setVisible(len(places) > 1)
        self.apply.setEnabled(shown is not None)
        self.discard.setEnabled(shown is not None)
        for extra in (self.tune, self.paint_in):
            extra.setEnabled(shown is not None)
        self.show()

    def event(self, event: QEvent) -> bool:
        if (
            event.type() is QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self._takes(event)
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        session = self._session
        if session is None or not self._takes(event):
            event.ignore()
            return
        key, candidates = event.key(), session.candidates
        if Qt.Key.Key_1 <= key <= Qt.Key.Key_9:
            candidates.select_number(key - Qt.Key.Key_0)
        elif key == Qt.Key.Key_0:
            candidates.select(None)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.apply_wanted.emit()
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            session.discard_candidate()
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            candidates.step(1 if key == Qt.Key.Key_Right else -1)
        elif key == Qt.Key.Key_Backslash:
            if not event.isAutoRepeat():
                self.original_held.emit(True)
        else:
            candidates.clear()
            self.left.emit()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Backslash and not event.isAutoRepeat():
            self.original_held.emit(False)
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """A key that goes up elsewhere is not heard here."""
        self.original_held.emit(False)
        super().focusOutEvent(event)

    @staticmethod
    def _takes(event: QKeyEvent) -> bool:
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        return plain and (
            Qt.Key.Key_0 <= event.key() <= Qt.Key.Key_9
            or event.key()
            in (
                Qt.Key.Key_Return,
                Qt.Key.Key_Enter,
                Qt.Key.Key_Delete,
                Qt.Key.Key_Backspace,
                Qt.Key.Key_Escape,
                Qt.Key.Key_Left,
                Qt.Key.Key_Right,
                Qt.Key.Key_Backslash,
            )
        )

    def _lay_out(self) -> None:
        self.apply = QPushButton(tr("Apply"))
        self.apply.setProperty("role", "primary")
        self.apply.setToolTip(tr("Lay this variant on the photograph (Return)"))
        self.apply_all = QPushButton(tr("Apply all"))
        self.apply_all.setObjectName("applyAll")
        self.apply_all.setToolTip(
            tr("Lay what is chosen for each region on the photograph (Ctrl+Shift+Return)")
        )
        self.apply_all.hide()
        self.discard = QPushButton(tr("Discard"))
        self.discard.setToolTip(tr("Take this variant off the strip; it stays in the history (Delete)"))
        self.compare = QPushButton(tr("Compare"))
        self.compare.setIcon(icon("layout-grid"))
        self.compare.setIconSize(BUTTON_ICON)
        self.compare.setToolTip(tr("See all variants side by side (C)"))
        self.tune = make_icon_button("settings-2", tr("Tune"), tip=tr("Tune how this variant is put back"))
        self.tune.setObjectName("candidateTune")
        self.paint_in = make_icon_button(
            "brush", tr("Paint in"), tip=tr("Add this variant hidden, and paint where it is to be seen")
        )
        self.paint_in.setObjectName("candidatePaintIn")
        self.back = QPushButton(tr("Back"))
        self.back.setToolTip(tr("Back to the photograph; the variants stay in the history (Esc)"))
        for button in (self.apply, self.apply_all, self.discard, self.compare, self.back):
            button.setFixedHeight(32)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.apply.clicked.connect(self.apply_wanted)
        self.apply_all.clicked.connect(self.apply_all_wanted)
        self.discard.clicked.connect(self._discard)
        self.compare.clicked.connect(self.compare_wanted)
        self.tune.clicked.connect(self.tune_wanted)
        self.paint_in.clicked.connect(self.paint_in_wanted)
        self.back.clicked.connect(self._leave)
        holder = QWidget()
        self._row.addStretch(1)
        holder.setLayout(self._row)
        self._scroll = QScrollArea()
        self._scroll.setWidget(holder)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFixedHeight(ROW_HEIGHT)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.horizontalScrollBar().rangeChanged.connect(self._make_room)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE)
        for each in (
            *(self.back, self.compare, self.tune, self.paint_in),
            *(self.discard, self.apply_all, self.apply),
        ):
            buttons.addWidget(each)
        words = self._words = QVBoxLayout()
        words.addStrut(WORDS_WIDTH)
        words.setSpacing(SPACE // 4)
        words.addWidget(self.leak)
        words.addWidget(self._facts)
        words.addWidget(self._hint)
        words.addStretch(1)
        words.addLayout(buttons)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        row.setSpacing(SPACE * 3 // 2)
        row.addWidget(self._scroll, 1)
        row.addLayout(words)

    def sizeHint(self) -> QSize:
        """Wide enough that every variant is seen without scrolling."""
        width = self._row.sizeHint().width() + self._words.sizeHint().width()
        return QSize(width + 6 * SPACE, super().sizeHint().height())

    def _make_room(self, least: int, most: int) -> None:
        """The scroll bar stands below the pictures, not on them."""
        bar = self._scroll.horizontalScrollBar()
        self._scroll.setFixedHeight(ROW_HEIGHT + (bar.sizeHint().height() if most > least else 0))
        self._revealing.start()

    def _reveal(self) -> None:
        """Scroll to what is shown on the canvas."""
        for button in self._buttons:
            if button.isChecked():
                self._scroll.ensureWidgetVisible(button, SPACE // 2, 0)

    def _discard(self) -> None:
        if self._session is not None:
            self._session.discard_candidate()

    def _leave(self) -> None:
        if self._session is not None:
            self._session.candidates.clear()
        self.left.emit()

    def _rebuild(self, items: tuple[Candidate, ...]) -> None:
        """Show a button for the original and one for each variant."""
        self._names = [None, *(candidate.result_id for candidate in items)] if items else []
        if not items:
            self._pictures.clear()
            self._pictured.clear()
        self._make_buttons(len(self._names))
        for index, button in enumerate(self._buttons):
            self._show_picture(index)
            button.setVisible(index < len(self._names))
        for button, candidate in zip(self._buttons[1 : len(self._names)], items, strict=True):
            button.setToolTip(tr("Variant {n} — drag it out as a file", n=candidate.number))
            button.setAccessibleName(tr("Variant {n}", n=candidate.number))
            if candidate.result_id not in self._pictured:
                self._picture(candidate)
        layout = self.layout()
        if layout is not None:
            layout.update()

    def _make_buttons(self, count: int) -> None:
        """Make those that are missing. They stay, hidden, for the next variants: each takes a while to make."""
        for index in range(len(self._buttons), count):
            button = ResultButton()
            button.setCheckable(True)
            button.setAutoExclusive(True)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            button.setIconSize(PICTURE)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(lambda checked, index=index: self._select(index))
            button.dragged.connect(lambda index=index: self._drag(index))
            if index == 0:
                button.setText(tr("Original"))
                button.setToolTip(tr("The photograph as it is (0)"))
                button.setAccessibleName(tr("Original"))
            self._buttons.append(button)
            self._row.insertWidget(index, button)

    def _select(self, index: int) -> None:
        """Show what the button at this place stands for."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if self._session is not None:
            self._session.candidates.select(None if index == 0 else index - 1)

    def _drag(self, index: int) -> None:
        items = self._session.candidates.items if self._session is not None else ()
        if not 0 < index <= len(items):
            return
        candidate = items[index - 1]
        make = partial(self._transfer.file_of_candidate, candidate)
        picture = self._pictures.get(candidate.result_id)
        self._tasks.start(drag_out(self, make, picture), "drag")

    def _make_stale_pictures(self) -> None:
        for each in self._session.candidates.items if self._session is not None else ():
            if self._pictured.get(each.result_id) is not each.patch:
                self._picture(each)

    def _picture(self, candidate: Candidate) -> None:
        self._pictured[candidate.result_id] = candidate.patch
        self._tasks.start(self._make_pictures(candidate), "candidates")

    async def _make_pictures(self, candidate: Candidate) -> None:
        session = self._session
        if session is None or session.document is None:
            return
        ratio = self.devicePixelRatioF()
        bounds = Size(round(PICTURE.width() * ratio), round(PICTURE.height() * ratio))
        picture = session.document.picture
        before, after = await asyncio.to_thread(small_pictures, picture, candidate.patch, bounds)
        if session is not self._session:
            return
        for name, pixels in ((None, before), (candidate.result_id, after)):
            self._pictures[name] = _centred(image_of_rgb(pixels, self._display), bounds, ratio)
            if name in self._names:
                self._show_picture(self._names.index(name))

    def _show_picture(self, index: int) -> None:
        """Put its picture on the button at this place, or what stands for one that is still to come."""
        pixmap = self._pictures.get(self._names[index]) if index < len(self._names) else None
        self._buttons[index].setIcon(
            QIcon(pixmap) if pixmap is not None else icon("image", DARK.text_disabled)
        )


def _centred(image: QImage, room: Size, ratio: float) -> QPixmap:
    """The image in the middle of `room` device pixels, so that pictures of any shape stand in one line."""
    pixmap = QPixmap(room.width, room.height)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.drawImage((room.width - image.width()) // 2, (room.height - image.height()) // 2, image)
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap
