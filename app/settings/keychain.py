"""The system's keychain as far as Maskroom needs it, or none at all: the only place that knows keyring.

All calls block, perhaps for as long as a dialog stands. The library is imported at the first of them.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

T = TypeVar("T")

log = logging.getLogger(__name__)

NO_KEYCHAINS = ("keyring.backends.fail", "keyring.backends.null", "keyrings.alt")
"""Back ends that keep nothing, or keep it in a plain file."""


class Keychain:
    """The passwords of one service, by user name. A missing, locked or broken keychain is an empty one."""

    def __init__(self, service: str) -> None:
        self._service = service

    def name(self) -> str | None:
        """What the keychain calls itself; None when there is none."""
        return _ask("name", None, lambda backend: str(backend.name))

    def find(self, user: str) -> str | None:
        """The password, if there is one and it can be read."""
        return _ask("read", None, lambda backend: backend.get_password(self._service, user))

    def keep(self, user: str, password: str) -> bool:
        """Store a password; True only when it can be read back."""

        def store(backend: KeyringBackend) -> bool:
            backend.set_password(self._service, user, password)
            return backend.get_password(self._service, user) == password

        return _ask("write", False, store)

    def remove(self, user: str) -> None:
        """Delete a password; one that is not there stays away."""

        def delete(backend: KeyringBackend) -> None:
            if backend.get_password(self._service, user) is not None:
                backend.delete_password(self._service, user)

        _ask("delete", None, delete)


def _ask(action: str, otherwise: T, question: Callable[[KeyringBackend], T]) -> T:
    """The keychain's answer; `otherwise` when there is none or it raised."""
    import keyring

    try:
        backend = keyring.get_keyring()
        if type(backend).__module__.startswith(NO_KEYCHAINS):
            return otherwise
        return question(backend)
    except _keychain_errors() as error:
        # Its message stays out of the log, for it might tell the password.
        log.warning("keychain: cannot %s: %s", action, type(error).__name__)
        return otherwise


def _keychain_errors() -> tuple[type[Exception], ...]:
    """The exceptions of keyring and of those libraries below it whose own it lets through."""
    from keyring.errors import KeyringError

    found: list[type[Exception]] = [KeyringError, OSError, RuntimeError]
    for module, name in (
        ("secretstorage.exceptions", "SecretStorageException"),
        ("jeepney.wrappers", "DBusErrorResponse"),
    ):
        with contextlib.suppress(ImportError):
            found.append(getattr(importlib.import_module(module), name))
    return tuple(found)
