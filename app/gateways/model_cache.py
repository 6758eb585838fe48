"""The lists of models that providers gave, kept on disk so that they are there before anybody asks again.

One small file per provider in the cache folder, which may be deleted at any time. A list belongs to the
address and the dialect it came from: another one under the same name makes it worthless.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from app.base.files import write_atomically
from app.gateways.discovery import ListedModel
from app.gateways.types import Profile

log = logging.getLogger(__name__)

LARGEST_FILE = 16 << 20


@dataclass(frozen=True, slots=True)
class KnownModels:
    """A provider's list, and when it was fetched."""

    models: tuple[ListedModel, ...]
    fetched: str
    """ISO 8601, UTC."""


class _Stored(msgspec.Struct, frozen=True):
    base_url: str
    dialect: str
    fetched: str
    models: tuple[ListedModel, ...]


def now() -> str:
    """This moment, as lists are dated."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


class ModelCache:
    """Reads and writes the lists in `folder`, which need not exist. Blocks for as long as the disk does."""

    def __init__(self, folder: Path, clock: Callable[[], str] = now) -> None:
        self._folder = folder
        self._clock = clock

    def load(self, profile: Profile) -> KnownModels | None:
        """The list that `profile` gave; None when there is none, or only a damaged one or another's."""
        path = self._path(profile.name)
        try:
            if path.stat().st_size > LARGEST_FILE:
                return None
            stored = msgspec.json.decode(path.read_bytes(), type=_Stored)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            log.info("the list of models in %s is of no use: %s", path.name, type(error).__name__)
            return None
        if (stored.base_url, stored.dialect) != (profile.base_url, profile.dialect.name):
            return None
        return KnownModels(stored.models, stored.fetched)

    def store(self, profile: Profile, models: Sequence[ListedModel]) -> KnownModels:
        """Keep a list that was just fetched. A disk that takes nothing costs the cache and no more."""
        known = KnownModels(tuple(models), self._clock())
        data = msgspec.json.encode(
            _Stored(profile.base_url, profile.dialect.name, known.fetched, known.models)
        )
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_atomically(self._path(profile.name), lambda file: file.write(data))
        except OSError as error:
            log.warning("the list of models of %s was not kept: %s", profile.name, error)
        return known

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"
