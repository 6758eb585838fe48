"""The pixels that a document gives out: flattened, cut, as they were opened. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2

from app.base.geometry import Margins, Rect, Size
from app.document.composition import Composition
from app.document.extension import Ground
from app.document.layers import EditLayer
from app.document.state import DocumentState
from app.imaging.arrays import U8, Samples, as_u8
from app.imaging.photograph import Photograph


class DocumentPixels:
    """The part of a document that is read. All but `cut` in any thread, also while the document changes."""

    def __init__(self, state: DocumentState) -> None:
        self._state = state

    @property
    def ground(self) -> Ground:
        """What the layers lie on: the photograph, and by how much it was extended."""
        return self._state.ground

    @property
    def photograph(self) -> Photograph:
        """What was opened, extended where it was. Its samples are to be read by `original_samples`: they may share
        the buffer that layers are drawn into.
        """
        return self._state.ground.photograph

    @property
    def margins(self) -> Margins:
        """By which the document is larger than what was opened."""
        return self._state.ground.margins

    @property
    def size(self) -> Size:
        return self._state.ground.size

    @property
    def _composition(self) -> Composition:
        return self._state.ground.composition

    @property
    def layers(self) -> tuple[EditLayer, ...]:
        """Applied edits, the lowest first."""
        return self._state.layers

    @property
    def picture(self) -> U8:
        """The flattened working picture, (H, W, 4) BGRA, 8-bit sRGB, straight alpha.

        Read-only, and the same memory as long as the document keeps its size.
        """
        picture = self._composition.picture.view()
        picture.flags.writeable = False
        return picture

    def flatten_samples(
        self, region: Rect | None = None, layers: Sequence[EditLayer] | None = None
    ) -> Samples:
        """The photograph's samples (of `region`, or all) with the visible layers over them, as a new array.

        `layers` stand in for the document's own. Dtype, channels and colour space are the source's own; what no
        layer covers is bit-identical to it.
        """
        return self._composition.flatten(self.layers if layers is None else layers, self._inside(region))

    def flatten_photograph(self) -> Photograph:
        """The photograph as it is to be exported: the same but for its samples, which share nothing."""
        return replace(self.photograph, samples=self.flatten_samples(), bgra=None)

    def composed(self, layers: Sequence[EditLayer], region: Rect) -> U8:
        """The picture of `region` with these layers in the place of the document's, (h, w, 4) BGRA."""
        return self._composition.flattened(layers, self._inside(region))

    def cut(self, region: Rect) -> U8:
        """A copy of the flattened picture of `region` in sRGB: (h, w, 3) RGB, with alpha (h, w, 4) RGBA."""
        pixels = self.picture[self._inside(region).slices]
        code = cv2.COLOR_BGRA2RGBA if self.photograph.has_alpha else cv2.COLOR_BGRA2RGB
        return as_u8(cv2.cvtColor(pixels, code))

    def original_samples(self, region: Rect | None = None) -> Samples:
        """The photograph's own samples (of `region`, or all) as they were opened, as a new array."""
        return self._composition.original_samples(self._inside(region))

    def original(self, region: Rect) -> U8:
        """The photograph of `region` without any layer, (h, w, 4) BGRA, 8-bit sRGB; a copy."""
        return self._composition.original(self._inside(region))

    def _inside(self, region: Rect | None) -> Rect:
        return self.size.rect if region is None else region.intersected(self.size.rect)
