"""One piece of array work at a time in a thread, whose answer arrives on the window's thread.

A new order cancels the one before it; an answer that is no longer wanted is dropped.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal

from app.base.cancel import Cancelled, CancelToken
from app.ui.canvas.scene import Picture

log = logging.getLogger(__name__)

Make = Callable[[CancelToken], tuple[Picture, ...]]


class Workshop(QObject):
    """Makes pictures. `made` is emitted on the thread that this object lives on."""

    made = Signal(object)
    """A tuple of Picture: the answer to the last order."""

    _finished = Signal(object, object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._cancel = CancelToken()
        self._finished.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def order(self, make: Make) -> None:
        """Have `make` run in a thread; it polls the token it is given."""
        self.drop()
        cancel = self._cancel = CancelToken()
        threading.Thread(target=self._run, args=(make, cancel), name="canvas picture", daemon=True).start()

    def drop(self) -> None:
        """The last order is no longer wanted."""
        self._cancel.cancel()

    def _run(self, make: Make, cancel: CancelToken) -> None:
        with contextlib.suppress(Cancelled):
            pictures = make(cancel)
            # The window may have been closed meanwhile, and this object with it.
            with contextlib.suppress(RuntimeError):
                self._finished.emit(cancel, pictures)

    def _deliver(self, cancel: CancelToken, pictures: tuple[Picture, ...]) -> None:
        if cancel is self._cancel and not cancel.is_cancelled:
            self.made.emit(pictures)
