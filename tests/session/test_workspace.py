"""The main job without a window: open, paint, generate, choose, undo, export, and what the history keeps."""

from __future__ import annotations

import asyncio
import io
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.base.errors import InputError, OutputError
from app.base.geometry import Point, Rect
from app.base.notices import Level, Notice, Notices
from app.base.states import JobState
from app.base.work import Work
from app.document.gestures import PointerSample, brush_stroke
from app.document.selection import Selection
from app.document.shapes import Combine, Shape
from app.imaging.edges import INNER
from app.imaging.recipe import Align, ColourMatch, Recipe
from app.imaging.save import ExportOptions
from app.session import actions
from app.session.bootstrap import build_workspace
from app.session.document_session import DocumentSession, Stage
from app.session.form import EditForm
from app.session.form_entry import fill_form, form_entry
from app.session.workspace import Workspace
from app.settings.folders import Folders

HOLE = Rect(60, 40, 24, 18)


def paint(session: DocumentSession, rect: Rect = HOLE) -> None:
    assert session.document is not None
    with session.document.edit_mask("Rectangle") as edit:
        edit.view(rect)[...] = 255
        edit.mark(rect)


async def generated(workspace: Workspace, session: DocumentSession) -> str:
    """Generate and wait until the candidates are there."""
    id = await session.generate()
    assert id is not None
    job = await workspace.worker.wait(id)
    assert job.state is JobState.DONE, job.error
    return id


def read(path: Path) -> np.ndarray[Any, Any]:
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("hill.png", [(Stage.READY, False)]),
        ("hill.jpg", [(Stage.OPENING, True), (Stage.READY, False)]),
    ],
)
async def test_a_file_opens_in_a_tab_by_way_of_its_quick_preview(
    workspace: Workspace, photograph: Path, name: str, expected: list[tuple[Stage, bool]]
) -> None:
    path = photograph.with_name(name)
    Image.fromarray(read(photograph)).save(path)
    stages: list[tuple[Stage, bool]] = []
    workspace.documents_changed.connect(
        lambda: workspace.documents[0].stage_changed.connect(
            lambda: stages.append((workspace.documents[0].stage, workspace.documents[0].preview is not None))
        )
    )
    (session,) = await workspace.open_files([path])
    assert stages == expected
    assert workspace.current is session
    assert str(path) in workspace.settings.value.files.recent
    assert not session.is_modified


async def test_files_that_are_no_photographs_leave_a_notice_and_no_tab(
    workspace: Workspace, photograph: Path, tmp_path: Path, told: list[Notice]
) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"nothing")
    opened = await workspace.open_files([bad, photograph, tmp_path / "missing.jpg"])
    assert [session.name for session in opened] == ["hill.png"]
    assert workspace.documents == opened
    errors = [notice for notice in told if notice.level is Level.ERROR]
    assert len(errors) == 2
    assert "bad.png" in errors[0].text
    assert "missing.jpg" in errors[1].text


async def test_pasted_data_opens_too(workspace: Workspace) -> None:
    file = io.BytesIO()
    Image.new("RGB", (30, 20), "teal").save(file, "PNG")
    session = await workspace.open_data(file.getvalue(), "Pasted picture")
    assert session is not None
    assert session.document is not None
    assert (session.document.size.width, session.name) == (30, "Pasted picture")


async def test_the_plan_follows_the_mask_and_the_form(opened: DocumentSession) -> None:
    assert await opened.planned() is None
    paint(opened)
    plan = await opened.planned()
    assert plan is not None
    assert plan.mask_bounds == HOLE.expanded(opened.planning.grow)
    assert plan.region.contains(plan.mask_bounds)
    assert opened.planning.requests.seconds is not None
    opened.form.set_grow(0)
    smaller = await opened.planned()
    assert smaller is not None
    assert smaller.mask_bounds == HOLE
    assert opened.document is not None
    opened.document.clear_mask()
    assert await opened.planned() is None


async def test_generating_without_a_mask_says_what_to_do(opened: DocumentSession, told: list[Notice]) -> None:
    assert await opened.generate() is None
    assert "painted" in told[-1].text


async def test_from_mask_to_export(
    workspace: Workspace, opened: DocumentSession, photograph: Path, tmp_path: Path
) -> None:
    document = opened.document
    assert document is not None
    opened.form.set_grow(0)
    opened.form.set_variants(2)
    paint(opened)
    entry_id = await generated(workspace, opened)
    assert [c.number for c in opened.candidates.items] == [1, 2]
    assert all(c.report.outside_changed_pixels == 0 and c.report.leak == 0 for c in opened.candidates.items)
    opened.candidates.select(1)
    await actions.apply_candidate(workspace)  # type: ignore[misc]
    assert len(document.layers) == 1
    assert opened.candidates.items == ()
    assert not document.mask.is_empty
    entry = await workspace.history_actions.get(entry_id)
    assert [result.applied for result in entry.results] == [False, True]

    out = tmp_path / "out.png"
    await opened.export(out, ExportOptions())
    assert opened.is_exported
    before, after = read(photograph), read(out)
    inside = np.zeros(before.shape[:2], bool)
    inside[HOLE.slices] = True
    assert np.array_equal(before[~inside], after[~inside])
    assert not np.array_equal(before[inside], after[inside])

    document.undo.undo()
    assert not opened.is_exported
    await opened.export(tmp_path / "undone.png", ExportOptions())
    assert np.array_equal(read(tmp_path / "undone.png"), before)
    document.undo.redo()
    await opened.export(tmp_path / "redone.png", ExportOptions())
    assert np.array_equal(read(tmp_path / "redone.png"), after)


async def test_an_export_that_fails_is_no_export(opened: DocumentSession, tmp_path: Path) -> None:
    paint(opened)
    with pytest.raises(OutputError):
        await opened.export(tmp_path / "no" / "folder.png", ExportOptions())
    assert not opened.is_exported


async def test_painting_goes_on_while_a_request_runs(workspace: Workspace, opened: DocumentSession) -> None:
    paint(opened)
    id = await opened.generate()
    paint(opened, Rect(5, 5, 10, 10))
    assert id is not None
    await workspace.worker.wait(id)
    candidate = opened.candidates.shown
    assert candidate is not None
    assert candidate.patch.coverage.any()
    covered = np.zeros((120, 160), bool)
    covered[candidate.patch.region.slices] = candidate.patch.coverage > 0
    assert not covered[5:15, 5:15].any()


async def test_cancelling_at_once_is_written_down_and_leaves_nothing(
    workspace: Workspace, opened: DocumentSession
) -> None:
    opened.form.set_model("patchmatch")
    paint(opened)
    first = await opened.generate()
    second = await opened.generate()
    assert first is not None
    assert second is not None
    workspace.worker.cancel_all()
    for id in (first, second):
        await workspace.worker.wait(id)
    await workspace.pipeline.aclose()
    states = [(await workspace.history_actions.get(id)).state for id in (first, second)]
    assert states == [JobState.CANCELLED, JobState.CANCELLED]
    assert opened.candidates.items == ()


async def test_the_next_edit_knows_what_it_stands_on(
    workspace: Workspace, opened: DocumentSession, tmp_path: Path
) -> None:
    paint(opened)
    await generated(workspace, opened)
    first = opened.candidates.shown
    assert first is not None
    opened.apply_candidate()
    assert opened.document is not None
    opened.document.clear_mask()
    paint(opened, Rect(10, 80, 20, 20))
    second = await generated(workspace, opened)
    entry = await workspace.history_actions.get(second)
    assert entry.parents == (first.result_id,)
    opened.apply_candidate()
    await opened.export(tmp_path / "both.png", ExportOptions())
    await workspace.history_actions.export(second, tmp_path / "again.png")
    assert np.array_equal(read(tmp_path / "both.png"), read(tmp_path / "again.png"))


async def test_the_edge_is_that_of_the_grown_mask_and_goes_with_it(opened: DocumentSession) -> None:
    paint(opened)
    await opened.planned()
    document, mask, edge = opened.document, opened.planning.effective_mask, opened.planning.edge
    assert document is not None
    assert mask is not None
    assert edge is not None
    painted = document.mask.coverage > 0
    size = document.size
    kinds = edge.rim_at(0, np.arange(size.height), np.arange(size.width))
    assert np.array_equal(kinds >= INNER, mask.within(size.rect) > 0)
    assert not (painted & (kinds == INNER)).any()
    document.clear_mask()
    await opened.planned()
    assert opened.planning.edge is None


async def test_history_fills_the_form_and_the_mask_again(
    workspace: Workspace, opened: DocumentSession
) -> None:
    opened.form.set_prompt("kept for the next model")
    opened.form.set_variants(3)
    opened.form.set_value("seed", 12)
    paint(opened)
    id = await generated(workspace, opened)
    document = opened.document
    assert document is not None
    sent = opened.planning.effective_mask
    assert sent is not None
    document.clear_mask()
    opened.form.set_variants(1)
    opened.form.set_value("seed", None)
    await workspace.history_actions.reuse(await workspace.history_actions.get(id), opened)
    assert (opened.form.variants, dict(opened.form.values)) == (3, {"seed": 12})
    assert np.array_equal(document.mask.coverage, sent.within(document.size.rect))
    document.undo.undo()
    assert document.mask.is_empty


async def test_using_again_brings_back_how_the_images_were_put_back(
    workspace: Workspace, opened: DocumentSession
) -> None:
    tuned = Recipe(align=Align.OFF, colour=ColourMatch.EDGE, feather=7)
    paint(opened)
    id = await generated(workspace, opened)
    assert opened.tuning is not None
    opened.tuning.set_recipe(tuned)
    async with asyncio.timeout(20):
        while opened.candidates.items[0].patch.recipe != tuned:
            await asyncio.sleep(0.01)
    applied = opened.candidates.items[0]
    await actions.apply_candidate(workspace)
    entry = await workspace.history_actions.get(id)
    assert opened.form.recipe == Recipe(feather=opened.form.feather) != tuned
    # As it was applied, it comes again.
    again = await workspace.history_actions.candidate(applied.result_id)
    assert again.patch.recipe == tuned
    assert np.array_equal(again.patch.pixels, applied.patch.pixels)
    await workspace.history_actions.reuse(entry, opened)
    assert opened.form.recipe == tuned
    assert (await workspace.history_actions.get(await generated(workspace, opened))).recipe == tuned.kept()
    assert opened.candidates.items[-1].patch.recipe == tuned
    other = EditForm(workspace.providers.get, "local")
    fill_form(other, form_entry(opened.form))
    assert other.recipe == tuned
    fill_form(other, {"kept": {}})
    assert other.recipe == Recipe(feather=7)


async def test_apply_again_and_delete(workspace: Workspace, opened: DocumentSession) -> None:
    paint(opened)
    id = await generated(workspace, opened)
    opened.candidates.clear()
    document = opened.document
    assert document is not None
    await workspace.history_actions.apply_again(f"{id}-1", opened)
    assert len(document.layers) == 1
    await workspace.history_shelf.delete(id)
    assert await workspace.history_actions.list(10) == ()
    await workspace.history_shelf.restore(id)
    assert [entry.id for entry in await workspace.history_actions.list(10)] == [id]
    workspace.history.delete(id)
    with pytest.raises(InputError):
        await workspace.history_actions.apply_again(f"{id}-1", opened)
    assert len(document.layers) == 1


async def test_a_result_of_another_photograph_is_not_applied(
    workspace: Workspace, opened: DocumentSession, tmp_path: Path
) -> None:
    paint(opened)
    id = await generated(workspace, opened)
    other = tmp_path / "other.png"
    Image.new("RGB", (160, 120), "navy").save(other)
    (session,) = await workspace.open_files([other])
    with pytest.raises(InputError, match="another photograph"):
        await workspace.history_actions.apply_again(f"{id}-1", session)


async def test_the_source_may_change_on_disk_without_changing_the_history(
    workspace: Workspace, opened: DocumentSession, photograph: Path, tmp_path: Path
) -> None:
    original = read(photograph)
    Image.new("RGB", (10, 10)).save(photograph)
    paint(opened)
    id = await generated(workspace, opened)
    opened.apply_candidate()
    await opened.export(tmp_path / "now.png", ExportOptions())
    await workspace.history_actions.export(id, tmp_path / "later.png")
    assert np.array_equal(read(tmp_path / "now.png"), read(tmp_path / "later.png"))
    assert read(tmp_path / "later.png").shape == original.shape


async def test_closing_a_tab_keeps_what_its_request_brings(
    workspace: Workspace, opened: DocumentSession
) -> None:
    paint(opened)
    id = await opened.generate()
    assert id is not None
    workspace.close(opened)
    assert workspace.current is None
    await workspace.worker.wait(id)
    entry = await workspace.history_actions.get(id)
    assert (entry.state, len(entry.results)) == (JobState.DONE, entry.n)


async def test_the_end_waits_for_what_a_closed_tab_is_still_at(maskroom_home: Path, photograph: Path) -> None:
    workspace = build_workspace(Folders(maskroom_home), {}, Notices())
    (session,) = await workspace.open_files([photograph])
    started, let_go = threading.Event(), threading.Event()

    def find(work: Work) -> Shape:
        started.set()
        let_go.wait()
        return Shape(Rect(0, 0, 0, 0), np.zeros((0, 0), np.uint8))

    assert session.selecting is not None
    session.selecting.order(Selection("Wand", find, Combine.ADD))
    await asyncio.to_thread(started.wait)
    workspace.close(session)
    asyncio.get_running_loop().call_later(0.3, let_go.set)
    await workspace.aclose()
    let_go.set()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_steps_are_made_smaller_when_the_hand_rests_and_never_keep_the_program_from_ending(
    maskroom_home: Path, photograph: Path
) -> None:
    workspace = build_workspace(Folders(maskroom_home), {}, Notices())
    (session,) = await workspace.open_files([photograph])
    document, gestures = session.document, session.gestures
    assert document is not None
    assert gestures is not None
    size = document.size
    slope = np.broadcast_to(np.arange(size.width).astype(np.uint8), (size.height, size.width))
    document.set_mask(slope, "Slope")
    document.set_mask(slope[::-1] // 2, "Half")
    step = document.undo.steps[-1]
    whole = step.nbytes
    assert whole >= size.area // 2
    gestures.press(brush_stroke(workspace.toolbox.brush), PointerSample(Point(50, 50)))
    await asyncio.sleep(0.2)
    assert step.nbytes == whole
    gestures.release()
    async with asyncio.timeout(20):
        while step.nbytes == whole:
            await asyncio.sleep(0.01)
    gestures.press(brush_stroke(workspace.toolbox.brush), PointerSample(Point(90, 90)))
    async with asyncio.timeout(20):
        await workspace.aclose()
    gestures.cancel()


async def test_a_disk_that_refuses_does_not_keep_the_program_from_ending(
    maskroom_home: Path, photograph: Path
) -> None:
    workspace = build_workspace(Folders(maskroom_home), {}, Notices())
    (session,) = await workspace.open_files([photograph])
    session.form.set_provider("local", "instant")
    workspace.worker.pause()
    paint(session)
    id = await session.generate()
    assert id is not None
    workspace.history.close()
    await workspace.aclose()
    again = build_workspace(Folders(maskroom_home), {}, Notices())
    assert (await again.history_actions.get(id)).state is JobState.QUEUED
    await again.aclose()


async def test_history_survives_a_restart(
    workspace: Workspace, opened: DocumentSession, maskroom_home: Path
) -> None:
    paint(opened)
    id = await generated(workspace, opened)
    other = build_workspace(Folders(maskroom_home), {}, Notices())
    try:
        await other.recover()
        entry = await other.history_actions.get(id)
        assert entry.state is JobState.DONE
        assert await other.history_actions.thumbnail(entry.results[0]) is not None
    finally:
        await other.aclose()


async def test_undo_and_redo_commands_are_on_only_when_they_can(
    workspace: Workspace, opened: DocumentSession
) -> None:
    assert not actions.can_undo(workspace)
    paint(opened)
    assert actions.can_undo(workspace)
    actions.undo(workspace)
    assert actions.can_redo(workspace)
    actions.redo(workspace)
    assert opened.document is not None
    assert opened.document.mask.bounds() == HOLE


async def test_digits_set_the_opacity_until_candidates_are_there(
    workspace: Workspace, opened: DocumentSession
) -> None:
    opacity, show = workspace.commands.get("brush.opacity3"), workspace.commands.get("candidate.show1")
    assert opacity.when(workspace)
    assert not show.when(workspace)
    paint(opened)
    await generated(workspace, opened)
    assert not opacity.when(workspace)
    assert show.when(workspace)


async def test_no_command_changes_the_document_under_a_stroke(
    workspace: Workspace, opened: DocumentSession
) -> None:
    assert opened.gestures is not None
    opened.gestures.press(brush_stroke(workspace.toolbox.brush), PointerSample(Point(50, 50)))
    changing = [workspace.commands.get(id) for id in ("mask.fill", "mask.clear", "mask.invert", "edit.undo")]
    assert not any(command.when(workspace) for command in changing)
    opened.gestures.release()
    assert all(command.when(workspace) for command in changing)
