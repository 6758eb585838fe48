"""Waiting for a dialog without blocking the event loop: it is opened, and a future holds its answer.

Qt's `exec()` inside a coroutine would run a loop within the loop; no dialog of this program calls it.
"""

from __future__ import annotations

import asyncio

from PySide6.QtWidgets import QDialog


async def answer(dialog: QDialog) -> bool:
    """Open a window-modal dialog; True when it was accepted. A cancelled task closes it."""
    done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def finish(code: int) -> None:
        if not done.done():
            done.set_result(code == QDialog.DialogCode.Accepted.value)

    dialog.finished.connect(finish)
    dialog.open()
    try:
        return await done
    finally:
        dialog.finished.disconnect(finish)
        dialog.close()
        dialog.deleteLater()
