"""What happened to a picture on its way through a model: found on the parts that were to be kept.

Everything heavy is done on planes of `WORK_SIDE` pixels at most, and kept, because the composite and the
report need the same. Each step is used only where it demonstrably helps; else the picture is taken as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np

from app.base.cancel import CancelToken
from app.base.geometry import Size
from app.edits.types import Drift
from app.imaging.arrays import F32, U8, Bool, as_u8
from app.imaging.bars import without_bars
from app.imaging.colour_match import ColourFit, fit_colours
from app.imaging.local_flow import displaced, local_flow
from app.imaging.placement import Placement
from app.imaging.recipe import Align
from app.imaging.registration import Affine, register, warped
from app.imaging.resample import reduce_coverage, resize_part, resize_picture
from app.imaging.spread import as_f32, blurred
from app.imaging.warp import Warp

WORK_SIDE = 1024
"""Long side of the planes on which pictures are compared; larger ones are reduced."""
LEAST_KEPT = 0.05
"""Share of the region outside the mask below which nothing can be judged."""
FRINGE = 2
"""Pixels around the mask that are not trusted: models soften the edge."""
COLOUR_SIDE = 512
COLOUR_BLUR = 1.5


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


@dataclass(frozen=True, slots=True, eq=False)
class Aligned:
    """A reply that was compared with what was sent; serves any mask, and any other setting but `Align`."""

    mode: Align
    warp: Warp
    """Where each pixel of the region finds its place in the reply."""
    document: U8
    """(h, w, 3): the region at work size."""
    reply: U8
    """(h, w, 3): the reply, seen through `warp`, at work size; colours as they came."""
    kept: Bool
    """(h, w): where neither the mask is, nor full transparency."""
    edited: Bool
    """(h, w): where the mask covers all."""
    shown: Bool
    """(h, w): what the reply reaches over."""
    is_moved: bool = False
    """The warp is more than what the sending did."""
    is_exact: bool = False
    """Outside the mask the reply is what was sent, bit by bit: there is nothing to undo."""
    colours: ColourFit | None = None
    """What undoes the drift of colours; None where nothing helps."""
    drift: Drift | None = None
    """None where it cannot be told."""


def align(source: Source, reply: U8, mode: Align, cancel: CancelToken | None = None) -> Aligned:
    """Compare the decoded `reply`, (H, W, 3|4) sRGB of any size, with what was sent.

    Raises:
        Cancelled: `cancel` was cancelled.
    """
    plain = _as_sent(source, reply, mode)
    if np.count_nonzero(plain.kept) < LEAST_KEPT * plain.kept.size or min(plain.kept.shape) < 8:
        return plain
    if _is_exact(source, reply, plain):
        return replace(plain, is_exact=True, drift=Drift())
    found = plain if mode is Align.OFF else _registered(plain, cancel)
    if cancel is not None:
        cancel.check()
    found = replace(found, colours=_colours(found))
    if mode is Align.AUTO:
        found = _bent(found)
    return replace(found, drift=_drift(found, plain.warp))


def _as_sent(source: Source, reply: U8, mode: Align) -> Aligned:
    warp = _plain_warp(source.placement, reply)
    work = _work_size(warp)
    document = resize_part(source.picture, plain_box(Warp(warp.size, np.eye(3))), work)
    seen = resize_part(reply, plain_box(warp), work)
    edited: Bool = reduce_coverage(255 - source.coverage, work) == 0
    return Aligned(
        mode,
        warp,
        _colours_of(document),
        _colours_of(seen),
        _kept(source, work),
        edited,
        np.ones(edited.shape, np.bool_),
    )


def _plain_warp(placement: Placement, reply: U8) -> Warp:
    """Where the region's pixels stand in a reply of any size that shows exactly the frame that was sent."""
    inner = without_bars(reply, placement.size_send)
    region, content, frame = placement.region, placement.content_send, placement.size_send
    x_factor, y_factor = inner.width / frame.width, inner.height / frame.height
    matrix = np.array(
        [
            [content.width / region.width * x_factor, 0, inner.x + content.x * x_factor],
            [0, content.height / region.height * y_factor, inner.y + content.y * y_factor],
            [0, 0, 1],
        ]
    )
    return Warp(region.size, matrix)


def plain_box(warp: Warp) -> tuple[float, float, float, float]:
    """Left, top, right and bottom, in the picture's pixels, of what a warp without any turning shows."""
    left, top = float(warp.matrix[0, 2]), float(warp.matrix[1, 2])
    right = left + float(warp.matrix[0, 0]) * warp.size.width
    bottom = top + float(warp.matrix[1, 1]) * warp.size.height
    # What is whole but for the last bit of a float is whole.
    edges = [
        edge if abs(edge - round(edge)) > 1e-6 else float(round(edge)) for edge in (left, top, right, bottom)
    ]
    return edges[0], edges[1], edges[2], edges[3]


def _work_size(warp: Warp) -> Size:
    """The size at which both pictures are compared: not above the region's, the reply's or `WORK_SIDE`."""
    scale = min(1.0, warp.density)
    coarse = Size(max(1, round(warp.size.width * scale)), max(1, round(warp.size.height * scale)))
    return coarse.fitted_into(Size(WORK_SIDE, WORK_SIDE))


def _colours_of(picture: U8) -> U8:
    return np.ascontiguousarray(picture[..., :3])


def _kept(source: Source, work: Size) -> Bool:
    touched = reduce_coverage(source.coverage, work) > 0
    if source.picture.shape[2] == 4:
        clear = np.ascontiguousarray(255 - source.picture[..., 3])
        touched |= reduce_coverage(clear, work) == 255
    near = cv2.dilate(touched.astype(np.uint8), np.ones((2 * FRINGE + 1, 2 * FRINGE + 1), np.uint8))
    return np.asarray(near == 0)


def _is_exact(source: Source, reply: U8, plain: Aligned) -> bool:
    """Whether the reply is bit by bit what was sent, outside the mask."""
    placement = source.placement
    if reply.shape[:2] != (placement.size_send.height, placement.size_send.width):
        return False
    off = np.abs(plain.document.astype(np.int16) - plain.reply)[plain.kept]
    if float(off.mean()) > 1.5:
        return False
    content = placement.content_send
    sent = resize_picture(source.picture, content.size)
    outside = reduce_coverage(source.coverage, content.size) == 0
    differs = (sent[..., :3] != reply[content.slices][..., :3]).any(axis=2)
    return not bool((differs & outside).any())


def _luma(picture: U8) -> F32:
    return as_f32(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))


def _registered(plain: Aligned, cancel: CancelToken | None) -> Aligned:
    found = register(_luma(plain.document), _luma(plain.reply), plain.kept, cancel)
    if found is None:
        return plain
    scale = _to_work(plain)
    matrix = plain.warp.matrix @ np.linalg.inv(scale) @ found @ scale
    seen = warped(as_f32(plain.reply), found)
    shown = warped(np.ones(plain.kept.shape, np.float32), found, outside=0.0) > 0.99
    return replace(
        plain,
        warp=Warp(plain.warp.size, matrix),
        reply=_rounded(seen),
        shown=np.asarray(shown),
        is_moved=True,
    )


def _to_work(aligned: Aligned) -> Affine:
    """From the region's pixels to those of the work planes."""
    height, width = aligned.kept.shape
    return np.diag([width / aligned.warp.size.width, height / aligned.warp.size.height, 1.0])


def _colours(aligned: Aligned) -> ColourFit | None:
    height, width = aligned.kept.shape
    small = Size(width, height).fitted_into(Size(COLOUR_SIDE, COLOUR_SIDE))
    kept = aligned.kept
    document, reply = aligned.document, aligned.reply
    if small != Size(width, height):
        target = (small.width, small.height)
        document = as_u8(cv2.resize(document, target, interpolation=cv2.INTER_AREA))
        reply = as_u8(cv2.resize(reply, target, interpolation=cv2.INTER_AREA))
        kept = np.asarray(reduce_coverage((~kept).astype(np.uint8), small) == 0)
    return fit_colours(blurred(as_f32(document), COLOUR_BLUR), blurred(as_f32(reply), COLOUR_BLUR), kept)


def _bent(found: Aligned) -> Aligned:
    """With small local displacements undone, where that helps."""
    seen = corrected(found)
    field = local_flow(_luma(found.document), as_f32(cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY)), found.kept)
    if field is None:
        return found
    to_region = np.array(
        [found.warp.size.width / found.kept.shape[1], found.warp.size.height / found.kept.shape[0]]
    )
    warp = replace(found.warp, field=as_f32(field * to_region.astype(np.float32)))
    bent = replace(found, warp=warp, reply=_rounded(displaced(as_f32(found.reply), field)), is_moved=True)
    return replace(bent, colours=_colours(bent))


def corrected(aligned: Aligned) -> F32:
    """The reply at work size with its colours brought back: (h, w, 3), 0–255."""
    seen = as_f32(aligned.reply).copy()
    if aligned.colours is not None:
        aligned.colours.apply(seen, 0, seen.shape[0])
    return np.clip(seen, 0, 255, out=seen)


def _rounded(values: F32) -> U8:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _drift(found: Aligned, plain: Warp) -> Drift:
    """The movement and the colours as the user may read them."""
    # The region's own pixels to where the same content had gone, in the region's pixels.
    moved = np.linalg.inv(plain.matrix) @ found.warp.matrix
    centre = np.array([plain.size.width / 2, plain.size.height / 2, 1.0])
    shift = moved @ centre - centre
    difference = found.reply.astype(np.int16) - found.document
    outside = difference[found.kept]
    low, high = np.percentile(outside, (25, 75), axis=0)
    # The mean of the middle half: what was changed on purpose is no drift.
    levels = np.clip(outside, low, high).mean(axis=0)
    return Drift(
        dx=float(shift[0]),
        dy=float(shift[1]),
        scale=float(np.sqrt(abs(np.linalg.det(moved[:2, :2])))),
        is_bent=found.warp.field is not None,
        colour=(float(levels[0]), float(levels[1]), float(levels[2])),
    )
