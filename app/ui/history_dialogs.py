"""The windows about the history as a whole that stand beside the photograph: Spending and Space, one of each."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from app.session.workspace import Workspace
    from app.ui.dialogs.space import SpaceDialog
    from app.ui.dialogs.spending import SpendingDialog
    from app.ui.tasks import Tasks


class HistoryDialogs:
    """Shows them, or brings them to the front where they are shown already."""

    def __init__(self, workspace: Workspace, tasks: Tasks, window: QWidget) -> None:
        self._workspace = workspace
        self._tasks = tasks
        self._window = window
        self.open: dict[type[SpaceDialog | SpendingDialog], SpaceDialog | SpendingDialog] = {}

    def show_spending(self) -> None:
        """What was spent."""
        from app.ui.dialogs.spending import SpendingDialog

        self._show(SpendingDialog)

    def show_space(self) -> None:
        """What the history takes, and making room."""
        from app.ui.dialogs.space import SpaceDialog

        self._show(SpaceDialog)

    def relocate(self) -> None:
        """Choose another folder for all data."""
        from app.ui.moving import move_later

        workspace = self._workspace
        move = move_later(self._window, workspace.folders, os.environ, workspace.notices)
        self._tasks.start(move, "data")

    def detach(self) -> None:
        """Let go of the session before the window goes."""
        for dialog in self.open.values():
            dialog.detach()
            dialog.hide()
            dialog.deleteLater()
        self.open.clear()

    def _show(self, kind: type[SpaceDialog | SpendingDialog]) -> None:
        dialog = self.open.get(kind)
        if dialog is None:
            dialog = self.open[kind] = kind(self._workspace, self._tasks, self._window)
            dialog.finished.connect(lambda: self._forget(kind))
            dialog.show()
        dialog.raise_()
        dialog.activateWindow()

    def _forget(self, kind: type[SpaceDialog | SpendingDialog]) -> None:
        dialog = self.open.pop(kind, None)
        if dialog is not None:
            dialog.detach()
            self._tasks.start(_bury(dialog), "history")


async def _bury(dialog: SpaceDialog | SpendingDialog) -> None:
    """Delete a closed dialog once nothing that it started can touch it any more."""
    try:
        await dialog.tasks.settle()
    finally:
        dialog.deleteLater()
