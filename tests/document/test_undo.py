"""The undo stack: order, memory, the mark of what was saved, and compressing elsewhere at any moment."""

import concurrent.futures
import threading
import time

import numpy as np
import pytest

from app.base.errors import InternalError
from app.base.geometry import Rect, Size
from app.document.mask import Mask
from app.document.tiles import TILE
from app.document.undo import UndoStack

SIZE = Size(2 * TILE, 2 * TILE)


def change(mask: Mask, stack: UndoStack, seed: int, title: str = "Noise") -> None:
    """A step whose tiles do not compress well: noise over the whole mask."""
    noise = np.random.default_rng(seed).integers(0, 256, mask.coverage.shape, dtype=np.uint8)
    step = mask.replace(noise, title)
    assert step is not None
    stack.push(step)


def test_steps_are_undone_and_redone_in_order() -> None:
    mask, stack = Mask(SIZE), UndoStack()
    states = [mask.coverage.copy()]
    for seed in range(4):
        change(mask, stack, seed, f"Step {seed}")
        states.append(mask.coverage.copy())
    assert [step.title for step in stack.steps] == ["Step 0", "Step 1", "Step 2", "Step 3"]
    for position in (3, 2, 1, 0):
        assert stack.undo_title == f"Step {position}"
        stack.undo()
        assert stack.position == position
        assert stack.redo_title == f"Step {position}"
        assert np.array_equal(mask.coverage, states[position])
    assert not stack.can_undo
    assert stack.undo_title == ""
    stack.undo()
    for position in (1, 2, 3, 4):
        stack.redo()
        assert np.array_equal(mask.coverage, states[position])
    assert not stack.can_redo
    assert stack.redo_title == ""
    stack.redo()
    assert stack.position == 4


def test_a_new_step_drops_what_was_undone() -> None:
    mask, stack = Mask(SIZE), UndoStack()
    for seed in range(3):
        change(mask, stack, seed)
    stack.undo()
    stack.undo()
    change(mask, stack, 9, "Other")
    assert [step.title for step in stack.steps] == ["Noise", "Other"]
    assert not stack.can_redo


def test_every_change_is_told() -> None:
    mask, stack = Mask(SIZE), UndoStack()
    told: list[tuple[int, bool, bool]] = []
    stack.changed.connect(lambda: told.append((stack.position, stack.can_undo, stack.can_redo)))
    change(mask, stack, 1)
    stack.undo()
    stack.redo()
    stack.mark_saved()
    assert told == [(1, True, False), (0, False, True), (1, True, False), (1, True, False)]
    stack.undo()
    stack.undo()
    assert len(told) == 5


def test_saved_is_a_place_in_the_list() -> None:
    mask, stack = Mask(SIZE), UndoStack()
    assert stack.is_saved
    change(mask, stack, 1)
    assert not stack.is_saved
    stack.mark_saved()
    change(mask, stack, 2)
    stack.undo()
    assert stack.is_saved
    stack.undo()
    assert not stack.is_saved
    stack.redo()
    assert stack.is_saved


def test_a_saved_state_that_was_dropped_never_comes_back() -> None:
    mask, stack = Mask(SIZE), UndoStack()
    change(mask, stack, 1)
    stack.mark_saved()
    stack.undo()
    change(mask, stack, 2)
    assert not stack.is_saved
    stack.undo()
    assert not stack.is_saved


def test_what_was_saved_is_found_though_more_was_done_meanwhile() -> None:
    mask, stack = Mask(SIZE), UndoStack()
    change(mask, stack, 1)
    point = stack.point
    change(mask, stack, 2)
    stack.mark_saved(point)
    assert not stack.is_saved
    stack.undo()
    assert stack.is_saved

    point = stack.point
    stack.undo()
    change(mask, stack, 3)
    stack.mark_saved(point)
    assert not stack.is_saved
    stack.undo()
    assert not stack.is_saved

    point = stack.point
    stack.redo()
    stack.mark_saved(point)
    stack.undo()
    assert stack.is_saved


def test_memory_is_capped_by_dropping_the_oldest() -> None:
    mask, stack = Mask(SIZE), UndoStack(limit_bytes=3 * SIZE.area)
    states = []
    for seed in range(8):
        states.append(mask.coverage.copy())
        change(mask, stack, seed, f"Step {seed}")
        assert stack.nbytes <= 3 * SIZE.area
    # The first step held an empty mask and cost nothing, yet it goes first.
    assert [step.title for step in stack.steps] == ["Step 5", "Step 6", "Step 7"]
    assert stack.position == 3
    for expected in reversed(states[5:]):
        stack.undo()
        assert np.array_equal(mask.coverage, expected)
    assert not stack.can_undo
    assert not stack.is_saved


def test_the_last_step_stays_however_large_it_is() -> None:
    mask, stack = Mask(SIZE), UndoStack(limit_bytes=1)
    change(mask, stack, 1)
    change(mask, stack, 2)
    assert len(stack.steps) == 1
    assert stack.can_undo


def test_a_saved_mark_moves_with_the_steps_that_stay() -> None:
    mask, stack = Mask(SIZE), UndoStack(limit_bytes=2 * SIZE.area)
    for seed in range(3):
        change(mask, stack, seed)
    stack.mark_saved()
    change(mask, stack, 4)
    stack.undo()
    assert stack.is_saved


def test_without_a_compressor_steps_are_small_at_once() -> None:
    mask, stack = Mask(SIZE), UndoStack()
    for rect in (Rect(0, 0, 100, 100), Rect(90, 90, 100, 100)):
        with mask.edit("Fill") as edit:
            edit.view(rect)[...] = 255
        assert edit.step is not None
        stack.push(edit.step)
    assert 0 < stack.nbytes < 2000


def test_undo_is_exact_whether_compressing_waits_runs_or_is_done() -> None:
    """The worker is held up, let loose in the middle of things, and never hurried: no bit is lost."""
    start = threading.Event()

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pool.submit(start.wait)
        mask, stack = Mask(Size(5 * TILE, 5 * TILE)), UndoStack(compressor=lambda work: pool.submit(work))
        random = np.random.default_rng(7)
        states = [mask.coverage.copy()]
        for _ in range(5):
            spotted = np.where(random.random(mask.coverage.shape) < 0.1, mask.coverage + 40, mask.coverage)
            step = mask.replace(spotted.astype(np.uint8), "Spots")
            assert step is not None
            stack.push(step)
            states.append(mask.coverage.copy())
        raw = stack.nbytes
        stack.undo()
        assert np.array_equal(mask.coverage, states[4])
        start.set()
        for turn in range(30):
            time.sleep(0.001 * (turn % 3))
            (stack.undo if turn % 8 < 4 else stack.redo)()
            assert np.array_equal(mask.coverage, states[stack.position])
        while stack.can_redo:
            stack.redo()
        assert np.array_equal(mask.coverage, states[5])
    assert stack.nbytes < raw / 2


def test_nothing_moves_while_a_change_is_held() -> None:
    mask, stack = Mask(SIZE), UndoStack()
    change(mask, stack, 1)
    before = mask.coverage.copy()
    with stack.hold():
        assert not stack.can_undo
        assert not stack.can_redo
        stack.undo()
        with pytest.raises(InternalError), stack.hold():
            pass
    assert np.array_equal(mask.coverage, before)
    assert stack.can_undo
