"""The windows about the program itself, each made when it is asked for: commands, keys, preferences and about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QWidget

from app.ui.wording import mask_looks

if TYPE_CHECKING:
    from app.session.workspace import Workspace
    from app.ui.actions import Actions
    from app.ui.tasks import Tasks


class ProgramDialogs:
    """Shows them over the window; each is gone when it is closed."""

    def __init__(self, workspace: Workspace, tasks: Tasks, actions: Actions, window: QWidget) -> None:
        self._workspace = workspace
        self._tasks = tasks
        self._actions = actions
        self._window = window

    def show_palette(self) -> None:
        """All commands, to be found by typing."""
        from app.ui.dialogs.palette import CommandPalette

        self._actions.refresh()
        palette = CommandPalette(self._actions.all(), self._window)
        palette.chosen.connect(lambda action: action.trigger())
        _open(palette)

    def show_shortcuts(self) -> None:
        """Which keys do what."""
        from app.ui.dialogs.shortcuts import ShortcutSheet

        _open(ShortcutSheet(self._workspace.commands, self._window))

    def show_preferences(self) -> None:
        """The settings, which hold as they are changed."""
        from app.ui.dialogs.preferences import PreferencesDialog

        settings, tasks = self._workspace.settings, self._tasks
        dialog = PreferencesDialog(
            settings,
            lambda section, name, value: tasks.start(settings.update(section, **{name: value}), "settings"),
            {
                "edit.provider": [(p.title, p.name) for p in self._workspace.providers.list()],
                "canvas.mask_look": mask_looks(),
            },
            self._window,
        )
        _open(dialog)

    def show_about(self) -> None:
        """The program's version, and what it is made of."""
        from app.ui.dialogs.about import AboutDialog

        _open(AboutDialog(self._window))


def _open(dialog: QDialog) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
