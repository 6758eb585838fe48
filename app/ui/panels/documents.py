"""The tabs above the canvas, one for each open photograph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QTabBar, QWidget

from app.base.text import tr
from app.session.document_session import Stage
from app.ui.links import Links
from app.ui.widgets.labels import make_icon_button

if TYPE_CHECKING:
    from app.session.document_session import DocumentSession
    from app.session.workspace import Workspace


ENOUGH_WIDTH = 160
"""Pixels from which on a tab's name may be shortened in its middle."""


def tab_title(session: DocumentSession) -> str:
    """The name, a star for what was not saved, the variants that wait; an ellipsis while it opens."""
    if session.stage is Stage.OPENING:
        return f"{session.name} …"
    name = f"{session.name} *" if session.is_modified else session.name
    waiting = len(session.candidates.items)
    return f"{name} ({waiting})" if waiting else name


class DocumentTabs(QTabBar):
    """Mirrors the open documents; a middle click or the cross asks to close one."""

    close_wanted = Signal(object)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("documents")
        self.setAccessibleName(tr("Open photographs"))
        self.setExpanding(False)
        self.setUsesScrollButtons(True)
        self.setElideMode(Qt.TextElideMode.ElideMiddle)
        self.setDocumentMode(True)
        self._workspace = workspace
        self._sessions: tuple[DocumentSession, ...] = ()
        self._links = Links()
        self._own_links = Links()
        self._own_links.add(
            workspace.documents_changed.connect(self.mirror), workspace.current_changed.connect(self.mirror)
        )
        self.currentChanged.connect(self._choose)
        self.mirror()

    def detach(self) -> None:
        self._links.clear()
        self._own_links.clear()

    def mirror(self) -> None:
        """Show the tabs as the workspace has them."""
        self.blockSignals(True)
        if self._workspace.documents != self._sessions:
            self._rebuild()
        for index, session in enumerate(self._sessions):
            self.setTabText(index, tab_title(session))
            self.setTabToolTip(index, str(session.path or session.name))
        current = self._workspace.current
        if current in self._sessions:
            self.setCurrentIndex(self._sessions.index(current))
        self.blockSignals(False)
        self.setVisible(bool(self._sessions))

    def minimumTabSizeHint(self, index: int) -> QSize:
        """Names can be read however many there are: the row scrolls before they are cut to nothing."""
        usual = self.tabSizeHint(index)
        return QSize(min(usual.width(), ENOUGH_WIDTH), usual.height())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = self.tabAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.MiddleButton and 0 <= index < len(self._sessions):
            self.close_wanted.emit(self._sessions[index])
        else:
            super().mouseReleaseEvent(event)

    def _rebuild(self) -> None:
        self._links.clear()
        while self.count():
            self.removeTab(0)
        self._sessions = self._workspace.documents
        for index, session in enumerate(self._sessions):
            self.addTab(session.name)
            close = make_icon_button("x", tr("Close {name}", name=session.name), size=12, tip=tr("Close"))
            close.setFixedSize(QSize(20, 20))
            close.clicked.connect(lambda checked=False, session=session: self.close_wanted.emit(session))
            self.setTabButton(index, QTabBar.ButtonPosition.RightSide, close)
            self._links.add(
                session.stage_changed.connect(self.mirror),
                session.modified_changed.connect(self.mirror),
                session.candidates.changed.connect(self.mirror),
            )

    def _choose(self, index: int) -> None:
        if 0 <= index < len(self._sessions):
            self._workspace.set_current(self._sessions[index])
