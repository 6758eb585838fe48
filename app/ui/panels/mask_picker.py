"""Which of the photograph's masks is worked on: a list to choose from, a field to rename in, a menu for the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QSizePolicy, QStackedWidget, QToolButton, QWidget

from app.base.text import tr
from app.ui.links import Links
from app.ui.theme import SPACE
from app.ui.widgets.fields import ComboBox
from app.ui.widgets.labels import make_icon_button, make_label

if TYPE_CHECKING:
    from app.document.document import Document

WIDTH = 132
_LONGEST_NAME = 60


class MaskPicker(QWidget):
    """Mirrors the masks of the document in front. There is none while nothing is open."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document: Document | None = None
        self._links = Links()
        self.list = ComboBox()
        self.list.setObjectName("masks")
        self.list.setAccessibleName(tr("Masks of this photograph"))
        self.list.setToolTip(tr("The mask that is painted on and sent"))
        self.name = QLineEdit()
        self.name.setObjectName("maskName")
        self.name.setAccessibleName(tr("Name of the mask"))
        self.name.setMaxLength(_LONGEST_NAME)
        self.name.installEventFilter(self)
        self._pages = QStackedWidget()
        for page in (self.list, self.name):
            self._pages.addWidget(page)
        self._pages.setFixedWidth(WIDTH)
        self._pages.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._more = make_icon_button("ellipsis", tr("More about masks"))
        self._more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        label = make_label(tr("Mask"), "muted")
        label.setBuddy(self.list)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE, 0, 0, 0)
        row.setSpacing(SPACE)
        for widget in (label, self._pages, self._more):
            row.addWidget(widget)
        self.list.activated.connect(self._choose)
        self.name.returnPressed.connect(self._take_name)
        self.set_document(None)

    def set_actions(self, actions: Sequence[QAction]) -> None:
        """What the menu offers."""
        menu = QMenu(self._more)
        menu.addActions(list(actions))
        self._more.setMenu(menu)

    def set_document(self, document: Document | None) -> None:
        self._links.clear()
        self._document = document
        if document is not None:
            self._links.add(document.masks_changed.connect(self._mirror))
        self.setEnabled(document is not None)
        self._mirror()

    def detach(self) -> None:
        self._links.clear()

    def rename(self) -> None:
        """Let the user type another name in the place of the list."""
        if self._document is not None:
            self.name.setText(self.list.currentText())
            self._pages.setCurrentWidget(self.name)
            self.name.setFocus(Qt.FocusReason.OtherFocusReason)
            self.name.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Esc, or going elsewhere, leaves the name as it was."""
        if watched is self.name and self._pages.currentWidget() is self.name:
            if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
                if event.key() == Qt.Key.Key_Escape:
                    self._show_list()
                    return True
            elif event.type() is QEvent.Type.FocusOut:
                self._pages.setCurrentWidget(self.list)
        return super().eventFilter(watched, event)

    def _take_name(self) -> None:
        name = self.name.text().strip()
        self._show_list()
        if self._document is not None and name and not self._document.undo.is_held:
            self._document.rename_mask(name)

    def _show_list(self) -> None:
        self._pages.setCurrentWidget(self.list)
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def _choose(self, index: int) -> None:
        document = self._document
        if document is not None and not document.undo.is_held:
            document.activate_mask(index)
        self._mirror()

    def _mirror(self) -> None:
        document = self._document
        names = [each.name for each in document.masks] if document is not None else []
        if [self.list.itemText(place) for place in range(self.list.count())] != names:
            self.list.clear()
            self.list.addItems(names)
        self.list.setPlaceholderText(tr("of the layer") if document is not None else "")
        is_named = document is not None and document.painted_layer is None
        self.list.setCurrentIndex(document.active_mask if document is not None and is_named else -1)
