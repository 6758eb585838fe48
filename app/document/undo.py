"""Undo as a list of steps that hold data, with a cap on memory and a mark for what was saved.

Steps are grouped by whoever makes them (one gesture, one command), never by time. The stack knows nothing of
masks or layers: it keeps the order, the memory and the mark.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from app.base.signal import Signal
from app.document.thread import refused_change

DEFAULT_LIMIT = 256 * 1024 * 1024
"""Bytes that the steps of one document may hold."""

Wait = Callable[[], object]
"""Called again and again by work in a thread; returns when that may go on."""
Compressor = Callable[[Callable[[Wait], None]], None]
"""Runs a function once, soon, on another thread, and tells when it may go on: how steps are made smaller."""


def no_wait() -> None:
    """For work that may go on at any time."""


class UndoStep(Protocol):
    """One change that was done and can be taken back and done again, exactly."""

    @property
    def title(self) -> str:
        """What was done, for the user: “Brush stroke”."""
        ...

    @property
    def nbytes(self) -> int:
        """Memory that dropping the step would free."""
        ...

    def undo(self) -> None: ...

    def redo(self) -> None: ...

    def compress(self, wait: Wait = no_wait) -> None:
        """Hold the same in less memory; may run in another thread while the step is undone."""
        ...

    @property
    def takes_long(self) -> bool:
        """Whether `prepare` in another thread is worth it before the step is undone or redone."""
        ...

    def prepare(self, *, back: bool) -> None:
        """Do beforehand what `undo`, or else `redo`, would do at length; in any thread, nothing is seen of it."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class UndoPoint:
    """A place in the order of all steps that were ever done."""

    count: int
    top: UndoStep | None


class UndoStack:
    """Steps done and undone, oldest first. The oldest are dropped when memory runs over the limit."""

    def __init__(self, limit_bytes: int = DEFAULT_LIMIT, compressor: Compressor | None = None) -> None:
        """Without a `compressor` steps are compressed at once, on the caller's thread."""
        self.changed: Signal[[]] = Signal()
        """Emitted after every change of steps, position, hold or mark."""
        self._limit = limit_bytes
        self._compressor = compressor
        self._steps: list[UndoStep] = []
        self._position = 0
        self._saved: int | None = 0
        self._dropped = 0
        """How many of the oldest steps are gone."""
        self._held = False

    @property
    def steps(self) -> tuple[UndoStep, ...]:
        return tuple(self._steps)

    @property
    def position(self) -> int:
        """How many of `steps` are done; the rest are undone."""
        return self._position

    @property
    def top(self) -> UndoStep | None:
        """The step that was done last, which `undo` takes back; None for none."""
        return self._steps[self._position - 1] if self._position else None

    @property
    def next(self) -> UndoStep | None:
        """The step that `redo` does again; None for none."""
        return self._steps[self._position] if self._position < len(self._steps) else None

    @property
    def limit_bytes(self) -> int:
        """How much memory the steps may hold."""
        return self._limit

    def set_limit(self, limit_bytes: int) -> None:
        """Hold no more than this from now on; the oldest steps go at once."""
        count, self._limit = len(self._steps), limit_bytes
        self._drop_oldest()
        if len(self._steps) != count:
            self.changed.emit()

    @property
    def nbytes(self) -> int:
        return sum(step.nbytes for step in self._steps)

    @property
    def is_held(self) -> bool:
        """True while a change is in progress, such as a stroke: no other can be made."""
        return self._held

    @property
    def can_undo(self) -> bool:
        return self._position > 0 and not self._held

    @property
    def can_redo(self) -> bool:
        return self._position < len(self._steps) and not self._held

    @property
    def undo_title(self) -> str:
        """The title of the step that `undo` takes back; empty for none."""
        return self.top.title if self.top is not None else ""

    @property
    def redo_title(self) -> str:
        """The title of the step that `redo` does again; empty for none."""
        return self.next.title if self.next is not None else ""

    @property
    def is_saved(self) -> bool:
        """True when the document is as it was at the last `mark_saved`, or at the start."""
        return self._saved == self._position

    @property
    def point(self) -> UndoPoint:
        """Where the document stands now, for `mark_saved` later."""
        return UndoPoint(self._dropped + self._position, self.top)

    def mark_saved(self, point: UndoPoint | None = None) -> None:
        """What the document was at `point`, or is now, is what is saved; maybe no way leads back there."""
        point = point or self.point
        position = point.count - self._dropped
        known = 0 <= position <= len(self._steps)
        if known and position > 0:
            known = self._steps[position - 1] is point.top
        self._saved = position if known else None
        self.changed.emit()

    def mark_unsaved(self) -> None:
        """What undo starts from was never saved: no way leads back to what is in a file."""
        self._saved = None
        self.changed.emit()

    def push(self, step: UndoStep) -> None:
        """Add a step that was just done; steps that were undone before are gone for good."""
        del self._steps[self._position :]
        if self._saved is not None and self._saved > self._position:
            self._saved = None
        self._steps.append(step)
        self._position += 1
        self._compress(step)
        self._drop_oldest()
        self.changed.emit()

    def replace_top(self, step: UndoStep) -> None:
        """Put a step that was just done in the place of the last one, which it includes.

        Raises:
            ValueError: there is no last step, others were taken back, or the last one is where it was saved.
        """
        if not self.is_top_open:
            raise ValueError("this step cannot be joined with the one before")
        self._steps[-1] = step
        self._compress(step)
        self._drop_oldest()
        self.changed.emit()

    @property
    def is_top_open(self) -> bool:
        """Whether `replace_top` can be: the last step is the newest one, and nothing was saved since."""
        return 0 < self._position == len(self._steps) and not self.is_saved

    def undo(self) -> None:
        """Take back the last step; nothing happens when there is none or a change is in progress."""
        if not self.can_undo:
            return
        step = self._steps[self._position - 1]
        step.undo()
        self._position -= 1
        self.changed.emit()
        self._compress(step)

    def redo(self) -> None:
        """Do the next step again; nothing happens when there is none or a change is in progress."""
        if not self.can_redo:
            return
        step = self._steps[self._position]
        step.redo()
        self._position += 1
        self.changed.emit()
        self._compress(step)

    def go_to(self, position: int) -> None:
        """Take back or do again, one after the other, until `position` steps are done."""
        position = min(max(position, 0), len(self._steps))
        while self._position > position and self.can_undo:
            self.undo()
        while self._position < position and self.can_redo:
            self.redo()

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """While a change is in progress nothing can be undone or redone under it.

        Raises:
            InternalError: another change is in progress.
        """
        if self._held:
            raise refused_change("two changes at a time")
        self._held = True
        self.changed.emit()
        try:
            yield
        finally:
            self._held = False
            self.changed.emit()

    def _compress(self, step: UndoStep) -> None:
        if self._compressor is None:
            step.compress(no_wait)
        else:
            self._compressor(step.compress)

    def _drop_oldest(self) -> None:
        """Keep to the limit, but never drop the last step done: a change that was made can be taken back."""
        total = self.nbytes
        while total > self._limit and self._position > 1:
            total -= self._steps.pop(0).nbytes
            self._position -= 1
            self._dropped += 1
            if self._saved is not None:
                self._saved = self._saved - 1 if self._saved > 0 else None
