"""A larger canvas: the photograph keeps its bits, what is new is mirrored and masked, and undo brings all back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.geometry import Margins, Rect, Size
from app.document.document import Document
from app.document.extension import prepare_extension, source_photograph
from app.document.named_masks import prepare_mask
from app.imaging.extend import extend_photograph
from app.imaging.pyramid import Pyramid
from tests.document.making import KINDS, document, layer, photograph

SIZE = Size(600, 400)
ADDED = Margins(37, 300, 120, 11)
margins = st.builds(Margins, *(st.integers(0, 90),) * 4)


def extend(doc: Document, added: Margins = ADDED) -> None:
    doc.extend(prepare_extension(doc.ground, doc.masks, doc.active_mask, doc.layers, added))


@pytest.mark.parametrize("kind", KINDS)
def test_the_photograph_keeps_its_bits_and_what_is_new_is_mirrored(kind: str) -> None:
    doc = document(SIZE, kind)
    before, icc = doc.flatten_samples(), doc.photograph.metadata.icc
    extend(doc)
    assert doc.size == Size(600 + 157, 400 + 311)
    inner = ADDED.inner(doc.size)
    after = doc.flatten_photograph()
    assert after.size == doc.size
    assert after.samples.dtype == before.dtype
    assert after.channels is doc.photograph.channels
    assert after.metadata.icc == icc
    assert np.array_equal(after.samples[inner.slices], before)
    assert np.array_equal(after.samples[inner.y : inner.bottom, inner.x - 1], before[:, 0])
    assert np.array_equal(after.samples[inner.y - 5, inner.x : inner.right], before[4])
    assert source_photograph(doc.ground).size == SIZE
    assert np.array_equal(source_photograph(doc.ground).samples, before)
    assert doc.photograph.shares_working is photograph(kind, SIZE).shares_working


@pytest.mark.parametrize("kind", KINDS)
def test_layers_move_along_and_undo_brings_back_the_very_bits(kind: str) -> None:
    doc = document(SIZE, kind)
    doc.add_layer(layer(Rect(100, 50, 300, 300)))
    with doc.edit_mask("paint") as edit:
        edit.view(Rect(10, 20, 30, 40))[...] = 200
        edit.mark(Rect(10, 20, 30, 40))
    flat, picture, mask = doc.flatten_samples(), doc.picture.copy(), doc.mask.coverage.copy()
    layers, masks = doc.layers, doc.masks
    resized: list[Size] = []
    doc.size_changed.connect(lambda: resized.append(doc.size))
    extend(doc)
    inner = ADDED.inner(doc.size)
    assert doc.layers[0].region == Rect(137, 350, 300, 300)
    assert np.array_equal(doc.flatten_samples(inner), flat)
    assert np.array_equal(doc.picture[inner.slices], picture)
    assert np.array_equal(doc.mask.coverage[inner.slices], mask)
    assert doc.mask.share() * doc.size.area == doc.size.area - SIZE.area + np.count_nonzero(mask)
    doc.undo.undo()
    assert doc.size == SIZE
    assert (doc.layers, doc.masks) == (layers, masks)
    assert np.array_equal(doc.flatten_samples(), flat)
    assert np.array_equal(doc.picture, picture)
    assert np.array_equal(doc.mask.coverage, mask)
    doc.undo.redo()
    assert np.array_equal(doc.picture[inner.slices], picture)
    assert resized == [doc.size, SIZE, doc.size]
    for level, anew in zip(doc.pyramid.levels, Pyramid.build(doc.picture.copy()).levels, strict=True):
        assert kind in ("gray alpha", "rgba") or np.array_equal(level, anew)


def test_only_the_active_mask_covers_what_is_new() -> None:
    doc = document(SIZE)
    doc.add_mask("second", prepare_mask(SIZE))
    extend(doc)
    assert [named.name for named in doc.masks] == ["Mask 1", "second"]
    assert doc.masks[0].mask.is_empty
    assert not doc.masks[1].mask.is_empty


def test_work_goes_on_over_an_extension_and_back() -> None:
    """Steps made on either canvas keep their masks and pictures."""
    doc = document(SIZE)
    doc.add_layer(layer(Rect(0, 0, 200, 200)))
    first = doc.picture.copy()
    extend(doc)
    doc.add_layer(layer(Rect(0, 0, 300, 500), seed=9))
    second = doc.picture.copy()
    for _ in range(3):
        doc.undo.undo()
    assert np.array_equal(doc.flatten_samples(), photograph("shared", SIZE).samples)
    for _ in range(3):
        doc.undo.redo()
    assert np.array_equal(doc.picture, second)
    doc.undo.go_to(1)
    assert np.array_equal(doc.picture, first)


@given(st.sampled_from(KINDS), margins, margins)
def test_many_steps_make_what_one_makes(kind: str, first: Margins, second: Margins) -> None:
    """The history makes a canvas again from the file and the sum of all margins."""
    size = Size(40, 30)
    doc = document(size, kind)
    for added in (first, second):
        extend(doc, added)
    assert doc.margins == first + second
    again = extend_photograph(photograph(kind, size), first + second)
    assert np.array_equal(doc.flatten_samples(), again.samples)


def test_the_step_counts_the_pictures_it_keeps() -> None:
    doc = document(SIZE)
    extend(doc)
    assert doc.undo.nbytes >= doc.picture.nbytes
