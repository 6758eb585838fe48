"""A piece of long work as the worker sees it: it may be cancelled, and it tells how far it has come."""

from __future__ import annotations

from collections.abc import Callable

from app.base.cancel import CancelToken


class Work:
    """Handed to array work in a thread. Both sides may be left out: then nobody cancels, or nobody listens."""

    __slots__ = ("_cancel", "_tell")

    def __init__(
        self, cancel: CancelToken | None = None, tell: Callable[[float], object] | None = None
    ) -> None:
        self._cancel = cancel if cancel is not None else CancelToken()
        self._tell = tell

    def step(self, share: float) -> None:
        """`share`, 0–1, of the work is done.

        Raises:
            Cancelled: it is no longer wanted.
        """
        self._cancel.check()
        if self._tell is not None:
            self._tell(share)
