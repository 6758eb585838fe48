"""What an edit did to the picture outside its mask: in the document (nothing, counted), and in the reply.

The second figure tells how much the model ignored the mask. Every reply differs a little everywhere, by
recoding and by a drift of tone, so the reply's colours are first fitted to those that were sent, robustly
enough that changed parts do not pull the fit; only what is then well beyond the noise counts. It is a
lower bound with few false alarms, and nothing at all where the two pictures cannot be laid on each other.
"""

from __future__ import annotations

import cv2
import numpy as np

from app.base.geometry import Size
from app.edits.cut import send_coverage, send_picture
from app.edits.types import EditRequest, Patch, Report, Suspicion
from app.imaging.arrays import F32, U8, Bool, as_u8
from app.imaging.blend import alpha_inside, blend
from app.imaging.codecs import decode_picture
from app.imaging.masks import grow
from app.imaging.resample import reduce_coverage

WORK_SIDE = 1024
"""Long side at which the pictures are compared; larger ones are reduced."""
MARGIN_SHARE = 0.008
"""Share of the long side around the mask that is not judged: soft edges are no leak."""
LEAST_JUDGED = 256
"""Pixels outside the mask below which nothing is said."""
LEAST_SIDE = 8
LEAST_CHANGE = 8.0
RECOLOUR = 10.0
NOISES = 3.5
PERCENTILE = 35.0
SIGMA_OF_PERCENTILE = 0.4538
"""The 35th percentile of |x| for a normal x of deviation 1; up to 40 % of changed pixels cannot pull it."""
SAMPLES = 60_000
TRUSTED_GAIN = (0.6, 1.6)
LARGEST_SHIFT = 0.75
LEAST_LIKENESS = 0.3
"""Correlation of the details of two pictures from which on they show the same."""
INVERTED_FROM, INVERTED_TIMES = 8.0, 3.0
"""Mean change outside the mask, in levels and in times of that inside, from which a mask looks inverted."""
IGNORED_FROM = 0.3
"""Share of the outside that is changed from which a mask looks ignored."""


def report_edit(request: EditRequest, patch: Patch, data: bytes) -> Report:
    """Count what changed outside the mask, in the composite and in the received file `data`.

    Raises:
        PhotographError: `data` is no usable picture.
    """
    before = request.picture[..., :3]
    after = as_u8(blend(before, patch.pixels, alpha_inside(patch.coverage, patch.recipe.feather)))
    outside = outside_changed_pixels(before, after, patch.coverage)
    if not request.has_mask:
        return Report(outside, None)
    received = decode_picture(data)
    leaked = leak(request, received)
    return Report(outside, leaked, suspicion(before, patch, leaked))


def suspicion(before: U8, patch: Patch, leaked: float | None) -> Suspicion:
    """How the provider seems to have understood the mask of `patch`, laid on `before` (h, w, 3).

    Judged by the mean change on either side of the mask's edge, at the document's scale: a drift of colours
    is the same on both, an edit is on one.
    """
    inside: Bool = patch.coverage == 255
    outside: Bool = patch.coverage == 0
    if min(np.count_nonzero(inside), np.count_nonzero(outside)) < LEAST_JUDGED:
        return Suspicion.NONE
    change = np.abs(before.astype(np.int16) - patch.pixels).mean(axis=2)
    within, around = float(change[inside].mean()), float(change[outside].mean())
    if around > INVERTED_FROM and around > INVERTED_TIMES * within:
        return Suspicion.INVERTED
    if leaked is not None and leaked > IGNORED_FROM:
        return Suspicion.IGNORED
    return Suspicion.NONE


def outside_changed_pixels(before: U8, after: U8, coverage: U8) -> int:
    """How many pixels of coverage 0 differ between two pictures (h, w, 3)."""
    return int(np.count_nonzero(_differs(before, after) & (coverage == 0)))


def leak(request: EditRequest, received: U8) -> float | None:
    """Share (0–1) of the sent pixels outside the mask that are changed in `received` (h, w, 3|4).

    None where it cannot be told: another size than was sent, no mask, hardly anything outside the mask, or a
    shifted picture. Exactly 0 where nothing differs at all.
    """
    sent = send_picture(request)[..., :3]
    if not request.has_mask or received.shape[:2] != sent.shape[:2]:
        return None
    # The padding is a mirror of the content: it would count twice.
    rows, columns = request.plan.content_send.slices
    before, after = sent[rows, columns], received[rows, columns, :3]
    mask = send_coverage(request)[rows, columns]
    outside: Bool = mask == 0
    if not outside.any():
        return None
    if not (_differs(before, after) & outside).any():
        return 0.0
    before, after, mask = _reduced(before, after, mask)
    margin = max(2, round(MARGIN_SHARE * max(mask.shape)))
    judged: Bool = grow(as_u8(np.where(mask > 0, np.uint8(255), np.uint8(0))), margin) == 0
    if np.count_nonzero(judged) < LEAST_JUDGED or min(judged.shape) < LEAST_SIDE:
        return None
    expected = _fitted(before, after, judged)
    changed = _changed(expected, after.astype(np.float32), judged)
    share = float(np.count_nonzero(changed)) / float(np.count_nonzero(judged))
    if share > 0.01 and _is_shifted(expected, after.astype(np.float32), judged):
        return None
    return share


def _differs(before: U8, after: U8) -> Bool:
    """Where two pictures (h, w, 3) differ in any channel, as (h, w)."""
    # Three passes over planes are several times as fast as one any() over an axis of three.
    red, green, blue = (before[..., channel] != after[..., channel] for channel in range(3))
    differs: Bool = red | green | blue
    return differs


def _reduced(before: U8, after: U8, mask: U8) -> tuple[U8, U8, U8]:
    height, width = mask.shape
    size = Size(width, height).fitted_into(Size(WORK_SIDE, WORK_SIDE))
    if size == Size(width, height):
        return before, after, mask
    target = (size.width, size.height)
    return (
        as_u8(cv2.resize(np.ascontiguousarray(before), target, interpolation=cv2.INTER_AREA)),
        as_u8(cv2.resize(np.ascontiguousarray(after), target, interpolation=cv2.INTER_AREA)),
        reduce_coverage(mask, size),
    )


def _fitted(before: U8, after: U8, judged: Bool) -> F32:
    """`before` brought to the colours of `after` by a gain and an offset per channel.

    Where that takes a gain beyond all drift, `after` shows something else, and `before` stays as it is.
    """
    steps = max(1, int(np.count_nonzero(judged)) // SAMPLES)
    xs: F32 = before[judged][::steps].astype(np.float32)
    ys: F32 = after[judged][::steps].astype(np.float32)
    fitted: F32 = before.astype(np.float32)
    for channel in range(3):
        x, y = xs[:, channel], ys[:, channel]
        gain, offset = 1.0, float(np.median(y - x))
        for _round in range(8):
            off = np.abs(y - (gain * x + offset))
            sigma = max(0.5, float(np.percentile(off, PERCENTILE)) / SIGMA_OF_PERCENTILE)
            near = off <= 2.5 * sigma
            spread = float(np.var(x[near]))
            if spread > 4.0:
                gain = float(np.mean((x[near] - x[near].mean()) * (y[near] - y[near].mean()))) / spread
            offset = float(np.mean(y[near] - gain * x[near]))
        if not TRUSTED_GAIN[0] <= gain <= TRUSTED_GAIN[1]:
            return before.astype(np.float32)
        fitted[..., channel] = np.clip(gain * fitted[..., channel] + offset, 0, 255)
    return fitted


def _changed(expected: F32, after: F32, judged: Bool) -> Bool:
    """Pixels beyond the neighbourhood of what was expected by more than the noise, or clearly recoloured."""
    soft_expected = cv2.GaussianBlur(expected, (0, 0), 1.2)
    soft_after = cv2.GaussianBlur(after, (0, 0), 1.2)
    residual = np.abs(soft_after - soft_expected)
    noise = float(np.percentile(residual[judged], PERCENTILE)) / SIGMA_OF_PERCENTILE
    square = np.ones((3, 3), np.uint8)
    above = soft_after - cv2.dilate(soft_expected, square)
    below = cv2.erode(soft_expected, square) - soft_after
    beyond = np.maximum(above, below).max(axis=2) > max(LEAST_CHANGE, NOISES * noise)
    weight = judged.astype(np.float32)
    drift = cv2.GaussianBlur((after - expected) * weight[..., np.newaxis], (0, 0), 6)
    drift = np.abs(drift) / np.maximum(cv2.GaussianBlur(weight, (0, 0), 6), 1e-3)[..., np.newaxis]
    # The wide blur reaches over the edge of what is recoloured; the pixel itself must differ too.
    recoloured = (drift.max(axis=2) > RECOLOUR) & (residual.max(axis=2) > RECOLOUR / 2)
    marked = ((beyond | recoloured) & judged).astype(np.uint8)
    opened: Bool = cv2.morphologyEx(marked, cv2.MORPH_OPEN, square) > 0
    return opened


def _is_shifted(expected: F32, after: F32, judged: Bool) -> bool:
    """True when the two pictures show the same, but not in the same place."""
    weight = cv2.GaussianBlur(judged.astype(np.float32), (0, 0), 3)

    def details(picture: F32) -> F32:
        grey = picture.mean(axis=2)
        details: F32 = ((grey - cv2.GaussianBlur(grey, (0, 0), 8)) * weight).astype(np.float32)
        return details

    height, width = judged.shape
    window = cv2.createHanningWindow((width, height), cv2.CV_32F)
    one, other = details(expected), details(after)
    (x, y), response = cv2.phaseCorrelate(one, other, window)
    if response <= 0.1 or max(abs(x), abs(y)) <= LARGEST_SHIFT:
        return False
    # Of a plain picture it compares the errors of rounding: what has moved must look alike when moved back.
    back = cv2.warpAffine(other, np.array([[1, 0, -x], [0, 1, -y]], np.float64), (width, height))
    norm = float(np.linalg.norm(one * window)) * float(np.linalg.norm(back * window))
    return norm > 0 and float(np.sum(one * back * window * window)) > LEAST_LIKENESS * norm
