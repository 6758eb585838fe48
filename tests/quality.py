"""Figures that tell how believable a healed hole is, where the truth is known. Shared by tests and benchmarks.

All pictures are (h, w, 3) RGB uint8, masks (h, w) uint8 with the hole above 0.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from app.imaging.arrays import U8

PATCH = 7
DIRECTIONS = 96
MAX_PATCHES = 20_000


def texture_energy_ratio(result: U8, truth: U8, mask: U8) -> float:
    """TER: mean |Laplacian| of luma in the hole over the truth's. 1 = as much texture, 0.1 = a smear."""
    hole = mask > 0
    floor = 1e-3
    return float((_edges(result)[hole].mean() + floor) / (_edges(truth)[hole].mean() + floor))


def sliced_wasserstein(result: U8, truth: U8, mask: U8, seed: int = 0) -> float:
    """SWD: how far the 7 x 7 colour patches of the hole are, as a set, from the truth's; lower is better.

    Mean over random directions of the 1-D Wasserstein distance between the projected patches
    (Rabin et al., Wasserstein barycenter and its application to texture mixing, 2011), in grey levels.
    """
    rng = np.random.default_rng(seed)
    centres = _centres(mask, rng)
    directions = rng.standard_normal((PATCH * PATCH * 3, DIRECTIONS)).astype(np.float32)
    directions /= np.linalg.norm(directions, axis=0)
    ours = np.sort(_patches(result, centres) @ directions, axis=0)
    theirs = np.sort(_patches(truth, centres) @ directions, axis=0)
    return float(np.abs(ours - theirs).mean())


def psnr(result: U8, truth: U8, mask: U8) -> float:
    """Peak signal-to-noise ratio inside the hole, in dB."""
    hole = mask > 0
    error = np.square(result[hole].astype(np.float64) - truth[hole]).mean()
    return float(10 * np.log10(255**2 / max(error, 1e-6)))


def seam_ratio(result: U8, mask: U8) -> float:
    """z: the coherent step along the hole's edge over that along parallel lines in the known surroundings.

    Needs no truth; an untouched picture has about 1, a hard paste of another exposure 2–30. On each normal
    luma 1–6 px inside and outside is fitted by a line each; their gap at the edge is smoothed along the
    contour, because the eye sees a step that keeps its sign while texture cancels.
    """
    luma = cv2.cvtColor(result, cv2.COLOR_RGB2GRAY).astype(np.float32)
    outside = [_mean_step(luma, _grown(mask, reach)) for reach in (12, 20, 28)]
    return _mean_step(luma, mask) / max(0.25, float(np.mean(outside)))


def seam_jump(result: U8, truth: U8, mask: U8) -> float:
    """J95: the visible step at the hole's edge against the truth, in levels; below 1 it cannot be seen.

    The 95th percentile of the smoothed |step| of `seam_ratio`, measured on luma of result - truth.
    """
    difference = _luma(result) - _luma(truth)
    steps = _all_steps(difference, mask)
    return float(np.percentile(np.abs(steps), 95))


def ring_error(result: U8, truth: U8, mask: U8, width: int = 12) -> float:
    """Root mean square error over the `width` pixels inside the hole's edge, in levels."""
    depth = cv2.distanceTransform((mask > 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    ring = (depth > 0) & (depth <= width)
    return float(np.sqrt(np.square(result[ring].astype(np.float64) - truth[ring]).mean()))


def outside_error(result: U8, truth: U8, mask: U8) -> int:
    """The greatest difference outside the hole, in levels."""
    outside = mask == 0
    differs = np.abs(result[outside].astype(np.int16) - truth[outside])
    return int(differs.max()) if differs.size else 0


def _luma(picture: U8) -> NDArray[np.float32]:
    return cv2.cvtColor(picture.astype(np.float32), cv2.COLOR_RGB2GRAY)


def _edges(picture: U8) -> NDArray[np.float64]:
    luma = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return np.abs(cv2.Laplacian(luma, cv2.CV_64F))


def _centres(mask: U8, rng: np.random.Generator) -> NDArray[np.intp]:
    """Positions (n, 2) of the hole's pixels, a random draw of them where there are many."""
    positions = np.argwhere(mask > 0)
    if len(positions) > MAX_PATCHES:
        positions = positions[rng.choice(len(positions), MAX_PATCHES, replace=False)]
    return positions


def _patches(picture: U8, centres: NDArray[np.intp]) -> NDArray[np.float32]:
    """The patches (n, 7 * 7 * 3) around `centres`, reflected at the picture's border."""
    reach = PATCH // 2
    padded = cv2.copyMakeBorder(picture, reach, reach, reach, reach, cv2.BORDER_REFLECT)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (PATCH, PATCH), axis=(0, 1))
    return windows[centres[:, 0], centres[:, 1]].reshape(len(centres), -1).astype(np.float32)


def _grown(mask: U8, reach: float) -> U8:
    away = cv2.distanceTransform((mask == 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return (away <= reach).astype(np.uint8)


def _mean_step(luma: NDArray[np.float32], mask: U8) -> float:
    return float(np.abs(_all_steps(luma, mask)).mean())


def _all_steps(luma: NDArray[np.float32], mask: U8) -> NDArray[np.float64]:
    found, _ = cv2.findContours((mask > 0).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    steps = [_steps(luma, contour[:, 0].astype(np.float64)) for contour in found if len(contour) >= 24]
    joined = np.concatenate(steps) if steps else np.zeros(1)
    return joined if len(joined) else np.zeros(1)


def _steps(luma: NDArray[np.float32], contour: NDArray[np.float64]) -> NDArray[np.float64]:
    """The smoothed step across the edge at each point (x, y) of a closed contour; none at the border."""
    height, width = luma.shape
    inside = ((contour > 8) & (contour < np.array([width, height]) - 9)).all(axis=1)
    tangent = np.roll(contour, -3, axis=0) - np.roll(contour, 3, axis=0)
    tangent /= np.maximum(1e-6, np.linalg.norm(tangent, axis=1, keepdims=True))
    normal = np.stack((-tangent[:, 1], tangent[:, 0]), axis=1)
    away = np.arange(1.0, 7.0)
    sides = []
    for sign in (1.0, -1.0):
        points = (contour[:, None] + sign * away[None, :, None] * normal[:, None]).astype(np.float32)
        samples = cv2.remap(luma, points[..., 0], points[..., 1], cv2.INTER_LINEAR)
        sides.append(np.polyfit(away, samples.T.astype(np.float64), 1)[1])
    return _smoothed(np.where(inside, sides[0] - sides[1], 0.0), 8.0)[inside]


def _smoothed(values: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    """`values` along a closed contour, low-passed."""
    reach = int(4 * sigma)
    wide = np.pad(values, reach, mode="wrap")
    kernel = cv2.getGaussianKernel(2 * int(3 * sigma) + 1, sigma)[:, 0]
    return np.convolve(wide, kernel, mode="same")[reach:-reach]
