"""Python's search for garbage in reference cycles, kept on the window's thread.

Left to itself it runs in whichever thread happens to allocate. A widget that it finds there is destroyed in
that thread, which Qt forbids: the program hangs or crashes. Here it is switched off and run by a timer.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

INTERVAL = 500
"""Milliseconds between two looks; large arrays are no cycles and are freed at once, so nobody waits for this."""


class GarbageCollector(QObject):
    """Collects on the thread it lives on, by the thresholds of `gc`, from its making until `stop`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.collect)
        self._timer.start(INTERVAL)

    def settle(self) -> None:
        """Look no more at what is there now: a long list of what stays for ever makes every search long."""
        gc.collect()
        gc.freeze()

    def collect(self) -> None:
        """Collect the generations whose thresholds have been passed, as the automatic search would."""
        for generation in (2, 1, 0):
            if gc.get_count()[generation] > gc.get_threshold()[generation]:
                gc.collect(generation)
                return

    def stop(self) -> None:
        """Back to the automatic search: no widget is left."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()
