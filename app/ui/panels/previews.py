"""What the images of running requests look like so far, made small in a worker for whoever lists requests.

Only the newest preview of a request is made, whatever came before it was overtaken; nothing is kept of a request that
has ended.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QPixmap

from app.base.errors import PhotographError
from app.base.geometry import Size
from app.ui.links import Links
from app.ui.pictures import image_of_rgb

if TYPE_CHECKING:
    from app.imaging.arrays import U8
    from app.jobs.types import Job
    from app.session.workspace import Workspace
    from app.ui.tasks import Tasks

SIDE = 160
"""Pixels: of the edge of a square, and at most of a whole picture's longer edge."""


@dataclass(frozen=True, slots=True)
class LivePreview:
    """A preview, in device pixels."""

    whole: QPixmap
    square: QPixmap
    """Its middle, as lists of results show theirs."""


class Previews(QObject):
    """The newest preview of each running request, by the request's id."""

    changed = Signal(str)
    """There is another preview of that request, or none any more."""

    def __init__(self, workspace: Workspace, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = workspace.worker
        self._tasks = tasks
        self._waiting: dict[str, bytes] = {}
        """What has not been made small yet."""
        self._kept: dict[str, LivePreview] = {}
        self._links = Links()
        self._links.add(
            workspace.pipeline.preview.connect(self._take),
            self._worker.changed.connect(self._follow),
        )

    def get(self, id: str) -> LivePreview | None:
        return self._kept.get(id)

    def detach(self) -> None:
        self._links.clear()
        self._waiting.clear()

    def _follow(self, job: Job) -> None:
        if job.state.is_final:
            self._waiting.pop(job.id, None)
            if self._kept.pop(job.id, None) is not None:
                self.changed.emit(job.id)

    def _take(self, id: str, picture: bytes) -> None:
        is_making = bool(self._waiting)
        self._waiting[id] = picture
        if not is_making:
            self._tasks.start(self._make_all(), "preview")

    async def _make_all(self) -> None:
        while self._waiting:
            id, picture = next(iter(self._waiting.items()))
            try:
                made = await asyncio.to_thread(_small_pictures, picture)
            except PhotographError:
                made = None  # Only a preview: the picture itself will tell if something is wrong.
            if self._waiting.get(id) is picture:
                del self._waiting[id]
            job = self._worker.job(id)
            if made is not None and job is not None and not job.state.is_final:
                self._kept[id] = LivePreview(*(QPixmap.fromImage(image_of_rgb(each)) for each in made))
                self.changed.emit(id)


def _small_pictures(picture: bytes) -> tuple[U8, U8]:
    """An encoded picture as RGB, whole and its middle as a square; for a worker. Raises PhotographError."""
    from app.imaging.load import load_preview
    from app.imaging.resample import resize_picture

    rgb = load_preview(picture, Size(2 * SIDE, 2 * SIDE))[..., 2::-1]
    height, width = rgb.shape[:2]
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    middle = rgb[top : top + edge, left : left + edge]
    whole = resize_picture(rgb, Size(width, height).fitted_into(Size(SIDE, SIDE)))
    return whole, resize_picture(middle, Size(SIDE, SIDE))
