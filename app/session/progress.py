"""Brings an engine's progress to its job beside the wire: the in-process server only knows request ids."""

from __future__ import annotations

from collections.abc import Callable


class ProgressHub:
    """A table of request ids and whoever wants to know how far the work is (0 … 1)."""

    def __init__(self) -> None:
        self._listeners: dict[str, Callable[[float], None]] = {}

    def listen(self, request_id: str, listener: Callable[[float], None]) -> None:
        self._listeners[request_id] = listener

    def forget(self, request_id: str) -> None:
        self._listeners.pop(request_id, None)

    def report(self, request_id: str, progress: float) -> None:
        """Tell the listener of `request_id`; an id that nobody listens to is ignored."""
        listener = self._listeners.get(request_id)
        if listener is not None:
            listener(progress)
