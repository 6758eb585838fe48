"""Setting up providers in a running program: new ones, changes, keys, and what follows for open photographs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from app.base.errors import FieldError, InternalError
from app.base.text import tr
from app.edits.types import ParameterValue
from app.gateways.fields import as_text
from app.gateways.provider_settings import ProviderSettings
from app.gateways.types import ALWAYS, Dialect, ParameterPlace, PictureForm, Profile, Transport
from app.session.workspace import Workspace
from app.settings.model import EditSettings

NEW_NAME = "my-gateway"
USUAL_DIALECT = "openai-multipart"
_NO_MODEL = "\N{REPLACEMENT CHARACTER}"
"""Stands for a model that is still to be typed; no provider has one of this id."""


@dataclass(frozen=True, slots=True)
class ProviderEntry:
    """One provider in the list."""

    name: str
    title: str
    is_default: bool
    is_own: bool
    """The user added or changed it, so it can be removed or reset."""
    is_shipped: bool
    """It came with the program: removing what was said about it brings it back as it came."""
    is_built_in: bool
    """The engine in this process: it has no address and cannot be duplicated."""


def provider_entries(workspace: Workspace) -> tuple[ProviderEntry, ...]:
    """All providers in the order of `ProviderStore.list`."""
    store, default = workspace.providers, workspace.settings.value.edit.provider
    return tuple(
        ProviderEntry(
            name=profile.name,
            title=profile.title,
            is_default=profile.name == default,
            is_own=store.is_own(profile.name),
            is_shipped=profile.name in store.shipped,
            is_built_in=profile.transport is Transport.IN_PROCESS,
        )
        for profile in store.list()
    )


def new_settings(workspace: Workspace) -> ProviderSettings:
    """A provider to begin with, under a free name; it has no address yet."""
    return ProviderSettings(_free_name(workspace, NEW_NAME), dialect=USUAL_DIALECT)


def begun_like(settings: ProviderSettings, like: str | None, dialect: Dialect) -> ProviderSettings:
    """`settings` begun with another shipped profile; with none, it keeps speaking `dialect`."""
    return replace(settings, like=like, dialect=dialect.name if like is None else None)


def shown_profile(workspace: Workspace, settings: ProviderSettings) -> Profile:
    """The provider that unfinished `settings` would make, with what is still wrong left out.

    To be shown, never to be sent to. Raises InputError where the user's file is broken.
    """
    stand_ins: dict[str, Any] = {
        "name": _free_name(workspace, NEW_NAME),
        "dialect": USUAL_DIALECT,
        "base_url": "http://127.0.0.1/v1",
        "model": _NO_MODEL,
    }
    usual = {described.name: described for described in fields(ProviderSettings)}
    for _ in usual:
        try:
            return _without_stand_in(workspace.providers.check(settings))
        except FieldError as error:
            name = error.field.partition(".")[0]
            default = {} if name == "extras" else usual[name].default
            settings = replace(settings, **{name: stand_ins.get(name, default)})
    raise InternalError(tr("The provider cannot be shown."), details=repr(settings.name))


def duplicated(workspace: Workspace, name: str) -> ProviderSettings:
    """A second provider like `name`, under a free name. The key does not go along.

    Raises:
        InputError: the user's file is broken.
    """
    store = workspace.providers
    settings, title = store.settings(name), store.get(name).title
    if settings.like is None and name in store.shipped:
        settings = replace(settings, like=name)
    return replace(settings, name=_free_name(workspace, name), title=tr("{title} (copy)", title=title))


async def save_provider(workspace: Workspace, settings: ProviderSettings) -> None:
    """Keep what was said about a provider. Photographs that are open take the change up.

    Raises:
        FieldError, InputError, StoreError: as `ProviderStore.save`; nothing was kept.
    """
    known = {profile.name: profile for profile in workspace.providers.list()}
    await asyncio.to_thread(workspace.providers.save, settings)
    _take_up(workspace, settings.name, known.get(settings.name))


async def remove_provider(workspace: Workspace, name: str) -> None:
    """Forget what was said about a provider, and its key. Raises as `ProviderStore.remove`."""
    before = workspace.providers.get(name)
    await asyncio.to_thread(workspace.providers.remove, name)
    await workspace.secrets.delete(name)
    is_left = name in {profile.name for profile in workspace.providers.list()}
    if not is_left and workspace.settings.value.edit.provider == name:
        await set_default(workspace, EditSettings().provider)
    _take_up(workspace, name, before)


async def set_default(workspace: Workspace, name: str) -> None:
    """New photographs begin with this provider and its own choice of model."""
    await workspace.settings.update("edit", provider=name, model="")


def dialect_words(dialect: Dialect) -> str:
    """How a dialect sends pictures, in a sentence made from its data."""
    form = {
        PictureForm.FILE: tr("A form with the pictures as files"),
        PictureForm.BASE64: tr("JSON with the pictures as base64"),
        PictureForm.DATA_URL: tr("JSON with the pictures as data URLs"),
        PictureForm.URL_OBJECT: tr("JSON with the pictures as data URLs in objects"),
    }[dialect.image_form]
    words = tr("{form}; the mask goes as “{field}”.", form=form, field=dialect.mask_field)
    if any(parameter.place is ParameterPlace.PROMPT for parameter in dialect.parameters):
        words += " " + tr("Most parameters stand behind the prompt.")
    return words


def field_titles(dialect: Dialect) -> dict[str, str]:
    """What a model of `dialect` may take besides the prompt: canonical names and titles, in order."""
    fixed = {"n": tr("Variants"), "size": tr("Size")}
    assert set(fixed) == ALWAYS - {"prompt"}
    return fixed | {parameter.name: parameter.title for parameter in dialect.parameters}


def extras_text(extras: Mapping[str, ParameterValue]) -> str:
    """Extra fields as lines of KEY=VALUE."""
    return "\n".join(f"{name}={as_text(value)}" for name, value in extras.items())


def parse_extras(text: str) -> tuple[dict[str, ParameterValue], tuple[str, ...]]:
    """Lines of KEY=VALUE as fields, and the lines that are none."""
    found: dict[str, ParameterValue] = {}
    wrong = []
    for line in filter(None, map(str.strip, text.splitlines())):
        name, equals, value = line.partition("=")
        if equals and name.strip():
            found[name.strip()] = value.strip()
        else:
            wrong.append(line)
    return found, tuple(wrong)


def _take_up(workspace: Workspace, name: str, before: Profile | None) -> None:
    """Let every open photograph see the providers as they are now."""
    known = {profile.name for profile in workspace.providers.list()}
    for session in workspace.documents:
        form = session.form
        if form.provider not in known:
            form.set_provider(EditSettings().provider)
        elif form.provider == name and before is not None and form.model == before.default_model:
            form.set_provider(name)
        else:
            form.reload_profile()


def _without_stand_in(profile: Profile) -> Profile:
    if profile.default_model != _NO_MODEL:
        return profile
    models = tuple(card for card in profile.models if card.id != _NO_MODEL)
    return replace(profile, default_model="", models=models)


def _free_name(workspace: Workspace, wanted: str) -> str:
    taken = {workspace.key_variable(profile.name) for profile in workspace.providers.list()}
    name, number = wanted, 2
    while workspace.key_variable(name) in taken:
        name, number = f"{wanted}-{number}", number + 1
    return name
