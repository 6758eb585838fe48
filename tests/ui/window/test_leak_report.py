"""What a result did outside its mask, as a person sees it: the line, the details, the map, the inverted retry."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from app.base.geometry import Point
from app.session.candidates import Candidate
from tests.mask_gateway import MaskGateway, Paint, honour, ignore, turn_round
from tests.ui.window.conftest import Window, eventually

LEFT = Qt.MouseButton.LeftButton


@pytest_asyncio.fixture
async def gateway(
    window: Window, photograph: Path, maskroom_home: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[MaskGateway]:
    """A provider, chosen for an open photograph that is painted on."""
    server = MaskGateway()
    await server.start()
    monkeypatch.setenv("MASKROOM_KEY_MINE", "sk-planted")
    with (maskroom_home / "providers.toml").open("a") as file:
        file.write(
            f'[providers.mine]\ndialect = "openai-multipart"\nmodel = "m"\nbase_url = "{server.base_url}"\n'
        )
    session = await window.open(photograph)
    session.form.set_provider("mine")
    session.form.set_prompt("a lamp")
    session.form.set_variants(1)
    window.stroke(Point(100, 100), Point(140, 110))
    yield server
    await server.stop()


async def generate(window: Window) -> Candidate:
    """Press Generate and wait for what comes."""
    known = len(window.session.candidates.items)
    window.desk.actions.run("edit.generate")
    await eventually(lambda: len(window.session.candidates.items) > known)
    shown = window.session.candidates.shown
    assert shown is not None
    return shown


@pytest.mark.parametrize("paint", [turn_round, ignore])
async def test_an_inverted_retry_is_offered_and_prepared_but_not_sent(
    window: Window, gateway: MaskGateway, paint: Paint
) -> None:
    gateway.paint = paint
    await generate(window)
    (notice,) = window.desk.notices.shown
    assert "mask looks" in notice.text
    button = window.desk.notices.findChild(QPushButton)
    assert isinstance(button, QPushButton)
    assert button.text() == "Prepare an inverted retry"
    box = window.desk.edit.box
    assert not box.inverted.isVisible()
    QTest.mouseClick(button, LEFT)
    assert window.session.form.inverts_mask
    assert box.inverted.isVisible()
    assert not window.desk.notices.shown
    assert len(gateway.fields) == 1
    assert not window.workspace.providers.get("mine").invert_mask
    QTest.mouseClick(box.straight, LEFT)
    assert not window.session.form.inverts_mask
    assert not box.inverted.isVisible()


async def test_a_prepared_retry_goes_inverted_once(window: Window, gateway: MaskGateway) -> None:
    gateway.paint = turn_round
    wrong = await generate(window)
    window.desk.actions.run("edit.invert_next")
    right = await generate(window)
    assert right.result_id != wrong.result_id
    coverage = right.patch.coverage
    inside, outside = right.patch.pixels[coverage == 255], right.patch.pixels[coverage == 0]
    assert abs(inside.mean(axis=0) - (230, 20, 220)).max() < 40
    assert abs(outside.mean(axis=0) - (230, 20, 220)).max() > 60
    assert not window.session.form.inverts_mask
    entry = await window.workspace.history_actions.get(right.entry_id)
    assert entry.form["inverts_mask"] is True
    await window.workspace.history_actions.reuse(entry, window.session)
    assert window.session.form.inverts_mask
    window.session.form.set_provider("local")
    assert not window.session.form.inverts_mask


async def test_nothing_is_offered_for_a_reply_that_keeps_to_the_mask(
    window: Window, gateway: MaskGateway
) -> None:
    gateway.paint = honour
    await generate(window)
    assert not window.desk.notices.shown
