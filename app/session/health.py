"""What works and what is missing on this machine: the findings of `maskroom doctor`.

Each part is looked at by itself, not through a workspace: one that is broken hides none of the others.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import platform
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata

from app import __version__
from app.base.errors import MaskroomError
from app.base.resources import resource_path
from app.base.text import tr
from app.engines import patchmatch
from app.gateways.catalogue import load_catalogue
from app.gateways.providers import ProviderStore
from app.history.store import HistoryStore
from app.settings.folders import Folders
from app.settings.secrets import Secrets, variable_of

LIBRARIES = ("PySide6-Essentials", "numpy", "opencv-python-headless", "pillow", "pypatchmatch", "httpx")
LITTLE_SPACE = 1 << 30
"""Bytes of free disk below which a warning is due."""


class Verdict(enum.Enum):
    """How a finding is."""

    GOOD = "good"
    LACKING = "lacking"
    """Maskroom works, but something is missing."""
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    verdict: Verdict
    text: str


async def examine(folders: Folders, environ: Mapping[str, str]) -> tuple[Finding, ...]:
    """Look at versions, the data folder, the history, the engine, the keychain and the providers."""
    secrets = Secrets(environ)
    return (
        Finding("maskroom", Verdict.GOOD, f"{__version__}, Python {platform.python_version()}"),
        *await asyncio.to_thread(_libraries),
        await asyncio.to_thread(_folder, folders),
        await asyncio.to_thread(_history, folders),
        await asyncio.to_thread(_engine),
        await _keychain(secrets),
        *await _providers(folders, secrets),
    )


def _broken(subject: str, error: MaskroomError) -> Finding:
    return Finding(subject, Verdict.BROKEN, f"{error.message} {error.hint}".strip())


def _libraries() -> list[Finding]:
    found = []
    for name in LIBRARIES:
        try:
            found.append(Finding(name, Verdict.GOOD, metadata.version(name)))
        except metadata.PackageNotFoundError:
            found.append(Finding(name, Verdict.BROKEN, tr("not installed: run the set-up again")))
    return found


def _folder(folders: Folders) -> Finding:
    try:
        folders.ensure()
    except MaskroomError as error:
        return _broken(tr("data folder"), error)
    free = shutil.disk_usage(folders.data).free
    verdict = Verdict.GOOD if free >= LITTLE_SPACE else Verdict.LACKING
    text = tr("{folder}, {free:.1f} GB free", folder=folders.data, free=free / (1 << 30))
    return Finding(tr("data folder"), verdict, text)


def _history(folders: Folders) -> Finding:
    history = HistoryStore(folders.history)
    try:
        with contextlib.closing(history):
            history.open()
            entries = history.list(1)
    except MaskroomError as error:
        return _broken(tr("history"), error)
    newest = tr("newest of {time}", time=entries[0].created) if entries else tr("empty")
    return Finding(tr("history"), Verdict.GOOD, newest)


def _engine() -> Finding:
    if patchmatch.is_available():
        return Finding(tr("healing engine"), Verdict.GOOD, tr("texture and instant"))
    return Finding(
        tr("healing engine"), Verdict.LACKING, tr("only the instant one: PyPatchMatch does not load here")
    )


async def _keychain(secrets: Secrets) -> Finding:
    name = await secrets.keychain_name()
    if name is not None:
        return Finding(tr("keychain"), Verdict.GOOD, name)
    return Finding(
        tr("keychain"),
        Verdict.LACKING,
        tr("none: keys last for one run, or come from MASKROOM_KEY_<PROFILE>"),
    )


async def _providers(folders: Folders, secrets: Secrets) -> list[Finding]:
    try:
        catalogue = await asyncio.to_thread(load_catalogue, resource_path("catalogue"))
    except MaskroomError as error:
        return [_broken(tr("providers"), error)]
    found = []
    providers = ProviderStore(folders.data, catalogue)
    if providers.problem is not None:
        found.append(_broken(tr("providers"), providers.problem))
    for profile in providers.list():
        subject = tr("provider {name}", name=profile.name)
        if not profile.needs_key:
            found.append(Finding(subject, Verdict.GOOD, tr("needs no key")))
            continue
        place = await secrets.place(profile.name)
        if place is None:
            text = tr("no key: set one, or {variable}", variable=variable_of(profile.name))
            found.append(Finding(subject, Verdict.LACKING, text))
        else:
            found.append(Finding(subject, Verdict.GOOD, tr("key from: {place}", place=place.value)))
    return found
