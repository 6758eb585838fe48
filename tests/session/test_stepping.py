"""Large steps are made ready in a thread: the same bits as at once, in the order of the asking, beside strokes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np
import pytest

from app.base.geometry import Point, Rect, Size
from app.document.brush import Brush
from app.document.document import Document
from app.document.gestures import GestureRunner, PointerSample, brush_stroke
from app.document.undo import UndoStep
from app.imaging.arrays import U8
from app.imaging.photograph import Metadata, from_bgra
from app.session.stepping import Stepping

SIZE = Size(1700, 1400)


@pytest.fixture
def document() -> Document:
    pixels = np.random.default_rng(1).integers(0, 256, (SIZE.height, SIZE.width, 4), np.uint8)
    pixels[..., 3] = 255
    return Document(from_bgra(pixels, Metadata(), "noise", "PNG"))


@pytest.fixture
def stepping(document: Document) -> Stepping:
    async def until_free() -> None:
        while document.undo.is_held:
            await asyncio.sleep(0.005)

    return Stepping(document, until_free)


def noise(seed: int) -> U8:
    return np.random.default_rng(seed).integers(0, 256, (SIZE.height, SIZE.width), np.uint8)


async def test_large_steps_give_the_same_bits_as_at_once(document: Document, stepping: Stepping) -> None:
    masks = [np.zeros((SIZE.height, SIZE.width), np.uint8), noise(1), noise(2)]
    for mask in masks[1:]:
        document.set_mask(mask, "Noise")
    for go, expected in ((stepping.undo, masks[1]), (stepping.undo, masks[0]), (stepping.redo, masks[1])):
        go()
        assert stepping.is_busy
        await stepping.settled()
        assert np.array_equal(document.mask.coverage, expected)
        assert bool(document.mask.occupied.any()) == bool(expected.any())


async def test_what_is_asked_for_in_quick_succession_is_done_in_its_order(
    document: Document, stepping: Stepping
) -> None:
    small = Rect(5, 5, 20, 20)
    document.set_mask(noise(1), "Noise")
    with document.edit_mask("Square") as edit:
        edit.view(small)[...] = 7
        edit.mark(small)
    stepping.undo()
    stepping.undo()
    stepping.undo()
    stepping.redo()
    await stepping.settled()
    assert document.undo.position == 1
    assert np.array_equal(document.mask.coverage, noise(1))
    stepping.go_to(2)
    await stepping.settled()
    assert (document.mask.coverage[small.slices] == 7).all()
    stepping.go_to(0)
    await stepping.settled()
    assert not document.mask.coverage.any()


async def test_small_steps_are_done_at_once(document: Document, stepping: Stepping) -> None:
    rect = Rect(5, 5, 20, 20)
    with document.edit_mask("Square") as edit:
        edit.view(rect)[...] = 7
        edit.mark(rect)
    stepping.undo()
    assert not document.mask.coverage.any()
    stepping.go_to(1)
    assert document.mask.coverage.any()
    assert not stepping.is_busy


def while_preparing(monkeypatch: pytest.MonkeyPatch, step: UndoStep, act: Callable[[], object]) -> None:
    """Call `act` on the loop's thread once the step is ready, and before it is made."""
    prepare, loop = type(step).prepare, asyncio.get_running_loop()

    def prepared(self: UndoStep, *, back: bool) -> None:
        prepare(self, back=back)
        loop.call_soon_threadsafe(act)

    monkeypatch.setattr(type(step), "prepare", prepared)


async def test_a_stroke_that_comes_between_is_kept(
    document: Document, stepping: Stepping, monkeypatch: pytest.MonkeyPatch
) -> None:
    document.set_mask(noise(1), "Noise")
    runner = GestureRunner(document)
    step = document.undo.top
    assert step is not None

    def stroke() -> None:

        runner.press(brush_stroke(Brush(30.0)), PointerSample(Point(50.0, 50.0)))

    while_preparing(monkeypatch, step, stroke)
    stepping.undo()
    async with asyncio.timeout(20):
        while not runner.active:
            await asyncio.sleep(0.005)
    assert stepping.is_busy
    runner.release()
    await stepping.settled()
    # The step that was to be taken back is no longer the last one: it stays.
    assert document.mask.coverage[50, 50] == 255
    assert document.undo.position == 2
    assert np.array_equal(document.mask.coverage[200:], noise(1)[200:])
