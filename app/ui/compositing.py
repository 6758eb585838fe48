"""A candidate laid over the document for looking at it: small pictures, Compare, the clipboard.

Arrays only; it runs in threads and knows no Qt.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from app.base.geometry import Size
from app.imaging.blend import alpha_inside, blend
from app.imaging.pyramid import Pyramid
from app.imaging.resample import resize_picture
from app.session.candidates import mask_rect

if TYPE_CHECKING:
    from app.base.geometry import Rect
    from app.document.layers import EditLayer
    from app.edits.types import Patch
    from app.imaging.arrays import U8

MARGIN_SHARE = 0.35
"""How much of the mask's own size a small picture shows around it."""


def composed(picture: U8, patch: Patch) -> U8:
    """(h, w, 4) BGRA of the patch's region: the document's `picture` (H, W, 4) BGRA under the patch.

    Pixels of coverage 0 are the document's own.
    """
    base = np.ascontiguousarray(picture[patch.region.slices])
    out = base.copy()
    alpha = alpha_inside(patch.coverage, patch.recipe.feather)
    below = np.ascontiguousarray(base[..., 2::-1])
    out[..., :3] = blend(below, patch.pixels, alpha, patch.opacity, patch.mode)[..., ::-1]
    return out


def composed_picture(picture: U8, patches: Sequence[Patch]) -> U8:
    """A copy of the whole picture, (H, W, 4) BGRA, with patches laid over it."""
    out = picture.copy()
    for patch in patches:
        out[patch.region.slices] = composed(out, patch)
    return out


def shown_part(patch: Patch) -> Rect:
    """Document pixels around the mask of a patch, with a margin, inside its region."""
    rect = mask_rect(patch)
    rect = rect.expanded(round(rect.width * MARGIN_SHARE) + 8, round(rect.height * MARGIN_SHARE) + 8)
    return rect.intersected(patch.region)


def small_pictures(picture: U8, patch: Patch, bounds_view: Size) -> tuple[U8, U8]:
    """The changed part before and after, as (h, w, 3) RGB inside `bounds_view`."""
    part = shown_part(patch)
    after = composed(picture, patch)[part.relative_to(patch.region).slices]
    size = part.size.fitted_into(bounds_view)
    return tuple(  # type: ignore[return-value]
        resize_picture(np.ascontiguousarray(each[..., 2::-1]), size) for each in (picture[part.slices], after)
    )


def layer_picture(layer: EditLayer, bounds_view: Size) -> U8:
    """What a layer covers and shows there, (h, w, 4) RGBA inside `bounds_view`; all of its pixels if nothing is."""
    part = layer.covered if not layer.covered.is_empty else layer.region
    part = part.expanded(4).intersected(layer.region)
    inner = part.relative_to(layer.region).slices
    alpha = layer.coverage[inner] if not layer.covered.is_empty else np.full((part.height, part.width), 90)
    return resize_picture(
        np.dstack((layer.pixels[inner], alpha.astype(np.uint8))), part.size.fitted_into(bounds_view)
    )


def composed_pyramid(picture: U8, patch: Patch) -> Pyramid:
    """The composed region with its halved copies, for drawing it at any zoom."""
    return Pyramid.build(composed(picture, patch))
