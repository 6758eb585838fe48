"""The providers a person can choose: those that came with the program, and what the user added or changed.

The user's own stand in `providers.toml` of the data folder; each overrides fields of a shipped profile of
the same name or makes a new one on a dialect. Keys are never kept here.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec
import tomli_w

from app.base.errors import FieldError, InputError, StoreError, UsageError, from_os_error
from app.base.file_lock import locked
from app.base.files import write_atomically
from app.base.states import MaskConvention
from app.base.text import tr
from app.edits.types import ParameterValue
from app.gateways.catalogue import Catalogue
from app.gateways.provider_settings import FILE_NAME, ProviderSettings, WrongField, profile_of
from app.gateways.toml_files import as_kind, fault, mend, read_toml
from app.gateways.types import Dialect, Profile, Transport, UploadFormat

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class _Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One table of the file; the same fields as `ProviderSettings`, without the name."""

    dialect: str | None = None
    base_url: str | None = None
    title: str | None = None
    like: str | None = None
    model: str | None = None
    models: tuple[str, ...] = ()
    cards: tuple[dict[str, Any], ...] = ()
    mask_convention: MaskConvention | None = None
    invert_mask: bool | None = None
    fields: tuple[str, ...] | None = None
    extras: dict[str, ParameterValue] = msgspec.field(default_factory=dict)
    sizes: tuple[str, ...] = ()
    max_n: int | None = None
    concurrency: int | None = None
    needs_key: bool | None = None
    timeout: float | None = None
    formats: tuple[UploadFormat, ...] | None = None
    soft_masks: bool | None = None
    most_images: int | None = None
    image_bytes: int | None = None
    mask_bytes: int | None = None
    body_bytes: int | None = None
    monthly_limit: float | None = None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    providers: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)


class ProviderStore:
    """Finds, changes and forgets providers. Reads the file again whenever it has changed on disk.

    While the user's file is broken only the built-in engine is offered: a shipped profile could otherwise
    be used although the user had pointed it elsewhere. `problem` tells what is wrong.
    """

    def __init__(self, folder: Path, catalogue: Catalogue) -> None:
        self._path = folder / FILE_NAME
        self._catalogue = catalogue
        self._stamp: tuple[int, int, int] | None = None
        self._settings: dict[str, ProviderSettings] = {}
        self._profiles: dict[str, Profile] = {}
        self._problem: InputError | None = None
        self._reading = threading.Lock()
        self._read()

    @property
    def problem(self) -> InputError | None:
        """What is wrong with the user's file, by file and field; None when nothing is."""
        self._refresh()
        return self._problem

    @property
    def dialects(self) -> Mapping[str, Dialect]:
        """Every dialect there is, by name."""
        return self._catalogue.dialects

    @property
    def shipped(self) -> Mapping[str, Profile]:
        """The providers that came with the program, as they came."""
        return self._catalogue.profiles

    def is_own(self, name: str) -> bool:
        """True when the user added or changed `name`, so that it can be removed."""
        self._refresh()
        return name in self._settings

    def list(self) -> tuple[Profile, ...]:
        """All providers: those in this process first, then by title."""
        self._refresh()
        return tuple(
            sorted(
                self._profiles.values(),
                key=lambda profile: (profile.transport is not Transport.IN_PROCESS, profile.title.casefold()),
            )
        )

    def get(self, name: str) -> Profile:
        """The provider called `name`.

        Raises:
            UsageError: there is none; the known names are told.
            InputError: it may be in the user's file, but that is broken.
        """
        self._refresh()
        profile = self._profiles.get(name)
        if profile is not None:
            return profile
        if self._problem is not None:
            raise self._problem
        raise self._unknown(name)

    def settings(self, name: str) -> ProviderSettings:
        """What the user said about `name` so far; all unset for a new or untouched one.

        Raises:
            InputError: the user's file is broken.
        """
        self._refresh()
        if self._problem is not None:
            raise self._problem
        return self._settings.get(name, ProviderSettings(name))

    def save(self, settings: ProviderSettings) -> Profile:
        """Add a provider or replace what was said about it; the file is written at once.

        Raises:
            FieldError: a name or value that cannot be.
            InputError: the file is broken as it is; it is left alone.
            StoreError: it cannot be written.
        """
        profile = self.check(settings)
        self._write({**self._settings, settings.name: settings})
        return profile

    def check(self, settings: ProviderSettings) -> Profile:
        """The provider that saving `settings` would give. Writes nothing; raises as `save`."""
        self.settings(settings.name)
        self._check_name(settings.name)
        try:
            return profile_of(settings, self._catalogue)
        except WrongField as wrong:
            raise FieldError(
                tr(
                    "{name}, {field}: {problem}.",
                    name=settings.name,
                    field=wrong.field,
                    problem=wrong.problem,
                ),
                field=wrong.field,
                problem=wrong.problem,
                code="bad_provider",
            ) from wrong

    def remove(self, name: str) -> None:
        """Forget what the user said about `name`; a shipped profile is then as it came.

        Raises:
            UsageError: there is no such provider, or it came with the program and was not changed.
            InputError, StoreError: as in `save`.
        """
        self.settings(name)
        if name not in self._settings:
            if name in self._catalogue.profiles:
                raise UsageError(
                    tr("{name} came with Maskroom and cannot be removed.", name=name), code="shipped_provider"
                )
            raise self._unknown(name)
        self._write({key: value for key, value in self._settings.items() if key != name})

    def _unknown(self, name: str) -> UsageError:
        return UsageError(
            tr("There is no provider “{name}”.", name=name),
            tr("Known are {names}.", names=", ".join(sorted(self._profiles))),
            code="unknown_provider",
        )

    def _check_name(self, name: str) -> None:
        if not _NAME.fullmatch(name):
            hint = tr(
                "Use letters, digits, dots, dashes and underscores, at most 64, a letter or digit first."
            )
            raise FieldError(
                tr("“{name}” cannot be a provider's name.", name=name),
                hint,
                field="name",
                problem=hint[:1].lower() + hint[1:].rstrip("."),
                code="bad_provider",
            )
        for other in (*self._catalogue.profiles, *self._settings):
            if other != name and _key_name(other) == _key_name(name):
                raise FieldError(
                    tr("“{name}” is too close to “{other}”: their keys could not be told apart.",
                       name=name, other=other),
                    tr("Choose another name."),
                    field="name",
                    problem=tr("it is too close to “{other}”: their keys could not be told apart", other=other),
                    code="bad_provider",
                )  # fmt: skip

    def _refresh(self) -> None:
        if self._stamp != self._stat():
            self._read()

    def _stat(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _read(self) -> None:
        # Saving happens in threads: an older reading must not end after a newer one.
        with self._reading:
            self._read_now()

    def _read_now(self) -> None:
        self._stamp = self._stat()
        shipped = dict(self._catalogue.profiles)
        try:
            stored = read_toml(self._path, _File).providers if self._stamp is not None else {}
            settings = {name: self._from_table(name, table) for name, table in stored.items()}
            self._profiles = shipped | {name: self._checked(value) for name, value in settings.items()}
            self._settings, self._problem = settings, None
        except InputError as error:
            self._settings, self._problem = {}, error
            self._profiles = {
                name: profile
                for name, profile in shipped.items()
                if profile.transport is Transport.IN_PROCESS
            }

    def _from_table(self, name: str, table: dict[str, Any]) -> ProviderSettings:
        stored = as_kind(table, _Stored, self._path, f"providers.{name}")
        return ProviderSettings(name, **{key: getattr(stored, key) for key in stored.__struct_fields__})

    def _checked(self, settings: ProviderSettings) -> Profile:
        if not _NAME.fullmatch(settings.name):
            raise fault(self._path, f"providers.{settings.name}", tr("this cannot be a provider's name"))
        try:
            return profile_of(settings, self._catalogue)
        except WrongField as wrong:
            raise fault(self._path, f"providers.{settings.name}.{wrong.field}", wrong.problem) from wrong
        except InputError as error:
            # Of a card, told by who reads cards and knows no folder.
            error.hint = mend(self._path)
            raise

    def _write(self, settings: Mapping[str, ProviderSettings]) -> None:
        """Bring what `settings` change into the file as it is by now: another process may have changed it."""
        before = self._settings
        changed = {name: value for name, value in settings.items() if before.get(name) != value}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with locked(self._path.with_name(f".{FILE_NAME}.lock")):
                self._read()
                if self._problem is not None:
                    raise self._problem
                kept = {name: value for name, value in self._settings.items()
                        if name in settings or name not in before}  # fmt: skip
                self._replace({**kept, **changed})
        except OSError as error:
            raise from_os_error(error, str(self._path), kind=StoreError) from error
        self._read()

    def _replace(self, settings: Mapping[str, ProviderSettings]) -> None:
        """Write the whole file. Raises OSError."""
        content = {"providers": {name: _to_stored(value) for name, value in settings.items()}}
        data = tomli_w.dumps(content).encode()

        def write(file: Any) -> None:
            if hasattr(os, "fchmod"):
                os.fchmod(file.fileno(), 0o600)
            file.write(data)

        write_atomically(self._path, write)


def _to_stored(settings: ProviderSettings) -> dict[str, Any]:
    values = {f.name: getattr(settings, f.name) for f in fields(settings) if f.name != "name"}
    cards = tuple(dict(card) for card in settings.cards)
    stored = _Stored(**{**values, "extras": dict(settings.extras), "cards": cards})
    table: dict[str, Any] = msgspec.to_builtins(stored)
    return {key: value for key, value in table.items() if value is not None}


def _key_name(name: str) -> str:
    """What is left of a name in the environment variable of its key."""
    return re.sub(r"[^A-Z0-9]", "_", name.upper())
