"""Inspect request: what stands there is what Generate sends, and it follows the photograph."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel

from app.base.geometry import Point
from app.ui.dialogs.inspect import InspectDialog, SentPicture
from tests.mask_gateway import MaskGateway
from tests.ui.window.conftest import Window, eventually

KEY = "sk-planted-0123456789"


@pytest_asyncio.fixture
async def gateway() -> AsyncIterator[MaskGateway]:
    server = MaskGateway()
    await server.start()
    yield server
    await server.stop()


@pytest_asyncio.fixture
async def dialog(
    window: Window, photograph: Path, gateway: MaskGateway, maskroom_home: Path
) -> InspectDialog:
    with (maskroom_home / "providers.toml").open("a") as file:
        file.write(
            f'[providers.mine]\ndialect = "openai-multipart"\nmodel = "m"\nbase_url = "{gateway.base_url}"\n'
        )
    session = await window.open(photograph)
    session.form.set_provider("mine")
    session.form.set_prompt("a 'red' lamp")
    session.form.set_value("seed", 7)
    window.stroke(Point(100, 100), Point(140, 110))
    window.desk.actions.run("edit.inspect")
    shown = window.desk.gateways.inspection
    assert shown is not None
    assert not shown.isModal()
    await eventually(lambda: shown.shown)
    return shown


def words(dialog: InspectDialog) -> list[str]:
    return [label.text() for label in dialog.findChildren(QLabel) if label.isVisible()]


async def test_it_shows_what_generate_sends(
    window: Window, dialog: InspectDialog, gateway: MaskGateway
) -> None:
    assert dialog.shown is not None
    told = words(dialog)
    for text in (f"{gateway.base_url}/images/edits", "a 'red' lamp", "seed", "7", "prompt", "mask"):
        assert text in told, text
    assert any("Transparent pixels" in text for text in told)
    assert any("No key is stored" in text for text in told)
    assert "Authorization" not in told
    pictures = [each for each in dialog.findChildren(SentPicture) if each.isVisible()]
    assert len(pictures) == 2
    assert gateway.headers == []
    fields = dict(dialog.shown.inspection.fields[0])
    window.desk.actions.run("edit.generate")
    await eventually(lambda: gateway.fields)
    assert gateway.fields[0] == {name: str(value) for name, value in fields.items()}
    assert int(gateway.headers[0]["content-length"]) == dialog.shown.inspection.body_bytes


async def test_it_follows_the_mask_the_form_and_the_model(window: Window, dialog: InspectDialog) -> None:
    before = dialog.shown
    assert before is not None
    window.stroke(Point(40, 40), Point(60, 60))
    mask = before.inspection.files[1].data
    await eventually(lambda: dialog.shown and dialog.shown.inspection.files[1].data != mask)
    window.session.form.set_prompt("a blue lamp")
    await eventually(lambda: "a blue lamp" in words(dialog))
    window.session.form.set_provider("openai")
    await eventually(lambda: any("not sent: Seed" in text for text in words(dialog)))
    window.session.form.set_provider("local")
    await eventually(lambda: any("inside Maskroom" in text for text in words(dialog)))
    assert not dialog.copy.isEnabled()
    window.desk.actions.run("mask.clear")
    await eventually(lambda: "Nothing is painted" in dialog.state.text())
    assert dialog.shown is None


async def test_the_key_is_hidden_and_the_command_names_its_variable(
    window: Window, dialog: InspectDialog
) -> None:
    await window.workspace.secrets.set("mine", KEY)
    window.session.form.set_prompt("with a key")
    await eventually(lambda: "Bearer •••" in words(dialog))
    assert not any(KEY in text for text in words(dialog))
    dialog.copy.click()
    copied = QGuiApplication.clipboard().text()
    assert copied.startswith("curl -X POST")
    assert '"Authorization: Bearer $MASKROOM_KEY_MINE"' in copied
    assert KEY not in copied


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl to run")
async def test_the_saved_command_runs(
    window: Window, dialog: InspectDialog, gateway: MaskGateway, tmp_path: Path
) -> None:
    gateway.key = KEY
    folder = tmp_path / "request files"
    folder.mkdir()
    dialog.save_files(folder)
    await eventually(lambda: "request.sh" in dialog.state.text())
    assert sorted(path.name for path in folder.iterdir()) == ["image.png", "mask.png", "request.sh"]
    environment = {**os.environ, "MASKROOM_KEY_MINE": KEY, "NO_PROXY": "*", "no_proxy": "*"}
    process = await asyncio.create_subprocess_exec("sh", "request.sh", cwd=folder, env=environment)
    assert await process.wait() == 0
    assert gateway.fields[0]["prompt"] == "a 'red' lamp"
    assert b"b64_json" in (folder / "reply.json").read_bytes()
    dialog.save_files(tmp_path / "nowhere")
    await eventually(lambda: "does not exist" in dialog.state.text())


async def test_escape_closes_it_and_the_button_opens_it(window: Window, dialog: InspectDialog) -> None:
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert window.desk.gateways.inspection is None
    button = window.widget("inspect")
    assert isinstance(button, QAbstractButton)
    button.click()
    again = window.desk.gateways.inspection
    assert again is not None
    window.desk.actions.run("edit.inspect")
    assert window.desk.gateways.inspection is again
    await eventually(lambda: again.shown)


async def test_the_pictures_are_those_of_the_bytes(dialog: InspectDialog) -> None:
    assert dialog.shown is not None
    picture, mask = dialog.shown.pictures
    assert (picture.file.is_mask, mask.file.is_mask) == (False, True)
    assert mask.pixels.shape[2] == 4
    assert set(np.unique(mask.pixels[..., 3])) >= {0, 255}
    images = [each.image for each in dialog.findChildren(SentPicture) if each.isVisible()]
    assert [image.hasAlphaChannel() for image in images] == [False, True]
