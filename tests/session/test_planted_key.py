"""A key that was planted is nowhere but in the keychain and on the wire: a real edit, one that fails, a test of
the provider, and everything that is written, shown or raised meanwhile."""

import logging
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from app.base.errors import MaskroomError
from app.base.geometry import Size
from app.base.notices import Notice
from app.base.states import JobState
from app.base.work import Work
from app.cli.main import run_command
from app.gateways.provider_settings import ProviderSettings
from app.gateways.types import Profile
from app.imaging.save import ExportOptions
from app.session.document_files import save_document
from app.session.document_session import DocumentSession
from app.session.inspecting import command_for, inspect_next, write_command_files
from app.session.mask_probe import prepare_probe, run_probe
from app.session.provider_check import check_provider
from app.session.workspace import Workspace
from app.settings.folders import Folders
from tests.mask_gateway import MaskGateway

KEY = "sk-planted-0123456789abcdef"


@pytest.fixture
async def gateway() -> AsyncIterator[MaskGateway]:
    server = MaskGateway(key=KEY, echoes_key=True)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def provider(workspace: Workspace, gateway: MaskGateway) -> Profile:
    profile = workspace.providers.save(
        ProviderSettings("mine", dialect="openai-multipart", base_url=gateway.base_url, model="m")
    )
    await workspace.secrets.set("mine", KEY)
    return profile


def error_texts(error: BaseException | None) -> list[str]:
    """All that an error says, with what it came from."""
    found: list[str] = []
    while error is not None:
        found += [repr(error), str(error), repr(vars(error))]
        error = error.__cause__ or error.__context__
    return found


def files_with_the_key(*folders: Path) -> list[Path]:
    return [
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and KEY.encode() in path.read_bytes()
    ]


def unpacked(path: Path, folder: Path) -> None:
    """What is compressed in a file, where it can be searched."""
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)


async def edit(workspace: Workspace, opened: DocumentSession) -> JobState:
    assert opened.document is not None
    mask = np.zeros((opened.document.size.height, opened.document.size.width), np.uint8)
    mask[40:70, 60:100] = 255
    opened.document.set_mask(mask, "test")
    opened.form.set_provider("mine")
    opened.form.set_prompt("a lamp")
    id = await opened.generate()
    assert id is not None
    return (await workspace.worker.wait(id)).state


async def test_a_planted_key_is_found_nowhere(
    workspace: Workspace,
    opened: DocumentSession,
    gateway: MaskGateway,
    provider: Profile,
    told: list[Notice],
    maskroom_home: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []

    assert await edit(workspace, opened) is JobState.DONE
    assert gateway.headers[-1]["authorization"] == f"Bearer {KEY}"
    opened.apply_candidate()
    await opened.export(tmp_path / "out.png", ExportOptions())
    await workspace.keeper.save()
    await save_document(opened, tmp_path / "out.ora")
    unpacked(tmp_path / "out.ora", tmp_path / "document")
    said.append(repr(await check_provider(workspace, provider)))

    shown = await inspect_next(workspace, opened, Size(200, 200))
    assert shown is not None
    assert shown.has_key
    command = command_for(workspace, "mine", shown.inspection)
    said += [repr(shown), repr(shown.inspection.headers), command]
    folder = tmp_path / "curl"
    folder.mkdir()
    await write_command_files(shown.inspection, command, folder)

    # From here on the gateway refuses, and throws the key back in what it says.
    gateway.status, gateway.complaint = 500, "echo"
    assert await edit(workspace, opened) is JobState.FAILED
    gateway.status = 400
    assert await edit(workspace, opened) is JobState.FAILED
    gateway.key = "another"
    assert await edit(workspace, opened) is JobState.FAILED
    check = await check_provider(workspace, provider)
    said += [repr(check), *check.sentences(), *error_texts(check.error)]
    with pytest.raises(MaskroomError) as caught:
        await run_probe(workspace, prepare_probe(workspace, provider, "m"))
    said += error_texts(caught.value)
    assert sum(KEY in header.get("authorization", "") for header in gateway.headers) >= 6

    for job in workspace.worker.jobs:
        said += [repr(job), *error_texts(job.error)]
    for notice in told:
        said.append(repr(notice))
    for entry in await workspace.history_actions.list(50):
        said.append(repr(entry))
    said += [repr(workspace.secrets), repr(vars(workspace)), repr(provider)]
    said += [f"{record.getMessage()} {record.exc_text}" for record in caplog.records]
    assert not [text for text in said if KEY in text]
    await workspace.housekeeping.write_archive(tmp_path / "all.zip", Work())
    unpacked(tmp_path / "all.zip", tmp_path / "history")
    assert list(Folders(maskroom_home).session.rglob("document.json"))
    assert files_with_the_key(maskroom_home, tmp_path) == []
    assert Folders(maskroom_home).logs.is_dir()


def test_the_command_line_prints_it_nowhere(
    keychain: object, maskroom_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASKROOM_KEY_MINE", KEY)
    words = ["--dialect", "openai-multipart", "--base-url", "http://127.0.0.1:9/v1", "--model", "m"]
    run_command(["providers", "set", "mine", *words])
    for command in (["providers", "show", "mine"], ["providers", "list"], ["models", "--provider", "mine"]):
        for form in ([], ["--json"]):
            assert run_command([*command, *form]) == 0
    run_command(["providers", "test", "mine", "--json"])
    run_command(["doctor"])
    printed = capsys.readouterr()
    assert "environment" in printed.out
    assert KEY not in printed.out + printed.err
    assert files_with_the_key(maskroom_home) == []
