"""Putting a patch over a picture without touching what is not covered. Pure arithmetic on arrays."""

from __future__ import annotations

import numpy as np

from app.imaging.arrays import F32, U8, Samples, as_samples
from app.imaging.masks import feather_inside

_ROWS = 128
"""Rows that are blended at a time, so that the float copies stay small."""


def alpha_inside(coverage: U8, feather: int) -> U8:
    """The weight of a patch: `coverage` (H, W) softened by `feather` pixels inwards; 0 wherever it is 0."""
    return feather_inside(coverage, feather)


def blend(base: Samples, patch: Samples, alpha: U8, opacity: float = 1.0) -> Samples:
    """`base` with `patch` laid over it by `alpha` (H, W, 0–255) times `opacity` (0–1), as a new array.

    Both have one shape and dtype and one colour space. Where alpha is 0 the samples are bit-identical to
    `base`; where alpha is 255 and opacity 1 they are those of `patch`; between, they are
    base + (patch - base) * weight, rounded to nearest.

    Raises:
        ValueError: shapes or dtypes differ.
    """
    if base.shape != patch.shape or base.dtype != patch.dtype or base.shape[:2] != alpha.shape:
        raise ValueError(f"{base.shape} {base.dtype}, {patch.shape} {patch.dtype} and {alpha.shape} differ")
    blended = np.array(base, order="C")
    opacity = min(max(opacity, 0.0), 1.0)
    for top in range(0, base.shape[0], _ROWS):
        rows = slice(top, top + _ROWS)
        if not alpha[rows].any():
            continue
        weight: F32 = alpha[rows].astype(np.float32) * np.float32(opacity / 255.0)
        # 1 / 255 is no binary fraction: make full weight exactly 1.
        weight[alpha[rows] == 255] = opacity
        if base.ndim == 3:
            weight = weight[..., np.newaxis]
        below = base[rows].astype(np.float32)
        mixed = patch[rows].astype(np.float32)
        mixed -= below
        mixed *= weight
        mixed += below
        blended[rows] = np.rint(mixed, out=mixed).astype(base.dtype)
    return as_samples(blended)
