"""The provider that a form is about: as it stands typed, and as it is kept. Nothing is kept before `save`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.base.errors import FieldError
from app.base.text import tr
from app.gateways.provider_settings import ProviderSettings
from app.gateways.types import Profile, Transport
from app.session.provider_edits import (
    ProviderEntry,
    begun_like,
    duplicated,
    new_settings,
    provider_entries,
    remove_provider,
    save_provider,
    shown_profile,
)
from app.session.workspace import Workspace


class ProviderDraft:
    """What is typed about one provider; the rest of the program sees it once it is saved."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.settings = ProviderSettings("")
        self.saved: ProviderSettings | None = None
        """What the file says; None for a provider that was never saved."""

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def is_new(self) -> bool:
        return self.saved is None

    @property
    def is_changed(self) -> bool:
        return self.settings != self.saved

    @property
    def entry(self) -> ProviderEntry | None:
        """The provider in the list; None while it was never saved."""
        if self.saved is None:
            return None
        entries = provider_entries(self._workspace)
        return next((entry for entry in entries if entry.name == self.name), None)

    def show(self, name: str) -> None:
        """Begin with what is kept of a provider. Raises InputError where the user's file is broken."""
        self.settings = self.saved = self._workspace.providers.settings(name)

    def begin_new(self) -> None:
        """Begin with an empty one."""
        self.settings, self.saved = new_settings(self._workspace), None

    def duplicate(self) -> None:
        """Begin a new one like the one that is kept here."""
        self.settings, self.saved = duplicated(self._workspace, self.name), None

    def revert(self) -> None:
        """Back to what is kept; where nothing is, to the default provider."""
        self.show(self.name if self.saved is not None else self._workspace.settings.value.edit.provider)

    def change(self, name: str, value: Any) -> None:
        """Take over what was typed into a field of `ProviderSettings`."""
        if name == "like":
            self.settings = begun_like(self.settings, value, self.shown().dialect)
        else:
            self.settings = replace(self.settings, **{name: value})

    def shown(self) -> Profile:
        """What it comes to, with what is still wrong left out. Raises InputError."""
        return shown_profile(self._workspace, self.settings)

    def checked(self) -> Profile:
        """What it comes to when it is saved. Raises as `ProviderStore.check`."""
        return self._workspace.providers.check(self.settings)

    def why_no_probe(self, has_typed_key: bool) -> str:
        """Why its mask cannot be tried now, in a sentence; "" when it can."""
        if self.shown().transport is Transport.IN_PROCESS:
            return tr("The built-in engine keeps to the mask; there is nothing to try.")
        if self.is_changed or has_typed_key:
            return tr("Save first: the mask is tried with what is kept.")
        return ""

    async def save(self) -> None:
        """Keep it. Raises as `save_provider`; the draft is then as it was."""
        settings = typed = self.settings
        entries = provider_entries(self._workspace)
        if self.saved is None and settings.name in {entry.name for entry in entries}:
            raise FieldError(
                tr("There is a provider “{name}” already.", name=settings.name),
                tr("Choose another name."),
                field="name",
                problem=tr("there is one of this name already"),
                code="bad_provider",
            )
        title = self.checked().title
        if self.saved is None and title in {entry.title for entry in entries}:
            # Two of one title could not be told apart in any list.
            settings = replace(settings, title=f"{title} ({settings.name})")
        await save_provider(self._workspace, settings)
        self.saved = settings
        if self.settings == typed:
            self.settings = settings

    async def remove(self) -> None:
        """Forget what was said about it, and show what is left: it as shipped, or the default provider."""
        name = self.name
        await remove_provider(self._workspace, name)
        known = {entry.name for entry in provider_entries(self._workspace)}
        self.show(name if name in known else self._workspace.settings.value.edit.provider)
