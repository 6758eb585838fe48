"""Large steps are made ready in a thread: the same bits as at once, in the order of the asking, beside strokes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np
import pytest

from app.base.errors import InputError
from app.base.geometry import Point, Rect, Size
from app.document.brush import Brush
from app.document.document import Document
from app.document.gestures import GestureRunner, PointerSample, brush_stroke
from app.document.layers import EditLayer
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


def layer(rect: Rect = SIZE.rect, value: int = 90) -> EditLayer:
    pixels = np.full((rect.height, rect.width, 3), value, np.uint8)
    return EditLayer("a layer", "Layer", rect, pixels, noise(5)[rect.slices].copy())


def picture(document: Document) -> tuple[bytes, ...]:
    """All that is seen, at every size."""
    return tuple(level.tobytes() for level in document.pyramid.levels)


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


async def test_a_result_is_laid_on_and_taken_off_again(document: Document, stepping: Stepping) -> None:
    before, done, changed = picture(document), [], []
    document.picture_changed.connect(changed.extend)
    stepping.add_layer(layer(), lambda: done.append(True))
    assert not document.layers
    await stepping.settled()
    assert done
    assert len(document.layers) == len(document.undo.steps) == 1
    assert changed == [SIZE.rect]
    after = picture(document)
    other = Document(document.original_photograph())
    other.add_layer(layer())
    assert after == picture(other)
    stepping.undo()
    await stepping.settled()
    assert picture(document) == before
    stepping.redo()
    await stepping.settled()
    assert picture(document) == after
    stepping.undo()
    await stepping.settled()
    assert picture(document) == before


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
    stepping.add_layer(layer(rect), lambda: None)
    assert len(document.layers) == 1
    stepping.undo()
    stepping.undo()
    assert not document.layers
    assert not document.mask.coverage.any()
    stepping.go_to(2)
    assert len(document.layers) == 1
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
    stepping.add_layer(layer(), lambda: None)
    await stepping.settled()
    shown, runner = picture(document), GestureRunner(document)
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
    # The step that was to be taken back is no longer the last one: it stays, and so does what is seen of it.
    assert document.mask.coverage[50, 50] == 255
    assert len(document.layers) == 1
    assert picture(document) == shown


async def test_what_does_not_fit_is_refused_before_anything_is_drawn(
    document: Document, stepping: Stepping
) -> None:
    before = picture(document)
    with pytest.raises(InputError):
        stepping.add_layer(layer_beyond(), lambda: None)
    assert picture(document) == before


def layer_beyond() -> EditLayer:
    rect = Rect(100, 100, SIZE.width, SIZE.height)
    pixels = np.zeros((rect.height, rect.width, 3), np.uint8)
    return EditLayer("b", "Layer", rect, pixels, noise(3))
