"""The flattened picture: visible layers over the photograph, for the screen and for what is sent or exported.

The 8-bit sRGB picture and its pyramid are a cache, brought up to date only where layers changed: at once where
that is quick, else by a worker, whose work is then put in bit by bit, so that nobody who draws waits for it. What
is exported is made anew from the photograph's own samples. Nothing here knows undo, masks or files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from app.base.cancel import CancelToken
from app.base.errors import InternalError
from app.base.geometry import Rect
from app.base.text import tr
from app.base.turns import some_of
from app.document.layers import EditLayer
from app.document.named_masks import PreparedMask, prepare_mask
from app.document.original import Original
from app.document.tiles import tiles_of
from app.imaging.arrays import U8, Samples, as_u8
from app.imaging.blend import alpha_inside, blend
from app.imaging.colour import ColourSpace, to_working
from app.imaging.masks import bounds
from app.imaging.photograph import Photograph
from app.imaging.pyramid import Pyramid
from app.imaging.ranges import Ranges

AT_ONCE = 30_000
"""Pixels up to which a change is made on the caller's thread: about as many as two milliseconds are enough for."""
_PIECE = 512
"""Edge of the pieces in which large changes are made."""
_MANY = 100
"""Tiles that are let go of at once; more are in a thread."""

Made = list[tuple[Rect, U8]]
"""Parts of the picture, (h, w, 4) BGRA, as they are to be."""
Background = Callable[[Callable[[], Made], Callable[[Callable[[], Made]], None]], None]
"""Runs the first function on another thread, and then the second one on this thread, with one that gives what the
first returned, or raises what it raised."""


@dataclass(frozen=True, slots=True, eq=False)
class PreparedPicture:
    """The large arrays of a document that is about to open, with all their memory really there."""

    picture: U8
    """(H, W, 4) BGRA, 8-bit sRGB, straight alpha, writable."""
    pyramid: Pyramid
    """Over `picture`."""
    mask: PreparedMask
    """Of the document's first mask, empty."""


def prepare(photograph: Photograph, cancel: CancelToken | None = None) -> PreparedPicture:
    """Make what a `Document` needs; takes a while, so it is done in a worker.

    Raises:
        Cancelled: `cancel` was cancelled.
    """
    picture = _writable(to_working(photograph, cancel=cancel))
    pyramid = Pyramid.build(picture, cancel, straight_alpha=photograph.has_alpha)
    return PreparedPicture(picture, pyramid, prepare_mask(photograph.size, cancel=cancel))


def _writable(picture: U8) -> U8:
    """`picture`, writable, without a copy where that can be.

    A photograph that shares its buffer holds it read-only, against writes by mistake. The document may write
    into it, since `Original` keeps what it overwrites.
    """
    if picture.flags.writeable:
        return picture
    try:
        picture.flags.writeable = True
    except ValueError:
        return picture.copy()
    view = picture.view()
    picture.flags.writeable = False
    return view


class Composition:
    """The flattened 8-bit picture, kept up to date, and exact flattening of the photograph's own samples."""

    def __init__(self, photograph: Photograph, prepared: PreparedPicture) -> None:
        """Until `work_in` is called all is done when `show` returns."""
        self.picture = prepared.picture
        self.pyramid = prepared.pyramid
        self.ranges = Ranges(prepared.picture)
        self._photograph = photograph
        self._original = Original(photograph, prepared.picture)
        self._tell: Callable[[tuple[Rect, ...]], None] = lambda rects: None
        self._background: Background | None = None
        self._shown: tuple[EditLayer, ...] = ()
        """What the picture shows, or will once the running job is put in."""
        self._wanted: tuple[EditLayer, ...] = ()
        self._is_busy = False

    def work_in(self, background: Background, tell: Callable[[tuple[Rect, ...]], None]) -> None:
        """Have large changes made there. `tell` is called with what changed after `show` returned, at last when
        nothing more will, and with nothing where work failed.
        """
        self._background, self._tell = background, tell

    @property
    def is_settled(self) -> bool:
        """Whether the picture shows what was asked for last."""
        return not self._is_busy

    def show(self, layers: Sequence[EditLayer], within: Rect | None = None) -> tuple[Rect, ...]:
        """Have the picture show `layers`, at once, or else soon; whatever was asked for before is overtaken.

        `within` is known to contain all document pixels in which these layers cover another thing than those that
        were asked for before, where nothing but that became another.

        Returns:
            Rectangles of document pixels that contain every pixel that changed by now.
        """
        known = within if self._wanted == self._shown else None
        before, self._wanted = self._wanted, tuple(layer for layer in layers if layer.is_shown)
        if self._is_busy:
            return ()
        try:
            return self._go_on(known)
        except BaseException:
            self._wanted = before
            raise

    def _go_on(self, within: Rect | None = None) -> tuple[Rect, ...]:
        """Start on what is wanted and not shown yet."""
        wanted, dirty = self._wanted, changed_areas(self._shown, self._wanted, within)
        pieces = tuple(_pieces(dirty))

        def make() -> Made:
            return [(rect, self._made(rect, wanted)) for rect in reversed(pieces)]

        if self._background is None or sum(rect.area for rect in dirty) <= AT_ONCE:
            # All is made before any is written, so that a failure leaves the picture whole.
            for rect, pixels in make():
                self._put(rect, pixels)
            self._finish(pieces, wanted)
            return dirty
        self._is_busy = True
        self._background(make, lambda result: self._take(result, pieces, wanted))
        return ()

    def _take(
        self, result: Callable[[], Made], pieces: tuple[Rect, ...], layers: tuple[EditLayer, ...]
    ) -> None:
        """Put in some of what a worker has made, and the rest after others had their turn."""
        try:
            made = result()
        except BaseException:
            self._is_busy = False
            self._tell(())
            raise
        written = [rect for rect, _ in some_of(made, lambda piece: self._put(*piece))]
        if made and self._background is not None:
            self._tell(tuple(written))
            self._background(lambda: made, lambda rest: self._take(rest, pieces, layers))
            return
        self._finish(pieces, layers)
        self._is_busy = False
        self._tell((*written, *self._go_on()))

    def _made(self, rect: Rect, shown: Sequence[EditLayer]) -> U8:
        """What is to be written at `rect`, after the original there was kept. In any thread."""
        self._original.keep(rect)
        return self._composed(rect, shown)

    def _put(self, rect: Rect, pixels: U8) -> None:
        self.picture[rect.slices] = pixels
        self.pyramid.update(rect)
        self.ranges.mark(rect)

    def _finish(self, pieces: tuple[Rect, ...], layers: tuple[EditLayer, ...]) -> None:
        """These layers are shown: drop kept originals that none of them covers any more."""
        self._shown = layers
        tiles = {tile for rect in pieces for tile in tiles_of(rect)}
        for layer in layers:
            tiles.difference_update(tiles_of(layer.covered))
        released = self._original.release(tiles)
        if self._background is not None and len(released) > _MANY:
            self._background(lambda: _let_go(released), lambda done: None)

    def _composed(self, rect: Rect, shown: Sequence[EditLayer]) -> U8:
        """The picture of `rect` with the layers `shown`, (h, w, 4) BGRA; alpha is the photograph's own."""
        result = self._original.picture(rect)
        colours = as_u8(cv2.cvtColor(result, cv2.COLOR_BGRA2RGB))
        for layer in shown:
            part = layer.covered.intersected(rect)
            if not part.is_empty:
                target = colours[part.relative_to(rect).slices]
                patch = layer.pixels[part.relative_to(layer.region).slices]
                target[...] = blend(target, patch, softened(layer, part), layer.opacity, layer.mode)
        cv2.mixChannels([colours], [result], [2, 0, 1, 1, 0, 2])
        return result

    def flattened(self, layers: Sequence[EditLayer], rect: Rect) -> U8:
        """What the picture of `rect` is with the visible ones of `layers`, (h, w, 4) BGRA. In any thread."""
        return self._composed(rect, [layer for layer in layers if layer.is_shown])

    def original_samples(self, rect: Rect) -> Samples:
        """The photograph's own samples of `rect` without any layer; a new array. In any thread."""
        return self._original.samples(rect)

    def original(self, rect: Rect) -> U8:
        """The photograph without any layer, (h, w, 4) BGRA, 8-bit sRGB; a new array. In any thread."""
        return self._original.picture(rect)

    def flatten(self, layers: Sequence[EditLayer], rect: Rect) -> Samples:
        """The photograph's own samples of `rect` with the visible layers over them, in order; a new array.

        Samples that no layer covers are bit-identical to the photograph's. In any thread.

        Raises:
            InternalError: they are not; nothing may be written then.
        """
        result = self._original.samples(rect)
        space = ColourSpace(self._photograph.metadata.icc, self._photograph.channels)
        for layer in layers:
            part = layer.covered.intersected(rect)
            if part.is_empty or not layer.is_shown:
                continue
            target = result[part.relative_to(rect).slices]
            inner = part.relative_to(layer.region).slices
            patch = space.from_srgb(layer.pixels[inner], target)
            blended = blend(target, patch, softened(layer, part), layer.opacity, layer.mode)
            kept = layer.coverage[inner] == 0
            if not np.array_equal(blended[kept], target[kept]):
                raise InternalError(
                    tr("A change reached beyond the mask, so it was stopped."),
                    tr("Remove the edit and run it again."),
                    details=f"layer {layer.id} changed samples of coverage 0",
                )
            target[...] = blended
        return result


def _let_go(arrays: list[U8]) -> Made:
    """Free them one by one, so that others have their turn."""
    while arrays:
        arrays.pop()
    return []


def changed_areas(
    before: Sequence[EditLayer], after: Sequence[EditLayer], within: Rect | None = None
) -> tuple[Rect, ...]:
    """Rectangles of document pixels outside which two stacks of shown layers look the same.

    Outside `within` the same is known to be covered, where only coverage differs.
    """
    old, new = list(before), list(after)
    while old and new and old[0] is new[0]:
        del old[0], new[0]
    while old and new and old[-1] is new[-1]:
        del old[-1], new[-1]
    if [layer.id for layer in old] == [layer.id for layer in new]:
        found = [rect for pair in zip(old, new, strict=True) for rect in _differences(*pair, within)]
    else:
        found = [layer.covered for layer in (*old, *new)]
    return tuple(dict.fromkeys(rect for rect in found if not rect.is_empty))


def _differences(one: EditLayer, other: EditLayer, within: Rect | None) -> tuple[Rect, ...]:
    looks = [(e.region, id(e.pixels), e.opacity, e.mode, e.recipe.feather) for e in (one, other)]
    if looks[0] != looks[1]:
        return one.covered, other.covered
    if one.coverage is other.coverage:
        return ()
    changed = within
    if changed is None:
        covered = one.covered.united(other.covered)
        inner = covered.relative_to(one.region).slices
        found = bounds(as_u8(cv2.absdiff(one.coverage[inner], other.coverage[inner])))
        changed = found.translated(covered.x, covered.y)
    if changed.is_empty:
        return ()
    # Softness follows the edge into the layer.
    return (changed.expanded(one.recipe.feather + 1).intersected(one.region),)


def _pieces(rects: Iterable[Rect]) -> Iterator[Rect]:
    """The area of `rects`, each pixel once, in pieces on a grid."""
    taken: dict[tuple[int, int], Rect] = {}
    for rect in rects:
        for piece in rect.tiles(_PIECE):
            cell = piece.intersected(rect)
            place = cell.x // _PIECE, cell.y // _PIECE
            taken[place] = taken[place].united(cell) if place in taken else cell
    yield from taken.values()


def softened(layer: EditLayer, part: Rect) -> U8:
    """The weight of the layer in `part` (document pixels, inside its region): (h, w), 0 wherever its coverage is."""
    # No edge that is farther away than this reaches into the part.
    around = part.expanded(layer.recipe.feather + 1).intersected(layer.region)
    alpha = alpha_inside(layer.coverage[around.relative_to(layer.region).slices], layer.recipe.feather)
    return alpha[part.relative_to(around).slices]
