"""What an edit did to the picture outside its mask: in the document (nothing, counted), and in the reply.

The second figure tells how much the model ignored the mask. Every reply differs a little everywhere: it is
moved, bent, recoloured and recoded. All that was found when it was aligned is undone first, and only what is
then well beyond the noise counts. It is a lower bound with next to no false alarms.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from app.base.cancel import CancelToken
from app.edits.alignment import Aligned, Source, corrected
from app.edits.types import HeatMap, Patch, Report, Suspicion
from app.imaging.arrays import F32, U8, Bool, as_u8
from app.imaging.blend import alpha_inside, blend
from app.imaging.spread import as_f32, blurred

MARGIN_SHARE = 0.008
"""Share of the long side around the mask that is not judged: soft edges are no leak."""
LEAST_JUDGED = 256
"""Pixels outside the mask below which nothing is said."""
LEAST_SIDE = 8
SOFT = 1.2
LEAST_CHANGE, NOISES = 8.0, 3.5
"""Levels, and times the noise, beyond the photograph's neighbourhood from which a pixel is another one."""
PERCENTILE, SIGMA_OF_PERCENTILE = 35.0, 0.4538
"""The 35th percentile of |x| for a normal x of deviation 1; up to 40 % of changed pixels cannot pull it."""
DARKEST, BRIGHTEST = 5, 250
"""Beyond, the values were cut off, and tell nothing in that direction."""
TEXTURED, LEAST_LIKENESS, SMEARED = 6.0, 0.45, 0.25
"""Deviation from which there is texture, correlation below which it is another one, share of the variance
below which it was painted over."""
TEXTURE_SIGMA = 3.0
RECOLOUR, RECOLOUR_SIGMA = 10.0, 6.0
AT_EDGE_SHARE = 0.0005
"""Share of what is judged that must be changed right at the mask's edge to speak of it."""
INVERTED_FROM, INVERTED_TIMES = 8.0, 3.0
"""Mean change outside the mask, in levels and in times of that inside, from which a mask looks inverted."""
IGNORED_FROM = 0.3
"""Share of the outside that is changed from which a mask looks ignored."""


@dataclass(frozen=True, slots=True, eq=False)
class Leak:
    """What was changed outside the mask, on the planes of the alignment."""

    share: float
    """Of what is judged, 0–1."""
    mean: float
    worst: float
    """Levels of 255."""
    changed: F32
    """(h, w): levels; 0 where nothing was changed or nothing is judged."""
    at_edge: Bool
    """(h, w): what was changed in one piece with the mask's edge."""


def report_edit(source: Source, patch: Patch, aligned: Aligned, cancel: CancelToken | None = None) -> Report:
    """Count what changed outside the mask: in the document by `patch`, and in the reply by what `align` found.

    `aligned` is best made with `Align.AUTO`, whatever the recipe says: without it a shift counts as change.
    Without a mask all of the region was to be edited, and nothing is said of the reply.

    Raises:
        Cancelled: `cancel` was cancelled.
    """
    before = np.ascontiguousarray(source.picture[..., :3])
    alpha = alpha_inside(patch.coverage, patch.recipe.feather, cancel)
    after = as_u8(blend(before, patch.pixels, alpha, cancel=cancel))
    outside = outside_changed_pixels(before, after, patch.coverage)
    counted = int(np.count_nonzero(patch.coverage == 0))
    if cancel is not None:
        cancel.check()
    leak = find_leak(aligned)
    return Report(
        outside,
        leak.share if leak else None,
        _suspicion(aligned, leak),
        outside_pixels=counted,
        mean_change=leak.mean if leak else None,
        worst_change=leak.worst if leak else None,
        drift=aligned.drift,
        sharp=_sharpness(aligned, leak),
        touches_mask=bool(leak and leak.at_edge.any()),
        heat=_heat(source, leak) if leak else None,
    )


def _heat(source: Source, leak: Leak) -> HeatMap:
    plane = np.clip(np.rint(leak.changed), 0, 255).astype(np.uint8)
    reach = 2 * _margin(leak.at_edge.shape) + 5
    wider = cv2.dilate(leak.at_edge.astype(np.uint8) * 255, np.ones((reach, reach), np.uint8))
    return HeatMap(plane, source.placement.region, np.asarray(wider, np.uint8))


def outside_changed_pixels(before: U8, after: U8, coverage: U8) -> int:
    """How many pixels of coverage 0 differ between two pictures (h, w, 3)."""
    # Three passes over planes are several times as fast as one any() over an axis of three.
    red, green, blue = (before[..., channel] != after[..., channel] for channel in range(3))
    return int(np.count_nonzero((red | green | blue) & (coverage == 0)))


def find_leak(aligned: Aligned) -> Leak | None:
    """What was changed outside the mask; None where hardly anything is outside, or where it is too small."""
    judged = _judged(aligned)
    if np.count_nonzero(judged) < LEAST_JUDGED or min(judged.shape) < LEAST_SIDE:
        return None
    if aligned.is_exact:
        return Leak(0.0, 0.0, 0.0, np.zeros(judged.shape, np.float32), np.zeros(judged.shape, np.bool_))
    document, reply = as_f32(aligned.document), _explained(aligned)
    soft_document, soft_reply = blurred(document, SOFT), blurred(reply, SOFT)
    apart = np.abs(soft_reply - soft_document)
    marked = _is_beyond(soft_document, soft_reply, apart, judged)
    marked |= _is_recoloured(document, reply, apart, judged)
    marked |= _is_repainted(document, reply)
    marked &= judged
    opened = cv2.morphologyEx(marked.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    most = apart.max(axis=2)
    changed = as_f32(np.where(opened > 0, most, 0))
    return Leak(
        share=float(np.count_nonzero(opened)) / float(np.count_nonzero(judged)),
        mean=float(apart[judged].mean()),
        worst=float(changed.max()),
        changed=changed,
        at_edge=_at_edge(np.asarray(opened, np.uint8), judged, aligned.kept),
    )


def _margin(shape: tuple[int, ...]) -> int:
    return max(2, round(MARGIN_SHARE * max(shape)))


def _judged(aligned: Aligned) -> Bool:
    """Outside the mask and its margin, and shown by the reply: (h, w)."""
    touched = (~aligned.kept).astype(np.uint8)
    reach = 2 * _margin(touched.shape) + 1
    near = cv2.dilate(touched, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    return np.asarray((near == 0) & aligned.shown)


def _explained(aligned: Aligned) -> F32:
    """The reply in the photograph's colours, and the photograph's own values where clipping explains the rest.

    A reply that was cut off at white cannot be as bright as the photograph, nor the photograph as bright as it.
    """
    document, reply = as_f32(aligned.document), corrected(aligned)
    # What was cut off is in its neighbours, too: the reply was coded, and read between its pixels.
    square = np.ones((3, 3), np.uint8)
    cut_high = cv2.dilate(aligned.reply, square) >= BRIGHTEST
    cut_low = cv2.erode(aligned.reply, square) <= DARKEST
    own_high, own_low = aligned.document >= BRIGHTEST, aligned.document <= DARKEST
    explained = (reply < document) & (cut_high | own_low) | (reply > document) & (cut_low | own_high)
    return as_f32(np.where(explained, document, reply))


def _is_beyond(document: F32, reply: F32, apart: F32, judged: Bool) -> Bool:
    """Beyond all values in the photograph's neighbourhood by more than the noise."""
    noise = float(np.percentile(apart[judged], PERCENTILE)) / SIGMA_OF_PERCENTILE
    limit = max(LEAST_CHANGE, NOISES * noise)
    square = np.ones((3, 3), np.uint8)
    above = (reply - cv2.dilate(document, square)) > limit
    below = (cv2.erode(document, square) - reply) > limit
    return np.asarray((above | below).any(axis=2))


def _is_recoloured(document: F32, reply: F32, apart: F32, judged: Bool) -> Bool:
    weight = judged.astype(np.float32)
    wide = blurred(as_f32((reply - document) * weight[..., np.newaxis]), RECOLOUR_SIGMA)
    drift = np.abs(wide) / np.maximum(blurred(weight, RECOLOUR_SIGMA), 1e-3)[..., np.newaxis]
    # The wide blur reaches over the edge of what is recoloured; the pixel itself must differ too.
    return np.asarray((drift.max(axis=2) > RECOLOUR) & (apart.max(axis=2) > RECOLOUR / 2))


def _is_repainted(document: F32, reply: F32) -> Bool:
    """Textured in the photograph, but another texture or none in the reply."""
    one, other = (as_f32(plane.mean(axis=2)) for plane in (document, reply))
    one, other = (as_f32(plane - blurred(plane, TEXTURE_SIGMA)) for plane in (one, other))
    own = blurred(one * one, TEXTURE_SIGMA)
    theirs = blurred(other * other, TEXTURE_SIGMA)
    both = blurred(one * other, TEXTURE_SIGMA)
    unlike = both < LEAST_LIKENESS * np.sqrt(np.maximum(own * theirs, 1e-6))
    return np.asarray((own > TEXTURED**2) & (unlike | (theirs < SMEARED * own)))


def _at_edge(opened: U8, judged: Bool, kept: Bool) -> Bool:
    """The pieces of `opened` that begin where judging begins next to the mask."""
    reach = 2 * _margin(opened.shape) + 5
    near = cv2.dilate((~kept).astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    _count, labels = cv2.connectedComponents(opened, connectivity=8)
    touching = np.unique(labels[(opened > 0) & near])
    found: Bool = np.isin(labels, touching) & (opened > 0)
    if np.count_nonzero(found) < max(16, AT_EDGE_SHARE * np.count_nonzero(judged)):
        return np.zeros_like(found)
    return found


def _suspicion(aligned: Aligned, leak: Leak | None) -> Suspicion:
    """How the provider seems to have understood the mask.

    Judged by the mean change on either side of the mask's edge, in the colours that came: a drift of colours
    is the same on both, an edit is on one.
    """
    inside, outside = aligned.edited, aligned.kept
    if min(np.count_nonzero(inside), np.count_nonzero(outside)) < LEAST_JUDGED // 4:
        return Suspicion.NONE
    change = np.abs(aligned.document.astype(np.int16) - aligned.reply).mean(axis=2)
    within, around = float(change[inside].mean()), float(change[outside].mean())
    if around > INVERTED_FROM and around > INVERTED_TIMES * within:
        return Suspicion.INVERTED
    if leak is not None and leak.share > IGNORED_FROM:
        return Suspicion.IGNORED
    return Suspicion.NONE


def _sharpness(aligned: Aligned, leak: Leak | None) -> float | None:
    if leak is None:
        return None
    same = aligned.kept & (leak.changed == 0)
    if np.count_nonzero(same) < LEAST_JUDGED:
        return None
    own, theirs = (
        float(np.abs(plane - blurred(plane, SOFT))[same].mean())
        for plane in (as_f32(aligned.document).mean(axis=2), as_f32(aligned.reply).mean(axis=2))
    )
    return theirs / own if own > 0.1 else None
