"""Pictures that stand over a part of the document for a while: a candidate, or the photograph as opened.

Each is the part of the picture as it would be, on a pyramid of its own whose levels lie on the document's:
what is shown is what applying gives, pixel by pixel, at every zoom. They are made in a worker thread.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2

from app.base.cancel import CancelToken
from app.base.geometry import Rect, Size
from app.edits.types import Patch
from app.imaging.arrays import U8, as_u8
from app.imaging.blend import alpha_inside, blend
from app.imaging.display import DisplayTable
from app.imaging.pyramid import Pyramid
from app.ui.canvas.scene import Picture

_LEVELS = 7
GRID = 1 << (_LEVELS - 1)
"""A patch begins on this grid, so that all its levels lie on those of the document."""


def grown_region(region: Rect, size_doc: Size) -> Rect:
    """`region` with what the filters read around it at every level, on the grid, inside the document."""
    wide = region.expanded(2 * GRID)
    return Rect.from_edges(
        wide.x // GRID * GRID,
        wide.y // GRID * GRID,
        -(-wide.right // GRID) * GRID,
        -(-wide.bottom // GRID) * GRID,
    ).intersected(size_doc.rect)


def shown_region(region: Rect, size_doc: Size) -> Rect:
    """The part that a patch over `region` covers: with the pixels that reach into it when drawn small."""
    return region.expanded(GRID).intersected(size_doc.rect)


def candidate_picture(
    picture: U8,
    patch: Patch,
    patches: Sequence[Patch],
    *,
    opaque: bool,
    display: DisplayTable | None = None,
    cancel: CancelToken,
) -> Picture:
    """The picture, (H, W, 4) BGRA of the document, with all `patches` laid over it, around the region of `patch`.

    All of them, because their regions may overlap: the part around one must not hide another.

    Raises:
        Cancelled: it is no longer wanted.
    """
    size_doc = Size(picture.shape[1], picture.shape[0])
    rect_doc = grown_region(patch.region, size_doc)
    base = picture[rect_doc.slices].copy()
    for each in patches:
        cancel.check()
        part = each.region.intersected(rect_doc)
        if not part.is_empty:
            inner = base[part.relative_to(rect_doc).slices]
            own = part.relative_to(each.region).slices
            below = as_u8(cv2.cvtColor(inner, cv2.COLOR_BGRA2RGB))
            alpha = alpha_inside(each.coverage, each.recipe.feather, cancel)[own]
            mixed = as_u8(blend(below, each.pixels[own], alpha, each.opacity, each.mode, cancel))
            inner[..., :3] = cv2.cvtColor(mixed, cv2.COLOR_RGB2BGR)
    cancel.check()
    shown_doc = shown_region(patch.region, size_doc)
    return _over(base, rect_doc, shown_doc, opaque=opaque, display=display, cancel=cancel)


def replaced_picture(
    picture: U8,
    pixels: U8,
    region: Rect,
    *,
    opaque: bool,
    display: DisplayTable | None = None,
    cancel: CancelToken,
) -> Picture:
    """The picture, (H, W, 4) BGRA of the document, with `region` replaced by `pixels` (h, w, 4) BGRA."""
    size_doc = Size(picture.shape[1], picture.shape[0])
    rect_doc = grown_region(region, size_doc)
    base = picture[rect_doc.slices].copy()
    base[region.relative_to(rect_doc).slices] = pixels
    shown_doc = shown_region(region, size_doc)
    return _over(base, rect_doc, shown_doc, opaque=opaque, display=display, cancel=cancel)


def _over(
    base: U8,
    rect_doc: Rect,
    shown_doc: Rect,
    *,
    opaque: bool,
    display: DisplayTable | None,
    cancel: CancelToken,
) -> Picture:
    levels = Pyramid.build(base, cancel, straight_alpha=not opaque).levels[:_LEVELS]
    return Picture.wrapping(levels, rect_doc, opaque=opaque, shown_doc=shown_doc, display=display)
