"""What is known in some places of a plane, spread smoothly over the others. For fields of corrections."""

from __future__ import annotations

import cv2
import numpy as np

from app.imaging.arrays import F32

_TRACE = np.float32(1e-3)
"""Weight below which nothing counts as known."""


def as_f32(array: object) -> F32:
    """What cv2 and numpy return, as float32; the same array where it is that already."""
    return np.asarray(array, dtype=np.float32)


def blurred(plane: F32, sigma: float) -> F32:
    """A Gaussian blur of `sigma` px, mirrored at the border; (h, w) or (h, w, n)."""
    return as_f32(cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)).reshape(plane.shape)


def smoothed(values: F32, weight: F32, sigma: float) -> tuple[F32, F32]:
    """The weighted mean of `values` (h, w, n) around each pixel, and the weight (h, w) that it rests on."""
    total = blurred(weight, sigma)
    mean = blurred(values * weight[..., np.newaxis], sigma) / np.maximum(total, 1e-6)[..., np.newaxis]
    return as_f32(mean), total


def spread(values: F32, weight: F32) -> F32:
    """`values` (h, w, n) where `weight` (h, w, 0–1) is 1, and smoothly continued where it is 0.

    Push-pull (Gortler et al., The Lumigraph, 1996): weighted means of four are taken until one pixel is
    left, then what is unknown takes the coarser value. All 0 where nothing is known.
    """
    height, width = weight.shape
    if min(height, width) <= 1 or max(height, width) <= 2:
        votes = float(weight.sum())
        if votes <= _TRACE:
            return np.zeros_like(values)
        all_over = (values * weight[..., np.newaxis]).sum(axis=(0, 1)) / votes
        known = np.minimum(weight, 1)[..., np.newaxis]
        return as_f32(values * known + all_over * (1 - known))
    half = ((width + 1) // 2, (height + 1) // 2)
    # Weights are summed up to 1: a place that is known at all is known at the coarser size.
    mass = as_f32(cv2.resize(weight, half, interpolation=cv2.INTER_AREA))
    total = as_f32(cv2.resize(values * weight[..., np.newaxis], half, interpolation=cv2.INTER_AREA))
    mean = total.reshape(half[1], half[0], -1) / np.maximum(mass, 1e-6)[..., np.newaxis]
    coarse = spread(as_f32(mean), np.minimum(mass * 4, 1))
    fine = as_f32(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)).reshape(values.shape)
    known = np.minimum(weight, 1)[..., np.newaxis]
    return as_f32(values * known + fine * (1 - known))
