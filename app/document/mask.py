"""The mask: what is to be edited, as dense 8-bit coverage, and the one way to change it.

A mask owns its pixels, their occupancy and the news of changes. It knows no brush, no view and no undo stack:
an edit hands back a step, and whoever opened it keeps it.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

import cv2
import numpy as np

from app.base.geometry import EMPTY, Rect, Size
from app.base.signal import Signal
from app.base.turns import some_of
from app.document.thread import OneThread, refused_change
from app.document.tiles import TILE, Plane, TileChange, TileSnapshot, merged_tiles
from app.document.undo import Wait, no_wait
from app.imaging.arrays import U8, Bool

_MANY = 24
"""Tiles from which a step is made ready in a thread: up to there the wait cannot be felt."""


Later = Callable[[Callable[[], None]], None]
"""Calls a function on the same thread, after others had their turn."""


class Mask:
    """Coverage of a document's size, uint8, 255 = edit. It changes on the thread that made it.

    A large change is put in bit by bit, if somebody calls `later`. Whoever wants the pixels on that thread meanwhile
    has the rest put in first; so does every other change. Other threads see by the revision that it went on.
    """

    def __init__(
        self,
        size: Size,
        pixels: U8 | None = None,
        *,
        plane: Plane | None = None,
        limit: Rect | None = None,
        later: Later | None = None,
    ) -> None:
        """An empty mask, or one over `pixels` (H, W), C-contiguous, which belong to the mask from now on.

        A `plane` is a worker's: over pixels, and with what they hold already looked up. Beyond `limit` nothing is
        ever covered, whatever is painted there. Without `later` all is put in at once.
        """
        if plane is None:
            plane = Plane(blank_coverage(size) if pixels is None else pixels)
        if plane.size != size:
            raise ValueError(f"coverage of {plane.size} for a mask of {size}")
        self.changed: Signal[[tuple[Rect, ...]]] = Signal()
        """Emitted with rectangles of document pixels that contain every pixel that may have changed."""
        self._plane = plane
        self._revision = 0
        self._coverage = plane.pixels.view()
        self._coverage.flags.writeable = False
        self._thread = OneThread()
        self._edit: MaskEdit | None = None
        self._limit = limit or size.rect
        self._later = later
        self._rest: list[TileChange] = []
        """What is still to be put in, the next one last."""

    @property
    def size(self) -> Size:
        return self._plane.size

    @property
    def coverage(self) -> U8:
        """The pixels (H, W), read-only; the same array as long as the mask lives."""
        self._settle()
        return self._coverage

    @property
    def occupied(self) -> Bool:
        """Per tile of TILE pixels, rows first: False = no coverage at all. Exact when no edit is open."""
        return self._plane.occupied

    @property
    def revision(self) -> int:
        """Rises with every change: work on a copy is good as long as it has not."""
        return self._revision

    @property
    def is_settled(self) -> bool:
        """False while a large change is put in."""
        return not self._rest

    @property
    def is_being_edited(self) -> bool:
        return self._edit is not None

    @property
    def is_empty(self) -> bool:
        return self.bounds().is_empty

    def bounds(self) -> Rect:
        """The smallest rectangle around everything with coverage > 0; reads the outermost tiles only."""
        self._settle()
        rows, columns = np.nonzero(self._plane.occupied)
        if rows.size == 0:
            return EMPTY
        top, left = int(rows.min()) * TILE, int(columns.min()) * TILE
        last_row, last_column = int(rows.max()) * TILE, int(columns.max()) * TILE
        area = Rect.from_edges(left, top, last_column + TILE, last_row + TILE).intersected(self.size.rect)
        if self._edit is not None:
            # The grid may name tiles that hold nothing while an edit is open.
            return self._covered(area)
        first_y = self._covered(Rect.from_edges(left, top, area.right, min(top + TILE, area.bottom))).y
        first_x = self._covered(Rect.from_edges(left, top, min(left + TILE, area.right), area.bottom)).x
        end_y = self._covered(Rect.from_edges(left, last_row, area.right, area.bottom)).bottom
        end_x = self._covered(Rect.from_edges(last_column, top, area.right, area.bottom)).right
        return Rect.from_edges(first_x, first_y, end_x, end_y)

    def _covered(self, area: Rect) -> Rect:
        x, y, width, height = cv2.boundingRect(self._coverage[area.slices])
        return Rect(x + area.x, y + area.y, width, height) if width else EMPTY

    def share(self) -> float:
        """The share of the document's pixels with coverage > 0, from 0 to 1."""
        if self.size.is_empty:
            return 0.0
        # Few calls on many tiles each: after every one of them the interpreter's lock must be had again.
        tiles = [(row, column) for row, column in np.argwhere(self._plane.occupied).tolist()]
        covered = sum(
            cv2.countNonZero(self._coverage[rect.slices]) for rect in merged_tiles(tiles, self.size)
        )
        return covered / self.size.area

    def edit(self, title: str) -> MaskEdit:
        """Open the mask for changes, in a `with` block: it commits, or rolls back on any exception.

        Raises:
            InternalError: on another thread, or while another edit is open.
        """
        self._check_free()
        self._edit = MaskEdit(self, self._plane, title)
        return self._edit

    def replace(self, coverage: U8, title: str) -> MaskStep | None:
        """Take over the values of `coverage` (H, W); None when they are the mask's own.

        Raises:
            ValueError: `coverage` has another size.
        """
        if coverage.shape != self._coverage.shape:
            raise ValueError(f"coverage of shape {coverage.shape} for a mask of {self.size}")
        with self.edit(title) as edit:
            edit.view(self.size.rect)[...] = coverage
            edit.mark(self.size.rect)
        return edit.step

    def clipped(self, coverage: U8, at: Rect) -> U8:
        """What the mask can take over of `coverage` (at.height, at.width): beyond its limit it stays empty.

        For a worker that makes tiles to `put`. The very array where nothing lies beyond, else a copy.
        """
        if self._limit.contains(at):
            return coverage
        clipped = coverage.copy()
        for strip in at.without(self._limit):
            clipped[strip.relative_to(at).slices] = 0
        return clipped

    def put(self, change: TileChange, title: str) -> MaskStep | None:
        """Take over tiles that a worker has made of the mask as it is now; None for no tiles.

        See `TileSnapshot.of_changes`.
        """
        if not len(change):
            return None
        return MaskStep(title, self, self._put(change))

    def invert(self, title: str) -> InvertStep:
        """Turn every value v into 255 - v. Undone by doing it again, so nothing is kept for that."""
        self._flip()
        return InvertStep(title, self)

    def _flip(self) -> None:
        self._check_free()
        self._plane.invert()
        self._tell((self.size.rect,))

    def _check_free(self) -> None:
        self._thread.check()
        self._settle()
        if self._edit is not None:
            raise refused_change("the mask is being edited")

    def _swap(self, tiles: TileSnapshot) -> TileSnapshot:
        """Put stored tiles back, tell it, and return what stood there."""
        self._check_free()
        inverse = tiles.restore(self._plane)
        self._tell(tiles.rects(self.size))
        return inverse

    def _put(self, change: TileChange) -> TileSnapshot:
        self._check_free()
        self._rest = list(change.bands())[::-1]
        self._put_some(at_once=self._later is None)
        return change.old

    def _settle(self) -> None:
        """Put in all that is left, where that may be done."""
        if self._rest and self._thread.is_this:
            self._put_some(at_once=True)

    def _put_some(self, *, at_once: bool) -> None:
        done = some_of(self._rest, lambda band: band.put(self._plane), at_once=at_once)
        if self._rest and self._later is not None:
            self._later(lambda: self._put_some(at_once=False))
        if done:
            self._tell(tuple(rect for band in done for rect in band.rects))

    def _tell(self, rects: tuple[Rect, ...]) -> None:
        self._clear_beyond(rects)
        self._revision += 1
        self.changed.emit(rects)

    def _clear_beyond(self, rects: tuple[Rect, ...]) -> None:
        """Take away what was painted in `rects` beyond the limit."""
        for rect in rects:
            for strip in rect.without(self._limit):
                self._plane.pixels[strip.slices] = 0
                if self._edit is None:
                    for cell in strip.tiles(TILE):
                        self._plane.settle((cell.y // TILE, cell.x // TILE))

    def _close_edit(self) -> None:
        self._edit = None


class MaskEdit:
    """A mask opened for changes. Every tile is kept once before its first change."""

    __slots__ = ("_mask", "_open", "_plane", "_tiles", "step", "title")

    def __init__(self, mask: Mask, plane: Plane, title: str) -> None:
        """Use `Mask.edit`."""
        self.title = title
        self.step: MaskStep | None = None
        """After the end: what was done, to be put on an undo stack; None when the mask is as it was."""
        self._mask = mask
        self._plane = plane
        self._tiles = TileSnapshot()
        self._open = True

    def __enter__(self) -> MaskEdit:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._open:
            if kind is None:
                self.commit()
            else:
                self.rollback()

    @property
    def size(self) -> Size:
        return self._plane.size

    def bounds(self) -> Rect:
        """The smallest rectangle around everything with coverage > 0 now."""
        return self._mask.bounds()

    def view(self, rect: Rect) -> U8:
        """The pixels of `rect`, writable and in place, for changes at once; its tiles are kept before.

        Whoever writes says so by `mark`.

        Raises:
            ValueError: `rect` reaches beyond the mask.
            InternalError: the edit is over, or this is another thread.
        """
        if not self._open:
            raise refused_change("the edit of the mask is over")
        self._mask._thread.check()
        tiles, plane = self._tiles, self._plane
        left, top, right, bottom = rect.x, rect.y, rect.x + rect.width, rect.y + rect.height
        if left < 0 or top < 0 or right > plane.size.width or bottom > plane.size.height:
            raise ValueError(f"{rect} reaches beyond a mask of {self.size}")
        if not rect.is_empty:
            for row in range(top // TILE, (bottom - 1) // TILE + 1):
                for column in range(left // TILE, (right - 1) // TILE + 1):
                    if tiles.keep(plane, (row, column)):
                        plane.occupied[row, column] = True
        return plane.pixels[top:bottom, left:right]

    def mark(self, *rects: Rect) -> None:
        """Tell that pixels in `rects` may have changed: once per event, with all that it changed."""
        dirty = tuple(rect for rect in rects if not rect.is_empty)
        if dirty:
            self._mask._tell(dirty)

    def commit(self) -> MaskStep | None:
        """End the edit and keep the change; the step that takes it back, or None when nothing changed."""
        self._end()
        self._tiles.drop_unchanged(self._plane)
        if len(self._tiles):
            self.step = MaskStep(self.title, self._mask, self._tiles)
        return self.step

    def rollback(self) -> None:
        """End the edit and put back the very bits from before it."""
        self._end()
        if len(self._tiles):
            self._tiles.restore(self._plane)
            self._mask._tell(self._tiles.rects(self.size))

    def _end(self) -> None:
        if not self._open:
            raise refused_change("the edit of the mask is over")
        self._mask._thread.check()
        self._open = False
        self._mask._close_edit()


class MaskStep:
    """A change of a mask that can be taken back: the tiles of the other side, before or after it."""

    __slots__ = ("_mask", "_ready", "_tiles", "title")

    def __init__(self, title: str, mask: Mask, before: TileSnapshot) -> None:
        self.title = title
        self._mask = mask
        self._tiles = before
        self._ready: tuple[int, TileChange] | None = None
        """The mask's revision, and what this step does to the mask as it is then."""

    @property
    def nbytes(self) -> int:
        return self._tiles.nbytes

    @property
    def takes_long(self) -> bool:
        return len(self._tiles) > _MANY

    def prepare(self, *, back: bool) -> None:
        """Unpack the tiles and keep what stands in their place; may run in another thread.

        Of no use, and not used, when the mask changes meanwhile.
        """
        revision = self._mask.revision
        self._ready = revision, self._tiles.change_of(self._mask._plane)

    def undo(self) -> None:
        self._swap()

    def redo(self) -> None:
        self._swap()

    def _swap(self) -> None:
        ready, self._ready = self._ready, None
        if ready is not None and ready[0] == self._mask.revision:
            self._tiles = self._mask._put(ready[1])
        else:
            self._tiles = self._mask._swap(self._tiles)

    def compress(self, wait: Wait = no_wait) -> None:
        """Hold the tiles compressed; may run in another thread, see `TileSnapshot`."""
        self._tiles.compress(wait)


class InvertStep:
    """A mask turned round."""

    __slots__ = ("_mask", "title")

    def __init__(self, title: str, mask: Mask) -> None:
        self.title = title
        self._mask = mask

    @property
    def nbytes(self) -> int:
        return 0

    @property
    def takes_long(self) -> bool:
        return False

    def prepare(self, *, back: bool) -> None:
        """There is nothing to make ready."""

    def undo(self) -> None:
        self._mask._flip()

    def redo(self) -> None:
        self._mask._flip()

    def compress(self, wait: Wait = no_wait) -> None:
        """There is nothing to make smaller."""


def blank_coverage(size: Size) -> U8:
    """Coverage of 0 whose memory is really there: a first stroke must not wait for pages."""
    coverage = np.empty((size.height, size.width), np.uint8)
    coverage.fill(0)
    return coverage
