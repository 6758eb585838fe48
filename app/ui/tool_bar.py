"""The bar of tools at the window's left, one of which is always in hand, and what is done most beside them."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QToolBar, QToolButton

from app.base.text import tr
from app.session.tools import TOOL_KEYS
from app.ui.actions import Actions
from app.ui.icons import icon

TOOLS = tuple(f"tool.{kind.value}" for kind in TOOL_KEYS)
EXTRAS = ("edit.undo", "edit.redo", "", "mask.invert", "mask.clear", "", "view.fit")


class ToolBar(QToolBar):
    """Shows the commands of tools as buttons that can be reached by Tab."""

    def __init__(self, actions: Actions) -> None:
        super().__init__(tr("Tools"))
        self.setObjectName("tools")
        self.setAccessibleName(tr("Tools"))
        self.setOrientation(Qt.Orientation.Vertical)
        self.setMovable(False)
        self.setIconSize(QSize(20, 20))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        more = self.findChild(QToolButton, "qt_toolbar_ext_button")
        if more is not None:
            # The style's own arrow is black, and not seen on the dark panel.
            more.setIcon(icon("ellipsis"))
            more.setAccessibleName(tr("More tools"))
        # One of them is always in hand: its own key does not put it down.
        tools = QActionGroup(self)
        for id in (*TOOLS, "", *EXTRAS):
            if not id:
                self.addSeparator()
                continue
            action = actions.action(id)
            if id in TOOLS:
                action.setCheckable(True)
                tools.addAction(action)
            self.addAction(action)
            button = self.widgetForAction(action)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAccessibleName(action.text())
