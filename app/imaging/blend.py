"""Putting a patch over a picture without touching what is not covered. Pure arithmetic on arrays.

The blend modes are those of the W3C's “Compositing and Blending Level 1”, sections 9 and 10, on the samples as
they are stored (not linearised), as image editors do it: B(cb, cs) of backdrop and source, mixed by the weight.
"""

from __future__ import annotations

import numpy as np

from app.base.cancel import CancelToken
from app.imaging.arrays import F32, U8, Samples, as_samples
from app.imaging.masks import feather_inside
from app.imaging.recipe import BlendMode

_ROWS = 128
"""Rows that are blended at a time, so that the float copies stay small."""
_LUMINANCE = (np.float32(0.3), np.float32(0.59), np.float32(0.11))
"""What red, green and blue count for in the luminosity of the W3C's `Lum`."""


def alpha_inside(coverage: U8, feather: int, cancel: CancelToken | None = None) -> U8:
    """The weight of a patch: `coverage` (H, W) softened by `feather` pixels inwards; 0 wherever it is 0.

    Raises:
        Cancelled: the token was cancelled.
    """
    return feather_inside(coverage, feather, cancel)


def blend(
    base: Samples,
    patch: Samples,
    alpha: U8,
    opacity: float = 1.0,
    mode: BlendMode = BlendMode.NORMAL,
    cancel: CancelToken | None = None,
) -> Samples:
    """`base` with `patch` laid over it by `alpha` (H, W, 0–255) times `opacity` (0–1), as a new array.

    Both have one shape and dtype and one colour space; the last axis is grey, grey and alpha, RGB, or RGB and
    alpha. Where alpha is 0 the samples are bit-identical to `base`; where alpha is 255 and opacity 1 they are
    B(base, patch), which is `patch` itself in the normal mode; between, they are base + (B - base) * weight,
    rounded to nearest. A channel of alpha in `patch` is taken like a colour in the normal mode, and left as it
    is in `base` in the others. Grey has one luminosity and no colour: the mode of the luminosity is the normal
    one then, and that of the colour changes nothing.

    Raises:
        ValueError: shapes or dtypes differ.
        Cancelled: the token was cancelled.
    """
    if base.shape != patch.shape or base.dtype != patch.dtype or base.shape[:2] != alpha.shape:
        raise ValueError(f"{base.shape} {base.dtype}, {patch.shape} {patch.dtype} and {alpha.shape} differ")
    blended = np.array(base, order="C")
    opacity = min(max(opacity, 0.0), 1.0)
    channels = base.shape[2] if base.ndim == 3 else 1
    colours = 3 if channels >= 3 else 1
    if mode is BlendMode.NORMAL:
        colours = channels
    most = np.float32(np.iinfo(base.dtype).max)
    for top in range(0, base.shape[0], _ROWS):
        if cancel is not None:
            cancel.check()
        rows = slice(top, top + _ROWS)
        if not alpha[rows].any():
            continue
        weight: F32 = alpha[rows].astype(np.float32) * np.float32(opacity / 255.0)
        # 1 / 255 is no binary fraction: make full weight exactly 1.
        weight[alpha[rows] == 255] = opacity
        part = (rows,) if base.ndim == 2 else (rows, slice(None), slice(0, colours))
        if base.ndim == 3:
            weight = weight[..., np.newaxis]
        below = base[part].astype(np.float32)
        mixed = patch[part].astype(np.float32)
        if mode is not BlendMode.NORMAL:
            # What is left of rounding stays inside the samples' range.
            mixed = np.clip(_mixed(below / most, mixed / most, mode) * most, np.float32(0), most)
        mixed -= below
        mixed *= weight
        mixed += below
        blended[part] = np.rint(mixed, out=mixed).astype(base.dtype)
    return as_samples(blended)


def _mixed(backdrop: F32, source: F32, mode: BlendMode) -> F32:
    """B(cb, cs) of samples from 0 to 1, (h, w) or (h, w, 1) grey, or (h, w, 3) RGB."""
    match mode:
        case BlendMode.NORMAL:
            return source
        case BlendMode.MULTIPLY:
            return backdrop * source
        case BlendMode.SCREEN:
            return _screen(backdrop, source)
        case BlendMode.OVERLAY:
            # Hard light with the two exchanged: the backdrop says whether to multiply or to screen.
            lit = np.where(
                backdrop <= 0.5, source * (2 * backdrop), _screen(source, np.float32(2) * backdrop - 1)
            )
            return lit.astype(np.float32, copy=False)
        case BlendMode.LIGHTEN:
            return np.maximum(backdrop, source)
        case BlendMode.DARKEN:
            return np.minimum(backdrop, source)
        case BlendMode.LUMINOSITY:
            return _with_luminosity(backdrop, source) if _is_colour(source) else source
        case BlendMode.COLOUR:
            return _with_luminosity(source, backdrop) if _is_colour(source) else backdrop


def _is_colour(samples: F32) -> bool:
    return samples.ndim == 3 and samples.shape[2] == 3


def _screen(backdrop: F32, source: F32) -> F32:
    return backdrop + source - backdrop * source


def _luminosity(colour: F32) -> F32:
    """Lum(C), (h, w)."""
    total: F32 = _LUMINANCE[0] * colour[..., 0]
    total += _LUMINANCE[1] * colour[..., 1]
    total += _LUMINANCE[2] * colour[..., 2]
    return total


def _with_luminosity(colour: F32, of: F32) -> F32:
    """SetLum(colour, Lum(of)): the hue and chroma of one with the luminosity of the other, clipped as ClipColor.

    Lum(SetLum(C, l)) is l, so ClipColor moves every channel towards l, by the factor that brings the one that lies
    farthest out just to the edge.
    """
    light = _luminosity(of)
    offset = light - _luminosity(colour)
    red, green, blue = (colour[..., channel] + offset for channel in range(3))
    lowest = np.minimum(np.minimum(red, green), blue)
    highest = np.maximum(np.maximum(red, green), blue)
    tiny = np.float32(1e-9)
    factor = np.where(lowest < 0, light / np.maximum(light - lowest, tiny), np.float32(1))
    np.minimum(
        factor,
        np.where(highest > 1, (1 - light) / np.maximum(highest - light, tiny), np.float32(1)),
        out=factor,
    )
    clipped = np.empty_like(colour)
    for channel, moved in enumerate((red, green, blue)):
        clipped[..., channel] = light + (moved - light) * factor
    return clipped
