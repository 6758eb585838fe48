"""The flattened picture: visible layers over the photograph, for the screen and for what is sent or exported.

The 8-bit sRGB picture and its pyramid are a cache, brought up to date only where layers came or went. What is
exported is made anew from the photograph's own samples. Nothing here knows undo, masks or files.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from app.base.cancel import CancelToken
from app.base.errors import InternalError
from app.base.geometry import Rect
from app.base.text import tr
from app.document.layers import EditLayer
from app.document.named_masks import PreparedMask, prepare_mask
from app.document.original import Original
from app.document.tiles import TILE
from app.imaging.arrays import U8, Samples, as_u8
from app.imaging.blend import alpha_inside, blend
from app.imaging.colour import ColourSpace, to_working
from app.imaging.photograph import Photograph
from app.imaging.pyramid import Pyramid


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
        self.picture = prepared.picture
        self.pyramid = prepared.pyramid
        self._photograph = photograph
        self._original = Original(photograph, prepared.picture)
        self._alphas: dict[EditLayer, U8] = {}
        self._drawing = threading.Lock()
        self._drawn: tuple[EditLayer, ...] = ()
        self._untold: tuple[Rect, ...] = ()

    def draw_ahead(self, layers: tuple[EditLayer, ...]) -> None:
        """Draw these layers already, which the document is about to have. In any thread.

        Whoever draws meanwhile waits, and draws from there. What changed is told by the next `draw`.
        """
        with self._drawing:
            self._untold += self._update(self._drawn, layers)
            self._drawn = layers

    def draw(self, layers: tuple[EditLayer, ...]) -> tuple[Rect, ...]:
        """Draw these layers and no others.

        Returns:
            Rectangles of document pixels that contain every pixel that changed, ahead or now.
        """
        self.draw_ahead(layers)
        dirty, self._untold = tuple(dict.fromkeys(self._untold)), ()
        return dirty

    def _update(self, before: Sequence[EditLayer], after: Sequence[EditLayer]) -> tuple[Rect, ...]:
        """Show the layers `after` in the place of `before`.

        Returns:
            Rectangles of document pixels that contain every pixel that changed.
        """
        old, new = list(_shown(before)), list(_shown(after))
        while old and new and old[0] is new[0]:
            del old[0], new[0]
        while old and new and old[-1] is new[-1]:
            del old[-1], new[-1]
        dirty = tuple(dict.fromkeys(layer.covered for layer in (*old, *new)))
        shown = list(_shown(after))
        self._alphas = {layer: self._alphas[layer] for layer in shown if layer in self._alphas}
        # All is made before any is written, so that a failure leaves the picture whole.
        composed = [(rect, self._composed(rect, shown)) for rect in dirty]
        for rect, pixels in composed:
            # The lock is held for one band at a time: nobody who looks at the original waits for all of them.
            for top in range(rect.y // TILE * TILE, rect.bottom, TILE):
                band = Rect(rect.x, top, rect.width, TILE).intersected(rect)
                with self._original.lock:
                    self._original.keep(band)
                    self.picture[band.slices] = pixels[band.relative_to(rect).slices]
        with self._original.lock:
            for rect in dirty:
                self._release(rect, shown)
        for rect in dirty:
            self.pyramid.update(rect)
        return dirty

    def _composed(self, rect: Rect, shown: Sequence[EditLayer]) -> U8:
        """The picture of `rect` with the layers `shown`, (h, w, 4) BGRA; alpha is the photograph's own."""
        result = self._original.picture(rect)
        colours = as_u8(cv2.cvtColor(result, cv2.COLOR_BGRA2BGR))
        for layer in shown:
            part = layer.covered.intersected(rect)
            if not part.is_empty:
                target = colours[part.relative_to(rect).slices]
                inner = layer.pixels[part.relative_to(layer.region).slices]
                patch = as_u8(cv2.cvtColor(inner, cv2.COLOR_RGB2BGR))
                target[...] = blend(target, patch, self._alpha(layer, part), layer.opacity)
        cv2.mixChannels([colours], [result], [0, 0, 1, 1, 2, 2])
        return result

    def _release(self, rect: Rect, shown: Sequence[EditLayer]) -> None:
        """Drop kept originals under `rect` that no visible layer covers any more."""
        for cell in rect.tiles(TILE):
            if not any(layer.covered.intersects(cell) for layer in shown):
                self._original.release(cell)

    def _alpha(self, layer: EditLayer, part: Rect) -> U8:
        """The layer's softened coverage in `part`, which lies in what it covers."""
        alpha = self._alphas.get(layer)
        if alpha is None:
            alpha = self._alphas[layer] = _softened(layer)
        return alpha[part.relative_to(layer.covered).slices]

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
        for layer in _shown(layers):
            part = layer.covered.intersected(rect)
            if part.is_empty:
                continue
            target = result[part.relative_to(rect).slices]
            inner = part.relative_to(layer.region).slices
            patch = space.from_srgb(layer.pixels[inner], target)
            alpha = _softened(layer)[part.relative_to(layer.covered).slices]
            blended = blend(target, patch, alpha, layer.opacity)
            kept = layer.coverage[inner] == 0
            if not np.array_equal(blended[kept], target[kept]):
                raise InternalError(
                    tr("A change reached beyond the mask, so it was stopped."),
                    tr("Remove the edit and run it again."),
                    details=f"layer {layer.id} changed samples of coverage 0",
                )
            target[...] = blended
        return result


def _shown(layers: Sequence[EditLayer]) -> Iterator[EditLayer]:
    return (layer for layer in layers if layer.visible and layer.opacity > 0.0 and not layer.covered.is_empty)


def _softened(layer: EditLayer) -> U8:
    """The weight of the layer in what it covers, (h, w) of `layer.covered`."""
    whole = alpha_inside(layer.coverage, layer.recipe.feather)
    return whole[layer.covered.relative_to(layer.region).slices].copy()
