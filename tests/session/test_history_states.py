"""Going back: a stored result with what it grew from is an open document again; everything is reused."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.base.errors import InputError
from app.base.geometry import Rect
from app.edits.types import Context
from app.history.types import HistoryEntry, HistoryResult
from app.session.document_session import DocumentSession
from app.session.history_states import continue_from, open_as_new, open_state
from app.session.references import read_reference
from app.session.workspace import Workspace
from tests.session.test_workspace import generated, paint


async def edit(
    workspace: Workspace, session: DocumentSession, place: Rect
) -> tuple[HistoryEntry, HistoryResult]:
    """Paint, generate, and apply the first variant."""
    document = session.document
    assert document is not None
    document.clear_mask()
    mask = np.zeros((document.size.height, document.size.width), np.uint8)
    mask[place.slices] = 255
    document.set_mask(mask, "paint")
    id = await generated(workspace, session)
    session.candidates.select(0)
    session.apply_candidate()
    entry = await workspace.history_actions.get(id)
    return entry, entry.results[0]


async def test_any_state_opens_again_with_its_layers(workspace: Workspace, opened: DocumentSession) -> None:
    first = await edit(workspace, opened, Rect(20, 20, 12, 10))
    after_first = opened.document.flatten_samples()  # type: ignore[union-attr]
    second = await edit(workspace, opened, Rect(60, 50, 14, 8))
    after_second = opened.document.flatten_samples()  # type: ignore[union-attr]
    assert second[0].parents == (first[1].id,)
    family = await workspace.history_shelf.family(second[0].id)
    assert [entry.id for entry in family] == [first[0].id, second[0].id]

    for (entry, result), expected, count in ((first, after_first, 1), (second, after_second, 2)):
        await open_state(workspace, entry, result)
        tab = workspace.current
        assert tab is not None
        assert tab is not opened
        assert tab.document is not None
        assert [layer.result_id for layer in tab.document.layers] == [first[1].id, second[1].id][:count]
        assert np.array_equal(tab.document.flatten_samples(), expected)

    await open_as_new(workspace, *second)
    tab = workspace.current
    assert tab is not None
    assert tab.document is not None
    assert tab.name == f"{Path(opened.name).stem}-variant-1.png"
    assert tab.document.layers == ()
    assert np.array_equal(tab.document.flatten_samples(), after_second)


async def test_going_on_from_a_node_is_one_step_in_the_open_tab(
    workspace: Workspace, opened: DocumentSession, photograph: Path
) -> None:
    first = await edit(workspace, opened, Rect(20, 20, 12, 10))
    second = await edit(workspace, opened, Rect(60, 50, 14, 8))
    document = opened.document
    assert document is not None
    kept = document.layers[0]
    await continue_from(workspace, *first)
    assert workspace.documents == (opened,)
    assert document.layers == (kept,), "the very same layer, with whatever was set on it"
    branch = await edit(workspace, opened, Rect(40, 70, 10, 10))
    assert branch[0].parents == (first[1].id,)
    family = await workspace.history_shelf.family(branch[0].id)
    assert {entry.id for entry in family} == {first[0].id, second[0].id, branch[0].id}
    await continue_from(workspace, *second)
    assert [layer.result_id for layer in document.layers] == [first[1].id, second[1].id]
    document.undo.undo()
    assert [layer.result_id for layer in document.layers] == [first[1].id, branch[1].id]
    steps = document.undo.position
    await continue_from(workspace, *branch)
    assert document.undo.position == steps, "nothing to do is no step"

    workspace.close(opened)
    await continue_from(workspace, *second)
    assert workspace.current is not None
    assert workspace.current.document is not None
    assert len(workspace.current.document.layers) == 2


async def test_a_state_whose_parent_is_gone_for_good_says_so(
    workspace: Workspace, opened: DocumentSession
) -> None:
    first = await edit(workspace, opened, Rect(20, 20, 12, 10))
    second = await edit(workspace, opened, Rect(60, 50, 14, 8))
    await workspace.history_shelf.delete(first[0].id)
    await open_state(workspace, *second)  # the bin still has it
    workspace.history.delete(first[0].id)
    with pytest.raises(InputError):
        await open_state(workspace, *second)


async def test_everything_of_a_request_comes_back(
    workspace: Workspace, opened: DocumentSession, tmp_path: Path
) -> None:
    form, document = opened.form, opened.document
    assert document is not None
    reference = tmp_path / "lamp.png"
    Image.new("RGB", (40, 30), "orange").save(reference)
    form.set_prompt("a lamp")
    form.set_variants(3)
    form.set_feather(5)
    form.set_grow(7)
    form.set_context(Context(pixels=24))
    form.set_value("seed", 12)
    form.set_extras({"user": "me"})
    paint(opened)
    id = await generated(workspace, opened)
    entry = await workspace.history_actions.get(id)
    sent = opened.planning.effective_mask
    assert sent is not None
    assert entry.prompt == "", "the model takes none"
    before = (form.provider, form.model, form.variants, form.feather, form.context)
    before_values, before_extras = dict(form.values), dict(form.extras)

    opened.candidates.clear()
    document.clear_mask()
    form.set_prompt("another")
    form.set_variants(1)
    form.set_feather(0)
    form.set_grow(None)
    form.set_context(Context())
    form.set_value("seed", None)
    form.set_value("steps", 3)
    form.set_extras({})
    form.set_references((read_reference(reference.read_bytes(), "lamp.png", workspace.limits),))
    form.set_model("auto")
    await workspace.history_actions.reuse(entry, opened)
    assert (form.provider, form.model, form.variants, form.feather, form.context) == before
    assert form.prompt == "another", "so reuse leaves what stands there"
    assert (dict(form.values), dict(form.extras), form.references) == (before_values, before_extras, ())
    assert np.array_equal(document.mask.coverage, sent.within(document.size.rect))
    plan = await opened.planned()
    assert plan is not None
    assert (plan.region, plan.size_send) == (entry.region, entry.size_send)
