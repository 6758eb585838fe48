"""Bringing a received picture back to its place in the document, whatever size it came in.

The way out was: cut the region, reduce it to `content_send`, mirror it outwards to `size_send`. Here it is
undone in one resampling at most, together with what the model moved; then its colours are matched. Nothing is
blended: the patch is complete, also outside the mask, and whoever lays it down touches covered pixels only.
"""

from __future__ import annotations

import cv2
import numpy as np

from app.base.cancel import CancelToken
from app.base.geometry import Rect, Size
from app.base.text import tr
from app.edits.alignment import Aligned, Source, align, plain_box
from app.edits.types import Patch
from app.imaging.agreement import agreement, agreement_close
from app.imaging.arrays import F32, U8, Bool, as_u8
from app.imaging.colour_match import ColourFit
from app.imaging.detail import with_detail
from app.imaging.masks import bounds, grow, shrink
from app.imaging.membrane import BAND, membrane
from app.imaging.recipe import ColourMatch, Detail, Recipe
from app.imaging.resample import reduce_coverage, resize_part
from app.imaging.spread import as_f32
from app.imaging.warp import ROWS, read_through

RING, MARGIN = 12, 6
"""Pixels inside the mask's edge in which the photograph may go on; and where the edit itself is nearer."""
LEARNT = 96
"""Pixels around the mask, at least, from which detail is learnt."""
EDGE_SIDE = 512
"""Long side of the plane on which the edge's tone is matched."""


def compose(
    source: Source,
    reply: U8,
    mask: U8,
    recipe: Recipe,
    cancel: CancelToken | None = None,
    *,
    aligned: Aligned | None = None,
) -> Patch:
    """The patch that the decoded `reply`, (H, W, 3) or (H, W, 4) sRGB of any size, makes under `recipe`.

    `mask` is the layer's own, (h, w) of the region; `recipe.grow` is applied to it here. It need not be the
    one that was sent. `recipe.feather` is left to whoever lays the patch down. `aligned` is what `align` gave
    for the same source and reply: it saves that work where `recipe.align` is still the same.

    Raises:
        Cancelled: `cancel` was cancelled.
    """
    if aligned is None or aligned.mode is not recipe.align:
        aligned = align(source, reply, recipe.align, cancel)
    coverage = own_coverage(mask, recipe, cancel)
    pixels, bare = _read(aligned, reply, cancel)
    pixels = _over(pixels, source.picture)
    notes: tuple[str, ...] = ()
    if recipe.colour is ColourMatch.PICTURE and aligned.colours is not None:
        _recolour(pixels, aligned.colours, cancel)
    if bare is not None:
        notes = _fill_bare(pixels, bare, source.picture, coverage)
    if recipe.colour is not ColourMatch.OFF and not aligned.is_exact:
        _meet_edge(pixels, source, coverage)
    if recipe.detail is not Detail.OFF:
        _sharpen(pixels, source, coverage, recipe.detail, cancel)
    if recipe.colour is not ColourMatch.OFF and not aligned.is_exact:
        _keep_what_is_the_same(pixels, source, coverage)
    pixels.flags.writeable = False
    return Patch(source.placement.region, pixels, coverage, recipe, drift=aligned.drift, notes=notes)


def own_coverage(mask: U8, recipe: Recipe, cancel: CancelToken | None = None) -> U8:
    """`mask` (h, w) as `recipe` grows or shrinks it: the patch's coverage. Read-only.

    Raises:
        Cancelled: `cancel` was cancelled.
    """
    coverage = grow(mask, recipe.grow, cancel) if recipe.grow >= 0 else shrink(mask, -recipe.grow, cancel)
    coverage.flags.writeable = False
    return coverage


def _read(aligned: Aligned, reply: U8, cancel: CancelToken | None) -> tuple[U8, Bool | None]:
    """The reply at the region's size, (h, w, 3|4), and where it has nothing to show."""
    if not aligned.is_moved:
        return resize_part(reply, plain_box(aligned.warp), aligned.warp.size), None
    return read_through(reply, aligned.warp, cancel)


def _recolour(pixels: U8, colours: ColourFit, cancel: CancelToken | None) -> None:
    height = pixels.shape[0]
    for top in range(0, height, ROWS):
        if cancel is not None:
            cancel.check()
        rows = as_f32(pixels[top : top + ROWS])
        colours.apply(rows, top, height)
        pixels[top : top + ROWS] = np.clip(np.rint(rows, out=rows), 0, 255)


def _meet_edge(pixels: U8, source: Source, coverage: U8) -> None:
    """Bring `pixels` (h, w, 3) to the tone of the photograph along the edge of `coverage`, in place."""
    covered = bounds(coverage)
    if covered.is_empty:
        return
    scale = min(1.0, EDGE_SIDE / max(covered.width, covered.height))
    area = covered.expanded(round((BAND + 8) / scale)).intersected(Rect(0, 0, *coverage.shape[::-1]))
    size = Size(max(1, round(area.width * scale)), max(1, round(area.height * scale)))
    mask: Bool = reduce_coverage(coverage[area.slices], size) > 0
    unknown: Bool = reduce_coverage(source.coverage[area.slices], size) > 0
    field = membrane(
        _reduced(source.picture[area.slices], size), _reduced(pixels[area.slices], size), mask, unknown
    )
    if field is None:
        return
    full = cv2.resize(field, (area.width, area.height), interpolation=cv2.INTER_LINEAR)
    target = pixels[area.slices]
    target[...] = np.clip(np.rint(target + as_f32(full)), 0, 255)


def _sharpen(pixels: U8, source: Source, coverage: U8, how: Detail, cancel: CancelToken | None) -> None:
    """Give what is covered of `pixels` (h, w, 3) the photograph's fine detail, in place."""
    covered = bounds(coverage)
    around = max(LEARNT, covered.width // 2, covered.height // 2)
    area = covered.expanded(around).intersected(Rect(0, 0, *coverage.shape[::-1]))
    if area.is_empty:
        return
    new: Bool = (coverage[area.slices] > 0) | (source.coverage[area.slices] > 0)
    document = np.ascontiguousarray(source.picture[area.slices][..., :3])
    target = pixels[area.slices]
    scale = min(1.0, source.placement.scale)
    target[...] = with_detail(np.ascontiguousarray(target), document, new, scale, how, cancel)


def _keep_what_is_the_same(pixels: U8, source: Source, coverage: U8) -> None:
    """Fade `pixels` (h, w, 3) into the photograph at the mask's edge, where both show the same; in place."""
    covered = bounds(coverage)
    area = covered.expanded(RING).intersected(Rect(0, 0, *coverage.shape[::-1]))
    if covered.is_empty:
        return
    inside = coverage[area.slices] > 0
    if inside.all():
        return
    unknown = source.coverage[area.slices] > 0
    depth = as_f32(cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE))
    away = as_f32(cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE))
    document = as_f32(source.picture[area.slices][..., :3])
    target = pixels[area.slices]
    around = (away > 0) & (away <= RING) & ~unknown
    weight = np.zeros_like(depth)
    for ring, compared in ((RING, agreement), (MARGIN, agreement_close)):
        t = np.clip((ring - depth) / (ring - 1), 0, 1)
        same = compared(document, as_f32(target), inside, around)
        weight = np.maximum(weight, same * t * t * (3 - 2 * t) * (depth > 0))
    target[...] = np.clip(np.rint(target + (document - target) * weight[..., np.newaxis]), 0, 255)


def _reduced(picture: U8, size: Size) -> F32:
    colours = np.ascontiguousarray(picture[..., :3])
    return as_f32(cv2.resize(colours, (size.width, size.height), interpolation=cv2.INTER_AREA))


def _fill_bare(pixels: U8, bare: Bool, picture: U8, coverage: U8) -> tuple[str, ...]:
    """Make up what the reply does not show: the photograph's own outside, its continuation in the mask."""
    outside = bare & (coverage == 0)
    pixels[outside] = picture[..., :3][outside]
    hole = bare & (coverage > 0)
    if not hole.any():
        return ()
    whole = Size(hole.shape[1], hole.shape[0])
    small = whole.fitted_into(Size(EDGE_SIDE, EDGE_SIDE))
    plane = _reduced(pixels, small)
    gap = (reduce_coverage(hole.astype(np.uint8), small) > 0).astype(np.uint8)
    filled = as_u8(cv2.inpaint(plane.astype(np.uint8), gap, 3, cv2.INPAINT_TELEA))
    full = as_u8(cv2.resize(filled, (whole.width, whole.height), interpolation=cv2.INTER_CUBIC))
    pixels[hole] = full[hole]
    return (tr("The reply does not reach over the whole mask; the rest continues its surroundings."),)


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
