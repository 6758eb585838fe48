"""The mask: one way to change it, exact occupancy and bounds, and a way back to the very bits."""

import concurrent.futures

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.errors import InternalError
from app.base.geometry import EMPTY, Rect, Size
from app.document.mask import Mask
from app.imaging import masks
from tests.document.making import exact_occupancy

SIZE = Size(700, 520)

rects = st.builds(
    lambda x, y, width, height: Rect(x, y, width, height).intersected(SIZE.rect),
    st.integers(0, SIZE.width - 1),
    st.integers(0, SIZE.height - 1),
    st.integers(1, 400),
    st.integers(1, 400),
)


def fill(mask: Mask, rect: Rect, value: int) -> None:
    with mask.edit("Fill") as edit:
        edit.view(rect)[...] = value
        edit.mark(rect)


def test_the_coverage_cannot_be_written_outside_an_edit() -> None:
    mask = Mask(SIZE)
    with pytest.raises(ValueError, match="read-only"):
        mask.coverage[0, 0] = 255
    with mask.edit("Late") as edit:
        pass
    with pytest.raises(InternalError):
        edit.view(SIZE.rect)


def test_two_edits_at_a_time_are_refused() -> None:
    mask = Mask(SIZE)
    with mask.edit("First") as edit:
        with pytest.raises(InternalError):
            mask.edit("Second")
        edit.view(Rect(0, 0, 5, 5))[...] = 9
    assert mask.bounds() == Rect(0, 0, 5, 5)


def test_another_thread_is_refused() -> None:
    mask = Mask(SIZE)
    with concurrent.futures.ThreadPoolExecutor(1) as other, pytest.raises(InternalError):
        other.submit(mask.edit, "Elsewhere").result()
    with mask.edit("Here") as edit, concurrent.futures.ThreadPoolExecutor(1) as other:
        with pytest.raises(InternalError):
            other.submit(edit.view, SIZE.rect).result()
    fill(mask, SIZE.rect, 1)


@pytest.mark.parametrize(
    "rect", [Rect(-1, 0, 5, 5), Rect(0, -1, 5, 5), Rect(699, 0, 2, 1), Rect(0, 519, 1, 2)]
)
def test_a_view_beyond_the_mask_is_refused(rect: Rect) -> None:
    mask = Mask(SIZE)
    with mask.edit("Out") as edit, pytest.raises(ValueError):
        edit.view(rect)
    assert not mask.is_being_edited


@given(st.lists(st.tuples(rects, st.sampled_from([0, 1, 128, 255])), min_size=1, max_size=5))
def test_bounds_share_and_occupancy_are_exact(changes: list[tuple[Rect, int]]) -> None:
    mask = Mask(SIZE)
    for rect, value in changes:
        with mask.edit("Fill") as edit:
            edit.view(rect)[...] = value
            assert edit.bounds() == masks.bounds(mask.coverage)
        assert mask.bounds() == masks.bounds(mask.coverage)
        assert mask.is_empty == (not mask.coverage.any())
        assert np.array_equal(mask.occupied, exact_occupancy(mask.coverage))
        assert mask.share() == pytest.approx(np.count_nonzero(mask.coverage) / SIZE.area)


@given(st.lists(st.tuples(rects, st.sampled_from([0, 7, 255])), min_size=1, max_size=6))
def test_steps_lead_back_and_forth_over_the_very_bits(changes: list[tuple[Rect, int]]) -> None:
    mask = Mask(SIZE)
    states, steps = [mask.coverage.copy()], []
    for rect, value in changes:
        with mask.edit("Fill") as edit:
            edit.view(rect)[...] = value
        assert (edit.step is None) == np.array_equal(mask.coverage, states[-1])
        if edit.step is not None:
            steps.append(edit.step)
            states.append(mask.coverage.copy())
    for index in reversed(range(len(steps))):
        steps[index].undo()
        steps[index].compress()
        assert np.array_equal(mask.coverage, states[index])
        assert np.array_equal(mask.occupied, exact_occupancy(mask.coverage))
    for index, step in enumerate(steps):
        step.redo()
        assert np.array_equal(mask.coverage, states[index + 1])
        assert np.array_equal(mask.occupied, exact_occupancy(mask.coverage))


def test_an_error_inside_an_edit_puts_back_the_very_bits_and_says_so() -> None:
    mask = Mask(SIZE)
    fill(mask, Rect(10, 10, 300, 300), 200)
    before, occupied = mask.coverage.copy(), mask.occupied.copy()
    told: list[Rect] = []
    mask.changed.connect(told.extend)
    with pytest.raises(ZeroDivisionError), mask.edit("Fails") as edit:
        edit.view(Rect(250, 250, 300, 10))[...] = 3
        raise ZeroDivisionError
    assert edit.step is None
    assert np.array_equal(mask.coverage, before)
    assert np.array_equal(mask.occupied, occupied)
    assert any(rect.contains(Rect(250, 250, 300, 10)) for rect in told)
    fill(mask, Rect(0, 0, 1, 1), 1)


def test_undo_is_refused_while_an_edit_is_open() -> None:
    mask = Mask(SIZE)
    with mask.edit("First") as edit:
        edit.view(Rect(0, 0, 9, 9))[...] = 9
    assert edit.step is not None
    with mask.edit("Second"), pytest.raises(InternalError):
        edit.step.undo()
    edit.step.undo()
    assert mask.bounds() == EMPTY


def test_replace_takes_the_values_and_keeps_the_array() -> None:
    mask = Mask(SIZE)
    array = mask.coverage
    wanted = np.random.default_rng(3).integers(0, 256, array.shape, dtype=np.uint8)
    step = mask.replace(wanted, "Load mask")
    assert step is not None
    assert step.title == "Load mask"
    assert mask.coverage is array
    assert np.array_equal(array, wanted)
    assert mask.replace(wanted, "Again") is None
    with pytest.raises(ValueError, match="shape"):
        mask.replace(wanted[1:], "Too small")
    step.undo()
    assert mask.is_empty


def test_a_mask_of_another_shape_than_its_size_is_refused() -> None:
    with pytest.raises(ValueError, match="coverage of 3x4"):
        Mask(Size(4, 3), pixels=np.zeros((4, 3), np.uint8))


def test_a_mask_of_no_pixels_is_empty() -> None:
    mask = Mask(Size(0, 0))
    assert mask.is_empty
    assert mask.share() == 0.0
