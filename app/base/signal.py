"""A typed observer list for the rooms below the window: `signal.connect(slot)`, `signal.emit(…)`.

Slots run at once, on the emitter's thread, in the order of connecting. A document and everything that
observes it live on one thread; work from other threads arrives there through the event loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, ParamSpec

P = ParamSpec("P")


class Signal(Generic[P]):
    """Calls every connected slot. The signal keeps its slots alive until they are disconnected."""

    __slots__ = ("_slots",)

    def __init__(self) -> None:
        self._slots: tuple[Callable[P, object], ...] = ()

    def connect(self, slot: Callable[P, object]) -> Callable[[], None]:
        """Call `slot` at every emit from now on; returns the function that disconnects it."""
        self._slots = (*self._slots, slot)

        def disconnect() -> None:
            self.disconnect(slot)

        return disconnect

    def disconnect(self, slot: Callable[P, object]) -> None:
        """Forget one connection of `slot`; unknown slots are ignored."""
        slots = list(self._slots)
        if slot in slots:
            slots.remove(slot)
        self._slots = tuple(slots)

    def emit(self, *args: P.args, **kwargs: P.kwargs) -> None:
        for slot in self._slots:
            slot(*args, **kwargs)
