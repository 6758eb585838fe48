"""Large changes of the picture are made elsewhere, and put in bit by bit, whatever happens meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.base import turns
from app.base.geometry import Rect, Size
from app.base.work import Work
from app.document.composition import Made
from app.document.document import Document
from app.document.extension import source_photograph
from app.document.layer_changes import with_layer
from app.document.original import Original
from app.imaging.pyramid import Pyramid
from app.imaging.ranges import Ranges
from app.imaging.recipe import BlendMode
from tests.document.making import KINDS, layer, photograph

SIZE = Size(1400, 1100)
WHOLE = Rect(0, 0, 1400, 1100)


class Later:
    """Keeps what is to be done elsewhere until it is asked for."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], Made], Callable[[Callable[[], Made]], None]]] = []

    def __call__(self, work: Callable[[], Made], done: Callable[[Callable[[], Made]], None]) -> None:
        self.waiting.append((work, done))

    def step(self) -> None:
        work, done = self.waiting.pop(0)
        made = work()
        done(lambda: made)

    def run(self) -> None:
        while self.waiting:
            self.step()


def opened(kind: str = "shared") -> tuple[Document, Later]:
    later = Later()
    doc = Document(photograph(kind, SIZE), background=later)
    doc.ranges.read(Work())
    return doc, later


def assert_shows_its_layers(doc: Document) -> None:
    alone = Document(source_photograph(doc.ground))
    alone.change_layers(doc.layers, "All")
    assert np.array_equal(doc.picture, alone.picture)
    anew = Pyramid.build(doc.picture.copy(), straight_alpha=doc.photograph.has_alpha)
    for kept, level in zip(doc.pyramid.levels, anew.levels, strict=True):
        assert np.array_equal(kept, level)
    for found, bound in zip(doc.ranges.read(Work()), Ranges(doc.picture).read(Work()), strict=True):
        assert np.array_equal(found, bound)


@pytest.mark.parametrize("kind", KINDS)
def test_a_large_layer_comes_a_moment_later_and_is_told_of(kind: str) -> None:
    doc, later = opened(kind)
    before = doc.picture.copy()
    seen = before.copy()
    doc.picture_changed.connect(
        lambda rects: [seen.__setitem__(rect.slices, doc.picture[rect.slices]) for rect in rects]
    )
    doc.add_layer(layer(WHOLE, hole=False, opacity=0.5))
    assert doc.layers
    assert not doc.is_settled
    assert np.array_equal(doc.picture, before)
    later.run()
    assert doc.is_settled
    assert np.array_equal(seen, doc.picture)
    assert_shows_its_layers(doc)
    doc.undo.undo()
    later.run()
    assert np.array_equal(doc.picture, before)
    assert np.array_equal(doc.flatten_samples(), photograph(kind, SIZE).samples)


def test_the_newest_wins_and_nothing_between_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    doc, later = opened()
    edit = layer(WHOLE, hole=False)
    doc.add_layer(edit)
    for percent in range(5, 100, 5):
        changed = with_layer(doc.layers, replace(doc.layers[0], opacity=percent / 100))
        doc.change_layers(changed, "Opacity", series="opacity")
        assert len(later.waiting) == 1
    assert [step.title for step in doc.undo.steps] == ["Apply edit", "Opacity"]
    monkeypatch.setattr(turns, "SLICE", 60.0)
    later.step()
    assert not doc.is_settled, "what was asked for last is on its way"
    later.step()
    assert doc.is_settled
    assert_shows_its_layers(doc)


def test_finished_work_is_put_in_by_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    doc, later = opened()
    doc.add_layer(layer(WHOLE, hole=False))
    monkeypatch.setattr(turns, "SLICE", 0.0)
    count = 0
    while later.waiting:
        later.step()
        count += 1
        # Whoever draws between two slices is not in the way, and small changes wait for their turn.
        doc.fill_mask() if count % 2 else doc.clear_mask()
        if count == 3:
            doc.add_layer(layer(Rect(300, 200, 90, 80), 5))
    assert count >= 9
    assert_shows_its_layers(doc)


def test_an_export_is_exact_while_the_picture_is_not_there_yet() -> None:
    doc, later = opened()
    plain = doc.flatten_samples()
    doc.add_layer(layer(WHOLE))
    first = doc.flatten_samples()
    later.step()
    assert np.array_equal(doc.flatten_samples(), first)
    doc.undo.undo()
    assert np.array_equal(doc.flatten_samples(), plain)
    later.run()
    assert np.array_equal(doc.picture[..., 2::-1], plain)


def test_work_that_fails_is_told_and_made_up_for_later() -> None:
    doc, later = opened()
    doc.add_layer(layer(WHOLE, hole=False))
    _, done = later.waiting.pop()

    def fail() -> Made:
        raise MemoryError

    with pytest.raises(MemoryError):
        done(fail)
    changed = with_layer(doc.layers, replace(doc.layers[0], mode=BlendMode.SCREEN))
    doc.change_layers(changed, "Mode")
    later.run()
    assert_shows_its_layers(doc)


def test_a_rename_makes_no_pixel_anew() -> None:
    doc, later = opened()
    doc.add_layer(layer(WHOLE))
    later.run()
    doc.change_layers(with_layer(doc.layers, replace(doc.layers[0], name="Sky")), "Rename")
    assert doc.is_settled
    assert not later.waiting


class Held:
    """Stops whoever reads the original after the pixels were copied, before it looks up what was kept."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()
        self.was_let_go = False
        put_kept = Original._put_kept

        def waiting(original: Original, *rest: Any) -> None:
            if threading.current_thread() is not threading.main_thread() and not self.reached.is_set():
                self.reached.set()
                self.was_let_go = self.go_on.wait(20)
            put_kept(original, *rest)

        monkeypatch.setattr(Original, "_put_kept", waiting)


@pytest.mark.parametrize("begins_with_layer", [False, True])
def test_reading_the_photograph_holds_nobody_up_and_is_right_whatever_happens_meanwhile(
    monkeypatch: pytest.MonkeyPatch, begins_with_layer: bool
) -> None:
    doc = Document(photograph("shared", SIZE))
    expected = doc.flatten_samples(WHOLE, ()).copy()
    small = layer(Rect(100, 90, 200, 150))
    if begins_with_layer:
        doc.add_layer(small)
    held = Held(monkeypatch)
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(doc.flatten_samples, WHOLE, ())
        assert held.reached.wait(20)
        doc.undo.undo() if begins_with_layer else doc.add_layer(small)
        held.go_on.set()
        found = reading.result()
    assert held.was_let_go
    assert np.array_equal(found, expected)
