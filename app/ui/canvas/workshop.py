"""One piece of array work at a time in a thread, whose answer arrives on the window's thread.

A new order cancels the one before it; an answer that is no longer wanted is dropped.
"""

from __future__ import annotations

import _thread
import contextlib
import logging
import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal

from app.base.cancel import Cancelled, CancelToken
from app.ui.canvas.scene import Picture

log = logging.getLogger(__name__)

Make = Callable[[CancelToken], tuple[Picture, ...]]


class _Line:
    """The way from a thread to an object of Qt's, which may end at any moment: nothing is sent while it ends.

    To emit a signal of an object that another thread is destroying is undefined.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_cut = False

    def send(self, emit: Callable[[], object]) -> None:
        """Call `emit`, unless the line was cut."""
        with self._lock:
            if not self._is_cut:
                emit()

    def cut(self) -> None:
        """Send nothing from now on; returns when nothing is being sent."""
        with self._lock:
            self._is_cut = True


class Workshop(QObject):
    """Makes pictures. `made` is emitted on the thread that this object lives on."""

    made = Signal(object)
    """A tuple of Picture: the answer to the last order."""

    _finished = Signal(object, object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._cancel = CancelToken()
        self._line = _Line()
        self._finished.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        # Told at the beginning of the parent's end, while this object still stands.
        parent.destroyed.connect(self._line.cut)

    def order(self, make: Make) -> None:
        """Have `make` run in a thread; it polls the token it is given."""
        self.drop()
        cancel = self._cancel = CancelToken()
        # `Thread.start` would wait for the thread to run, which takes many milliseconds while others compute.
        _thread.start_new_thread(self._run, (make, cancel, self._line))

    def drop(self) -> None:
        """The last order is no longer wanted."""
        self._cancel.cancel()

    def _run(self, make: Make, cancel: CancelToken, line: _Line) -> None:
        with contextlib.suppress(Cancelled):
            pictures = make(cancel)
            line.send(lambda: self._finished.emit(cancel, pictures))

    def _deliver(self, cancel: CancelToken, pictures: tuple[Picture, ...]) -> None:
        if cancel is self._cancel and not cancel.is_cancelled:
            self.made.emit(pictures)
