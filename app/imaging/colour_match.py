"""The colours of a picture that came back, brought to those of the picture that was sent.

A model's drift is mostly the same everywhere: another gain, contrast, saturation or gamma, and a lighting that
changes slowly over the picture. All of it is fitted at once to what both pictures show, robustly enough that
places which the edit changed do not vote.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from app.imaging.arrays import F32, Bool
from app.imaging.spread import as_f32

F64 = NDArray[np.float64]

SAMPLES = 16_000
ROUNDS = 12
TUKEY = 4.685
"""In deviations: beyond, a sample has no vote (95 % efficient for normal errors)."""
LEAST_SIGMA = 0.7
LEAST_SAMPLES = 200
DARKEST, BRIGHTEST = 3, 252
"""Values beyond are clipped, and tell nothing of the drift."""
LEAST_GAIN = 0.04
"""By how much the robust error must fall."""
MOST_DRIFT = 48.0
"""Levels by which two pictures may differ that show the same."""
MOST_LEFT = 16.0
"""Levels that may be left between two pictures that show the same."""
LEAST_OWN, MOST_OWN, MOST_ACROSS, MOST_CURVE = 0.6, 1.6, 0.4, 48.0
"""Gain of a channel, share of another one in it, levels of a curve: beyond is no drift."""
MOST_FIELD = 64.0
"""Levels of one term of the field: beyond, it paints a picture of its own over a plain one."""
LEAST_MIXING = 0.05
"""By how much the error must fall further for channels that mix, as a change of saturation mixes them."""
NO_MIXING = 1e3
GAIN_PRIOR, CROSS_PRIOR, CURVE_PRIOR = 5e-4, 1e-3, 2e-3
"""How much evidence it takes to believe that a gain is not 1, a mixing or a curve not 0; share of the samples."""


@dataclass(frozen=True, slots=True, eq=False)
class ColourFit:
    """What is added to a colour (r, g, b) at (x, y): terms of the colour, and a quadratic field."""

    colour: F64
    """(6, 3): rows r, g, b as (v - 128) / 128, then their curves (v / 128 - 1)² - 1/3, in levels."""
    field: F64
    """(6, 3): rows 1, x, x², y, y², xy with x and y from -1 to 1 over the region, in levels."""

    @property
    def is_believable(self) -> bool:
        """Whether it is a drift, and does not make another picture of what it is applied to."""
        mixing = self.colour[:3] / 128 + np.eye(3)
        own = np.diag(mixing)
        across = np.abs(mixing - np.diag(own)).max()
        is_near = own.min() >= LEAST_OWN and own.max() <= MOST_OWN and across <= MOST_ACROSS
        is_even = np.abs(self.field).max() <= MOST_FIELD
        return bool(is_near and is_even and np.abs(self.colour[3:]).max() <= MOST_CURVE)

    def apply(self, pixels: F32, top: int, height: int) -> None:
        """Correct `pixels` (h, w, 3), 0–255, in place: the rows from `top` on of a picture of `height` rows."""
        x = _axis(0, pixels.shape[1], pixels.shape[1])
        y = _axis(top, pixels.shape[0], height)
        level = pixels / np.float32(128) - np.float32(1)
        curve = self.colour[3:].T
        pixels += as_f32(cv2.transform(level, self.colour[:3].T.astype(np.float32)))
        np.square(level, out=level)
        bent = np.hstack((curve, -curve.sum(axis=1, keepdims=True) / 3))
        pixels += as_f32(cv2.transform(level, bent.astype(np.float32)))
        f = self.field.astype(np.float32)
        x, y = x[np.newaxis, :, np.newaxis], y[:, np.newaxis, np.newaxis]
        pixels += f[0] + x * (f[1] + x * f[2])
        pixels += y * (f[3] + y * f[4] + x * f[5])


def fit_colours(document: F32, reply: F32, where: Bool) -> ColourFit | None:
    """What brings `reply` to `document`, both (h, w, 3), 0–255, slightly blurred, judged `where` (h, w).

    None where there is too little to judge, or where no correction helps.
    """
    clipped = (document <= DARKEST) | (document >= BRIGHTEST) | (reply <= DARKEST) | (reply >= BRIGHTEST)
    rows, columns = np.nonzero(where & ~clipped.any(axis=2))
    step = max(1, len(rows) // SAMPLES)
    rows, columns = rows[::step], columns[::step]
    if len(rows) < LEAST_SAMPLES:
        return None
    height, width = where.shape
    x = ((columns + 0.5) / width * 2 - 1).astype(np.float64)
    y = ((rows + 0.5) / height * 2 - 1).astype(np.float64)
    theirs = reply[rows, columns].astype(np.float64)
    wanted = document[rows, columns].astype(np.float64) - theirs
    terms = np.hstack((_colour_terms(theirs), _field_terms(x, y)))
    answer, mixed = _robust(terms, wanted, NO_MIXING), _robust(terms, wanted, CROSS_PRIOR)
    after, mixed_after = (np.abs(wanted - terms @ each).mean(axis=1) for each in (answer, mixed))
    # What few colours in the surroundings say of other colours is wrong for those that the edit brings.
    if _capped(mixed_after) < (1 - LEAST_MIXING) * _capped(after):
        answer, after = mixed, mixed_after
    before = np.abs(wanted).mean(axis=1)
    left = float(np.median(after))
    if np.median(before) > MOST_DRIFT or left > MOST_LEFT or left >= (1 - LEAST_GAIN) * np.median(before):
        return None
    fit = ColourFit(answer[:6], answer[6:])
    return fit if fit.is_believable else None


def _robust(terms: F64, wanted: F64, cross_prior: float) -> F64:
    """Reweighted least squares with Tukey's weights, one weight for all three channels of a sample."""
    count = len(terms)
    prior = np.zeros((3, terms.shape[1]))
    prior[:, :3] = cross_prior
    prior[np.arange(3), np.arange(3)] = GAIN_PRIOR
    prior[:, 3:6] = CURVE_PRIOR
    answer = np.zeros((terms.shape[1], 3))
    answer[6] = np.median(wanted, axis=0)
    for _round in range(ROUNDS):
        off = np.sqrt(np.square(wanted - terms @ answer).mean(axis=1))
        sigma = max(LEAST_SIGMA, float(np.percentile(off, 35)) / 0.75)
        weight = np.square(np.clip(1 - np.square(off / (TUKEY * sigma)), 0, None))
        gram = terms.T @ (terms * weight[:, np.newaxis])
        right = terms.T @ (wanted * weight[:, np.newaxis])
        for channel in range(3):
            damped = gram + np.diag(prior[channel] * count) + np.eye(terms.shape[1]) * 1e-6 * count
            answer[:, channel] = np.linalg.solve(damped, right[:, channel])
    return answer


def _capped(errors: F64) -> float:
    """The mean error, in which what is no drift counts no more than `MOST_LEFT`, and few colours count at all."""
    return float(np.minimum(errors, MOST_LEFT).mean())


def _colour_terms(colours: NDArray[np.floating]) -> NDArray[np.floating]:
    """(n, 6) of (n, 3): each channel around mid grey, and its curve."""
    level = colours / colours.dtype.type(128) - colours.dtype.type(1)
    return np.hstack((level, level * level - colours.dtype.type(1 / 3)))


def _field_terms(x: F64, y: F64) -> F64:
    return np.column_stack((np.ones_like(x), x, x * x, y, y * y, x * y))


def _axis(start: int, count: int, whole: int) -> F32:
    """Pixel centres `start` … `start + count` of `whole` as -1 to 1."""
    return as_f32((np.arange(start, start + count) + 0.5) / whole * 2 - 1)
