"""Finds, for every pixel of a fill, the known pixel whose surroundings look most alike, and takes its detail.

The search is PatchMatch (Barnes et al., SIGGRAPH 2009) in its parallel form with jump-flooding propagation
(Rong and Tan, 2006), on whole numpy arrays: every hole pixel takes the same step at the same time.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from app.base.cancel import CancelToken
from app.base.geometry import Size
from app.imaging.arrays import U8, Bool

Index = NDArray[np.int32]

REACH = 3
"""Half the side of a compared patch."""
_PATTERN = tuple(
    (y, x) for y in range(-REACH, REACH + 1) for x in range(-REACH, REACH + 1) if (y + x) % 2 == 0
)
"""Every second pixel of the patch: as telling as all of them, at half the cost."""
_ROWS = 256
"""How many rows are given their detail in one go: bounds the memory, and polls for cancelling."""
_JUMPS = ((8, 4, 2, 1), (8, 4, 2, 1), (1,), (1,))
"""How far neighbours look for a better match, round by round."""


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Hole pixels and their known likenesses, all (n,), in raster order of the hole."""

    rows: Index
    columns: Index
    source_rows: Index
    source_columns: Index


def find_matches(filled: U8, hole: U8, seed: int = 0, cancel: CancelToken | None = None) -> Matches | None:
    """Matches for the pixels of `hole` (h, w, > 0) in `filled` (h, w, 3), which is filled already.

    None where no patch of the picture is known as a whole. The same arguments give the same matches.

    Raises:
        Cancelled: between two rounds.
    """
    sources = _whole_patches(hole)
    if not sources.any():
        return None
    search = _Search(filled, hole, sources, np.random.default_rng(seed))
    reach = max(hole.shape) / 2.0
    for turn, jumps in enumerate(_JUMPS):
        if cancel is not None:
            cancel.check()
        for jump in jumps:
            search.propagate(jump)
        search.look_around(reach if turn == 0 else reach / (4.0 * turn))
    return search.matches()


def carry_detail(
    result: U8,
    hole: U8,
    sharp: U8,
    soft: U8,
    base: U8,
    matches: Matches,
    small: Size,
    cancel: CancelToken | None = None,
) -> None:
    """Write `base` with its matches' detail, `sharp` less `soft`, into the `hole` (h, w, > 0) of `result`.

    All pictures are (h, w, 3); `matches` were found at the size `small`. Detail is taken from outside the hole
    only.

    Raises:
        Cancelled: between two strips.
    """
    full_height, full_width = hole.shape
    ratio_y, ratio_x = full_height / small.height, full_width / small.width
    move_y = np.zeros((small.height, small.width), np.int32)
    move_x = np.zeros_like(move_y)
    place = (matches.rows, matches.columns)
    move_y[place] = np.rint((matches.source_rows - matches.rows) * ratio_y)
    move_x[place] = np.rint((matches.source_columns - matches.columns) * ratio_x)
    for top in range(0, full_height, _ROWS):
        if cancel is not None:
            cancel.check()
        rows, columns = np.nonzero(hole[top : top + _ROWS])
        rows += top
        near = (
            np.minimum((rows / ratio_y).astype(np.intp), small.height - 1),
            np.minimum((columns / ratio_x).astype(np.intp), small.width - 1),
        )
        from_rows = np.clip(rows + move_y[near], 0, full_height - 1)
        from_columns = np.clip(columns + move_x[near], 0, full_width - 1)
        detail = sharp[from_rows, from_columns].astype(np.int16) - soft[from_rows, from_columns]
        detail[hole[from_rows, from_columns] > 0] = 0
        wanted = base[rows, columns] + detail
        result[rows, columns] = np.clip(wanted, 0, 255).astype(np.uint8)


class _Search:
    """The state of one search: for each hole pixel its best source so far and what it costs."""

    def __init__(self, filled: U8, hole: U8, sources: Bool, rng: np.random.Generator) -> None:
        self._height, self._width = hole.shape
        self._rng = rng
        self._is_source = sources.ravel()
        self._rows, self._columns = (values.astype(np.int32) for values in np.nonzero(hole))
        self._number = np.full(hole.shape, -1, np.int32)
        self._number[self._rows, self._columns] = np.arange(len(self._rows), dtype=np.int32)
        self._patches = _patches(filled)
        self._wanted = self._patches[self._rows * self._width + self._columns].astype(np.int16)
        pool = np.flatnonzero(self._is_source).astype(np.int32)
        self._best: Index = pool[rng.integers(0, len(pool), len(self._rows))]
        self._cost = self._price(self._best, self._wanted)

    def propagate(self, jump: int) -> None:
        """Offer each pixel what its neighbours `jump` pixels away found, moved along with it."""
        for dy, dx in ((jump, 0), (-jump, 0), (0, jump), (0, -jump)):
            rows, columns = self._rows + dy, self._columns + dx
            inside = (rows >= 0) & (rows < self._height) & (columns >= 0) & (columns < self._width)
            neighbour = np.where(
                inside, self._number[np.where(inside, rows, 0), np.where(inside, columns, 0)], -1
            )
            who = np.flatnonzero(neighbour >= 0).astype(np.int32)
            theirs = self._best[neighbour[who]]
            self._offer(who, theirs // self._width - dy, theirs % self._width - dx)

    def look_around(self, radius: float) -> None:
        """Offer each pixel random places around its own best, nearer and nearer."""
        everybody = np.arange(len(self._rows), dtype=np.int32)
        while radius >= 1:
            steps = self._rng.uniform(-radius, radius, (2, len(everybody))).astype(np.int32)
            self._offer(everybody, self._best // self._width + steps[0], self._best % self._width + steps[1])
            radius /= 2.5

    def matches(self) -> Matches:
        return Matches(self._rows, self._columns, self._best // self._width, self._best % self._width)

    def _offer(self, who: Index, rows: Index, columns: Index) -> None:
        """Take the offered places where they are sources and better than what the pixels `who` have."""
        inside = (rows >= 0) & (rows < self._height) & (columns >= 0) & (columns < self._width)
        places = np.where(inside, rows * self._width + columns, 0)
        fits = inside & self._is_source[places]
        who, places = who[fits], places[fits]
        price = self._price(places, self._wanted[who])
        better = price < self._cost[who]
        self._best[who[better]] = places[better]
        self._cost[who[better]] = price[better]

    def _price(self, places: Index, wanted: NDArray[np.int16]) -> Index:
        """The squared distance of the patches at `places` from `wanted`."""
        gap = wanted - self._patches[places]
        return np.asarray(np.einsum("ij,ij->i", gap, gap, dtype=np.int32), np.int32)


def _whole_patches(hole: U8) -> Bool:
    """Pixels whose whole patch is known and inside the picture: (h, w)."""
    padded = cv2.copyMakeBorder(
        (hole > 0).astype(np.uint8), REACH, REACH, REACH, REACH, cv2.BORDER_CONSTANT, value=(1,)
    )
    near = cv2.dilate(padded, np.ones((2 * REACH + 1, 2 * REACH + 1), np.uint8))
    return np.asarray(near[REACH:-REACH, REACH:-REACH] == 0)


def _patches(picture: U8) -> U8:
    """The patch of every pixel as one row: (h * w, len(_PATTERN) * 3)."""
    height, width = picture.shape[:2]
    padded = cv2.copyMakeBorder(picture, REACH, REACH, REACH, REACH, cv2.BORDER_REFLECT)
    rows = np.empty((height, width, len(_PATTERN), 3), np.uint8)
    for index, (dy, dx) in enumerate(_PATTERN):
        rows[:, :, index] = padded[REACH + dy : REACH + dy + height, REACH + dx : REACH + dx + width]
    return rows.reshape(height * width, -1)
