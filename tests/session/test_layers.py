"""Layers and variants are tuned, painted, ordered and merged after they arrived, on the real workspace."""

from __future__ import annotations

import asyncio
import inspect
from dataclasses import replace

import numpy as np
import pytest

from app.base.geometry import Rect
from app.document.document import Document
from app.document.layers import EditLayer
from app.edits.composite import compose, own_coverage
from app.edits.types import Context
from app.imaging.codecs import decode_picture
from app.imaging.recipe import Align, BlendMode, ColourMatch
from app.session.document_session import DocumentSession
from app.session.layer_work import LayerWork, settled
from app.session.tuning import Tuning
from app.session.workspace import Workspace

HOLE = Rect(60, 40, 30, 24)


async def run(workspace: Workspace, id: str) -> None:
    each = workspace.commands.get(id)
    assert each.when(workspace), f"{id} cannot run"
    done = each.run(workspace)
    if inspect.isawaitable(done):
        await done


async def generate(workspace: Workspace, session: DocumentSession, variants: int = 1) -> None:
    assert session.document is not None
    with session.document.edit_mask("Paint") as edit:
        edit.view(HOLE)[...] = 255
        edit.mark(HOLE)
    session.form.set_variants(variants)
    session.form.set_context(Context(pixels=14))
    id = await session.generate()
    assert id is not None
    await workspace.worker.wait(id)
    assert len(session.candidates.items) == variants


def parts(session: DocumentSession) -> tuple[Document, LayerWork, Tuning]:
    assert session.document is not None
    assert session.layers is not None
    assert session.tuning is not None
    return session.document, session.layers, session.tuning


async def until_made(tuning: Tuning) -> None:
    while tuning.is_busy:
        await asyncio.sleep(0.01)


@pytest.fixture
async def layered(workspace: Workspace, opened: DocumentSession) -> DocumentSession:
    """One applied edit."""
    await generate(workspace, opened)
    await run(workspace, "candidate.apply")
    return opened


async def test_an_applied_layer_is_selected_and_tuned_as_one_step_per_setting(
    layered: DocumentSession,
) -> None:
    document, work, tuning = parts(layered)
    assert work.selected is document.layers[0]
    before = len(document.undo.steps)
    for percent in (90, 60, 30):
        tuning.set_opacity(percent / 100)
    tuning.set_mode(BlendMode.MULTIPLY)
    for feather in (3, 5, 8):
        tuning.set_recipe(replace(tuning.look.recipe, feather=feather))
    layer = document.layers[0]
    assert (layer.opacity, layer.mode, layer.recipe.feather) == (0.3, BlendMode.MULTIPLY, 8)
    name = layer.name
    titles = [step.title for step in document.undo.steps[before:]]
    assert titles == [f"{what} of “{name}”" for what in ("Opacity", "Blend mode", "Feather")]
    document.undo.go_to(before)
    assert (document.layers[0].opacity, document.layers[0].mode) == (1.0, BlendMode.NORMAL)


async def test_the_mask_of_a_layer_grows_and_shrinks_again_to_the_same_bits(layered: DocumentSession) -> None:
    document, _, tuning = parts(layered)
    start = document.layers[0]
    steps = len(document.undo.steps)
    for grow in (3, -4, 6):
        tuning.set_recipe(replace(tuning.look.recipe, grow=grow))
        assert tuning.look.recipe.grow == grow
    await until_made(tuning)
    grown = document.layers[0]
    assert np.array_equal(grown.painted, start.coverage)
    assert np.array_equal(grown.coverage, own_coverage(start.coverage, grown.recipe))
    assert len(document.undo.steps) == steps + 1
    untouched = grown.coverage == 0
    assert untouched.any()
    samples, original = document.flatten_samples(grown.region), document.original_samples(grown.region)
    assert np.array_equal(samples[untouched], original[untouched])
    tuning.set_recipe(replace(tuning.look.recipe, grow=0))
    await until_made(tuning)
    assert np.array_equal(document.layers[0].coverage, start.coverage)
    assert document.layers[0].mask is None


async def test_pixels_are_made_anew_of_the_reply_that_was_kept(layered: DocumentSession) -> None:
    document, _, tuning = parts(layered)
    source = document.layers[0].source
    assert source is not None
    recipe = replace(tuning.look.recipe, align=Align.OFF, colour=ColourMatch.EDGE)
    tuning.set_recipe(replace(tuning.look.recipe, align=Align.RIGID))
    tuning.set_recipe(replace(recipe, feather=1))
    assert tuning.look.recipe == replace(recipe, feather=1)
    await until_made(tuning)
    layer = document.layers[0]
    expected = compose(source, decode_picture(source.reply), layer.painted, layer.recipe)
    assert layer.recipe == replace(recipe, feather=1)
    assert np.array_equal(layer.pixels, expected.pixels)


async def test_what_was_undone_meanwhile_is_not_made_after_all(layered: DocumentSession) -> None:
    document, _, tuning = parts(layered)
    tuning.set_recipe(replace(tuning.look.recipe, grow=5))
    await until_made(tuning)
    tuning.set_recipe(replace(tuning.look.recipe, align=Align.OFF))
    document.undo.undo()
    before = document.layers
    await until_made(tuning)
    assert document.layers == before
    assert tuning.look.recipe.align is before[0].recipe.align


async def test_a_variant_is_tuned_before_it_is_applied(workspace: Workspace, opened: DocumentSession) -> None:
    document, _, tuning = parts(opened)
    await generate(workspace, opened, 2)
    steps = document.undo.steps
    tuning.set_opacity(0.4)
    tuning.set_mode(BlendMode.SCREEN)
    tuning.set_recipe(replace(tuning.look.recipe, grow=-2, feather=6))
    await until_made(tuning)
    assert document.undo.steps == steps
    shown = opened.candidates.shown
    assert shown is not None
    assert shown.source is not None
    opened.candidates.step(1)
    assert tuning.look.opacity == 1.0
    opened.candidates.step(-1)
    assert tuning.look.opacity == 0.4
    await run(workspace, "candidate.apply")
    layer = document.layers[0]
    assert (layer.opacity, layer.mode, layer.recipe.grow, layer.recipe.feather) == (
        0.4,
        BlendMode.SCREEN,
        -2,
        6,
    )
    assert np.array_equal(layer.painted, shown.source.coverage)
    assert np.array_equal(layer.coverage, own_coverage(shown.source.coverage, layer.recipe))


async def test_painting_a_layers_mask_reveals_and_hides_and_comes_back(
    workspace: Workspace, layered: DocumentSession
) -> None:
    document, _, tuning = parts(layered)
    layer = document.layers[0]
    before, steps = document.picture.copy(), len(document.undo.steps)
    await run(workspace, "layer.paint")
    assert document.painted_layer is not None
    assert tuning.is_painted
    assert np.array_equal(document.mask.coverage[layer.region.slices], layer.coverage)
    assert document.mask is not document.request_mask
    corner = Rect(layer.region.x - 10, layer.region.y - 10, 30, 30)
    with document.edit_mask("Reveal") as edit:
        edit.view(corner)[...] = 255
        edit.mark(corner)
    inside = corner.intersected(layer.region)
    painted = document.layers[0]
    assert painted.coverage[inside.relative_to(layer.region).slices].all()
    assert not document.mask.coverage[corner.y, corner.x], "nothing is covered beyond the region"
    deep = np.s_[painted.recipe.feather : 20 - 2 * painted.recipe.feather]
    shown = document.picture[inside.slices][..., 2::-1]
    assert np.array_equal(shown[deep, deep], painted.pixels[:20, :20][deep, deep])
    await run(workspace, "layer.end_painting")
    assert document.painted_layer is None
    assert document.mask is document.request_mask
    titles = [step.title for step in document.undo.steps[steps:]]
    assert titles == [f"Edit the mask of “{layer.name}”", "Reveal", f"Finish the mask of “{layer.name}”"]
    document.undo.go_to(steps)
    await settled(document)
    assert np.array_equal(document.picture, before)
    assert np.array_equal(document.layers[0].coverage, layer.coverage)


async def test_painting_nothing_leaves_no_step(workspace: Workspace, layered: DocumentSession) -> None:
    document, _, _ = parts(layered)
    steps = document.undo.position
    await run(workspace, "layer.paint")
    await run(workspace, "layer.paint")
    assert document.painted_layer is None
    assert document.undo.position == steps


async def test_two_variants_are_mixed_by_painting_one_over_the_other(
    workspace: Workspace, opened: DocumentSession
) -> None:
    document, work, _ = parts(opened)
    await generate(workspace, opened, 2)
    await run(workspace, "candidate.apply_keep")
    assert [candidate.number for candidate in opened.candidates.items] == [2]
    first = document.picture.copy()
    opened.candidates.select(0)
    await run(workspace, "candidate.paint_in")
    assert not opened.candidates.items
    assert document.painted_layer is document.layers[1]
    assert work.selected is document.layers[1]
    assert np.array_equal(document.picture, first), "nothing of it is to be seen yet"
    half = Rect(HOLE.x, HOLE.y, HOLE.width // 2, HOLE.height)
    with document.edit_mask("Reveal") as edit:
        edit.view(half)[...] = 255
        edit.mark(half)
    second = document.layers[1]
    deep = Rect(half.x + 6, half.y + 6, 4, 4)
    expected = second.pixels[deep.relative_to(second.region).slices]
    assert np.array_equal(document.picture[deep.slices][..., 2::-1], expected)
    assert np.array_equal(document.picture[:, half.right + 1 :], first[:, half.right + 1 :])
    ids = {layer.result_id for layer in document.layers}
    for entry in await workspace.history_actions.list(9):
        for result in entry.results:
            assert result.applied == (result.id in ids)


async def test_a_variant_that_is_still_being_tuned_is_painted_in_as_it_was_to_be(
    workspace: Workspace, opened: DocumentSession
) -> None:
    document, work, tuning = parts(opened)
    await generate(workspace, opened)
    variant = opened.candidates.items[0]
    tuning.set_recipe(replace(tuning.look.recipe, align=Align.OFF, colour=ColourMatch.OFF, grow=4, feather=3))
    assert tuning.is_busy
    await run(workspace, "candidate.paint_in")
    assert not opened.candidates.items
    assert document.painted_layer is work.selected
    wished = replace(variant.patch.recipe, align=Align.OFF, colour=ColourMatch.OFF, grow=0, feather=3)
    assert tuning.look.recipe == wished
    await until_made(tuning)
    (layer,) = document.layers
    assert layer.recipe == wished
    assert layer.source is not None
    expected = compose(layer.source, decode_picture(layer.source.reply), layer.painted, wished)
    assert np.array_equal(layer.pixels, expected.pixels)
    assert not layer.coverage.any(), "nothing was painted yet"
    assert opened.judging is not None
    judged = opened.judging.subject
    assert judged is not None
    assert judged.report is not None, "what is known of the variant is known of the layer"


async def test_layers_are_ordered_copied_merged_and_deleted(
    workspace: Workspace, layered: DocumentSession
) -> None:
    document, work, _ = parts(layered)
    await run(workspace, "layer.duplicate")
    lower, upper = document.layers
    assert upper.pixels is lower.pixels
    assert work.selected is upper
    await run(workspace, "layer.lower")
    assert document.layers == (upper, lower)
    assert not workspace.commands.get("layer.merge_down").when(workspace)
    await run(workspace, "layer.raise")
    document.set_layer_visible(lower.id, False)
    assert not workspace.commands.get("layer.merge_down").when(workspace)
    document.set_layer_visible(lower.id, True)
    before = document.picture.copy()
    await run(workspace, "layer.merge_down")
    (one,) = document.layers
    assert work.selected is one
    assert one.source is None
    await settled(document)
    assert np.array_equal(document.picture, before)
    await run(workspace, "layer.delete")
    assert document.layers == ()
    assert work.selected is None
    document.undo.go_to(0)
    document.undo.go_to(99)
    assert document.layers == ()


async def test_a_merge_takes_in_what_happened_meanwhile(layered: DocumentSession) -> None:
    document, work, tuning = parts(layered)
    layer = document.layers[0]
    document.add_layer(replace(layer, id="above", opacity=0.5))
    merging = asyncio.ensure_future(work.merge_visible())
    await asyncio.sleep(0)
    tuning.set_mode(BlendMode.DARKEN)
    changed = document.composed(document.layers, document.size.rect)
    await merging
    assert [each.name for each in document.layers] == ["Merged edits"]
    await settled(document)
    assert np.abs(document.picture.astype(int) - changed).max() <= 1


async def test_a_request_is_cut_from_the_picture_that_the_layers_make(
    workspace: Workspace, layered: DocumentSession
) -> None:
    document, _, _ = parts(layered)
    red = np.zeros((120, 160, 3), np.uint8)
    red[..., 0] = 255
    document.add_layer(EditLayer("red", "Red", document.size.rect, red, np.full((120, 160), 255, np.uint8)))
    await run(workspace, "layer.paint")
    id = await layered.generate()
    assert id is not None
    assert document.painted_layer is None, "what is sent is the mask for it"
    await workspace.worker.wait(id)
    source = layered.candidates.items[0].source
    assert source is not None
    assert (source.picture == (255, 0, 0)).all()


async def test_what_is_being_made_of_a_variant_is_made_of_the_layer_that_it_becomes(
    workspace: Workspace, opened: DocumentSession
) -> None:
    document, _, tuning = parts(opened)
    await generate(workspace, opened)
    tuning.set_recipe(replace(tuning.look.recipe, colour=ColourMatch.OFF, grow=4))
    await run(workspace, "candidate.apply")
    assert document.layers[0].recipe.colour is not ColourMatch.OFF
    assert tuning.is_busy
    await until_made(tuning)
    assert (document.layers[0].recipe.colour, document.layers[0].recipe.grow) == (ColourMatch.OFF, 4)


async def test_choosing_a_mask_ends_painting_a_layers(workspace: Workspace, layered: DocumentSession) -> None:
    document, _, _ = parts(layered)
    await run(workspace, "layer.paint")
    document.fill_mask()
    document.activate_mask(document.active_mask)
    assert document.painted_layer is None
    assert not document.mask.coverage.all()
