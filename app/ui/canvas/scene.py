"""What the renderer draws: pictures and a mask as pyramids of numpy arrays, told in document pixels.

A scene owns no pixels and copies none; its arrays may change between two frames, and whoever changes them
says which part of the frame is stale.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtGui import QImage

from app.base.geometry import Rect, Size
from app.imaging.arrays import U8, Bool
from app.imaging.display import DisplayTable
from app.ui.canvas.display_levels import DisplayLevels
from app.ui.canvas.tiles import PlainTiles


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One picture as a pyramid; level k has half the size (rounded up) of level k - 1.

    `images` wrap the levels' memory: RGB32 where the picture is opaque, else ARGB32 (straight alpha).
    `rect_doc` is where level 0 stands in the document, whatever its size in pixels. `shown_doc` is the part
    that may be drawn: a patch carries a margin of its surroundings, so that filters see the true neighbours.
    """

    images: tuple[QImage, ...]
    rect_doc: Rect
    shown_doc: Rect
    opaque: bool
    ratio: tuple[float, float]
    """Document pixels per pixel of level 0, across and down."""
    display: DisplayLevels | None = None
    """The levels as the display must be sent them; None where it shows sRGB as it is."""
    covers: bool = True
    """It stands in the place of what is below; else that shines through where it is translucent."""

    def image(self, level: int, part: Callable[[QImage], Rect]) -> QImage:
        """A level to draw from. `part` tells which of its pixels are read, and is only asked where that matters."""
        image = self.images[level]
        return image if self.display is None else self.display.image(level, part(image))

    @classmethod
    def wrapping(
        cls,
        levels: Sequence[U8],
        rect_doc: Rect,
        *,
        opaque: bool,
        shown_doc: Rect | None = None,
        display: DisplayTable | None = None,
        covers: bool = True,
    ) -> Picture:
        """Wrap contiguous (h, w, 4) BGRA levels without a copy, to be drawn on a display where one is given."""
        form = QImage.Format.Format_RGB32 if opaque else QImage.Format.Format_ARGB32
        images = tuple(
            QImage(level.data, level.shape[1], level.shape[0], level.strides[0], form) for level in levels
        )
        ratio = rect_doc.width / levels[0].shape[1], rect_doc.height / levels[0].shape[0]
        managed = None if display is None else DisplayLevels(levels, display, form)
        return cls(
            images, rect_doc, rect_doc if shown_doc is None else shown_doc, opaque, ratio, managed, covers
        )


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """A mask as a pyramid of (h, w) uint8 levels, and which of its tiles may hold anything but 0."""

    levels: Sequence[U8]
    occupied: Bool
    """(rows, columns); True where the tile of `tile` x `tile` document pixels is to be drawn."""
    tile: int
    plain: PlainTiles
    """Tiles of one value; whoever changes the mask has it forget them."""
    refresh: Callable[[Rect, int], None] = lambda part_doc, level: None
    """Brings levels up to one up to date inside a rectangle of the document: to be called before it is drawn."""

    @classmethod
    def over(
        cls,
        levels: Sequence[U8],
        occupied: Bool,
        tile: int,
        refresh: Callable[[Rect, int], None] = lambda part_doc, level: None,
    ) -> Overlay:
        return cls(levels, occupied, tile, PlainTiles(levels[0], occupied, tile), refresh)


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """All that one frame shows, from the bottom to the top."""

    size_doc: Size
    picture: Picture
    patches: tuple[Picture, ...] = ()
    overlay: Overlay | None = None
