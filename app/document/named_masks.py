"""A document's masks: each with a name, and with a pyramid that is brought up to date when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.base.cancel import CancelToken
from app.base.geometry import Rect, Size
from app.document.mask import Mask, blank_coverage
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
        self._stale: list[Rect] = []
        mask.changed.connect(self._changed.extend)

    @property
    def arrays(self) -> tuple[U8, ...]:
        """The levels, largest first: always these arrays, and as `refresh` left them."""
        return self._pyramid.levels

    def refresh(self, within: Rect) -> None:
        """Bring up to date what lies in `within`, in pixels of the mask."""
        # On whole tiles no pixel of a level is made of some that are up to date and some that are not.
        wide = Rect.from_edges(
            within.x // TILE * TILE,
            within.y // TILE * TILE,
            -(-within.right // TILE) * TILE,
            -(-within.bottom // TILE) * TILE,
        )
        for rect in self._take_stale():
            part = rect.intersected(wide)
            if not part.is_empty:
                self._pyramid.update(part)
            self._stale += rect.without(wide)

    def refresh_some(self) -> bool:
        """Bring some more up to date, which is quick; True when there is nothing left to do."""
        stale = self._stale or self._changed
        if stale:
            first = stale[0]
            self.refresh(Rect(first.x, first.y, min(first.width, _SOME), min(first.height, _SOME)))
        return not self._stale

    def _take_stale(self) -> list[Rect]:
        """All that is stale; what is not brought up to date is to be put back."""
        taken = [*self._stale, *_joined(self._changed)]
        self._stale.clear()
        self._changed.clear()
        return taken


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
    ) -> NamedMask:
        """A mask over prepared arrays, which belong to it; it changes on this thread, and inside `limit`.

        `follow` is called with the mask and what changed in it.
        """
        mask = Mask(prepared.plane.size, plane=prepared.plane, limit=limit)
        mask.changed.connect(lambda rects: follow(mask, rects))
        return cls(name, mask, MaskLevels(mask, prepared.pyramid))

    @property
    def nbytes(self) -> int:
        """Of the coverage and its pyramid, which has a third as many pixels again."""
        return self.mask.size.area * 4 // 3


def _joined(rects: list[Rect]) -> list[Rect]:
    """`rects` with neighbours in the list joined where that adds little, to update them fewer times."""
    joined: list[Rect] = []
    for rect in rects:
        if joined:
            both = joined[-1].united(rect)
            if both.area <= 2 * (joined[-1].area + rect.area):
                joined[-1] = both
                continue
        joined.append(rect)
    return joined
