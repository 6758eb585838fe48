"""Saving a document and opening it again, by the session that people use."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from app.base.cancel import Cancelled, CancelToken
from app.base.errors import OutputError
from app.base.geometry import Margins
from app.base.notices import Notice
from app.document.extension import ground_photograph, source_photograph
from app.imaging.save import ExportOptions
from app.session.document_files import save_document
from app.session.document_session import DocumentSession
from app.session.extending import extend_canvas
from app.session.references import reference_of
from app.session.workspace import Workspace
from tests.document.saving import same_layer, same_photograph
from tests.session.test_workspace import HOLE, generated, paint


async def edited(workspace: Workspace, session: DocumentSession) -> None:
    """An edit, two masks, a prompt and a reference."""
    assert session.document is not None
    paint(session)
    await generated(workspace, session)
    session.apply_candidate()
    session.document.rename_mask("Hole")
    session.form.set_prompt("a hill")
    session.form.set_value("seed", 7)
    session.form.set_references((reference_of("look", np.zeros((9, 8, 3), np.uint8)),))


async def test_a_saved_document_comes_back_whole(
    workspace: Workspace, opened: DocumentSession, tmp_path: Path, told: list[Notice]
) -> None:
    await edited(workspace, opened)
    document, source = opened.document, opened.source
    assert document is not None
    assert source is not None
    path = tmp_path / "hill.ora"
    shares: list[float] = []
    await save_document(opened, path, shares.append)
    await asyncio.sleep(0)
    assert not opened.is_modified
    assert (opened.name, opened.path, opened.file) == ("hill.ora", path, path)
    assert shares[-1] == 1.0
    told.clear()

    (back,) = await workspace.open_files([path])
    assert told == []
    assert back.document is not None
    assert back.source is not None
    assert (back.file, back.is_modified, back.document.undo.can_undo) == (path, False, False)
    assert same_photograph(ground_photograph(back.document.ground), ground_photograph(document.ground))
    assert back.source.sha256 == source.sha256
    assert [same_layer(*pair) for pair in zip(back.document.layers, document.layers, strict=True)] == [True]
    assert back.layers is not None
    assert back.layers.selected is back.document.layers[-1]
    assert [named.name for named in back.document.masks] == ["Hole"]
    assert np.array_equal(back.document.mask.coverage, document.mask.coverage)
    assert back.document.mask.bounds() == HOLE
    assert np.array_equal(back.document.picture, document.picture)
    assert (back.form.prompt, back.form.values["seed"]) == ("a hill", 7)
    assert [each.name for each in back.form.references] == ["look"]

    back.document.clear_mask()
    assert back.is_modified
    back.document.undo.undo()
    assert not back.is_modified
    await generated(workspace, back)
    entry = (await workspace.history_actions.list(1))[0]
    assert entry.source_sha256 == source.sha256


async def test_what_is_done_while_it_is_saved_stays_unsaved(opened: DocumentSession, tmp_path: Path) -> None:
    assert opened.document is not None
    paint(opened)
    undo = opened.document.undo
    await save_document(opened, tmp_path / "a.ora", lambda share: undo.undo())
    assert undo.can_redo
    assert opened.is_modified


async def test_an_export_leaves_the_star_and_is_remembered(opened: DocumentSession, tmp_path: Path) -> None:
    paint(opened)
    assert not opened.is_exported
    await opened.export(tmp_path / "out.png", ExportOptions())
    assert opened.is_modified
    assert opened.is_exported


async def test_a_failed_save_leaves_the_old_file_and_the_star(
    opened: DocumentSession, tmp_path: Path
) -> None:
    paint(opened)
    path = tmp_path / "a.ora"
    await save_document(opened, path)
    before = path.read_bytes()
    assert opened.document is not None
    opened.document.clear_mask()
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        await save_document(opened, path, cancel=token)
    assert path.read_bytes() == before
    assert not list(tmp_path.glob("*.part")) + list(tmp_path.glob(".*.part"))
    assert opened.is_modified
    with pytest.raises(OutputError, match="does not exist"):
        await save_document(opened, tmp_path / "none" / "a.ora")
    with pytest.raises(OutputError, match="ending"):
        await save_document(opened, tmp_path / "a.png")
    assert opened.file == path


async def test_a_source_that_is_gone_is_saved_as_a_copy(
    workspace: Workspace, opened: DocumentSession, photograph: Path, tmp_path: Path
) -> None:
    assert opened.document is not None
    before = opened.document.original_samples()
    photograph.unlink()
    await save_document(opened, tmp_path / "a.ora")
    (back,) = await workspace.open_files([tmp_path / "a.ora"])
    assert back.document is not None
    assert np.array_equal(back.document.original_samples(), before)


async def test_an_extended_canvas_comes_back_with_its_photograph_in_its_place(
    workspace: Workspace, opened: DocumentSession, tmp_path: Path
) -> None:
    await edited(workspace, opened)
    document, source = opened.document, opened.source
    assert document is not None
    assert source is not None
    before = source_photograph(document.ground)
    await extend_canvas(document, Margins(12, 5, 0, 33), workspace.limits)
    path = tmp_path / "wide.ora"
    await save_document(opened, path)

    (back,) = await workspace.open_files([path])
    assert back.document is not None
    assert back.source is not None
    assert (back.document.size, back.document.margins) == (document.size, Margins(12, 5, 0, 33))
    assert same_photograph(ground_photograph(back.document.ground), ground_photograph(document.ground))
    assert same_photograph(source_photograph(back.document.ground), before)
    assert back.source.sha256 == source.sha256
    assert [same_layer(*pair) for pair in zip(back.document.layers, document.layers, strict=True)] == [True]
    assert np.array_equal(back.document.mask.coverage, document.mask.coverage)
    assert np.array_equal(back.document.picture, document.picture)
