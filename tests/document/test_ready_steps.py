"""Steps of a mask that were made ready before they are taken back or done again: the same bits as without."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.base.geometry import Rect, Size
from app.document.mask import Mask
from app.document.undo import UndoStack

SIZE = Size(700, 530)
boxes = st.tuples(st.integers(0, 690), st.integers(0, 520), st.integers(1, 600), st.integers(1, 500))
acts = st.lists(
    st.tuples(st.sampled_from(["paint", "noise", "invert", "undo", "redo", "undo late", "redo late"]), boxes),
    max_size=14,
)


@given(acts=acts)
def test_steps_made_ready_restore_the_very_bits(acts: list[tuple[str, tuple[int, ...]]]) -> None:
    mask, stack = Mask(SIZE), UndoStack()
    states = [mask.coverage.copy()]
    seen = mask.coverage.copy()

    def follow(rects: tuple[Rect, ...]) -> None:
        for rect in rects:
            seen[rect.slices] = mask.coverage[rect.slices]

    mask.changed.connect(follow)
    for number, (act, box) in enumerate(acts):
        position = stack.position
        if act in ("paint", "noise"):
            rect = Rect(*box).intersected(SIZE.rect)
            random = np.random.default_rng(number)
            with mask.edit("Change") as edit:
                noise = random.integers(0, 256, (rect.height, rect.width), np.uint8)
                edit.view(rect)[...] = noise if act == "noise" else number * 19 % 256
                edit.mark(rect)
            if edit.step is not None:
                stack.push(edit.step)
        elif act == "invert":
            stack.push(mask.invert("Invert"))
        else:
            back, late = act.startswith("undo"), act.endswith("late")
            step = stack.top if back else stack.next
            if step is not None:
                step.prepare(back=back)
                if late:
                    # Twice round gives the same bits at another revision: what is ready is of no use.
                    mask.invert("There").undo()
                stack.undo() if back else stack.redo()
        if len(stack.steps) != len(states) - 1 or (stack.position == position + 1 and "do" not in act):
            states[position + 1 :] = [mask.coverage.copy()]
        assert np.array_equal(mask.coverage, states[stack.position])
        assert np.array_equal(seen, mask.coverage)
        exact = [
            [bool(mask.coverage[y : y + 256, x : x + 256].any()) for x in range(0, SIZE.width, 256)]
            for y in range(0, SIZE.height, 256)
        ]
        assert mask.occupied.tolist() == exact
