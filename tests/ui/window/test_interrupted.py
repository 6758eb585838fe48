"""What a killed program left is told in the next window, and can be sent again by choice."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import pytest_asyncio
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.base.states import JobState
from tests.mask_gateway import MaskGateway
from tests.ui.window.conftest import Window, eventually


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    path = tmp_path / "mask.png"
    plane = np.zeros((240, 320), np.uint8)
    plane[100:140, 140:180] = 255
    cv2.imwrite(str(path), plane)
    return path


class Silent:
    """A gateway on loopback that takes requests and answers none."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            self.bodies.append(await reader.readexactly(length))
            await reader.read(1)
        finally:
            writer.close()


@pytest_asyncio.fixture
async def silent(maskroom_home: Path) -> AsyncIterator[Silent]:
    gateway = Silent()
    server = await asyncio.start_server(gateway.serve, "127.0.0.1", 0)
    with (maskroom_home / "providers.toml").open("a") as file:
        file.write(
            '[providers.silent]\ndialect = "openai-multipart"\nmodel = "m"\n'
            f'base_url = "http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"\n'
        )
    yield gateway
    server.close()


@pytest_asyncio.fixture
async def left_behind(silent: Silent, photograph: Path, mask: Path) -> Silent:
    """A request that had been sent when its program was killed."""
    words = ["edit", photograph, "--mask", mask, "--provider", "silent", "--prompt", "a red door"]
    with subprocess.Popen([sys.executable, "-m", "app", *map(str, words)]) as process:
        await eventually(lambda: silent.bodies)
        process.kill()
    return silent


async def test_a_request_that_was_cut_off_is_shown_and_sent_again_by_choice(
    left_behind: Silent, window: Window, photograph: Path
) -> None:
    jobs, history = window.desk.jobs, window.desk.history
    await eventually(lambda: jobs.rows)
    (row,) = jobs.rows
    assert row.job.state is JobState.INTERRUPTED
    assert "before an answer came" in row.error.text()
    assert "billed" in row.hint.text()
    assert any("cut off" in notice.text for notice in window.desk.notices.shown)
    assert row.retry.isVisibleTo(window.frame)
    assert not row.cancel.isVisibleTo(window.frame)
    await eventually(lambda: history.model.rowCount() == 1)
    history.view.setCurrentIndex(history.model.index(0))
    await eventually(lambda: history.details.resend.isVisibleTo(history))
    assert not history.details.apply.isVisibleTo(history)
    await asyncio.sleep(0.1)
    assert len(left_behind.bodies) == 1

    QTest.mouseClick(row.retry, Qt.MouseButton.LeftButton)
    await eventually(lambda: len(left_behind.bodies) == 2)
    assert window.desk.notices.shown[0].hint == "The earlier one may have been billed, too."
    new, old = await window.workspace.history_actions.list(9)
    assert old.id == row.job.id
    assert old.state is JobState.INTERRUPTED
    for name in (
        "source_sha256",
        "picture_sha256",
        "mask_sha256",
        "region",
        "size_send",
        "prompt",
        "model",
        "n",
    ):
        assert getattr(new, name) == getattr(old, name)
    assert window.workspace.worker.jobs[0].id == new.id

    history.view.setCurrentIndex(history.model.index(1))
    history.details.resend.setFocus()
    window.key(Qt.Key.Key_Space, widget=history.details.resend)
    await eventually(lambda: len(left_behind.bodies) == 3)
    window.desk.actions.run("edit.cancel")
    await eventually(lambda: all(job.state.is_final for job in window.workspace.worker.jobs))
    assert "2 of them had been sent" in window.desk.notices.shown[0].hint


async def test_what_is_sent_again_comes_to_the_open_photograph(window: Window, photograph: Path) -> None:
    session = await window.open(photograph)
    session.form.set_provider("everything")
    window.desk.actions.run("mask.fill")
    assert await session.generate() is not None
    await eventually(lambda: window.workspace.worker.jobs[0].state is JobState.FAILED)
    gateway = MaskGateway()
    await gateway.start()
    providers = window.workspace.providers
    providers.save(replace(providers.settings("everything"), base_url=gateway.base_url))
    await eventually(
        lambda: window.desk.jobs.rows and window.desk.jobs.rows[0].retry.isVisibleTo(window.frame)
    )
    window.desk.jobs.rows[0].retry.click()
    await eventually(lambda: session.candidates.items)
    (variant, *_) = session.candidates.items
    assert variant.entry_id == window.workspace.worker.jobs[0].id
    assert not any("billed" in notice.hint for notice in window.desk.notices.shown)
    await gateway.stop()


async def test_the_queue_is_paused_ordered_and_resumed_by_keyboard(
    silent: Silent, window: Window, photograph: Path
) -> None:
    session = await window.open(photograph)
    session.form.set_provider("silent")
    window.desk.actions.run("mask.fill")
    window.desk.actions.run("jobs.pause")  # nothing to pause yet: not enabled
    assert not window.workspace.worker.is_paused()
    jobs, worker = window.desk.jobs, window.workspace.worker
    for prompt in ("one", "two", "three", "four", "five"):
        session.form.set_prompt(prompt)
        assert await session.generate() is not None
    await eventually(lambda: len(silent.bodies) == 2)
    await eventually(lambda: len(jobs.rows) == 5)
    row = {row.job.title: row for row in jobs.rows}
    assert [row[name].times.text() for name in ("three", "four", "five")] == [
        "Waiting · next",
        "Waiting · place 2",
        "Waiting · place 3",
    ]
    row["five"].more.menu().actions()[0].trigger()
    row["three"].more.menu().actions()[1].trigger()
    assert row["five"].times.text() == "Waiting · next"
    assert row["three"].times.text() == "Waiting · place 3"
    jobs.pause.setFocus()
    window.key(Qt.Key.Key_Space, widget=jobs.pause)
    await eventually(lambda: worker.is_paused())
    assert jobs.pause.accessibleName() == "Resume the queue"
    assert row["five"].times.text() == "Waiting · the queue is paused"
    row["one"].cancel.setFocus()
    window.key(Qt.Key.Key_Space, widget=row["one"].cancel)
    await eventually(lambda: row["one"].job.state is JobState.CANCELLED)
    await asyncio.sleep(0.1)
    assert len(silent.bodies) == 2
    window.key(Qt.Key.Key_Space, widget=jobs.pause)
    await eventually(lambda: len(silent.bodies) == 3)
    assert b"five" in silent.bodies[2]
    window.key(Qt.Key.Key_Space, widget=jobs.cancel_all)
    await eventually(lambda: all(job.state.is_final for job in worker.jobs))
    assert len(silent.bodies) == 3
