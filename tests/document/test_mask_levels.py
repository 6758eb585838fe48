"""The smaller levels of a mask, brought up to date part by part."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.base.geometry import Rect, Size
from app.document.mask import Mask
from app.document.named_masks import NamedMask, prepare_mask
from app.imaging.arrays import U8
from app.imaging.pyramid import Pyramid

SIZE = Size(1300, 901)
rects = st.builds(
    Rect, st.integers(-50, 1290), st.integers(-50, 890), st.integers(1, 1400), st.integers(1, 1000)
)


def named_mask() -> NamedMask:
    return NamedMask.made("Mask", prepare_mask(SIZE), lambda mask, rects: None)


def paint(mask: Mask, rect: Rect, value: int) -> None:
    inside = rect.intersected(SIZE.rect)
    with mask.edit("Paint") as edit:
        edit.view(inside)[...] = value
        edit.mark(inside)


def built(mask: Mask) -> tuple[U8, ...]:
    return Pyramid.build(mask.coverage).levels


@given(
    st.lists(st.tuples(rects, st.integers(0, 255)), min_size=1, max_size=4),
    st.lists(st.tuples(rects, st.integers(0, 9)), max_size=3),
)
def test_what_was_asked_for_is_as_if_built_anew_and_all_of_it_in_the_end(
    strokes: list[tuple[Rect, int]], asked: list[tuple[Rect, int]]
) -> None:
    named = named_mask()
    for stroke, value in strokes:
        paint(named.mask, stroke, value)
        for within, deepest in asked:
            named.levels.refresh(within, deepest)
            anew = built(named.mask)
            for level in range(min(deepest + 1, len(anew))):
                inside = within.intersected(SIZE.rect)
                for _ in range(level):
                    inside = inside.halved()
                kept = named.levels.arrays[level]
                assert np.array_equal(kept[inside.slices], anew[level][inside.slices])
    while not named.levels.refresh_some():
        pass
    for kept, anew in zip(named.levels.arrays, built(named.mask), strict=True):
        assert np.array_equal(kept, anew)


def test_what_was_not_asked_for_waits() -> None:
    named = named_mask()
    paint(named.mask, SIZE.rect, 255)
    named.levels.refresh(Rect(0, 0, 10, 10))
    smaller = named.levels.arrays[1]
    assert smaller[0, 0] == 255
    assert smaller[-1, -1] == 0


def test_smaller_levels_than_the_one_that_is_shown_wait() -> None:
    named = named_mask()
    paint(named.mask, SIZE.rect, 255)
    named.levels.refresh(SIZE.rect, 2)
    assert [bool(level.all()) for level in named.levels.arrays[:5]] == [True, True, True, False, False]
    named.levels.refresh(SIZE.rect, 3)
    assert [bool(level.all()) for level in named.levels.arrays[:5]] == [True, True, True, True, False]


def test_it_goes_on_bit_by_bit_where_nobody_waits() -> None:
    size = Size(5000, 3000)
    named = NamedMask.made("Mask", prepare_mask(size), lambda mask, rects: None)
    with named.mask.edit("Fill") as edit:
        edit.view(size.rect)[...] = 255
        edit.mark(size.rect)
    steps = 1
    while not named.levels.refresh_some():
        steps += 1
    assert steps > 2
    assert all(level.all() for level in named.levels.arrays)
