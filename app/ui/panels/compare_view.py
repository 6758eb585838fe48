"""Compare: the original and every variant side by side, at one zoom and one place, starting at what was sent.

Return or a double click applies, digits choose, Escape goes back. It replaces the canvas while it is open.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.base.geometry import Point, Rect
from app.base.text import tr
from app.ui.compositing import composed_pyramid
from app.ui.links import Links
from app.ui.panels.candidates_strip import candidate_text
from app.ui.panels.compare_pane import ComparePane, LinkedView, Picture
from app.ui.theme import SPACE
from app.ui.widgets.labels import ElidedLabel

if TYPE_CHECKING:
    from app.edits.types import Patch
    from app.session.candidates import Candidate
    from app.session.document_session import DocumentSession
    from app.ui.tasks import Tasks

GAP = 4


def grid_columns(count: int, width: int, height: int, aspect: float) -> int:
    """The number of columns that shows `count` pictures of `aspect` (width by height) the largest."""
    best, columns = 0.0, 1
    for tried in range(1, count + 1):
        rows = math.ceil(count / tried)
        cell_width, cell_height = width / tried, height / rows
        scale = min(cell_width, cell_height * aspect)
        if scale > best + 0.5:
            best, columns = scale, tried
    return columns


class CompareView(QWidget):
    """One pane for the original and one for each candidate of a document."""

    apply_wanted = Signal()
    closed = Signal()

    def __init__(self, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("compare")
        self.setAccessibleName(tr("Compare"))
        self.setProperty("role", "surround")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._tasks = tasks
        self._session: DocumentSession | None = None
        self._links = Links()
        self._view = LinkedView()
        self._panes: list[ComparePane] = []
        self._region: Rect | None = None
        self._items: tuple[Candidate, ...] = ()
        self._made: dict[str, Picture] = {}
        self._patches: dict[str, Patch] = {}
        """What they were made of."""
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(GAP)
        self._text = ElidedLabel()
        self._text.setProperty("role", "muted")
        self.apply = QPushButton(tr("Apply"))
        self.apply.setProperty("role", "primary")
        self.apply.setFixedHeight(32)
        self.apply.clicked.connect(self.apply_wanted)
        self.back = QPushButton(tr("Back"))
        self.back.setFixedHeight(32)
        self.back.clicked.connect(self.closed)
        foot = QHBoxLayout()
        foot.setContentsMargins(SPACE, 0, SPACE, 0)
        foot.setSpacing(SPACE)
        foot.addWidget(self._text, 1)
        foot.addWidget(self.back)
        foot.addWidget(self.apply)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP, GAP, GAP, SPACE)
        column.setSpacing(SPACE)
        column.addLayout(self._grid, 1)
        column.addLayout(foot)

    @property
    def panes(self) -> tuple[ComparePane, ...]:
        return tuple(self._panes)

    @property
    def view(self) -> LinkedView:
        return self._view

    def open(self, session: DocumentSession) -> None:
        """Show the candidates of `session`, beginning at the region of the chosen one."""
        self.leave()
        self._session = session
        self._take_place(session.candidates.shown or session.candidates.items[0])
        self._links.add(session.candidates.changed.connect(self._mirror))
        self._rebuild()
        self._mirror()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _take_place(self, candidate: Candidate) -> None:
        """Show those that compete with `candidate` for one place of the photograph."""
        if self._session is not None:
            self._items = self._session.candidates.rivals(candidate)
            self._region = candidate.patch.region

    def leave(self) -> None:
        """Let go of the document and of the pictures that were made for it."""
        self._links.clear()
        self._session = None
        self._items = ()
        self._made.clear()
        self._patches.clear()
        self._clear_panes()

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
            super().keyPressEvent(event)
            return
        key, candidates = event.key(), session.candidates
        if Qt.Key.Key_1 <= key <= Qt.Key.Key_9:
            candidates.select_number(key - Qt.Key.Key_0)
        elif key == Qt.Key.Key_0:
            candidates.select(None)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            candidates.step(1 if key == Qt.Key.Key_Right else -1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if candidates.shown is not None:
                self.apply_wanted.emit()
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            session.discard_candidate()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self._zoom(0.8 if key == Qt.Key.Key_Minus else 1.25)
        else:
            self.closed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    @staticmethod
    def _takes(event: QKeyEvent) -> bool:
        key = event.key()
        plain = not event.modifiers() & ~(
            Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier
        )
        return plain and (
            Qt.Key.Key_0 <= key <= Qt.Key.Key_9
            or key
            in (
                Qt.Key.Key_Return,
                Qt.Key.Key_Enter,
                Qt.Key.Key_Delete,
                Qt.Key.Key_Backspace,
                Qt.Key.Key_Escape,
                Qt.Key.Key_Left,
                Qt.Key.Key_Right,
                Qt.Key.Key_Plus,
                Qt.Key.Key_Equal,
                Qt.Key.Key_Minus,
            )
        )

    def _zoom(self, factor: float) -> None:
        if self._panes:
            self._view.zoom_at(Point(0, 0), factor)

    def _clear_panes(self) -> None:
        for pane in self._panes:
            self._grid.removeWidget(pane)
            pane.hide()
            pane.deleteLater()
        self._panes = []

    def _rebuild(self) -> None:
        self._clear_panes()
        session = self._session
        if session is None or session.document is None:
            return
        base = Picture.of_pyramid(session.document.pyramid, session.document.size.rect)
        self._add_pane(None, base)
        for candidate in self._items:
            pane = self._add_pane(candidate, base)
            made = self._made.get(candidate.result_id)
            if made is not None:
                pane.show_over(made)
        self._compose_anew()
        self._arrange()

    def _add_pane(self, candidate: Candidate | None, base: Picture) -> ComparePane:
        title = tr("Original") if candidate is None else str(candidate.number)
        pane = ComparePane(title, base, self._view, candidate.result_id if candidate else "", self)
        pane.chosen.connect(lambda: self._choose(candidate))
        if candidate is not None:
            pane.picked.connect(lambda: self._pick(candidate))
            pane.setToolTip(candidate.revised_prompt or candidate.prompt)
        self._panes.append(pane)
        return pane

    def _compose_anew(self) -> None:
        """Make the pictures that are missing, or show what was tuned since."""
        for candidate in self._session.candidates.items if self._session is not None else ():
            if self._patches.get(candidate.result_id) is not candidate.patch:
                self._patches[candidate.result_id] = candidate.patch
                self._tasks.start(self._compose(candidate), "compare")

    async def _compose(self, candidate: Candidate) -> None:
        session = self._session
        if session is None or session.document is None:
            return
        pyramid = await asyncio.to_thread(composed_pyramid, session.document.picture, candidate.patch)
        if self._session is not session or self._patches.get(candidate.result_id) is not candidate.patch:
            return  # Left meanwhile, so nobody would let go of it, or tuned again.
        made = self._made[candidate.result_id] = Picture.of_pyramid(pyramid, candidate.patch.region)
        for pane in self._panes:
            if pane.result_id == candidate.result_id:
                pane.show_over(made)

    def _arrange(self) -> None:
        if not self._panes or self._region is None:
            return
        room = self._grid.geometry()
        if room.isEmpty():
            room = self.rect()
        columns = grid_columns(len(self._panes), room.width(), room.height(), self._region.size.aspect)
        for index, pane in enumerate(self._panes):
            self._grid.removeWidget(pane)
            self._grid.addWidget(pane, index // columns, index % columns)
        rows = math.ceil(len(self._panes) / columns)
        for each in range(self._grid.columnCount()):
            self._grid.setColumnStretch(each, 1 if each < columns else 0)
        for each in range(self._grid.rowCount()):
            self._grid.setRowStretch(each, 1 if each < rows else 0)
        self._view.fit(self._region, room.width() / columns - 2 * GAP, room.height() / rows - 2 * GAP)

    def _choose(self, candidate: Candidate | None) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if self._session is not None:
            candidates, id = self._session.candidates, candidate.result_id if candidate is not None else ""
            places = {each.result_id: index for index, each in enumerate(candidates.items)}
            candidates.select(places.get(id))

    def _pick(self, candidate: Candidate) -> None:
        self._choose(candidate)
        self.apply_wanted.emit()

    def _mirror(self) -> None:
        session = self._session
        if session is None:
            return
        candidates = session.candidates
        shown = candidates.shown
        before = {each.result_id for each in self._items}
        left = [each for each in candidates.items if each.result_id in before]
        if shown is not None or left:
            self._take_place(shown or left[0])
        else:
            self._items = ()
        if not self._items:
            self.closed.emit()
            return
        if [pane.result_id for pane in self._panes[1:]] != [each.result_id for each in self._items]:
            self._rebuild()
        self._compose_anew()
        self._panes[0].set_selected(shown is None)
        for pane, each in zip(self._panes[1:], self._items, strict=True):
            pane.set_selected(each is shown)
        self._text.setText(candidate_text(shown) if shown else tr("Choose a variant with the mouse or 1–9."))
        self.apply.setEnabled(shown is not None)
