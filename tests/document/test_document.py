"""Documents: layers over a photograph that stays as it was opened, exactly, in every form of photograph."""

import concurrent.futures

import numpy as np
import pytest

from app.base.cancel import Cancelled, CancelToken
from app.base.errors import InputError, InternalError
from app.base.geometry import Rect, Size
from app.document.composition import prepare
from app.document.document import Document
from app.document.extension import source_photograph
from app.document.layer_changes import prepare_layer_mask
from app.document.layers import EditLayer
from app.imaging import masks
from app.imaging.blend import alpha_inside, blend
from app.imaging.colour import ColourSpace, to_working
from app.imaging.pyramid import Pyramid
from tests.document.making import KINDS, document, layer, photograph

SIZE = Size(600, 400)
REGION = Rect(190, 120, 300, 240)


def rebuilt(doc: Document) -> tuple[np.ndarray, ...]:
    return Pyramid.build(doc.picture.copy(), straight_alpha=doc.photograph.has_alpha).levels


def assert_consistent(doc: Document) -> None:
    """The cached levels are those that would be made anew."""
    for kept, anew in zip(doc.pyramid.levels, rebuilt(doc), strict=True):
        assert np.array_equal(kept, anew)
    doc.mask_levels.refresh(doc.size.rect)
    for kept, anew in zip(doc.mask_levels.arrays, Pyramid.build(doc.mask.coverage).levels, strict=True):
        assert np.array_equal(kept, anew)


@pytest.mark.parametrize("kind", KINDS)
def test_opening_changes_nothing(kind: str) -> None:
    source = photograph(kind, SIZE)
    samples, working = np.array(source.samples), np.array(to_working(source))
    doc = Document(source)
    assert doc.size == SIZE
    assert np.array_equal(doc.picture, working)
    assert np.array_equal(doc.flatten_samples(), samples)
    assert np.array_equal(doc.original_samples(), samples)
    assert doc.mask.is_empty
    assert not doc.is_modified
    assert_consistent(doc)


def test_an_opaque_srgb_photograph_is_held_once() -> None:
    source = photograph("shared", SIZE)
    doc = Document(source, prepare(source))
    assert np.shares_memory(doc.picture, source.samples)
    with pytest.raises(ValueError, match="read-only"):
        doc.picture[0, 0] = 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("opacity", [1.0, 0.4])
def test_a_layer_replaces_what_it_covers_and_nothing_else(kind: str, opacity: float) -> None:
    source = photograph(kind, SIZE)
    samples, working = np.array(source.samples), np.array(to_working(source))
    doc = Document(source)
    edit = layer(REGION, opacity=opacity)
    told: list[Rect] = []
    doc.picture_changed.connect(told.extend)
    doc.add_layer(edit)

    alpha = alpha_inside(edit.coverage, edit.recipe.feather)
    inner = REGION.slices
    patch = ColourSpace(source.metadata.icc, source.channels).from_srgb(edit.pixels, samples[inner])
    expected = samples.copy()
    expected[inner] = blend(samples[inner], patch, alpha, opacity)
    flat = doc.flatten_samples()
    assert flat.dtype == samples.dtype
    assert np.array_equal(flat, expected)
    outside = np.ones((SIZE.height, SIZE.width), bool)
    outside[inner] = edit.coverage == 0
    assert np.array_equal(flat[outside], samples[outside])
    assert np.array_equal(doc.picture[outside], working[outside])
    assert (flat[~outside] != samples[~outside]).mean() > 0.4
    assert np.array_equal(doc.picture[..., 3], working[..., 3])
    assert told == [edit.covered]
    assert doc.undo.undo_title == "Apply edit"
    assert np.array_equal(doc.original_samples(), samples)
    assert np.array_equal(doc.original(SIZE.rect), working)
    assert_consistent(doc)

    doc.undo.undo()
    assert np.array_equal(doc.picture, working)
    assert np.array_equal(doc.flatten_samples(), samples)
    assert doc.layers == ()
    assert_consistent(doc)
    doc.undo.redo()
    assert doc.layers == (edit,)
    assert np.array_equal(doc.flatten_samples(), expected)
    assert_consistent(doc)


def test_the_shown_picture_is_the_exported_one_for_an_srgb_photograph() -> None:
    doc = document(SIZE)
    doc.add_layer(layer(REGION))
    doc.add_layer(layer(Rect(100, 50, 300, 300), seed=3, opacity=0.7, feather=9))
    flat = doc.flatten_samples()
    assert np.array_equal(doc.cut(SIZE.rect), flat)
    exported = doc.flatten_photograph()
    assert np.array_equal(exported.samples, flat)
    assert not exported.shares_working
    assert not np.shares_memory(exported.samples, doc.picture)
    assert exported.metadata == doc.photograph.metadata
    opened = source_photograph(doc.ground)
    assert np.array_equal(opened.samples, photograph("shared", SIZE).samples)
    assert not np.shares_memory(opened.samples, doc.picture)


@pytest.mark.parametrize("kind", KINDS)
def test_a_part_is_cut_from_the_whole(kind: str) -> None:
    doc = document(SIZE, kind)
    doc.add_layer(layer(REGION))
    doc.add_layer(layer(Rect(100, 50, 300, 300), seed=3, opacity=0.7, feather=9))
    for part in (Rect(0, 0, 1, 1), Rect(250, 250, 20, 9), Rect(180, 30, 400, 350), Rect(0, 390, 600, 10)):
        assert np.array_equal(doc.flatten_samples(part), doc.flatten_samples()[part.slices])
        assert np.array_equal(doc.original_samples(part), doc.original_samples()[part.slices])
        assert np.array_equal(doc.original(part), doc.original(SIZE.rect)[part.slices])
        cut = doc.cut(part)
        assert cut.shape == (part.height, part.width, 4 if doc.photograph.has_alpha else 3)
        assert np.array_equal(cut[..., :3], doc.picture[part.slices][..., 2::-1])
        assert not np.shares_memory(cut, doc.picture)


@pytest.mark.parametrize("kind", ["shared", "rgba"])
def test_layers_are_hidden_shown_and_removed_in_any_order(kind: str) -> None:
    doc = document(SIZE, kind)
    plain = doc.picture.copy()
    low, high = layer(Rect(60, 60, 300, 300), seed=3), layer(Rect(200, 20, 300, 300), seed=4, opacity=0.5)
    doc.add_layer(low)
    only_low = doc.picture.copy()
    doc.add_layer(high)
    both = doc.picture.copy()
    doc.set_layer_visible(high.id, False)
    assert np.array_equal(doc.picture, only_low)
    assert [each.visible for each in doc.layers] == [True, False]
    assert doc.undo.undo_title == "Hide edit"
    position = doc.undo.position
    doc.set_layer_visible(high.id, False)
    assert doc.undo.position == position
    doc.set_layer_visible(high.id, True)
    assert np.array_equal(doc.picture, both)
    doc.remove_layer(low.id)
    only_high = document(SIZE, kind)
    only_high.add_layer(high)
    assert np.array_equal(doc.picture, only_high.picture)
    assert np.array_equal(doc.flatten_samples(), only_high.flatten_samples())
    assert_consistent(doc)
    for expected in (both, only_low, both, only_low, plain):
        doc.undo.undo()
        assert np.array_equal(doc.picture, expected)
        assert_consistent(doc)


def test_the_originals_of_what_no_layer_covers_any_more_are_let_go() -> None:
    """They are read from the picture again, so a write into it, which no caller may do, shows through."""
    source = photograph("shared", SIZE)
    prepared = prepare(source)
    doc = Document(source, prepared)
    doc.add_layer(layer(REGION, hole=False))
    prepared.picture[200, 300] = 1
    assert (doc.original(Rect(300, 200, 1, 1)) != 1).any()
    doc.undo.undo()
    prepared.picture[200, 300] = 1
    assert (doc.original(Rect(300, 200, 1, 1)) == 1).all()


@pytest.mark.parametrize("region", [Rect(-1, 0, 20, 20), Rect(590, 0, 20, 20), Rect(0, 0, 0, 0)])
def test_a_layer_that_does_not_fit_is_refused(region: Rect) -> None:
    doc = document(SIZE)
    pixels = np.zeros((region.height, region.width, 3), np.uint8)
    edit = EditLayer("x", "x", region, pixels, np.full(pixels.shape[:2], 255, np.uint8))
    with pytest.raises(InputError):
        doc.add_layer(edit)
    assert not doc.undo.steps
    assert not doc.layers


def test_a_layer_whose_arrays_do_not_fit_its_region_is_refused() -> None:
    pixels = np.zeros((5, 6, 3), np.uint8)
    with pytest.raises(ValueError, match="fit"):
        EditLayer("x", "x", Rect(0, 0, 5, 6), pixels, np.zeros((5, 6), np.uint8))


def test_an_unknown_layer_is_refused() -> None:
    doc = document(SIZE)
    with pytest.raises(InputError):
        doc.remove_layer("nothing")
    with pytest.raises(InputError):
        doc.set_layer_visible("nothing", True)


def test_a_layer_without_coverage_shows_nothing() -> None:
    doc = document(SIZE)
    before = doc.picture.copy()
    pixels = np.zeros((10, 10, 3), np.uint8)
    doc.add_layer(EditLayer("x", "x", Rect(0, 0, 10, 10), pixels, np.zeros((10, 10), np.uint8)))
    assert np.array_equal(doc.picture, before)
    assert len(doc.layers) == 1
    doc.flatten_samples()


def test_an_export_in_another_thread_sees_one_state_while_layers_come_and_go() -> None:
    doc = document(Size(900, 800))
    plain = doc.flatten_samples()
    edit = layer(Rect(100, 100, 700, 600), hole=False)
    doc.add_layer(edit)
    edited = doc.flatten_samples()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for turn in range(25):
            before = edited if turn % 2 == 0 else plain
            exports = [pool.submit(doc.flatten_samples) for _ in range(2)]
            reading = pool.submit(doc.original_samples)
            (doc.undo.undo if turn % 2 == 0 else doc.undo.redo)()
            after = plain if turn % 2 == 0 else edited
            for export in exports:
                found = export.result()
                assert np.array_equal(found, before) or np.array_equal(found, after)
            assert np.array_equal(reading.result(), plain)


def test_another_thread_may_not_change_the_document() -> None:
    doc = document(SIZE)
    with concurrent.futures.ThreadPoolExecutor(1) as other:
        for change in (doc.clear_mask, doc.invert_mask, doc.fill_mask, lambda: doc.add_layer(layer(REGION))):
            with pytest.raises(InternalError):
                other.submit(change).result()
    assert doc.mask.is_empty
    assert not doc.layers
    assert doc.undo.can_redo is False
    doc.fill_mask()
    assert doc.undo.can_undo


def test_a_change_within_a_change_is_refused() -> None:
    doc = document(SIZE)
    with doc.edit_mask("Long") as edit:
        edit.view(Rect(0, 0, 10, 10))[...] = 255
        for change in (doc.clear_mask, lambda: doc.add_layer(layer(REGION))):
            with pytest.raises(InternalError):
                change()
    assert [step.title for step in doc.undo.steps] == ["Long"]
    assert doc.mask.bounds() == Rect(0, 0, 10, 10)


def test_masks_are_filled_inverted_cleared_and_set() -> None:
    doc = document(SIZE)
    shape = np.zeros((SIZE.height, SIZE.width), np.uint8)
    shape[40:300, 50:200] = 200
    doc.set_mask(shape, "Load mask")
    assert np.array_equal(doc.mask.coverage, shape)
    assert doc.undo.undo_title == "Load mask"
    doc.invert_mask()
    assert np.array_equal(doc.mask.coverage, masks.invert(shape))
    assert doc.undo.undo_title == "Invert mask"
    doc.clear_mask()
    assert doc.mask.is_empty
    assert doc.undo.undo_title == "Clear mask"
    doc.fill_mask()
    assert (doc.mask.coverage == 255).all()
    assert doc.undo.undo_title == "Fill mask"
    doc.fill_mask()
    assert len(doc.undo.steps) == 4
    assert_consistent(doc)
    for _ in range(3):
        doc.undo.undo()
    assert np.array_equal(doc.mask.coverage, shape)
    assert_consistent(doc)
    with pytest.raises(ValueError, match="shape"):
        doc.set_mask(shape[:5], "Small")
    assert doc.undo.can_undo


def test_clearing_an_empty_mask_is_no_step() -> None:
    doc = document(SIZE)
    doc.clear_mask()
    assert not doc.undo.steps


def test_the_revision_rises_with_every_change() -> None:
    doc = document(SIZE)
    seen = [doc.revision]
    for change in (
        doc.fill_mask,
        lambda: doc.add_layer(layer(REGION)),
        lambda: doc.set_layer_visible("layer-2", False),
        lambda: doc.remove_layer("layer-2"),
        doc.undo.undo,
        doc.undo.redo,
    ):
        change()
        seen.append(doc.revision)
    assert seen == sorted(set(seen))


def test_modified_is_told_when_it_changes() -> None:
    doc = document(SIZE)
    told: list[bool] = []
    doc.modified_changed.connect(lambda: told.append(doc.is_modified))
    doc.fill_mask()
    doc.invert_mask()
    doc.undo.mark_saved()
    doc.undo.undo()
    doc.undo.redo()
    doc.undo.undo()
    assert told == [True, False, True, False, True]


def test_layers_are_told_when_they_change() -> None:
    doc = document(SIZE)
    told: list[int] = []
    doc.layers_changed.connect(lambda: told.append(len(doc.layers)))
    doc.add_layer(layer(REGION))
    doc.fill_mask()
    doc.undo.undo()
    doc.undo.undo()
    assert told == [1, 0]


def test_preparing_can_be_cancelled() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        prepare(photograph("shared", SIZE), token)


def test_one_pixel_is_a_document_too() -> None:
    doc = document(Size(1, 1))
    doc.invert_mask()
    doc.add_layer(layer(Rect(0, 0, 1, 1), hole=False))
    assert np.array_equal(doc.flatten_samples()[0, 0], doc.layers[0].pixels[0, 0])
    doc.undo.undo()
    doc.undo.undo()
    assert doc.mask.is_empty


def test_taking_the_mask_in_hand_once_more_is_no_step() -> None:
    doc = document(SIZE)
    doc.add_layer(layer(REGION))
    assert doc.paint_layer(doc.layers[0], prepare_layer_mask(SIZE, doc.layers[0]))
    steps, layers = doc.undo.steps, doc.layers

    assert doc.paint_layer(doc.layers[0], prepare_layer_mask(SIZE, doc.layers[0]))

    assert doc.undo.steps == steps
    assert doc.layers == layers
    doc.end_painting()
    assert doc.painted_layer is None
    assert doc.undo.position == 1
