"""Outpainting from the session: candidates, running requests and the history find their place on any canvas."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from app.base.errors import InputError
from app.base.geometry import Margins, Rect, Size
from app.base.states import JobState
from app.edits.types import Context, Cost
from app.gateways.types import Profile
from app.imaging.encoders import encode_png_file
from app.imaging.exif import PREFIX, make_upright
from app.imaging.load import Limits, load_photograph
from app.imaging.photograph import Metadata
from app.imaging.save import ExportOptions
from app.session.document_session import DocumentSession
from app.session.extending import extend_canvas, margins_of
from app.session.money import OverLimit
from app.session.workspace import Workspace
from tests.imaging.pictures import exif_block

ADDED = Margins(20, 0, 30, 10)


async def extended(session: DocumentSession, added: Margins = ADDED) -> None:
    assert session.document is not None
    await extend_canvas(session.document, added, Limits())


def paint(session: DocumentSession, rect: Rect) -> None:
    assert session.document is not None
    with session.document.edit_mask("Rectangle") as edit:
        edit.view(rect)[...] = 255
        edit.mark(rect)


async def generated(workspace: Workspace, session: DocumentSession) -> str:
    id = await session.generate()
    assert id is not None
    assert (await workspace.worker.wait(id)).state is JobState.DONE
    return id


def read(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


async def test_the_new_area_is_planned_filled_exported_and_made_again_by_the_history(
    workspace: Workspace, opened: DocumentSession, photograph: Path, tmp_path: Path
) -> None:
    paint(opened, Rect(100, 50, 20, 20))
    await generated(workspace, opened)
    opened.apply_candidate()
    assert opened.document is not None
    opened.document.clear_mask()
    await extended(opened)
    assert opened.size == opened.document.size == Size(210, 130)
    plan = await opened.planned()
    assert plan is not None
    assert plan.mask_bounds == Rect(0, 0, 210, 130)
    id = await generated(workspace, opened)
    opened.apply_candidate()
    out, again = tmp_path / "out.png", tmp_path / "again.png"
    await opened.export(out, ExportOptions())
    assert read(out).shape == (130, 210, 3)
    grown = opened.planning.grow
    before, after = read(photograph), read(out)[0:120, 20:180]
    untouched = np.ones((120, 160), bool)
    untouched[:, :grown] = untouched[:, -grown:] = untouched[-grown:] = False
    untouched[50 - grown : 70 + grown, 100 - grown : 120 + grown] = False
    assert np.array_equal(after[untouched], before[untouched])
    await workspace.history_actions.export(id, again)
    assert np.array_equal(read(again), read(out))
    (entry,) = [each for each in workspace.history.list(9) if each.id == id]
    assert entry.form["canvas"] == "20,0,30,10"
    assert entry.source_sha256 == opened.source.sha256 if opened.source else False


async def test_what_was_made_before_moves_along_and_back(
    workspace: Workspace, opened: DocumentSession
) -> None:
    paint(opened, Rect(60, 40, 24, 18))
    opened.form.set_context(Context(region=Rect(50, 30, 60, 60)))
    await generated(workspace, opened)
    region = opened.candidates.items[0].patch.region
    heat = opened.candidates.items[0].report.heat
    assert heat is not None
    opened.candidates.select(1)
    await extended(opened)
    moved = opened.candidates.items[0].report.heat
    assert moved is not None
    assert moved.rect_doc == heat.rect_doc.translated(20, 0)
    assert [each.patch.region for each in opened.candidates.items] == [region.translated(20, 0)] * 2
    assert opened.candidates.selected == 1
    assert opened.form.context.region == Rect(70, 30, 60, 60)
    assert opened.document is not None
    opened.document.undo.undo()
    assert opened.candidates.items[0].patch.region == region
    assert opened.form.context.region == Rect(50, 30, 60, 60)
    assert opened.size == Size(160, 120)


async def test_a_request_that_runs_lands_where_it_was_cut(
    workspace: Workspace, opened: DocumentSession
) -> None:
    paint(opened, Rect(60, 40, 24, 18))
    plan = await opened.planned()
    assert plan is not None
    id = await opened.generate()
    assert id is not None
    await extended(opened)
    await workspace.worker.wait(id)
    assert opened.candidates.items[0].patch.region == plan.region.translated(20, 0)
    entry = await workspace.history_actions.get(id)
    await workspace.history_actions.reuse(entry, opened)
    assert opened.document is not None
    assert opened.document.mask.bounds() == plan.mask_bounds.translated(20, 0)
    await workspace.history_actions.apply_again(entry.results[0].id, opened)
    assert opened.document.layers[-1].region == plan.region.translated(20, 0)


async def test_a_canvas_that_grows_while_a_request_is_made_ready_is_planned_anew(
    workspace: Workspace, opened: DocumentSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    paint(opened, Rect(60, 40, 24, 18))
    grows = [True]

    async def over_limit(profile: Profile, cost: Cost | None) -> OverLimit | None:
        if grows.pop() if grows else False:
            await extended(opened)
        return None

    monkeypatch.setattr(workspace.money, "over_limit", over_limit)
    id = await generated(workspace, opened)
    entry = await workspace.history_actions.get(id)
    assert entry.form["canvas"] == "20,0,30,10"
    assert opened.plan is not None
    assert (entry.region, opened.plan.mask_bounds) == (opened.plan.region, Rect(0, 0, 210, 130))


async def test_what_reaches_beyond_the_canvas_is_told(workspace: Workspace, opened: DocumentSession) -> None:
    await extended(opened)
    id = await generated(workspace, opened)
    entry = await workspace.history_actions.get(id)
    assert opened.document is not None
    opened.document.undo.undo()
    assert opened.candidates.items == ()
    with pytest.raises(InputError, match="beyond the canvas"):
        await workspace.history_actions.apply_again(entry.results[0].id, opened)


@pytest.mark.parametrize("text", ["", "x", "1,2", "1,2,3,4,5", "-1,0,0,0"])
def test_margins_that_make_no_sense_are_none(text: str) -> None:
    assert margins_of({"canvas": text}) == Margins()


async def test_a_canvas_too_large_is_refused(opened: DocumentSession) -> None:
    with pytest.raises(InputError, match="too large"):
        await extended(opened, Margins(right=10_000_000))
    assert opened.size == Size(160, 120)


async def test_a_stroke_that_is_drawn_meanwhile_is_kept(opened: DocumentSession) -> None:
    work = asyncio.ensure_future(extended(opened))
    await asyncio.sleep(0)
    paint(opened, Rect(5, 6, 7, 8))
    await work
    assert opened.document is not None
    assert opened.document.mask.coverage[6:14, 25:32].all()


async def test_depth_profile_and_camera_data_survive(workspace: Workspace, tmp_path: Path) -> None:
    """A 16-bit photograph in another colour space keeps its samples; the sizes in its EXIF are the new ones."""
    samples = np.random.default_rng(4).integers(0, 65536, (120, 160, 3), np.uint16)
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    metadata = Metadata(icc=icc, exif=make_upright(exif_block(1)).exif)
    path, out = tmp_path / "deep.png", tmp_path / "wide.png"
    path.write_bytes(encode_png_file(samples, metadata))
    (session,) = await workspace.open_files([path])
    session.form.set_provider("local", "instant")
    await extended(session)
    await generated(workspace, session)
    session.apply_candidate()
    await session.export(out, ExportOptions())
    written = load_photograph(out.read_bytes(), name="wide.png")
    assert written.samples.dtype == np.uint16
    assert written.size == Size(210, 130)
    assert written.metadata.icc == icc
    grown = session.planning.grow
    inner = written.samples[: 120 - grown, 20 + grown : 180 - grown]
    assert np.array_equal(inner, samples[: 120 - grown, grown : 160 - grown])
    assert written.metadata.exif is not None
    exif = Image.Exif()
    exif.load(PREFIX + written.metadata.exif)
    told = exif.get_ifd(0x8769)
    assert (told[0xA002], told[0xA003]) == (210, 130)
