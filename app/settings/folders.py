"""Where Maskroom keeps its data: one folder, and what lies in it. Reads no environment by itself."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from app.base.errors import RELOCATE, StoreError, from_os_error
from app.base.text import tr
from app.settings.relocation import chosen_folder

HOME_VARIABLE = "MASKROOM_HOME"


@dataclass(frozen=True, slots=True)
class Folders:
    """The data folder and its parts; naming one does not create it."""

    data: Path

    @property
    def history(self) -> Path:
        """The database of requests and results, and their images."""
        return self.data / "history"

    @property
    def spool(self) -> Path:
        """Replies as they arrive, until the history has taken them in."""
        return self.data / "spool"

    @property
    def session(self) -> Path:
        """The open documents, as they are now."""
        return self.data / "session"

    @property
    def logs(self) -> Path:
        """The program's own log files."""
        return self.data / "logs"

    @property
    def cache(self) -> Path:
        """What may be deleted at any time."""
        return self.data / "cache"

    @property
    def recovery_lock(self) -> Path:
        """Held by the one process that takes up what killed ones left."""
        return self.data / "recovery.lock"

    @property
    def window_lock(self) -> Path:
        """Held by the one window of this data folder."""
        return self.data / "window.lock"

    @property
    def settings_file(self) -> Path:
        """The user's settings, in TOML."""
        return self.data / "settings.toml"

    def ensure(self) -> None:
        """Create the folders that are missing, for this user only, and see that they can be written.

        Raises:
            StoreError: they cannot.
        """
        try:
            if not self.data.is_dir():
                self.data.parent.mkdir(parents=True, exist_ok=True)
                self.data.mkdir(mode=0o700, exist_ok=True)
            for folder in (self.history, self.spool, self.session, self.logs, self.cache):
                folder.mkdir(exist_ok=True)
            with tempfile.TemporaryFile(dir=self.data):
                pass
        except OSError as error:
            reason = from_os_error(error, str(self.data), kind=StoreError)
            raise StoreError(
                tr("The data folder cannot be used. {reason}", reason=reason.message),
                tr(
                    "Choose another folder in the window, or set the environment variable {name} to one that you "
                    "may write.",
                    name=HOME_VARIABLE,
                ),
                details=reason.details,
                commands=(RELOCATE,),
            ) from error


def resolve_folders(environ: Mapping[str, str]) -> Folders:
    """The folders that MASKROOM_HOME names, else those chosen, else those that the system has for such data.

    Raises:
        StoreError: MASKROOM_HOME names the home of a user who does not exist.
    """
    home = environ.get(HOME_VARIABLE, "").strip()
    if home:
        try:
            return Folders(Path(home).expanduser().absolute())
        except RuntimeError as error:
            raise StoreError(
                tr("The data folder cannot be used. “{path}”: there is no such home folder.", path=home),
                tr("Set the environment variable {name} to a folder that you may write.", name=HOME_VARIABLE),
                details=repr(error),
            ) from error
    return Folders(chosen_folder() or platformdirs.user_data_path("maskroom", appauthor=False))
