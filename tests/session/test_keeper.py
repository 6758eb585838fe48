"""What is open comes back: after a crash as it was kept, after an orderly end as it is on disk."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest

from app.base.geometry import Margins, Rect
from app.base.notices import Level, Notice, Notices
from app.document.extension import ground_photograph
from app.document.named_masks import prepare_mask
from app.session import actions
from app.session.bootstrap import build_workspace
from app.session.document_files import save_document
from app.session.document_session import DocumentSession
from app.session.extending import extend_canvas
from app.session.keeper import SessionKeeper
from app.session.kept_tabs import LookedAt
from app.session.references import reference_of
from app.settings.folders import Folders
from tests.document.saving import same_layer, same_photograph
from tests.session.test_workspace import HOLE, generated, paint


class Run:
    """One run of the program on the test's data folder."""

    def __init__(self, home: Path) -> None:
        self.told: list[Notice] = []
        notices = Notices()
        notices.subscribe(self.told.append)
        self.workspace = build_workspace(Folders(home), {}, notices)

    @property
    def keeper(self) -> SessionKeeper:
        return self.workspace.keeper

    @property
    def documents(self) -> tuple[DocumentSession, ...]:
        return self.workspace.documents


def abandon(home: Path) -> None:
    """Make what this process kept look like that of one that was killed."""
    for owner in (home / "session").glob("*/owner"):
        owner.write_text("1@a long time ago")


@pytest.fixture
async def run(maskroom_home: Path) -> AsyncIterator[Callable[[], Awaitable[Run]]]:
    """Starts the program, once more each time; the run before is dropped as if it had been killed."""
    runs: list[Run] = []

    async def start() -> Run:
        abandon(maskroom_home)
        runs.append(Run(maskroom_home))
        await runs[-1].keeper.restore()
        runs[-1].keeper.start()
        return runs[-1]

    yield start
    for each in runs:
        await each.workspace.aclose()


Start = Callable[[], Awaitable[Run]]


async def opened_in(run: Run, path: Path) -> DocumentSession:
    (session,) = await run.workspace.open_files([path])
    session.form.set_provider("local", "instant")
    return session


async def test_a_crash_costs_nothing_that_was_kept(run: Start, photograph: Path) -> None:
    first = await run()
    assert first.documents == ()
    session = await opened_in(first, photograph)
    document = session.document
    assert document is not None
    paint(session)
    await generated(first.workspace, session)
    await actions.apply_candidate(first.workspace)  # type: ignore[misc]
    document.add_mask("Second", prepare_mask(document.size))
    paint(session, Rect(1, 2, 30, 40))
    await generated(first.workspace, session)
    session.candidates.select(1)
    session.form.set_prompt("two hills")
    session.form.set_references((reference_of("look", np.full((9, 8, 3), 7, np.uint8)),))
    session.view = LookedAt(160, 120, 12.5, 30.0, 4.0, 15.0, True, False)
    (plain,) = await first.workspace.open_files([photograph])
    await first.keeper.save()

    second = await run()
    again, unchanged = second.documents
    assert (again.id, unchanged.id) == (session.id, plain.id)
    assert again.document is not None
    assert (again.name, again.path, again.file) == ("hill.png", photograph, None)
    assert same_photograph(ground_photograph(again.document.ground), ground_photograph(document.ground))
    assert [same_layer(*pair) for pair in zip(again.document.layers, document.layers, strict=True)] == [True]
    assert [named.name for named in again.document.masks] == [named.name for named in document.masks]
    for mine, kept in zip(document.masks, again.document.masks, strict=True):
        assert np.array_equal(mine.mask.coverage, kept.mask.coverage)
    assert again.document.active_mask == 1
    assert np.array_equal(again.document.picture, document.picture)
    assert (again.is_modified, unchanged.is_modified) == (True, False)
    assert again.form.prompt == "two hills"
    assert (again.form.provider, again.form.model) == ("local", "instant")
    assert [each.picture.tolist() for each in again.form.references] == [[[[7] * 3] * 8] * 9]
    assert again.view == session.view
    assert [c.result_id for c in again.candidates.items] == [c.result_id for c in session.candidates.items]
    assert again.candidates.selected == 1
    assert [c.report.outside_pixels for c in again.candidates.items] == [
        c.report.outside_pixels for c in session.candidates.items
    ]
    assert second.workspace.current is unchanged
    (notice,) = [each for each in second.told if each.commands]
    assert notice.level is Level.INFO
    assert "Restored 2 photographs as they were at" in notice.text
    assert notice.commands == ("session.discard",)

    again.document.undo.undo()
    assert len(again.document.layers) == 1
    second.keeper.discard()
    assert second.documents == ()
    await second.keeper.save()
    third = await run()
    assert third.documents == ()


async def test_what_is_kept_again_costs_only_what_changed(
    run: Start, photograph: Path, maskroom_home: Path
) -> None:
    first = await run()
    session = await opened_in(first, photograph)
    paint(session)
    await generated(first.workspace, session)
    session.apply_candidate()
    await first.keeper.save()
    folder = maskroom_home / "session" / session.id

    def files() -> dict[str, int]:
        return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}

    before = files()
    await first.keeper.save()
    assert files() == before
    paint(session, Rect(5, 5, 9, 9))
    await first.keeper.save()
    after = files()
    new = set(after) - set(before)
    gone = set(before) - set(after)
    assert len(new) == len(gone) == 1
    assert {name for name in before if name in after and before[name] != after[name]} == {"document.json"}


async def test_pasted_pictures_and_saved_documents_come_back_from_what_there_is(
    run: Start, photograph: Path, tmp_path: Path
) -> None:
    first = await run()
    pasted = await first.workspace.open_data(photograph.read_bytes(), "Pasted picture")
    session = await opened_in(first, photograph)
    paint(session)
    path = tmp_path / "kept.ora"
    await save_document(session, path)
    await first.keeper.save()
    photograph.unlink()

    second = await run()
    again, saved = second.documents
    assert pasted is not None
    assert pasted.document is not None
    assert again.document is not None
    assert np.array_equal(again.document.picture, pasted.document.picture)
    assert saved.document is not None
    assert (saved.file, saved.is_modified, saved.document.mask.bounds()) == (path, False, HOLE)


async def test_a_photograph_that_changed_on_disk_is_kept_as_it_was(run: Start, photograph: Path) -> None:
    first = await run()
    session = await opened_in(first, photograph)
    assert session.document is not None
    paint(session)
    await first.keeper.save()
    photograph.write_bytes(b"something else")
    second = await run()
    (again,) = second.documents
    assert again.document is not None
    assert np.array_equal(again.document.picture, session.document.picture)
    assert not again.document.mask.is_empty


async def test_an_orderly_end_brings_back_the_tabs_without_what_was_let_go(
    run: Start, photograph: Path
) -> None:
    first = await run()
    session = await opened_in(first, photograph)
    paint(session)
    session.form.set_prompt("a hill")
    await first.keeper.end(let_go=True)
    second = await run()
    (again,) = second.documents
    assert again.document is not None
    assert again.document.mask.is_empty
    assert again.form.prompt == "a hill"
    assert not [each for each in second.told if each.commands]
    await second.workspace.settings.update("session", restore=False)
    await second.keeper.end(let_go=True)
    third = await run()
    assert third.documents == ()


async def test_an_end_without_a_question_loses_nothing(run: Start, photograph: Path) -> None:
    first = await run()
    await first.workspace.settings.update("session", restore=False)
    session = await opened_in(first, photograph)
    paint(session)
    await first.keeper.end(let_go=False)
    second = await run()
    assert second.documents[0].is_modified


async def test_a_closed_tab_is_forgotten(run: Start, photograph: Path, maskroom_home: Path) -> None:
    first = await run()
    session = await opened_in(first, photograph)
    paint(session)
    await first.keeper.save()
    folder = maskroom_home / "session" / session.id
    assert folder.is_dir()
    first.workspace.close(session)
    for _ in range(200):
        if not folder.exists():
            break
        await asyncio.sleep(0.02)
    assert not folder.exists()


@pytest.mark.parametrize("harm", ["entry", "mask", "photograph", "newer", "gone"])
async def test_damage_costs_one_document_and_is_put_aside(
    run: Start, photograph: Path, maskroom_home: Path, harm: str
) -> None:
    first = await run()
    session = await opened_in(first, photograph)
    paint(session)
    (other,) = await first.workspace.open_files([photograph])
    paint(other)
    await first.keeper.save()
    folder = maskroom_home / "session" / session.id
    entry = folder / "document.json"
    if harm == "entry":
        entry.write_bytes(entry.read_bytes()[:100])
    elif harm == "newer":
        entry.write_bytes(entry.read_bytes().replace(b'"version":1', b'"version":99'))
    elif harm == "gone":
        entry.unlink()
    else:
        large = sorted((p for p in folder.iterdir() if len(p.name) == 64), key=lambda p: p.stat().st_size)
        victim = large[-1] if harm == "photograph" else large[0]
        victim.write_bytes(b"\0" * victim.stat().st_size)
        if harm == "photograph":
            photograph.write_bytes(b"changed")
    second = await run()
    assert [each.id for each in second.documents] == [other.id]
    assert not second.documents[0].document.mask.is_empty  # type: ignore[union-attr]
    assert [each for each in second.told if "put aside" in each.hint]
    assert folder.with_name(folder.name + ".damaged").is_dir()
    third = await run()
    assert [each.id for each in third.documents] == [other.id]


async def test_two_windows_on_one_folder_leave_each_others_tabs_alone(
    run: Start, photograph: Path, maskroom_home: Path
) -> None:
    first = await run()
    session = await opened_in(first, photograph)
    paint(session)
    await first.keeper.save()
    beside = Run(maskroom_home)
    await beside.keeper.restore()
    assert beside.documents == ()
    await beside.workspace.aclose()


async def test_a_folder_that_cannot_be_written_is_told_once_and_stops_nothing(
    run: Start, photograph: Path, maskroom_home: Path
) -> None:
    first = await run()
    session = await opened_in(first, photograph)
    shutil.rmtree(maskroom_home / "session")
    (maskroom_home / "session").write_text("in the way")
    for _ in range(2):
        paint(session)
        await first.keeper.save()
    assert len([each for each in first.told if each.topic == "session"]) == 1
    os.unlink(maskroom_home / "session")
    await first.keeper.save()
    assert (maskroom_home / "session" / session.id / "document.json").is_file()


async def test_a_sent_request_is_kept_at_once(run: Start, photograph: Path, maskroom_home: Path) -> None:
    first = await run()
    await first.workspace.settings.update("session", autosave=60)
    session = await opened_in(first, photograph)
    await asyncio.sleep(0.1)
    paint(session)
    session.form.set_prompt("sent")
    await generated(first.workspace, session)
    entry = maskroom_home / "session" / session.id / "document.json"
    for _ in range(200):
        if entry.is_file() and b'"sent"' in entry.read_bytes():
            break
        await asyncio.sleep(0.02)
    assert b'"prompt":"sent"' in entry.read_bytes()


async def test_an_extended_canvas_survives_a_crash(run: Start, photograph: Path) -> None:
    first = await run()
    session = await opened_in(first, photograph)
    document = session.document
    assert document is not None
    await extend_canvas(document, Margins(left=20, bottom=7), first.workspace.limits)
    await first.keeper.save()

    second = await run()
    (back,) = second.documents
    assert back.document is not None
    assert (back.document.size, back.document.margins) == (document.size, document.margins)
    assert np.array_equal(back.document.mask.coverage, document.mask.coverage)
    assert np.array_equal(back.document.picture, document.picture)
