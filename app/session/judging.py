"""What the model did outside the mask, told of the variant that is shown, or else of the selected layer.

What just arrived was judged on its way. What comes back from the history or from a file was not: it is judged when
somebody asks, in a thread, from the reply that is kept with it. Nothing is sent. Lives on the event loop's thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2

from app.base.cancel import Cancelled, CancelToken
from app.base.errors import MaskroomError
from app.base.geometry import Rect, Size
from app.base.notices import Notices
from app.base.signal import Signal
from app.document.document import Document
from app.document.layers import EditLayer, LayerSource
from app.edits.alignment import align
from app.edits.report import report_edit
from app.edits.types import Patch, Report
from app.imaging.arrays import U8
from app.imaging.codecs import decode_picture
from app.imaging.recipe import Align
from app.session.candidates import Candidate, Candidates
from app.session.layer_work import LayerWork

READ, ALIGNED = 0.1, 0.65
"""Shares of the work that are done once the reply is decoded, and once it is aligned."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What is judged, as it is at one moment."""

    is_layer: bool
    region: Rect
    coverage: U8
    """(h, w) of `region`: what is laid down."""
    source: LayerSource | None
    """None: it cannot be judged."""
    report: Report | None
    """None while nothing is known of it."""
    is_whole: bool
    """All is known that can be found out."""

    @property
    def spared(self) -> U8:
        """(h, w) of `region`: what a map leaves free: a variant's mask, or the mask that a layer was sent with."""
        return self.source.coverage if self.is_layer and self.source is not None else self.coverage

    def outside(self, document: Size) -> int:
        """How many pixels of a document of that size are not covered."""
        return document.area - cv2.countNonZero(self.coverage)


class Judging:
    """The leak report of what is in front. What it found is kept as long as the document has the reply."""

    def __init__(
        self, document: Document, candidates: Candidates, layers: LayerWork, notices: Notices
    ) -> None:
        self.changed: Signal[[]] = Signal()
        """Emitted when another thing is in front, more is known of it, or work on it began, went on or ended."""
        self._document = document
        self._candidates = candidates
        self._layers = layers
        self._notices = notices
        self._known: dict[int, tuple[LayerSource, Report]] = {}
        """By the identity of the source, which is kept so that no other can have it."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._judged: LayerSource | None = None
        """What is being judged."""
        self._share = 0.0
        self._cancel = CancelToken()
        for signal in (candidates.changed, layers.changed, document.layers_changed):
            signal.connect(self._follow)
        self._follow()

    @property
    def subject(self) -> Judged | None:
        """What is told of; None where nothing is in front that came from a model."""
        thing = self._thing
        if isinstance(thing, Candidate):
            source, report, patch = thing.source, thing.report, thing.patch
            whole = source is None or report.heat is not None or id(source) in self._known
            return Judged(False, patch.region, patch.coverage, source, report, whole)
        if thing is None or thing.source is None:
            return None
        _, found = self._known.get(id(thing.source), (None, None))
        return Judged(True, thing.region, thing.coverage, thing.source, found, found is not None)

    @property
    def progress(self) -> float | None:
        """The share (0–1) of the work that is done; None while there is none."""
        return None if self._judged is None else self._share

    def find_out(self) -> None:
        """Judge what is in front, where not all is known of it; `changed` tells what comes of it."""
        subject, thing = self.subject, self._thing
        source = subject.source if subject is not None else None
        if subject is None or subject.is_whole or thing is None or source is None or self._judged is source:
            return
        self.cancel()
        self._judged, self._share, self._cancel = source, 0.0, CancelToken()
        task = asyncio.get_running_loop().create_task(self._judge(source, _patch(thing), self._cancel))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.changed.emit()

    def cancel(self) -> None:
        """Find out nothing more."""
        self._cancel.cancel()
        if self._judged is not None:
            self._judged = None
            self.changed.emit()

    async def aclose(self) -> None:
        """Cancel, and wait for the threads."""
        self.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    @property
    def _thing(self) -> Candidate | EditLayer | None:
        return self._candidates.shown or self._layers.selected

    def _follow(self) -> None:
        """Learn what arrived judged, forget what is gone, and stop what nobody looks at any more."""
        for candidate in self._candidates.items:
            if candidate.source is not None and candidate.report.heat is not None:
                self._known[id(candidate.source)] = candidate.source, candidate.report
        things: tuple[Candidate | EditLayer, ...] = (*self._candidates.items, *self._document.layers)
        there = {id(thing.source) for thing in things}
        self._known = {key: known for key, known in self._known.items() if key in there}
        if self._judged is not None and (self._thing is None or self._thing.source is not self._judged):
            self._cancel.cancel()
            self._judged = None
        self.changed.emit()

    async def _judge(self, source: LayerSource, patch: Patch, cancel: CancelToken) -> None:
        loop = asyncio.get_running_loop()

        def tell(share: float) -> None:
            loop.call_soon_threadsafe(self._go_on, source, share)

        try:
            report = await asyncio.to_thread(_found, source, patch, cancel, tell)
        except Cancelled:
            return
        except MaskroomError as error:
            self._notices.error(error, topic="leak")
            report = None
        if self._judged is not source:
            return
        self._judged = None
        if report is not None:
            self._known[id(source)] = source, report
            for candidate in self._candidates.items:
                if candidate.source is source:
                    self._candidates.put(replace(candidate, report=report))
        self.changed.emit()

    def _go_on(self, source: LayerSource, share: float) -> None:
        if self._judged is source:
            self._share = share
            self.changed.emit()


def _patch(thing: Candidate | EditLayer) -> Patch:
    if isinstance(thing, Candidate):
        return thing.patch
    return Patch(thing.region, thing.pixels, thing.coverage, thing.recipe)


def _found(source: LayerSource, patch: Patch, cancel: CancelToken, tell: Callable[[float], None]) -> Report:
    """Runs in a thread."""
    reply = decode_picture(source.reply)
    cancel.check()
    tell(READ)
    aligned = align(source, reply, Align.AUTO, cancel)
    tell(ALIGNED)
    return report_edit(source, patch, aligned, cancel)
