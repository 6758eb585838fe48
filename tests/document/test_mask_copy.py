"""Copies of a mask that is painted on meanwhile are the mask of one moment."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.base.geometry import Rect, Size
from app.document.mask import Mask
from app.document.mask_copy import FEW, MaskCopy, PackedMask

SIZE = Size(2000, 1500)


def paint(mask: Mask, rect: Rect, value: int) -> None:
    with mask.edit("paint") as edit:
        edit.view(rect)[...] = value
        edit.mark(rect)


def caught_up(copy: MaskCopy) -> PackedMask:
    while not copy.is_near:
        copy.keep(copy.pack(copy.take_stale()))
    return copy.finish()


@given(
    st.lists(
        st.tuples(st.integers(0, 1900), st.integers(0, 1400), st.integers(1, 700), st.integers(0, 255)),
        max_size=6,
    )
)
def test_a_copy_is_the_mask(strokes: list[tuple[int, int, int, int]]) -> None:
    mask = Mask(SIZE)
    copy = MaskCopy(mask)
    for x, y, edge, value in strokes:
        paint(mask, Rect(x, y, edge, edge).intersected(SIZE.rect), value)
        packed = caught_up(copy)
        assert np.array_equal(packed.coverage(), mask.coverage)
        assert np.array_equal(PackedMask.from_bytes(bytes(packed.to_bytes())).coverage(), mask.coverage)


def test_what_changes_while_a_worker_copies_is_copied_again() -> None:
    mask = Mask(SIZE)
    copy = MaskCopy(mask)
    mask.invert("invert")
    assert not copy.is_near
    stale = copy.take_stale()
    assert len(stale) > FEW
    packed = copy.pack(stale)
    paint(mask, Rect(10, 10, 300, 20), 90)
    copy.keep(packed)
    assert copy.is_near
    found = copy.finish()
    paint(mask, Rect(0, 0, 50, 50), 1)
    assert found.coverage()[15, 15] == 90
    assert found.coverage()[15, 5] == 255


def test_only_what_changed_is_looked_at_again() -> None:
    mask = Mask(SIZE, np.random.default_rng(1).integers(0, 256, (1500, 2000), np.uint8))
    copy = MaskCopy(mask)
    caught_up(copy)
    paint(mask, Rect(300, 300, 10, 10), 0)
    assert copy.take_stale() == ((1, 1),)
