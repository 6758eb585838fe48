"""What cells range between, against their pixels, after any writing, and for a reader that was stopped."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.cancel import Cancelled, CancelToken
from app.base.geometry import Rect
from app.base.work import Work
from app.imaging.arrays import U8
from app.imaging.ranges import CELL, Ranges


def is_true_of(ranges: Ranges, picture: U8) -> bool:
    lowest, highest = ranges.read(Work())
    rows, columns = range(0, picture.shape[0], CELL), range(0, picture.shape[1], CELL)
    assert lowest.shape == highest.shape == (len(rows), len(columns), 4)
    return all(
        np.array_equal(found[y // CELL, x // CELL], combine(picture[y : y + CELL, x : x + CELL], axis=(0, 1)))
        for y, x in itertools.product(rows, columns)
        for found, combine in ((lowest, np.min), (highest, np.max))
    )


rects = st.builds(Rect, st.integers(0, 300), st.integers(0, 200), st.integers(1, 150), st.integers(1, 150))


@given(
    st.integers(0, 2**16),
    st.integers(1, 3 * CELL + 5),
    st.integers(1, 3 * CELL + 5),
    st.lists(rects, max_size=4),
)
def test_follow_what_is_written(seed: int, width: int, height: int, written: list[Rect]) -> None:
    random = np.random.default_rng(seed)
    picture = random.integers(50, 200, (height, width, 4), np.uint8)
    ranges = Ranges(picture)
    assert is_true_of(ranges, picture)
    for each in written:
        rect = each.intersected(Rect(0, 0, width, height))
        picture[rect.slices] = random.integers(0, 256, 4)
        ranges.mark(rect)
    assert is_true_of(ranges, picture)


def test_a_reader_that_was_stopped_leaves_nothing_untrue() -> None:
    picture = np.random.default_rng(3).integers(0, 256, (20 * CELL, 70, 4), np.uint8)
    ranges = Ranges(picture)
    for rows in (3, 9):
        cancel = CancelToken()
        told = iter(range(rows))

        def tell(share: float, cancel: CancelToken = cancel, told: object = told) -> None:
            if next(told, None) is None:  # type: ignore[call-overload]
                cancel.cancel()

        with pytest.raises(Cancelled):
            ranges.read(Work(cancel, tell))
    assert is_true_of(ranges, picture)
