"""What works and what is missing on this machine: the findings of `maskroom doctor`."""

from __future__ import annotations

import asyncio
import enum
from dataclasses import dataclass

from app.session.workspace import Workspace

LIBRARIES = ("PySide6-Essentials", "numpy", "opencv-python-headless", "pillow", "pypatchmatch", "httpx")


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
    findings = [*_versions(), _folder(workspace), await _history(workspace), await _keychain(workspace)]
    findings.append(await asyncio.to_thread(_engine, workspace))
    findings += [finding async for finding in _providers(workspace)]
    return tuple(findings)
