"""Which ICC profile the display has, and the table that brings pictures to it: one for the whole window.

The profile is a file that the user chose, or the one that the X server names for the monitor the window is on;
Wayland, Windows and macOS convert sRGB windows themselves or name none. A profile is read and its table made in a
thread; until then, and where there is none, pictures are shown as sRGB.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from app.base.errors import InputError, MaskroomError, from_os_error
from app.base.text import tr
from app.ui.links import Links
from app.ui.x11_profile import RootProfile

if TYPE_CHECKING:
    from app.imaging.display import DisplayTable
    from app.session.workspace import Workspace
    from app.settings.model import DisplaySettings, Settings
    from app.ui.tasks import Tasks

log = logging.getLogger(__name__)

AUTOMATIC, NONE = "auto", "none"
"""Values of the setting `display.profile` that are no file."""
LARGEST_FILE = 1 << 26
TOPIC = "display profile"


class DisplayColours(QObject):
    """Follows the settings, the X server and the window from monitor to monitor."""

    changed = Signal()
    """`table` or `name` became another one."""

    def __init__(self, workspace: Workspace, tasks: Tasks, window: QWidget) -> None:
        super().__init__(window)
        self.table: DisplayTable | None = None
        """What pictures are shown through; None where they are shown as sRGB."""
        self.name = ""
        """Of the profile in use; empty where colours are not managed."""
        self._workspace = workspace
        self._tasks = tasks
        self._window = window
        self._built: tuple[bytes, DisplayTable] | None = None
        """The table that was made last, and the digest of its profile."""
        self._again = self._busy = False
        self._links = Links()
        self._links.add(workspace.settings.changed.connect(self._follow_settings))
        self._settings: DisplaySettings = workspace.settings.value.display
        self._root: RootProfile | None = None
        if QGuiApplication.platformName() == "xcb":
            self._root = RootProfile(self)
            self._root.changed.connect(self.refresh)
        # The handle is there once the window is shown.
        self._screen = QTimer(self)
        self._screen.setSingleShot(True)
        self._screen.setInterval(0)
        self._screen.timeout.connect(self._watch_screen)
        self._screen.start()

    @property
    def system_profile(self) -> bytes | None:
        """What the system names for the monitor that the window is on."""
        if self._root is None:
            return None
        screens = QGuiApplication.screens()
        screen = self._window.screen()
        return self._root.read(screens.index(screen) if screen in screens else 0)

    def lead(self, show: Callable[[DisplayTable | None], object]) -> None:
        """Call `show` with the table whenever it became another one."""
        self.changed.connect(lambda: show(self.table))

    def refresh(self) -> None:
        """Look again which profile is to be used."""
        self._again = True
        if not self._busy:
            self._busy = True
            self._tasks.start(self._keep_up(), TOPIC)

    def detach(self) -> None:
        self._screen.stop()
        self._links.clear()
        if self._root is not None:
            self._root.close()

    def _watch_screen(self) -> None:
        handle = self._window.windowHandle()
        if handle is not None:
            handle.screenChanged.connect(self.refresh)
        self.refresh()

    def _follow_settings(self, whole: Settings) -> None:
        settings = whole.display
        if settings != self._settings:
            self._settings = settings
            self.refresh()

    async def _keep_up(self) -> None:
        try:
            while self._again:
                self._again = False
                await self._look()
        finally:
            self._busy = False

    async def _look(self) -> None:
        settings = self._settings
        table: DisplayTable | None = None
        if settings.managed and settings.profile != NONE:
            try:
                table = await self._table_for(settings.profile)
            except MaskroomError as error:
                hint = tr("Photographs are shown as sRGB. Choose another profile in the preferences.")
                self._workspace.notices.warning(
                    tr("The display profile cannot be used. {reason}", reason=error.message), hint, TOPIC
                )
        self._take(table)

    async def _table_for(self, profile: str) -> DisplayTable | None:
        """Raise `MaskroomError` where the profile is of no use; None where the system names none."""
        icc = self.system_profile if profile == AUTOMATIC else None
        if profile == AUTOMATIC and icc is None:
            return None
        digest, table = await asyncio.to_thread(_made, icc or Path(profile), self._built)
        self._built = digest, table
        return table

    def _take(self, table: DisplayTable | None) -> None:
        if table is None:
            # 64 MB are not kept for a look that was switched off.
            self._built = None
        name = "" if table is None else table.name
        shown = None if table is None or table.is_identity else table
        if shown is not self.table or name != self.name:
            self.table, self.name = shown, name
            log.info("display profile: %s", name or "none")
            self.changed.emit()


def _made(source: bytes | Path, before: tuple[bytes, DisplayTable] | None) -> tuple[bytes, DisplayTable]:
    """The digest and the table of a profile, the one from before where it is the same; for a thread."""
    from app.imaging.display import DisplayTable

    icc = source if isinstance(source, bytes) else _read(source)
    digest = hashlib.sha256(icc).digest()
    if before is not None and before[0] == digest:
        return before
    return digest, DisplayTable.build(icc)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_FILE or not path.is_file():
            raise InputError(tr("“{name}”: it is no ICC profile.", name=path.name))
        return path.read_bytes()
    except OSError as error:
        raise from_os_error(error, path.name, kind=InputError) from error
    except ValueError as error:
        raise InputError(tr("“{name}”: it is no possible file name.", name=path.name)) from error
