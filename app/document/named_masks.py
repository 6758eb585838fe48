"""A document's masks: each with a name, and with a pyramid that is brought up to date when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.base.cancel import CancelToken
from app.base.geometry import Rect, Size
from app.document.mask import Later, Mask, blank_coverage
from app.document.tiles import TILE, Plane
from app.imaging.arrays import U8
from app.imaging.pyramid import Pyramid

_SOME = 2048
"""Edge of what is brought up to date at once where nobody waits for it, in pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class PreparedMask:
    """The large arrays of a mask that is about to be added, with all their memory really there."""

    plane: Plane
    pyramid: Pyramid
    """Over the plane's pixels."""


def prepare_mask(size: Size, coverage: U8 | None = None, cancel: CancelToken | None = None) -> PreparedMask:
    """Make what `Document.add_mask` needs; takes a while, so it is done in a worker.

    `coverage` (H, W) belongs to the mask from then on; without it the mask is empty.

    Raises:
        Cancelled: `cancel` was cancelled.
    """
    pixels = blank_coverage(size) if coverage is None else coverage
    return PreparedMask(Plane(pixels), Pyramid.build(pixels, cancel))


class MaskLevels:
    """The pyramid over a mask. A frame pays once for many changes, and only for what it shows of them."""

    __slots__ = ("_changed", "_pyramid", "_stale")

    def __init__(self, mask: Mask, pyramid: Pyramid) -> None:
        self._pyramid = pyramid
        self._changed: list[Rect] = []
        """What was told since `_stale` was looked at last."""
        self._stale: list[list[Rect]] = [[] for _ in pyramid.levels]
        """What is to be done, by the first level that is out of date there: all that are smaller are, too."""
        mask.changed.connect(self._changed.extend)

    @property
    def arrays(self) -> tuple[U8, ...]:
        """The levels, largest first: always these arrays, and as `refresh` left them."""
        return self._pyramid.levels

    def refresh(self, within: Rect, level: int | None = None) -> None:
        """Bring up to date what lies in `within`, in pixels of the mask, of all levels or of those up to `level`.

        A stroke needs the one that is shown: the smaller ones follow when nobody waits, or one zooms out.
        """
        smallest = len(self._stale) - 1
        level = smallest if level is None else min(level, smallest)
        # On whole tiles no pixel of a level is made of some that are up to date and some that are not.
        wide = within.on_grid(TILE)
        self._take_changed()
        for first in range(1, level + 1):
            stale, self._stale[first] = self._stale[first], []
            for rect in stale:
                part = rect.intersected(wide)
                if not part.is_empty:
                    self._pyramid.update(part, first, level)
                    if level < smallest:
                        _join(self._stale[level + 1], part)
                self._stale[first] += rect.without(wide)

    def refresh_some(self) -> bool:
        """Bring some more up to date, which is quick; True when there is nothing left to do."""
        self._take_changed()
        first = next((rects[0] for rects in self._stale if rects), None)
        if first is not None:
            self.refresh(Rect(first.x, first.y, min(first.width, _SOME), min(first.height, _SOME)))
        return not any(self._stale)

    def _take_changed(self) -> None:
        if len(self._stale) > 1:
            for rect in self._changed:
                _join(self._stale[1], rect)
        self._changed.clear()


@dataclass(frozen=True, slots=True, eq=False)
class NamedMask:
    """One of a document's masks. Renamed by `dataclasses.replace`, so that undo keeps what it was."""

    name: str
    mask: Mask
    levels: MaskLevels

    @classmethod
    def made(
        cls,
        name: str,
        prepared: PreparedMask,
        follow: Callable[[Mask, tuple[Rect, ...]], None],
        limit: Rect | None = None,
        later: Later | None = None,
    ) -> NamedMask:
        """A mask over prepared arrays, which belong to it; it changes on this thread, and inside `limit`.

        `follow` is called with the mask and what changed in it. `later` is as for a `Mask`.
        """
        mask = Mask(prepared.plane.size, plane=prepared.plane, limit=limit, later=later)
        mask.changed.connect(lambda rects: follow(mask, rects))
        return cls(name, mask, MaskLevels(mask, prepared.pyramid))

    @property
    def nbytes(self) -> int:
        """Of the coverage and its pyramid, which has a third as many pixels again."""
        return self.mask.size.area * 4 // 3


def _join(rects: list[Rect], rect: Rect) -> None:
    """Add `rect`, joined with the last of `rects` where that adds little, to update them fewer times."""
    if rects:
        both = rects[-1].united(rect)
        if both.area <= 2 * (rects[-1].area + rect.area):
            rects[-1] = both
            return
    rects.append(rect)
