"""Every command as a QAction, so that menus, tool bars, keys and the palette are one and the same thing."""

from __future__ import annotations

import inspect
from collections.abc import Coroutine
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from app.base.errors import MaskroomError
from app.session.commands import Scope
from app.ui.icons import icon
from app.ui.panels.options_bar import TOOL_ICONS
from app.ui.wording import GROUPS, group_title

if TYPE_CHECKING:
    from app.session.commands import Command
    from app.session.workspace import Workspace
    from app.ui.tasks import Tasks

ICONS = {
    "file.open": "folder-open",
    "file.export": "download",
    "file.close": "x",
    "edit.undo": "undo-2",
    "edit.redo": "redo-2",
    "edit.generate": "sparkles",
    "edit.copy": "copy",
    "edit.inspect": "braces",
    "providers.manage": "settings-2",
    "providers.models": "refresh-cw",
    "edit.paste": "clipboard-paste",
    "mask.copy": "copy",
    "mask.paste": "clipboard-paste",
    "mask.load": "folder-open",
    "mask.save": "download",
    "mask.delete": "trash-2",
    "mask.invert": "contrast",
    "layer.paint": "brush",
    "layer.duplicate": "copy",
    "layer.raise": "arrow-up",
    "layer.lower": "arrow-down",
    "layer.merge_down": "arrow-down-to-line",
    "layer.delete": "trash-2",
    "mask.clear": "square-x",
    "mask.fill": "square-check",
    **{f"tool.{kind.value}": name for kind, name in TOOL_ICONS.items()},
    "view.fit": "maximize",
    "view.zoomIn": "zoom-in",
    "view.zoomOut": "zoom-out",
    "view.overlay": "eye",
    "compare.open": "layout-grid",
    "history.search": "search",
    "help.shortcuts": "keyboard",
    "help.palette": "command",
    "help.about": "info",
}


class Actions(QObject):
    """Makes the actions of a registry, runs them, and keeps them enabled as their commands say."""

    def __init__(self, workspace: Workspace, tasks: Tasks, window: QWidget, canvas: QWidget) -> None:
        super().__init__(window)
        self._workspace = workspace
        self._tasks = tasks
        self._actions: dict[str, tuple[QAction, Command]] = {}
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.refresh)
        for each in workspace.commands:
            action = self._make(each)
            self._actions[each.id] = (action, each)
            (canvas if each.scope is Scope.CANVAS else window).addAction(action)
        self.refresh()

    def action(self, id: str) -> QAction:
        return self._actions[id][0]

    def all(self) -> tuple[QAction, ...]:
        return tuple(action for action, _ in self._actions.values())

    def fill_menu_bar(self, bar: QMenuBar) -> None:
        """One menu per group, a separator where another section begins."""
        for group in GROUPS:
            menu = QMenu(f"&{group_title(group)}", bar)
            menu.aboutToShow.connect(self.refresh)
            before = ""
            for action, each in self._actions.values():
                if each.group == group and not each.hidden:
                    section = each.section or each.id.partition(".")[0]
                    if before and section != before:
                        menu.addSeparator()
                    menu.addAction(action)
                    before = section
            if not menu.isEmpty():
                bar.addMenu(menu)

    def insert_menu(self, bar: QMenuBar, after: str, menu: QMenu) -> None:
        """Put a menu of its own below the action `after`."""
        action = self.action(after)
        for each in bar.findChildren(QMenu):
            actions = each.actions()
            if action in actions:
                place = actions.index(action) + 1
                before = actions[place] if place < len(actions) else None
                if before is None:
                    each.addMenu(menu)
                else:
                    each.insertMenu(before, menu)

    def refresh_soon(self) -> None:
        """Ask the commands again after whatever is happening now; cheap to call often."""
        self._soon.start()

    def refresh(self) -> None:
        """Enable what can be done now."""
        self._soon.stop()
        for action, each in self._actions.values():
            action.setEnabled(each.when(self._workspace))
            if each.says is not None:
                _name(action, each, each.says(self._workspace))

    def detach(self) -> None:
        self._soon.stop()

    def run(self, id: str) -> None:
        """Run a command if it can run now; what it awaits is owned by the window's tasks."""
        _, each = self._actions[id]
        if not each.when(self._workspace):
            return
        try:
            result = each.run(self._workspace)
        except MaskroomError as error:
            self._tasks.report(error, each.id)
            return
        if inspect.iscoroutine(result):
            self._tasks.start(cast("Coroutine[object, object, object]", result), each.id)
        self.refresh_soon()

    def _make(self, each: Command) -> QAction:
        action = QAction(each.title, self)
        action.setObjectName(each.id)
        action.setShortcuts([QKeySequence.fromString(keys) for keys in each.shortcuts])
        if each.scope is Scope.CANVAS:
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        if each.id in ICONS:
            action.setIcon(icon(ICONS[each.id]))
        _name(action, each, each.title)
        action.setStatusTip("")
        action.setAutoRepeat(each.id.startswith(("brush.", "view.zoom", "edit.undo", "edit.redo")))
        action.triggered.connect(lambda checked=False: self.run(each.id))
        return action


def _name(action: QAction, command: Command, title: str) -> None:
    """Call an action `title`, in the menu and where the pointer rests on its button."""
    keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    first = f"{title} ({keys})" if keys else title
    # Names that users gave may hold what Qt takes for the sign of a key.
    action.setText(title.replace("&", "&&"))
    action.setToolTip(f"{first}\n{command.help}" if command.help else first)
