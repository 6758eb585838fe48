"""The guard of the rule that a document changes on one thread only."""

from __future__ import annotations

import threading

from app.base.errors import InternalError
from app.base.text import tr


def refused_change(details: str) -> InternalError:
    """The error for a change that the program tried at the wrong time or place; `details` is for the log."""
    return InternalError(
        tr("The document could not be changed just now."),
        tr("Finish what is being drawn, then try again."),
        details=details,
    )


class OneThread:
    """Remembers the thread that made it."""

    __slots__ = ("_ident",)

    def __init__(self) -> None:
        self._ident = threading.get_ident()

    @property
    def is_this(self) -> bool:
        return threading.get_ident() == self._ident

    def check(self) -> None:
        """Raise `InternalError` on every other thread."""
        if not self.is_this:
            raise refused_change("a document was changed from another thread than its own")
