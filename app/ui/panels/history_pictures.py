"""Small pictures of results for lists: read and made in a worker, the newest wish first, a bounded number kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QPixmap

from app.ui.pictures import image_of_rgb

if TYPE_CHECKING:
    from app.history.types import HistoryResult
    from app.imaging.arrays import U8
    from app.ui.tasks import Tasks

SIDE = 160
"""Pixels of a picture's edge: a large tile, or a small one on a dense screen."""
MOST_KEPT = 400
"""About 40 MB; several windows full."""
MOST_WAITING = 96
"""What was scrolled past is forgotten, and asked for again when it comes back."""
AT_ONCE = 2


class Pictures(QObject):
    """Squares by the SHA-256 of their file. What is not here yet is fetched, and `arrived` tells of it."""

    arrived = Signal(str)

    def __init__(
        self,
        fetch: Callable[[HistoryResult, int], Awaitable[U8 | None]],
        tasks: Tasks,
        parent: QObject | None = None,
    ) -> None:
        """`fetch` gives the (side, side, 3) RGB of a result, or None where there is none to be had."""
        super().__init__(parent)
        self._fetch = fetch
        self._tasks = tasks
        self._kept: OrderedDict[str, QPixmap] = OrderedDict()
        self._waiting: OrderedDict[str, HistoryResult] = OrderedDict()
        self._loading: set[str] = set()
        self._missing: set[str] = set()

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._kept)

    def get(self, result: HistoryResult) -> QPixmap | None:
        """The picture of a result, if it is here."""
        sha = result.thumbnail_sha256
        if sha is None or sha in self._missing:
            return None
        found = self._kept.get(sha)
        if found is not None:
            self._kept.move_to_end(sha)
            return found
        if sha not in self._loading:
            self._waiting[sha] = result
            self._waiting.move_to_end(sha)
            if len(self._waiting) > MOST_WAITING:
                self._waiting.popitem(last=False)
            self._load_next()
        return None

    def _load_next(self) -> None:
        while self._waiting and len(self._loading) < AT_ONCE:
            sha, result = self._waiting.popitem()
            self._loading.add(sha)
            self._tasks.start(self._load(sha, result), "history")

    async def _load(self, sha: str, result: HistoryResult) -> None:
        try:
            rgb = await self._fetch(result, SIDE)
        finally:
            self._loading.discard(sha)
        if rgb is None:
            self._missing.add(sha)
        else:
            self._kept[sha] = QPixmap.fromImage(image_of_rgb(rgb))
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
            self.arrived.emit(sha)
        self._load_next()
