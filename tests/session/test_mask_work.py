"""Masks changed in a thread while one paints, tried out first, from pictures and files, and several of them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from app.base.cancel import Cancelled, CancelToken
from app.base.errors import InputError, MaskError
from app.base.geometry import Point, Rect, Size
from app.base.notices import Notice
from app.base.states import MaskConvention
from app.document.brush import Brush
from app.document.document import Document
from app.document.gestures import PointerSample, brush_stroke
from app.document.layer_changes import prepare_layer_mask
from app.document.layers import EditLayer
from app.edits.types import Patch, Report
from app.imaging.arrays import U8
from app.imaging.mask_operations import MaskOperation, OperationKind
from app.imaging.recipe import Recipe
from app.session import mask_actions
from app.session.candidates import Candidate
from app.session.document_session import DocumentSession
from app.session.mask_changes import KNOBS, Differ, Operate
from app.session.mask_work import MaskWork
from app.session.workspace import Workspace

GROW = Operate(MaskOperation(OperationKind.GROW, 5))


@pytest.fixture
def document(opened: DocumentSession) -> Document:
    """The open document, with a square in its mask."""
    assert opened.document is not None
    square(opened.document, Rect(40, 30, 20, 20))
    return opened.document


@pytest.fixture
def work(opened: DocumentSession) -> MaskWork:
    assert opened.mask_work is not None
    return opened.mask_work


def square(document: Document, rect: Rect) -> None:
    with document.edit_mask("Square") as edit:
        edit.view(rect)[...] = 255
        edit.mark(rect)


async def eventually(condition: Callable[[], object], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        await asyncio.sleep(0.005)


@dataclass
class Slow:
    """Grows the mask, but not before it is let go."""

    title: str = "Slow"
    started: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)
    runs: int = 0

    def area(self, covered: Rect, document: Size) -> Rect:
        return GROW.area(covered, document)

    def apply(self, coverage: U8, at: Rect, cancel: CancelToken) -> U8:
        self.runs += 1
        self.started.set()
        while not self.go.wait(0.005):
            cancel.check()
        return GROW.apply(coverage, at, cancel)


async def test_a_change_is_one_named_step(document: Document, work: MaskWork) -> None:
    before = document.mask.coverage.copy()
    assert await work.apply(GROW)
    assert np.array_equal(document.mask.coverage, GROW.operation.apply(before))
    assert document.undo.undo_title == "Grow mask by 5 px"
    document.undo.undo()
    assert np.array_equal(document.mask.coverage, before)
    assert await work.apply(Operate(MaskOperation(OperationKind.FILL_HOLES))) is False
    assert document.undo.redo_title == "Grow mask by 5 px"


async def test_what_is_painted_meanwhile_is_changed_too_and_never_lost(
    document: Document, work: MaskWork
) -> None:
    slow = Slow()
    running = asyncio.create_task(work.apply(slow))
    await eventually(slow.started.is_set)
    assert work.is_busy
    square(document, Rect(100, 80, 10, 10))
    painted = document.mask.coverage.copy()
    slow.go.set()
    assert await running
    assert slow.runs == 2
    assert not work.is_busy
    assert np.array_equal(document.mask.coverage, GROW.operation.apply(painted))
    document.undo.undo()
    assert np.array_equal(document.mask.coverage, painted)


async def test_a_change_waits_for_the_end_of_a_stroke(
    opened: DocumentSession, document: Document, work: MaskWork
) -> None:
    assert opened.gestures is not None
    slow = Slow()
    running = asyncio.create_task(work.apply(slow))
    await eventually(slow.started.is_set)
    opened.gestures.press(brush_stroke(Brush(9)), PointerSample(Point(120, 20)))
    slow.go.set()
    await asyncio.sleep(0.1)
    assert not running.done()
    opened.gestures.release()
    painted = document.mask.coverage.copy()
    assert painted[20, 120] == 255
    assert await running
    assert np.array_equal(document.mask.coverage, GROW.operation.apply(painted))


async def test_a_change_can_be_cancelled(document: Document, work: MaskWork) -> None:
    before, slow = document.mask.coverage.copy(), Slow()
    running = asyncio.create_task(work.apply(slow))
    await eventually(slow.started.is_set)
    work.cancel()
    assert await running is False
    assert np.array_equal(document.mask.coverage, before)
    assert await work.apply(GROW)


async def test_a_closed_tab_stops_its_work(
    workspace: Workspace, opened: DocumentSession, document: Document, work: MaskWork
) -> None:
    slow = Slow()
    running = asyncio.create_task(work.apply(slow))
    await eventually(slow.started.is_set)
    workspace.close(opened)
    assert await running is False


async def test_a_trial_shows_what_it_would_do_and_does_it_when_accepted(
    workspace: Workspace, document: Document, work: MaskWork
) -> None:
    before, steps = document.mask.coverage.copy(), document.undo.steps
    workspace.commands.get("mask.grow").run(workspace)
    assert work.trial is not None
    assert work.trial.amount == workspace.settings.value.mask.grow
    for amount in (3, 30, 7):
        work.set_amount(amount)
    await eventually(lambda: work.preview is not None)
    assert work.preview is not None
    grown = MaskOperation(OperationKind.GROW, 7).apply(before)
    assert np.array_equal(work.preview.plane.pixels, grown)
    assert np.array_equal(document.mask.coverage, before)
    assert document.undo.steps == steps

    await mask_actions.accept_trial(workspace)
    assert np.array_equal(document.mask.coverage, grown)
    assert document.undo.undo_title == "Grow mask by 7 px"
    assert (work.trial, work.preview) == (None, None)
    assert workspace.settings.value.mask.grow == 7
    workspace.commands.get("mask.grow").run(workspace)
    assert work.trial is not None
    assert work.trial.amount == 7


async def test_a_trial_follows_what_is_painted(document: Document, work: MaskWork) -> None:
    work.try_out(KNOBS["shrink"], 4, lambda px: Operate(MaskOperation(OperationKind.SHRINK, px)))
    await eventually(lambda: work.preview is not None)
    square(document, Rect(90, 60, 30, 30))
    assert work.preview is None
    expected = MaskOperation(OperationKind.SHRINK, 4).apply(document.mask.coverage)
    await eventually(lambda: work.preview is not None)
    assert work.preview is not None
    assert np.array_equal(work.preview.plane.pixels, expected)
    work.drop_trial()
    assert work.preview is None
    assert document.mask.coverage[60, 90] == 255


async def test_a_trial_is_accepted_before_it_was_shown(document: Document, work: MaskWork) -> None:
    before = document.mask.coverage.copy()
    work.try_out(KNOBS["grow"], 5, lambda px: Operate(MaskOperation(OperationKind.GROW, px)))
    assert await work.accept()
    assert np.array_equal(document.mask.coverage, GROW.operation.apply(before))
    assert await work.accept() is False


async def test_the_mask_of_a_layer_is_changed_and_tried_out_no_further_than_the_layer_reaches(
    document: Document, work: MaskWork
) -> None:
    region = Rect(20, 10, 50, 40)
    pixels = np.zeros((region.height, region.width, 3), np.uint8)
    edit = EditLayer("one", "Edit", region, pixels, np.full(pixels.shape[:2], 255, np.uint8), Recipe())
    document.add_layer(edit)
    document.paint_layer(edit, prepare_layer_mask(document.size, edit))
    before, steps = document.mask.coverage.copy(), document.undo.steps

    work.try_out(KNOBS["grow"], 5, lambda px: Operate(MaskOperation(OperationKind.GROW, px)))
    await eventually(lambda: work.preview is not None)

    assert work.preview is not None
    assert np.array_equal(work.preview.plane.pixels, before)
    assert await work.accept() is False
    assert document.undo.steps == steps


async def test_operations_are_offered_while_there_is_something_to_operate_on(
    workspace: Workspace, opened: DocumentSession
) -> None:
    assert opened.document is not None
    ids = [f"mask.{kind.value}" for kind in OperationKind]
    assert not any(workspace.commands.get(id).when(workspace) for id in ids)
    opened.document.fill_mask()
    assert all(workspace.commands.get(id).when(workspace) for id in ids)
    assert workspace.commands.get("mask.feather").shortcuts == ("Shift+F6",)


async def run(workspace: Workspace, id: str) -> None:
    result = workspace.commands.get(id).run(workspace)
    if result is not None:
        await result


async def test_holes_are_filled_at_once(workspace: Workspace, document: Document, told: list[Notice]) -> None:
    await run(workspace, "mask.fill_holes")
    assert told[-1].text == "The mask has no holes."
    with document.edit_mask("Hole") as edit:
        edit.view(Rect(45, 35, 5, 5))[...] = 0
        edit.mark(Rect(45, 35, 5, 5))
    await run(workspace, "mask.fill_holes")
    assert document.mask.coverage[37, 47] == 255
    assert document.undo.undo_title == "Fill holes"


# From pictures


@pytest.mark.parametrize(
    "convention", [MaskConvention.WHITE, MaskConvention.TRANSPARENT, MaskConvention.OPAQUE]
)
async def test_a_mask_goes_into_a_file_and_comes_back(
    opened: DocumentSession, document: Document, tmp_path: Path, convention: MaskConvention
) -> None:
    soft = np.random.default_rng(1).integers(0, 256, (120, 160), dtype=np.uint8)
    document.set_mask(soft, "Soft")
    path = tmp_path / "mask.png"
    await mask_actions.save_mask(opened, path, convention)
    document.clear_mask()
    assert await mask_actions.load_mask(opened, path, path.name, convention)
    assert np.array_equal(document.mask.coverage, soft)
    assert document.undo.undo_title == "Load mask “mask.png”"
    assert await mask_actions.load_mask(opened, path, path.name, convention) is False


async def test_a_mask_of_another_size_is_refused_in_a_sentence(
    opened: DocumentSession, document: Document, tmp_path: Path
) -> None:
    before, path = document.mask.coverage.copy(), tmp_path / "small.png"
    Image.fromarray(np.full((20, 30), 255, np.uint8)).save(path)
    with pytest.raises(MaskError, match="30 × 20 pixels, the picture 160 × 120"):
        await mask_actions.load_mask(opened, path, path.name)
    with pytest.raises(MaskError, match="4 × 3 pixels"):
        await mask_actions.set_mask(opened, np.zeros((3, 4), np.uint8), "Paste")
    assert np.array_equal(document.mask.coverage, before)


async def test_a_copied_mask_is_pasted_bit_by_bit(opened: DocumentSession, document: Document) -> None:
    copied = await mask_actions.copied_mask(opened)
    assert copied is not None
    document.invert_mask()
    assert await mask_actions.set_mask(opened, copied, "Paste mask")
    assert np.array_equal(document.mask.coverage, copied)


async def test_transparent_pixels_become_the_mask(workspace: Workspace, tmp_path: Path) -> None:
    pixels = np.zeros((50, 60, 4), np.uint8)
    pixels[..., 3] = np.arange(60) * 4
    path = tmp_path / "glass.png"
    Image.fromarray(pixels).save(path)
    (session,) = await workspace.open_files([path])
    assert session.document is not None
    await run(workspace, "mask.from_alpha")
    assert np.array_equal(session.document.mask.coverage, 255 - pixels[..., 3])


def candidate(number: int, region: Rect, pixels: U8) -> Candidate:
    coverage = np.full((region.height, region.width), 255, np.uint8)
    return Candidate(f"r{number}", "e", number, Patch(region, pixels, coverage), Report(0, 0.0), "", "m")


async def test_the_mask_of_what_a_variant_changed(
    workspace: Workspace, opened: DocumentSession, document: Document, work: MaskWork
) -> None:
    region = Rect(20, 10, 60, 50)
    first = document.cut(region)
    first[5:15, 5:15, 1] ^= 0x40
    second = document.cut(region)
    second[30:40, 20:30] ^= 0x40
    opened.candidates.add((candidate(1, region, first), candidate(2, region, second)))
    workspace.commands.get("mask.from_difference").run(workspace)
    assert work.trial is not None
    work.set_amount(63)
    await mask_actions.accept_trial(workspace)
    assert list(document.mask.bounds().translated(-20, -10).slices) == [slice(5, 15), slice(5, 15)]
    assert document.undo.undo_title == "Mask differences above 63 levels"
    document.undo.undo()

    opened.candidates.select(0)
    workspace.commands.get("mask.from_next_difference").run(workspace)
    await mask_actions.accept_trial(workspace)
    assert document.mask.bounds() == Rect.from_edges(25, 15, 50, 50)
    assert int((document.mask.coverage == 255).sum()) == 200
    work.try_out(
        KNOBS["difference"], 64, mask_actions.difference_from_document(opened, opened.candidates.items[0])
    )
    await eventually(lambda: work.preview is not None)
    assert work.preview is not None
    assert not work.preview.plane.pixels.any()


def test_a_comparison_ends_between_two_pictures_when_it_is_no_longer_wanted() -> None:
    cancel, asked = CancelToken(), []

    def picture(region: Rect) -> U8:
        asked.append(region)
        cancel.cancel()
        return np.zeros((region.height, region.width, 3), np.uint8)

    region = Rect(0, 0, 9, 7)
    with pytest.raises(Cancelled):
        Differ(region, picture, picture, 8).apply(np.zeros((7, 9), np.uint8), region, cancel)
    assert asked == [region]


# Several masks


async def test_masks_are_added_copied_switched_and_deleted_in_steps(
    workspace: Workspace, document: Document
) -> None:
    square_mask = document.mask.coverage.copy()
    await run(workspace, "mask.new")
    assert [each.name for each in document.masks] == ["Mask 1", "Mask 2"]
    assert document.active_mask == 1
    assert document.mask.is_empty
    square(document, Rect(0, 0, 9, 9))
    await run(workspace, "mask.duplicate")
    assert document.masks[2].name == "Mask 2 copy"
    assert np.array_equal(document.mask.coverage, document.masks[1].mask.coverage)
    await run(workspace, "mask.next")
    assert np.array_equal(document.mask.coverage, square_mask)
    await run(workspace, "mask.previous")
    assert document.active_mask == 2
    await run(workspace, "mask.delete")
    assert document.active_mask == 1
    document.rename_mask("Sky")
    assert document.undo.undo_title == "Rename “Mask 2” to “Sky”"
    while document.undo.can_undo:
        document.undo.undo()
    assert len(document.masks) == 1
    while document.undo.can_redo:
        document.undo.redo()
    assert [each.name for each in document.masks] == ["Mask 1", "Sky"]
    assert cv2.countNonZero(document.mask.coverage) == 81


async def test_a_stroke_of_another_mask_is_undone_where_it_is_seen(
    workspace: Workspace, document: Document
) -> None:
    await run(workspace, "mask.new")
    await run(workspace, "mask.next")
    assert document.undo.undo_title == "Switch to “Mask 1”"
    for _ in range(3):
        document.undo.undo()
    assert document.mask.is_empty


async def test_the_only_mask_stays(workspace: Workspace, document: Document) -> None:
    assert not workspace.commands.get("mask.delete").when(workspace)
    with pytest.raises(InputError, match="at least one"):
        document.remove_mask()
