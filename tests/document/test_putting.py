"""Large changes of a mask are put in bit by bit, and nobody on its thread can tell that from all at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.base import turns
from app.base.geometry import Rect, Size
from app.document import tiles
from app.document.composition import Made
from app.document.document import Document
from app.document.tiles import TILE, TileSnapshot
from tests.document.making import photograph

SIZE = Size(3 * TILE + 40, 4 * TILE + 9)


class Later:
    """Keeps what is to be done later until it is asked for."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def __call__(self, work: Callable[[], Made], done: Callable[[Callable[[], Made]], None]) -> None:
        self.waiting.append(lambda: done(work))

    def step(self) -> None:
        if self.waiting:
            self.waiting.pop(0)()


@pytest.fixture(autouse=True)
def in_small_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "_BAND", 1)
    monkeypatch.setattr(turns, "SLICE", 0.0)


def opened() -> tuple[Document, Later]:
    later = Later()
    return Document(photograph("shared", SIZE), background=later), later


def put_noise(doc: Document, seed: int, rows: slice = slice(None)) -> None:
    after = doc.mask.coverage.copy()
    after[rows] = np.random.default_rng(seed).integers(0, 256, after[rows].shape, np.uint8)
    doc.put_in_mask(TileSnapshot.of_changes(doc.mask.coverage, after, SIZE.rect), "Noise")


def dab(doc: Document, x: int, y: int) -> None:
    with doc.edit_mask("Dab") as edit:
        rect = Rect(x, y, 30, 30).intersected(SIZE.rect)
        edit.view(rect)[...] = 200
        edit.mark(rect)


def test_others_have_their_turn_and_hear_of_every_bit() -> None:
    doc, later = opened()
    told: list[Rect] = []
    doc.mask_changed.connect(told.extend)
    put_noise(doc, 1)
    assert not doc.mask.is_settled
    assert told == [Rect(0, 0, SIZE.width, TILE)]
    revision = doc.mask.revision
    later.step()
    assert told[1:] == [Rect(0, TILE, SIZE.width, TILE)]
    assert doc.mask.revision > revision
    while later.waiting:
        later.step()
    assert doc.mask.is_settled
    assert sum(rect.area for rect in told) == SIZE.area


def test_who_wants_the_pixels_gets_all_of_them() -> None:
    doc, later = opened()
    put_noise(doc, 1)
    later.step()
    noise = np.random.default_rng(1).integers(0, 256, (SIZE.height, SIZE.width), np.uint8)
    assert np.array_equal(doc.mask.coverage, noise)
    assert doc.mask.is_settled
    # What was to be done later has nothing left to do.
    while later.waiting:
        later.step()
    assert len(doc.undo.steps) == 1


act = st.one_of(
    st.tuples(st.just("put"), st.integers(0, 9)),
    st.tuples(st.just("put some"), st.integers(0, 4)),
    st.tuples(st.just("dab"), st.tuples(st.integers(0, SIZE.width - 1), st.integers(0, SIZE.height - 1))),
    st.tuples(st.sampled_from(("undo", "redo", "prepared undo", "invert", "look")), st.none()),
    st.tuples(st.just("step"), st.none()),
)


@settings(max_examples=40)
@given(st.lists(act, max_size=12))
def test_any_course_of_events_is_as_if_all_was_put_at_once(course: list[tuple[str, object]]) -> None:
    (doc, later), plain = opened(), Document(photograph("shared", SIZE))
    for name, argument in course:
        for each in (doc, plain):
            if name == "put":
                put_noise(each, int(str(argument)))
            elif name == "put some":
                top = int(str(argument)) * TILE
                put_noise(each, top, slice(top, top + 300))
            elif name == "dab":
                assert isinstance(argument, tuple)
                dab(each, *argument)
            elif name == "undo":
                each.undo.undo()
            elif name == "prepared undo":
                if each.undo.top is not None:
                    each.undo.top.prepare(back=True)
                    each.undo.undo()
            elif name == "redo":
                each.undo.redo()
            elif name == "invert":
                each.invert_mask()
        if name == "look":
            assert np.array_equal(doc.mask.coverage, plain.mask.coverage)
        if name == "step":
            later.step()
    assert doc.mask.bounds() == plain.mask.bounds()
    assert np.array_equal(doc.mask.coverage, plain.mask.coverage)
    assert np.array_equal(doc.mask.occupied, plain.mask.occupied)
    assert [step.title for step in doc.undo.steps] == [step.title for step in plain.undo.steps]
    for each in (doc, plain):
        each.mask_levels.refresh(SIZE.rect)
    for one, other in zip(doc.mask_levels.arrays, plain.mask_levels.arrays, strict=True):
        assert np.array_equal(one, other)
    while doc.undo.top is not None:
        doc.undo.undo()
        later.step()
    assert not doc.mask.coverage.any()
