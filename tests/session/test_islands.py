"""Islands of a mask: which parts are one, what each request holds, and how their results meet again."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from app.base.geometry import Rect, Size
from app.base.states import JobState
from app.edits.plan import surroundings
from app.edits.types import Context, Islands
from app.imaging.masks import bounds
from app.imaging.recipe import ColourMatch
from app.session.document_session import DocumentSession
from app.session.effective_mask import EffectiveMask
from app.session.islands import MOST_ISLANDS, split_islands
from app.session.workspace import Workspace

LEFT, RIGHT = Rect(10, 20, 12, 10), Rect(130, 80, 14, 16)
NEAR = Context(pixels=8)


def mask_of(document: Size, *rects: Rect) -> EffectiveMask:
    plane = np.zeros((document.height, document.width), np.uint8)
    for number, rect in enumerate(rects):
        plane[rect.slices] = 100 + number % 150
    found = bounds(plane)
    return EffectiveMask(document, found, np.ascontiguousarray(plane[found.slices]))


small_rects = st.builds(
    Rect, st.integers(0, 560), st.integers(0, 360), st.integers(1, 40), st.integers(1, 40)
)


@given(st.lists(small_rects, min_size=1, max_size=12), st.integers(0, 120))
def test_islands_hold_every_pixel_once_and_keep_out_of_each_others_surroundings(
    rects: list[Rect], pixels: int
) -> None:
    document, context = Size(600, 400), Context(pixels=pixels)
    mask = mask_of(document, *rects)
    islands = split_islands(mask, context)
    total = np.zeros((400, 600), np.int64)
    for island in islands:
        assert bounds(island.coverage) == Rect(0, 0, island.rect.width, island.rect.height)
        total += island.within(document.rect)
    assert np.array_equal(total, mask.within(document.rect))
    for island in islands:
        for other in islands:
            if other is not island:
                assert not surroundings(document, island.rect, context).intersects(other.rect)


def test_parts_in_each_others_surroundings_are_one() -> None:
    document = Size(4000, 3000)
    apart = mask_of(document, Rect(100, 100, 50, 50), Rect(2000, 2000, 50, 50))
    assert [each.rect for each in split_islands(apart, Context())] == [
        Rect(100, 100, 50, 50),
        Rect(2000, 2000, 50, 50),
    ]
    near = mask_of(document, Rect(100, 100, 50, 50), Rect(220, 120, 50, 50))
    assert split_islands(near, Context()) == (near,)
    # The large one's surroundings are wide, the small one's are not.
    unequal = mask_of(document, Rect(100, 100, 20, 20), Rect(600, 90, 1200, 900))
    assert split_islands(unequal, Context()) == (unequal,)
    assert split_islands(apart, Context(whole=True)) == (apart,)
    assert split_islands(apart, Context(region=Rect(0, 0, 10, 10))) == (apart,)


def test_a_mask_much_longer_than_what_is_looked_at_keeps_its_pixels() -> None:
    document = Size(9000, 700)
    rects = (Rect(0, 0, 3, 3), Rect(5001, 333, 17, 9), Rect(8997, 699, 3, 1))
    islands = split_islands(mask_of(document, *rects), NEAR)
    assert sorted(each.rect.x for each in islands) == [0, 5001, 8997]
    assert {each.rect for each in islands} == set(rects)


@given(
    st.lists(
        st.builds(Rect, st.integers(0, 8900), st.integers(0, 250), st.integers(1, 90), st.integers(1, 40)),
        min_size=1,
        max_size=20,
    )
)
@settings(max_examples=25)
def test_the_groups_are_those_found_by_looking_at_every_pair(rects: list[Rect]) -> None:
    """Also where parts are told apart in a smaller copy; touching cells count as one part there."""
    document, context = Size(9000, 300), Context()
    groups = list(rects)
    pairs = True
    while pairs:
        pairs = False
        for one, other in itertools.combinations(groups, 2):
            around = surroundings(document, one, context), surroundings(document, other, context)
            if around[0].intersects(other) or around[1].intersects(one):
                groups = [each for each in groups if each not in (one, other)] + [one.united(other)]
                pairs = True
                break
    islands = split_islands(mask_of(document, *rects), context)
    assert {each.rect for each in islands} == set(groups)


def test_specks_are_not_told_apart() -> None:
    document = Size(4000, 3000)
    specks = [Rect(x, y, 2, 2) for x in range(0, 4000, 100) for y in range(0, 3000, 100)]
    assert len(specks) > MOST_ISLANDS
    assert split_islands(mask_of(document, *specks), Context(pixels=0)) == ()


def paint(session: DocumentSession, *rects: Rect) -> None:
    assert session.document is not None
    with session.document.edit_mask("Rectangle") as edit:
        for rect in rects:
            edit.view(rect)[...] = 255
        edit.mark(*rects)


async def generated(workspace: Workspace, session: DocumentSession) -> None:
    assert await session.generate() is not None
    for job in workspace.worker.jobs:
        assert (await workspace.worker.wait(job.id)).state is JobState.DONE


async def test_each_island_is_a_request_with_its_own_region_and_mask(
    workspace: Workspace, opened: DocumentSession
) -> None:
    paint(opened, LEFT, RIGHT)
    opened.form.set_grow(0)
    opened.form.set_context(NEAR)
    assert await opened.planned() is not None
    assert (len(opened.planning.requests.parts), opened.planning.requests.islands) == (1, 2)
    opened.form.set_islands(Islands.EACH)
    await opened.planned()
    first, second = opened.planning.requests.parts
    assert (first.plan.mask_bounds, second.plan.mask_bounds) == (LEFT, RIGHT)
    assert first.plan.region == LEFT.expanded(8)
    opened.form.set_variants(2)
    await generated(workspace, opened)
    entries = workspace.history.list(10)
    assert {entry.region for entry in entries} == {
        LEFT.expanded(8),
        RIGHT.expanded(8).intersected(Rect(0, 0, 160, 120)),
    }
    assert {entry.form["islands"] for entry in entries} == {"each"}
    assert [len(place) for place in opened.candidates.places] == [2, 2]


async def test_applying_one_place_leaves_the_others_to_be_decided(
    workspace: Workspace, opened: DocumentSession
) -> None:
    paint(opened, LEFT, RIGHT)
    opened.form.set_context(NEAR)
    opened.form.set_islands(Islands.EACH)
    opened.form.set_variants(2)
    await generated(workspace, opened)
    candidates, document = opened.candidates, opened.document
    assert document is not None
    first, second = candidates.places
    candidates.select(candidates.items.index(second[1]))
    assert candidates.chosen == (first[0], second[1])
    assert candidates.patches == (first[0].patch, second[1].patch)
    opened.apply_candidate()
    assert candidates.items == first
    assert candidates.shown is first[0]
    assert [layer.result_id for layer in document.layers] == [second[1].result_id]
    document.undo.undo()
    await generated(workspace, opened)
    applied = opened.apply_all()
    assert len(applied) == len(document.layers) == 2
    assert candidates.items == ()
    document.undo.undo()
    assert document.layers == ()


async def test_applying_all_names_each_and_goes_on_with_what_is_being_made(
    workspace: Workspace, opened: DocumentSession
) -> None:
    paint(opened, LEFT, RIGHT)
    opened.form.set_context(NEAR)
    opened.form.set_islands(Islands.EACH)
    await generated(workspace, opened)
    document, tuning = opened.document, opened.tuning
    assert document is not None
    assert tuning is not None
    tuning.set_recipe(replace(tuning.look.recipe, colour=ColourMatch.OFF))
    shown = opened.candidates.shown
    assert shown is not None
    opened.apply_all()
    assert [layer.name for layer in document.layers] == [
        "Filled from the surroundings",
        "Filled from the surroundings 2",
    ]
    made = next(layer for layer in document.layers if layer.result_id == shown.result_id)
    while made.recipe.colour is not ColourMatch.OFF:
        await asyncio.sleep(0.01)
        made = next(layer for layer in document.layers if layer.id == made.id)


async def test_a_region_by_hand_and_islands_come_back_from_the_history(
    workspace: Workspace, opened: DocumentSession
) -> None:
    paint(opened, LEFT)
    opened.form.set_context(Context(region=Rect(4, 5, 60, 70)))
    opened.form.set_islands(Islands.EACH)
    await generated(workspace, opened)
    (entry,) = workspace.history.list(10)
    opened.form.set_context(Context())
    opened.form.set_islands(Islands.TOGETHER)
    await workspace.history_actions.reuse(entry, opened)
    assert opened.form.context.region == Rect(4, 5, 60, 70)
    assert opened.form.islands is Islands.EACH
