"""The windows about gateways that stand beside the photograph: Providers and Inspect request, one of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog, QWidget

from app.base.text import tr_count

if TYPE_CHECKING:
    from app.session.workspace import Workspace
    from app.ui.dialogs.inspect import InspectDialog
    from app.ui.dialogs.providers import ProvidersDialog
    from app.ui.tasks import Tasks


class GatewayDialogs:
    """Shows them, or brings them to the front where they are shown already."""

    def __init__(self, workspace: Workspace, tasks: Tasks, window: QWidget) -> None:
        self._workspace = workspace
        self._tasks = tasks
        self._window = window
        self.providers: ProvidersDialog | None = None
        self.inspection: InspectDialog | None = None

    def show_providers(self) -> None:
        """Providers, on that of the photograph in front."""
        from app.ui.dialogs.providers import ProvidersDialog

        name = self._current_provider()
        if self.providers is None:
            self.providers = ProvidersDialog(self._workspace, self._tasks, name, self._window)
            self.providers.finished.connect(self._forget_providers)
            self.providers.show()
        else:
            self.providers.want(name)
            self._raise(self.providers)

    def show_inspection(self) -> None:
        """What Generate would send."""
        from app.ui.dialogs.inspect import InspectDialog

        if self.inspection is None:
            self.inspection = InspectDialog(self._workspace, self._tasks, self._window)
            self.inspection.finished.connect(self._forget_inspection)
            self.inspection.show()
        else:
            self._raise(self.inspection)

    async def refresh_models(self) -> None:
        """Ask the provider of the photograph in front for its models. Raises GatewayError."""
        profile = self._workspace.providers.get(self._current_provider())
        known = await self._workspace.models.refresh(profile)
        self._workspace.notices.info(
            tr_count(
                "{title} lists 1 model.",
                "{title} lists {count} models.",
                len(known.models),
                title=profile.title,
            ),
            topic="models",
        )

    def detach(self) -> None:
        """Let go of the session before the window goes."""
        for dialog in (self.providers, self.inspection):
            if dialog is not None:
                dialog.detach()
                dialog.hide()
                dialog.deleteLater()
        self.providers = self.inspection = None

    def _current_provider(self) -> str:
        session = self._workspace.current
        return session.form.provider if session is not None else self._workspace.settings.value.edit.provider

    def _raise(self, dialog: QDialog) -> None:
        dialog.raise_()
        dialog.activateWindow()

    def _forget_providers(self) -> None:
        if self.providers is not None:
            self._tasks.start(_bury(self.providers), "providers")
        self.providers = None

    def _forget_inspection(self) -> None:
        if self.inspection is not None:
            self._tasks.start(_bury(self.inspection), "inspect")
        self.inspection = None


async def _bury(dialog: ProvidersDialog | InspectDialog) -> None:
    """Delete a closed dialog once nothing that it started can touch it any more."""
    try:
        await dialog.tasks.settle()
    finally:
        dialog.deleteLater()
