"""Small local displacements between two pictures that already lie on each other as a whole.

They are one smooth sheet over the region, a cubic spline on a grid of a few control points, so that it goes on
through the mask as it comes in from all sides, and nothing in the mask is ever looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from app.base.cancel import CancelToken
from app.imaging.arrays import F32, Bool
from app.imaging.registration import likeness, misfit
from app.imaging.spread import as_f32, smoothed

F64 = NDArray[np.float64]

CELLS, LEAST_CELL = 8, 16.0
"""Cells of the grid along the long side, and pixels of one at least."""
LEVELS = ((4, 3), (2, 2), (1, 2))
"""How much smaller the planes are, and the rounds, one after the other: what moved far is found on small ones."""
FINE, WIDE = 1.0, 4.0
"""Deviations, in pixels of a level, between which detail is compared: neither noise nor lighting."""
OUTLIER = 3.0
"""Deviations at which a difference has half a vote."""
LEAST_NOISE = 0.05
STIFFNESS = 1.0
"""Of the sheet. At 1 a second difference of control points by a pixel is as unlikely as a deviation of noise."""
TO_ZERO = 1e-3
"""The same for displacements themselves: holds what nothing else does."""
LEAST_GAIN = 0.02
"""By how much the misfit near the mask must fall, in blocks that had no say in the fit."""
BLOCK, HELD_OUT = 32, 5
"""Side of these blocks in pixels, and every which one it is."""
NEAR = 64
"""Pixels around the mask that are judged."""
MOST = 12.0
"""Pixels: larger displacements are no drift."""
LEAST_LIKENESS = 0.3
"""Correlation of detail below which the two do not show the same, and bending would only smear."""
LEAST_SIDE = 32
COARSER = 4
"""What is smooth is summed up, and kept, at a fraction of the size."""


def local_flow(document: F32, reply: F32, unmasked: Bool, cancel: CancelToken | None = None) -> F32 | None:
    """Where `reply` shows what `document` shows, both luma (h, w): (h / 4, w / 4, 2) as x, y in pixels to add.

    Judged where `unmasked`; continued smoothly into the mask. None where it does not help.

    Raises:
        Cancelled: `cancel` was cancelled.
    """
    if min(document.shape) < LEAST_SIDE:
        return None
    away = as_f32(cv2.distanceTransform(unmasked.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5))
    near = unmasked & (away <= NEAR)
    held = near & _held_out(document.shape)
    if not held.any() or likeness(document, reply, near) < LEAST_LIKENESS:
        return None
    limit = (1 - LEAST_GAIN) * misfit(document, reply, held)
    sheet = _Sheet.over(document.shape)
    for factor, rounds in LEVELS:
        if cancel is not None:
            cancel.check()
        sheet = _fitted(sheet, document, reply, unmasked, unmasked & ~held, factor, rounds)
        # The smallest planes may lack all detail; from the second on it shows whether going on will pay.
        if (
            factor < LEVELS[0][0]
            and misfit(document, displaced(reply, sheet.at(document.shape)), held) >= limit
        ):
            return None
    sheet = _fitted(sheet, document, reply, unmasked, unmasked, 1, 1)
    field = sheet.at((-(-document.shape[0] // COARSER), -(-document.shape[1] // COARSER)))
    return field if np.abs(field).max() <= MOST else None


def displaced(plane: F32, field: F32) -> F32:
    """`plane` (h, w[, n]) read at each pixel plus the `field` (any size, 2), which is in pixels of the plane."""
    height, width = plane.shape[:2]
    full = as_f32(cv2.resize(field, (width, height), interpolation=cv2.INTER_LINEAR))
    x = full[..., 0] + np.arange(width, dtype=np.float32)
    y = full[..., 1] + np.arange(height, dtype=np.float32)[:, np.newaxis]
    return as_f32(cv2.remap(plane, x, y, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REFLECT))


@dataclass(frozen=True, slots=True, eq=False)
class _Sheet:
    """A field of displacements as a uniform cubic B-spline."""

    control: F64
    """(2, rows, columns): x and y at the control points, in pixels of the whole plane."""

    @classmethod
    def over(cls, shape: tuple[int, ...]) -> _Sheet:
        """Flat, over a plane of `shape`."""
        cell = max(LEAST_CELL, max(shape) / CELLS)
        rows, columns = (max(1, round(side / cell)) + 3 for side in shape)
        return cls(np.zeros((2, rows, columns)))

    def at(self, shape: tuple[int, ...]) -> F32:
        """The displacements at the pixels' centres of a plane of `shape` over the same region: (h, w, 2)."""
        down, along = self.weights(shape)
        return as_f32(np.stack([down @ plane @ along.T for plane in self.control], axis=2))

    def weights(self, shape: tuple[int, ...]) -> tuple[F64, F64]:
        """What each control point counts in each row, (h, rows), and in each column, (w, columns)."""
        return _basis(shape[0], self.control.shape[1]), _basis(shape[1], self.control.shape[2])

    def bending(self) -> F64:
        """The quadratic form, over all control points in raster order, of how bent the sheet is.

        Differences of control points stand for derivatives (Eilers and Marx, Flexible smoothing with B-splines
        and penalties, 1996).
        """
        _two, rows, columns = self.control.shape
        flat, sloped, bent = (
            [_differences(count, order) for count in (rows, columns)] for order in (0, 1, 2)
        )
        form = np.kron(bent[0], flat[1]) + 2 * np.kron(sloped[0], sloped[1]) + np.kron(flat[0], bent[1])
        return np.asarray(form + TO_ZERO * np.eye(len(form)), np.float64)


def _basis(count: int, points: int) -> F64:
    """The uniform cubic B-splines of `points` control points at `count` pixels' centres: (count, points)."""
    place = (np.arange(count) + 0.5) / count * (points - 3)
    first = np.minimum(place.astype(np.intp), points - 4)
    t = place - first
    weights = np.zeros((count, points))
    parts = ((1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3)
    for offset, part in enumerate(parts):
        weights[np.arange(count), first + offset] = part / 6
    return weights


def _differences(count: int, order: int) -> F64:
    step = np.diff(np.eye(count), order, axis=0)
    return np.asarray(step.T @ step, np.float64)


def _held_out(shape: tuple[int, ...]) -> Bool:
    """Every fifth block, none beside another: (h, w)."""
    rows, columns = (np.arange(side) // BLOCK for side in shape)
    return np.asarray((columns + 2 * rows[:, np.newaxis]) % HELD_OUT == 0)


def _fitted(
    sheet: _Sheet, document: F32, reply: F32, unmasked: Bool, judged: Bool, factor: int, rounds: int
) -> _Sheet:
    """`sheet` after some rounds on planes `factor` times smaller, by what is `judged` (h, w).

    Gauss and Newton's method on the brightness that is left (Lucas and Kanade, 1981), for all control points at
    once: where there is no texture, or only along one direction, the sheet's stiffness decides.
    """
    height, width = document.shape
    size = (max(1, width // factor), max(1, height // factor))
    one, other, known, voting = document, reply, as_f32(unmasked), judged
    if factor > 1:
        one, other, known = (
            as_f32(cv2.resize(plane, size, interpolation=cv2.INTER_AREA)) for plane in (one, other, known)
        )
        known = as_f32(known > 0.99)
        voting = as_f32(cv2.resize(as_f32(judged), size, interpolation=cv2.INTER_AREA)) > 0.99
    if not voting.any() or min(size) < LEAST_SIDE:
        return sheet
    there = np.array([size[0] / width, size[1] / height])
    control, bending = sheet.control * there[:, np.newaxis, np.newaxis], sheet.bending()
    mine = _detail(one, known)
    for _round in range(rounds):
        now = _Sheet(control)
        left, along, down = _differences_of(mine, _detail(displaced(other, now.at(one.shape)), known))
        noise = float(np.median(np.abs(left[voting]))) * 1.4826 + LEAST_NOISE
        weight = as_f32(voting / (1 + np.square(left / np.float32(OUTLIER * noise))))
        # Neighbours share their noise, so a pixel counts for less than one.
        stiff = STIFFNESS * noise**2 * 4 * np.pi * FINE**2 * bending
        step = _solved(now, weight, left, along, down, stiff)
        control = control + step
    return _Sheet(control / there[:, np.newaxis, np.newaxis])


def _detail(plane: F32, known: F32) -> F32:
    """The detail of `plane` (h, w) between two sizes, from what is `known` (h, w) alone."""
    fine, wide = (smoothed(plane[..., np.newaxis], known, sigma)[0] for sigma in (FINE, WIDE))
    return as_f32(fine - wide)[..., 0]


def _differences_of(mine: F32, theirs: F32) -> tuple[F32, F32, F32]:
    """What is left between two planes (h, w), and their common slope along x and along y."""
    mean = as_f32((mine + theirs) / 2)
    along = as_f32(cv2.Sobel(mean, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8))
    down = as_f32(cv2.Sobel(mean, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8))
    return as_f32(mine - theirs), along, down


def _solved(sheet: _Sheet, weight: F32, left: F32, along: F32, down: F32, stiff: F64) -> F64:
    """What to add to the sheet's control points: the normal equations of one round."""
    _two, rows, columns = sheet.control.shape
    height, width = weight.shape
    small = (-(-width // COARSER), -(-height // COARSER))
    pixels = width * height / (small[0] * small[1])
    by_row, by_column = sheet.weights((small[1], small[0]))
    row_pairs = (by_row[:, :, np.newaxis] * by_row[:, np.newaxis]).reshape(small[1], -1)
    column_pairs = (by_column[:, :, np.newaxis] * by_column[:, np.newaxis]).reshape(small[0], -1)

    def summed(plane: F32) -> F64:
        mean = as_f32(cv2.resize(plane, small, interpolation=cv2.INTER_AREA))
        return np.asarray(mean * pixels, np.float64)

    def form(plane: F32) -> F64:
        pairs = (row_pairs.T @ summed(plane) @ column_pairs).reshape(rows, rows, columns, columns)
        return np.asarray(pairs.transpose(0, 2, 1, 3).reshape(rows * columns, -1), np.float64)

    xy = form(weight * along * down)
    matrix = np.block([[form(weight * along * along) + stiff, xy], [xy, form(weight * down * down) + stiff]])
    pulls = [(by_row.T @ summed(weight * slope * left) @ by_column).ravel() for slope in (along, down)]
    right = [pull - stiff @ plane.ravel() for pull, plane in zip(pulls, sheet.control, strict=True)]
    return np.asarray(np.linalg.solve(matrix, np.concatenate(right)), np.float64).reshape(2, rows, columns)
