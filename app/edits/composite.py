"""Bringing a received picture back to its place in the document, whatever size it came in.

The way out was: cut the region, reduce it to `content_send`, mirror it outwards to `size_send`. Here it is
undone in one resampling at most. Nothing is blended: the patch is complete, also outside the mask, and
whoever lays it down touches covered pixels only.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from PIL import Image

from app.base.cancel import CancelToken
from app.edits.types import EditRequest, Patch
from app.imaging.arrays import F32, U8, Bool
from app.imaging.codecs import decode_picture
from app.imaging.masks import grow, shrink
from app.imaging.placement import Placement
from app.imaging.recipe import Recipe


class Source(Protocol):
    """What was cut out and sent: an `EditRequest`, or the source that a layer keeps."""

    @property
    def picture(self) -> U8:
        """(h, w, 3) RGB or (h, w, 4) RGBA, sRGB: the region at the document's own scale."""

    @property
    def coverage(self) -> U8:
        """(h, w) of the region: the mask as it was sent."""

    @property
    def placement(self) -> Placement: ...


def place(request: EditRequest, data: bytes) -> Patch:
    """The patch that the received file `data` makes of the request's region, by the request's own recipe.

    Raises:
        PhotographError: `data` is no usable picture.
    """
    return compose(request, decode_picture(data), request.coverage, request.recipe)


def compose(source: Source, reply: U8, mask: U8, recipe: Recipe, cancel: CancelToken | None = None) -> Patch:
    """The patch that the decoded `reply`, (H, W, 3) or (H, W, 4) sRGB of any size, makes under `recipe`.

    `mask` is the layer's own, (h, w) of the region; `recipe.grow` is applied to it here. It need not be the
    one that was sent. `recipe.feather` is left to whoever lays the patch down.

    Raises:
        Cancelled: `cancel` was cancelled.
    """
    placement = source.placement
    pixels = _over(_content(reply, placement), source.picture)
    pixels.flags.writeable = False
    coverage = own_coverage(mask, recipe, cancel)
    return Patch(region=placement.region, pixels=pixels, coverage=coverage, recipe=recipe)


def own_coverage(mask: U8, recipe: Recipe, cancel: CancelToken | None = None) -> U8:
    """`mask` (h, w) as `recipe` grows or shrinks it: the patch's coverage. Read-only.

    Raises:
        Cancelled: `cancel` was cancelled.
    """
    coverage = grow(mask, recipe.grow, cancel) if recipe.grow >= 0 else shrink(mask, -recipe.grow, cancel)
    coverage.flags.writeable = False
    return coverage


def _content(received: U8, plan: Placement) -> U8:
    """The region's part of `received` (h, w, 3|4) at the region's own size, without the padding.

    The remembered place of the content is scaled with each side of the reply, so that a reply of another
    size or shape still lands where it belongs. Pixels are taken as they are where no scaling is needed.
    """
    height, width = received.shape[:2]
    x_factor, y_factor = width / plan.size_send.width, height / plan.size_send.height
    content, region = plan.content_send, plan.region
    left, right = content.x * x_factor, content.right * x_factor
    top, bottom = content.y * y_factor, content.bottom * y_factor
    if all(edge.is_integer() for edge in (left, right, top, bottom)):
        inner = received[int(top) : int(bottom), int(left) : int(right)]
        if inner.shape[:2] == (region.height, region.width):
            return np.array(inner, order="C")
    # Pillow looks past the box for its kernel, so the mirrored padding serves as border, and it weights
    # colours by alpha.
    picture = Image.fromarray(np.ascontiguousarray(received))
    target = (region.width, region.height)
    box = (left, top, min(right, width), min(bottom, height))
    return np.array(picture.resize(target, Image.Resampling.LANCZOS, box=box), dtype=np.uint8)


def _over(pixels: U8, picture: U8) -> U8:
    """(h, w, 3) RGB; where `pixels` is more transparent than `picture`, that shows through.

    The document keeps its own transparency, so a reply that keeps it too is taken as it is.
    """
    if pixels.shape[2] == 3:
        return pixels
    colours = np.ascontiguousarray(pixels[..., :3])
    alpha = pixels[..., 3]
    own = picture[..., 3] if picture.shape[2] == 4 else np.full_like(alpha, 255)
    thinner: Bool = alpha < own
    if not thinner.any():
        return colours
    weight: F32 = (alpha[thinner] / own[thinner]).astype(np.float32)
    below: F32 = picture[..., :3][thinner].astype(np.float32)
    above: F32 = colours[thinner].astype(np.float32)
    colours[thinner] = np.rint(below + (above - below) * weight[:, np.newaxis]).astype(np.uint8)
    return colours
