"""The settings of the running program and their file, which several processes may share.

Settings are a comfort, not the user's work: no trouble with their file stops anything. It is told as a
notice, and the program goes on with what it has.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import tomllib
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import tomli_w

from app.base.errors import MaskroomError, StoreError, from_os_error
from app.base.files import write_atomically
from app.base.notices import Level, Notice, Notices
from app.base.signal import Signal
from app.base.text import tr
from app.settings.document import changed_section, settings_from, write_into
from app.settings.model import Settings

log = logging.getLogger(__name__)

TOPIC = "settings"


class SettingsStore:
    """Reads the file once at the start; writes it at every change."""

    def __init__(self, path: Path, notices: Notices) -> None:
        self.changed: Signal[[Settings]] = Signal()
        """Emitted with the new settings, on the thread that awaits `update`."""
        self._path = path
        self._notices = notices
        self._writing = threading.Lock()
        self._touched: frozenset[tuple[str, str]] = frozenset()
        """Section and name of what this process changed; the rest of the file is other processes' matter."""
        self._writable = True
        try:
            document, aside = self._read()
        except StoreError as error:
            # What cannot be read must not be overwritten either.
            document, aside, self._writable = {}, None, False
            notices.error(error, TOPIC)
        if aside is not None:
            notices.post(aside)
        self._value = settings_from(document)

    @property
    def value(self) -> Settings:
        """The settings as they are now."""
        return self._value

    async def update(self, section: str, **changes: Any) -> None:
        """Change values of one section: `update("brush", diameter=40.0)`. They hold from the call on.

        Values out of range are brought into it. A file that cannot be written is told as a notice.

        Raises:
            TypeError: there is no such section or value.
        """
        before = getattr(self._value, section, None)
        unknown = set(changes) - {described.name for described in fields(before or Settings)}
        if before is None or unknown:
            raise TypeError(f"settings have no {section}: {', '.join(changes)}")
        after = changed_section(section, before, changes)
        if after == before:
            return
        self._touched |= {(section, name) for name in changes}
        self._value = replace(self._value, **{section: after})
        self.changed.emit(self._value)
        if not self._writable:
            return
        try:
            aside = await asyncio.to_thread(self._write)
        except MaskroomError as error:
            self._notices.error(error, TOPIC)
        else:
            if aside is not None:
                self._notices.post(aside)

    def _write(self) -> Notice | None:
        """Bring the file up to date with what is set at this moment, whichever change asked for it."""
        with self._writing:
            document, aside = self._read()
            write_into(document, self._value, self._touched)
            text = tomli_w.dumps(document).encode("utf-8")
            try:
                write_atomically(self._path, lambda file: file.write(text))
            except OSError as error:
                raise from_os_error(error, self._path.name, kind=StoreError) from error
            return aside

    def _read(self) -> tuple[dict[str, Any], Notice | None]:
        """The file's content; a broken file is moved aside, and the notice tells so.

        Raises:
            StoreError: the file is there but cannot be read, or is broken and cannot be moved.
        """
        try:
            try:
                return tomllib.loads(self._path.read_text(encoding="utf-8")), None
            except FileNotFoundError:
                return {}, None
            except ValueError as error:  # of TOML's grammar, or of UTF-8
                aside = self._path.with_name(f"{self._path.stem}.broken{self._path.suffix}")
                self._path.replace(aside)
                log.warning("settings: %s is broken: %s", self._path, error)
        except OSError as error:
            raise from_os_error(error, self._path.name, kind=StoreError) from error
        return {}, Notice(
            Level.WARNING,
            tr("The settings file was damaged, so Maskroom starts with the usual settings."),
            tr("The damaged file was kept as “{path}”.", path=aside),
            TOPIC,
        )
