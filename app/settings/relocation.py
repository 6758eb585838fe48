"""Another folder for all data, by the user's choice: remembered beside the system's own settings, and filled once.

The choice cannot lie in the data folder, which may be gone. MASKROOM_HOME is stronger than any choice.
"""

from __future__ import annotations

import errno
import json
import logging
import shutil
from pathlib import Path
from typing import Any

import platformdirs

from app.base.cancel import CancelToken
from app.base.errors import StoreError, from_os_error
from app.base.files import write_atomically
from app.base.text import tr

log = logging.getLogger(__name__)

LEFT_BEHIND = frozenset({"cache", "logs", "window.lock", "recovery.lock"})
"""What another folder makes anew."""
UNFINISHED = ".moving"
"""At the end of the name of what is being copied."""


def choice_file() -> Path:
    """Where the choice is kept; naming it does not create it."""
    return platformdirs.user_config_path("maskroom", appauthor=False) / "data-folder.json"


def chosen_folder() -> Path | None:
    """The folder that was chosen for the data; None where there is no choice, or none that can be read."""
    return _kept("folder")


def wished_folder() -> Path | None:
    """Where the data shall be brought at the next start of the window."""
    return _kept("next")


def remember_folder(folder: Path) -> None:
    """Use `folder` from now on, unless MASKROOM_HOME names another.

    Raises:
        StoreError: the choice cannot be written.
    """
    _keep({"folder": str(folder)})


def wish_folder(folder: Path) -> None:
    """Bring the data to `folder` at the next start of the window. Raises StoreError as `remember_folder`."""
    now = chosen_folder()
    _keep({"next": str(folder)} | ({} if now is None else {"folder": str(now)}))


def data_folder_in(chosen: Path) -> Path:
    """The folder for the data where somebody chose `chosen`: one of its own where other things lie there."""
    try:
        is_ours = (chosen / "history").is_dir() or not any(chosen.iterdir())
    except OSError:
        is_ours = True
    return chosen if is_ours else chosen / "Maskroom"


def _kept(name: str) -> Path | None:
    try:
        kept: Any = json.loads(choice_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    folder = kept.get(name) if isinstance(kept, dict) else None
    if not isinstance(folder, str):
        return None
    return path if (path := Path(folder)).is_absolute() else None


def _keep(choice: dict[str, str]) -> None:
    path, text = choice_file(), json.dumps(choice)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, lambda file: file.write(text.encode()))
    except OSError as error:
        raise from_os_error(error, str(path), kind=StoreError) from error


def bring_data(source: Path, target: Path, cancel: CancelToken) -> None:
    """Copy what another data folder holds to one that has no history; one that has one is opened as it is.

    Blocks for as long as copying takes. Nothing in `source` is changed, whatever happens. What is whole is in place,
    so that the next attempt goes on after it.

    Raises:
        StoreError: it cannot be read, or there is no room for it.
        Cancelled: it was cancelled.
    """
    if (target / "history").is_dir() or not _is_there(source) or _is_within(target, source):
        return
    try:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The history comes last: where it stands, everything is there.
        for path in sorted(source.iterdir(), key=lambda path: path.name == "history"):
            if path.name not in LEFT_BEHIND and not path.name.endswith(UNFINISHED):
                _bring(path, target / path.name, cancel)
    except OSError as error:
        # Of a whole folder, only the words of what failed in it are known.
        cause = error if error.errno else OSError(errno.EIO, str(error))
        reason = from_os_error(cause, str(target), kind=StoreError)
        raise StoreError(
            tr("What the old data folder holds could not be copied. {reason}", reason=reason.message),
            tr("It is as it was. Choose a folder with more room, or one that is empty."),
            details=repr(error),
        ) from error


def _is_there(folder: Path) -> bool:
    try:
        return any(folder.iterdir())
    except OSError as error:
        log.info("there is nothing to bring from %s: %r", folder, error)
        return False


def _is_within(target: Path, source: Path) -> bool:
    return target.resolve() == source.resolve() or source.resolve() in target.resolve().parents


def _bring(source: Path, target: Path, cancel: CancelToken) -> None:
    if target.exists():
        return
    unfinished = target.with_name(target.name + UNFINISHED)
    if unfinished.is_dir():
        shutil.rmtree(unfinished)

    def copy(one: str, other: str) -> str:
        cancel.check()
        return str(shutil.copy2(one, other))

    if source.is_dir():
        shutil.copytree(source, unfinished, copy_function=copy)
    else:
        copy(str(source), str(unfinished))
    unfinished.replace(target)
