"""Which models can be chosen: the shipped cards and what each provider listed when it was last asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from app.base.signal import Signal
from app.gateways.discovery import ListedModel, ModelOffer, offered_models
from app.gateways.model_cache import KnownModels, ModelCache
from app.gateways.types import Profile

Fetch = Callable[[Profile, str | None], Awaitable[tuple[ListedModel, ...]]]
"""Asks a provider for its list, with this key or with the stored one; raises GatewayError."""


class ModelLists:
    """Answers at once from what is known, and asks anew only when told to."""

    def __init__(self, cache: ModelCache, fetch: Fetch) -> None:
        self.changed: Signal[[str]] = Signal()
        """Emitted with the name of the provider whose list came."""
        self._cache = cache
        self._fetch = fetch
        self._known: dict[tuple[str, str, str], KnownModels | None] = {}

    def known(self, profile: Profile) -> KnownModels | None:
        """What `profile` listed when it was last asked; None when it never was. Reads a file the first time."""
        key = _key(profile)
        if key not in self._known:
            self._known[key] = self._cache.load(profile)
        return self._known[key]

    def offer(self, profile: Profile, chosen: str) -> ModelOffer:
        """What to offer while `chosen` is in use; see `offered_models`."""
        known = self.known(profile)
        return offered_models(profile, known.models if known else (), chosen)

    async def refresh(self, profile: Profile, key: str | None = None) -> KnownModels:
        """Ask for the list and keep it; what was known stays when that fails.

        `key` is one that was typed and not stored yet; None = the stored one.

        Raises:
            GatewayError: the provider cannot be reached, refuses, or has no such list.
        """
        known = await asyncio.to_thread(self._cache.store, profile, await self._fetch(profile, key))
        self._known[_key(profile)] = known
        self.changed.emit(profile.name)
        return known


def _key(profile: Profile) -> tuple[str, str, str]:
    return profile.name, profile.base_url, profile.dialect.name
