"""What works and what is missing on this machine: the findings of `maskroom doctor`."""

from __future__ import annotations

import asyncio
import enum
import platform
import shutil
from dataclasses import dataclass
from importlib import metadata

from app import __version__
from app.base.errors import MaskroomError
from app.base.text import tr
from app.engines import patchmatch
from app.session.workspace import Workspace

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


async def examine(workspace: Workspace) -> tuple[Finding, ...]:
    """Look at versions, the data folder, the history, the keychain, the engine and the providers."""
    findings = [Finding("maskroom", Verdict.GOOD, f"{__version__}, Python {platform.python_version()}")]
    findings += await asyncio.to_thread(_libraries)
    findings += [
        await asyncio.to_thread(_folder, workspace),
        await _history(workspace),
        await asyncio.to_thread(_engine),
        await _keychain(workspace),
    ]
    return (*findings, *(await _providers(workspace)))


def _libraries() -> list[Finding]:
    found = []
    for name in LIBRARIES:
        try:
            found.append(Finding(name, Verdict.GOOD, metadata.version(name)))
        except metadata.PackageNotFoundError:
            found.append(Finding(name, Verdict.BROKEN, tr("not installed: run the set-up again")))
    return found


def _folder(workspace: Workspace) -> Finding:
    folder = workspace.folders.data
    free = shutil.disk_usage(folder).free
    verdict = Verdict.GOOD if free >= LITTLE_SPACE else Verdict.LACKING
    text = tr("{folder}, {free:.1f} GB free", folder=folder, free=free / (1 << 30))
    return Finding(tr("data folder"), verdict, text)


async def _history(workspace: Workspace) -> Finding:
    try:
        entries = await workspace.history_actions.list(1)
    except MaskroomError as error:
        return Finding(tr("history"), Verdict.BROKEN, f"{error.message} {error.hint}".strip())
    newest = tr("newest of {time}", time=entries[0].created) if entries else tr("empty")
    return Finding(tr("history"), Verdict.GOOD, newest)


def _engine() -> Finding:
    if patchmatch.is_available():
        return Finding(tr("healing engine"), Verdict.GOOD, tr("texture and instant"))
    return Finding(
        tr("healing engine"), Verdict.LACKING, tr("only the instant one: PyPatchMatch does not load here")
    )


async def _keychain(workspace: Workspace) -> Finding:
    name = await workspace.secrets.keychain_name()
    if name is not None:
        return Finding(tr("keychain"), Verdict.GOOD, name)
    return Finding(
        tr("keychain"),
        Verdict.LACKING,
        tr("none: keys last for one run, or come from MASKROOM_KEY_<PROFILE>"),
    )


async def _providers(workspace: Workspace) -> list[Finding]:
    found = []
    problem = workspace.providers.problem
    if problem is not None:
        found.append(Finding(tr("providers"), Verdict.BROKEN, f"{problem.message} {problem.hint}".strip()))
    for profile in workspace.providers.list():
        subject = tr("provider {name}", name=profile.name)
        if not profile.needs_key:
            found.append(Finding(subject, Verdict.GOOD, tr("needs no key")))
            continue
        place = await workspace.secrets.place(profile.name)
        if place is None:
            text = tr("no key: set one, or {variable}", variable=workspace.key_variable(profile.name))
            found.append(Finding(subject, Verdict.LACKING, text))
        else:
            found.append(Finding(subject, Verdict.GOOD, tr("key from: {place}", place=place.value)))
    return found
