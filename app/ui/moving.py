"""Another folder for all data: when the one there is cannot be used, or by choice at the next start.

MASKROOM_HOME is stronger than what is chosen here, so with it a choice holds for this run only, which is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from app.base.cancel import Cancelled, CancelToken
from app.base.errors import UsageError
from app.base.text import tr
from app.settings.folders import HOME_VARIABLE, Folders
from app.settings.relocation import bring_data, data_folder_in, remember_folder, wish_folder, wished_folder
from app.ui.dialogs.files import ask_data_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtWidgets import QWidget

    from app.base.notices import Notices


class DataMove:
    """Brings the data to another folder before anything of it is open."""

    def __init__(
        self, environ: Mapping[str, str], notices: Notices, take_over: Callable[[Folders], bool]
    ) -> None:
        """`take_over` makes this the window of other folders; False where there is another one."""
        self._environ = environ
        self._notices = notices
        self._take_over = take_over
        self._cancel = CancelToken()

    @property
    def is_fixed(self) -> bool:
        """Whether the environment says where the data is."""
        return bool(self._environ.get(HOME_VARIABLE, "").strip())

    def wished(self) -> Path | None:
        """Where the user wanted the data to be from this start on."""
        return None if self.is_fixed else wished_folder()

    def cancel(self) -> None:
        self._cancel.cancel()

    async def carry_out(self, now: Folders, wanted: Path) -> Folders | None:
        """Copy to `wanted` what it lacks, and use it from now on; None where that was cancelled.

        Raises:
            StoreError: it cannot be written, or what is there cannot be copied.
            UsageError: another window has it.
        """
        folders, self._cancel = Folders(wanted), CancelToken()
        try:
            await asyncio.to_thread(bring_data, now.data, folders.data, self._cancel)
        except Cancelled:
            return None
        await asyncio.to_thread(folders.ensure)
        if not self._take_over(folders):
            raise UsageError(
                tr("Maskroom is open already for “{folder}”.", folder=folders.data),
                tr("Go on in its window, or choose another folder."),
            )
        if self.is_fixed:
            self._notices.warning(
                tr("The data is in “{folder}” for this run.", folder=folders.data),
                tr("Set {name} to it to find it there again.", name=HOME_VARIABLE),
                topic="data",
            )
        else:
            await asyncio.to_thread(remember_folder, folders.data)
        return folders


async def choose_folder(window: QWidget, near: Folders) -> Path | None:
    """Let the user choose where all data is to lie."""
    start = next((each for each in near.data.parents if each.is_dir()), Path.home())
    chosen = await ask_data_folder(window, str(start))
    return None if chosen is None else await asyncio.to_thread(data_folder_in, chosen)


async def move_later(window: QWidget, now: Folders, environ: Mapping[str, str], notices: Notices) -> None:
    """Let the user choose another folder, to which all is brought at the next start. Raises StoreError."""
    if environ.get(HOME_VARIABLE, "").strip():
        notices.warning(
            tr("{name} says where the data is: “{folder}”.", name=HOME_VARIABLE, folder=now.data),
            tr("Set it to another folder and start Maskroom again, or start without it and choose one here."),
            topic="data",
        )
        return
    chosen = await choose_folder(window, now)
    if chosen is None:
        return
    await asyncio.to_thread(wish_folder, chosen)
    notices.info(
        tr("From the next start on, all data is in “{folder}”.", folder=chosen),
        tr("What is here is copied then, unless there is a history already. Nothing here is deleted."),
        topic="data",
    )
