"""Grain for a picture that came back smoother than the photograph: noise of the strength that is missing.

How much is missing depends on the place: a sky has less grain than a meadow. So it is learnt outside the mask,
where the photograph shows what should be there, from what the reply itself has of coarser detail.
"""

from __future__ import annotations

import itertools

import cv2
import numpy as np

from app.imaging.arrays import F32, Bool
from app.imaging.spread import as_f32, blurred

LEAST_PIXELS = 500
SMOOTH = 4.0
"""Pixels over which strength is measured."""
BINS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0)
"""Quantiles; close together where there is most detail, since what is sharp is often in the mask."""
MOST = 24.0
"""Levels: stronger grain is texture, and noise is no texture."""


def texture_energy(picture: F32, where: Bool) -> float:
    """Mean |Laplacian| of the luma of `picture` (h, w, 3): how much fine detail it has there, in levels."""
    luma = as_f32(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))
    return float(np.abs(as_f32(cv2.Laplacian(luma, cv2.CV_32F)))[where].mean())


def missing_grain(reply: F32, document: F32, outside: Bool, scale: float, seed: int = 0) -> F32:
    """What to add to `reply` (h, w, 3) so that it is as fine as `document`: (h, w), the same for all channels.

    Learnt `outside` (h, w) the mask. `scale` (<= 1) is how much smaller it was sent: what is finer than that is
    missing. The same arguments give the same grain.
    """
    if np.count_nonzero(outside) < LEAST_PIXELS:
        return np.zeros(outside.shape, np.float32)
    sigma = 0.5 / max(scale, 0.1)
    own, theirs = _level(_fine(document, sigma)), _level(_fine(reply, sigma))
    coarse = _level(_fine(reply, 2.5 * sigma))
    strength = _learnt(coarse, own, theirs, outside)
    noise = np.random.default_rng(seed).standard_normal(outside.shape).astype(np.float32)
    fine = noise - blurred(noise, sigma)
    grain = as_f32(fine / max(1e-6, float(fine.std())) * strength)
    return as_f32(grain * weight_for(reply, grain, outside, texture_energy(document, outside)))


def weight_for(picture: F32, extra: F32, where: Bool, wanted: float) -> float:
    """How much of `extra` (h, w) to (0–1.5) gives `picture` (h, w, 3) the wanted energy `where`, by halving."""
    low, high = 0.0, 1.5
    for _round in range(6):
        middle = (low + high) / 2
        if texture_energy(as_f32(picture + middle * extra[..., np.newaxis]), where) < wanted:
            low = middle
        else:
            high = middle
    return low


def _fine(picture: F32, sigma: float) -> F32:
    return as_f32(picture - blurred(picture, sigma))


def _level(fine: F32) -> F32:
    """Mean |value| of the luma around each pixel: (h, w)."""
    return blurred(np.abs(as_f32(cv2.cvtColor(fine, cv2.COLOR_RGB2GRAY))), SMOOTH)


def _learnt(coarse: F32, own: F32, theirs: F32, outside: Bool) -> F32:
    """The deviation of the grain by the strength of the coarser detail, (h, w): medians of bins, joined."""
    known, wanted, there = coarse[outside], own[outside], theirs[outside]
    edges = np.quantile(known, BINS)
    middles, values = [], []
    for low, high in itertools.pairwise(edges):
        inside = (known >= low) & (known <= high)
        if inside.any():
            lack = float(np.median(wanted[inside])) ** 2 - float(np.median(there[inside])) ** 2
            middles.append(float(known[inside].mean()))
            values.append(1.25 * float(np.sqrt(max(0.0, lack))))
    # Beyond all that was seen outside it goes on in proportion.
    middles.append(2 * middles[-1] + 1e-3)
    values.append(2 * values[-1])
    strength = np.interp(coarse.ravel(), middles, values).reshape(coarse.shape)
    return blurred(as_f32(np.clip(strength, 0, MOST)), SMOOTH / 2)
