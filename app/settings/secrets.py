"""API keys: from the environment, the system's keychain, or for this run only; never from or to a file.

Keys appear in no repr, log or error. The keychain is asked in a thread, because it may show a dialog.
"""

from __future__ import annotations

import asyncio
import enum
import re
from collections.abc import Mapping

from app.base.errors import UsageError
from app.base.text import tr
from app.settings.keychain import Keychain

KEY_PREFIX = "MASKROOM_KEY_"

SHORTEST_REDACTED = 4
"""Shorter keys are words like `x` or `any` for servers that ask for nothing; they would garble every text."""

KEY_SHAPES = re.compile(
    r"(?i)(\bbearer\s+|\bauthorization\W+(?:bearer\s+|basic\s+)?)[^\s'\",;]+|\bsk-[\w-]{12,}"
)
"""What looks like a key even if it was never ours: a header of HTTP, a key in the commonest spelling."""

HIDDEN = "…"


class SecretPlace(enum.Enum):
    """Where a key is kept."""

    ENVIRONMENT = "environment"
    KEYCHAIN = "keychain"
    THIS_RUN = "this run"
    """In memory, forgotten at the end: there is no keychain, or it is locked."""


def variable_of(profile: str) -> str:
    """The environment variable for a profile's key: `my-server` gives `MASKROOM_KEY_MY_SERVER`."""
    return KEY_PREFIX + re.sub(r"[^A-Z0-9]", "_", profile.upper())


class Secrets:
    """The keys of this run, by profile name."""

    def __init__(self, environ: Mapping[str, str], service: str = "maskroom") -> None:
        self._environ = {
            name: key.strip() for name, key in environ.items() if name.startswith(KEY_PREFIX) and key.strip()
        }
        self._keychain = Keychain(service)
        self._this_run: dict[str, str] = {}
        self._known = frozenset(self._environ.values())
        """Every key seen, so that it can be kept out of texts."""

    async def get(self, profile: str) -> str | None:
        """The key of a profile: from the environment, else the keychain, else this run's memory."""
        return (await self._find(profile))[0]

    async def place(self, profile: str) -> SecretPlace | None:
        """Where the profile's key comes from; None when it has none."""
        return (await self._find(profile))[1]

    async def set(self, profile: str, key: str) -> SecretPlace:
        """Keep a key in the keychain or, where there is none or it stays locked, for this run.

        Raises:
            UsageError: it is empty, or holds what no HTTP header can.
        """
        key = key.strip()
        if not re.fullmatch(r"[!-~]+", key):
            raise UsageError(
                tr("This is not a usable key."), tr("A key is one word of plain letters, digits and signs.")
            )
        self._remember(key)
        if await asyncio.to_thread(self._keychain.keep, profile, key):
            self._this_run.pop(profile, None)
            return SecretPlace.KEYCHAIN
        self._this_run[profile] = key
        return SecretPlace.THIS_RUN

    async def delete(self, profile: str) -> None:
        """Forget a profile's key; one given by the environment stays, it is not ours."""
        self._this_run.pop(profile, None)
        await asyncio.to_thread(self._keychain.remove, profile)

    async def keychain_name(self) -> str | None:
        """The name of the keychain in use, for reports; None when this machine has none."""
        return await asyncio.to_thread(self._keychain.name)

    def redact(self, text: str) -> str:
        """`text` without the keys that were seen, and without what looks like one."""
        for key in sorted(self._known, key=len, reverse=True):
            if len(key) >= SHORTEST_REDACTED:
                text = text.replace(key, HIDDEN)
        return KEY_SHAPES.sub(lambda found: (found.group(1) or "") + HIDDEN, text)

    async def _find(self, profile: str) -> tuple[str | None, SecretPlace | None]:
        key = self._environ.get(variable_of(profile))
        if key is not None:
            return key, SecretPlace.ENVIRONMENT
        key = await asyncio.to_thread(self._keychain.find, profile)
        if key:
            self._remember(key)
            return key, SecretPlace.KEYCHAIN
        key = self._this_run.get(profile)
        return (key, SecretPlace.THIS_RUN) if key is not None else (None, None)

    def _remember(self, key: str) -> None:
        self._known |= {key}
