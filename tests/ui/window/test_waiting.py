"""Requests that take their time: previews, a provider that asks to wait, a cancel after sending."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest
import pytest_asyncio
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from app.base.geometry import Point
from app.base.states import JobState
from app.jobs.types import Job
from app.ui.panels.job_row import JobRow
from app.ui.panels.side import HISTORY
from tests.ui.window.conftest import Window, eventually

BUSY = (
    b"HTTP/1.1 429 X\r\nRetry-After: 100\r\nx-request-id: w1\r\n"
    b"X-RateLimit-Remaining: 0\r\nContent-Length: 0\r\n\r\n"
)
STREAM = b"HTTP/1.1 200 X\r\nContent-Type: text/event-stream\r\nx-request-id: s1\r\nConnection: close\r\n\r\n"


@dataclass
class Slow:
    """A gateway on loopback that sends what it is given, piece by piece; an empty piece is its end."""

    url: str = ""
    pieces: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    asked: int = 0
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        self.asked += 1
        gone = asyncio.ensure_future(reader.read(1))
        try:
            while not gone.done():
                piece = asyncio.ensure_future(self.pieces.get())
                await asyncio.wait({gone, piece}, return_when=asyncio.FIRST_COMPLETED)
                if not piece.done():
                    piece.cancel()
                    break
                if not piece.result():
                    break
                writer.write(piece.result())
                await writer.drain()
        finally:
            gone.cancel()
            self.left.set()
            writer.close()


@pytest_asyncio.fixture
async def slow(maskroom_home: Path) -> AsyncIterator[Slow]:
    gateway = Slow()
    server = await asyncio.start_server(gateway.serve, "127.0.0.1", 0)
    with (maskroom_home / "providers.toml").open("a") as file:
        file.write(
            '[providers.slow]\ndialect = "openai-multipart"\nmodel = "m"\n'
            f'base_url = "http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"\n'
        )
    yield gateway
    server.close()


async def generate(window: Window, photograph: Path, slow: Slow) -> JobRow:
    session = await window.open(photograph)
    session.form.set_provider("slow")
    session.form.set_prompt("a red door")
    session.form.set_variants(1)
    window.stroke(Point(100, 100), Point(140, 100))
    window.desk.actions.run("edit.generate")
    await eventually(lambda: slow.asked)
    await eventually(lambda: window.desk.jobs.rows)
    return window.desk.jobs.rows[0]


def job_of(window: Window) -> Job:
    return window.workspace.worker.jobs[0]


def picture(colour: int) -> str:
    done, data = cv2.imencode(".png", np.full((64, 96, 3), colour, np.uint8))
    assert done
    return base64.b64encode(data.tobytes()).decode()


def event(name: str, colour: int, **more: object) -> bytes:
    return f"data: {json.dumps({'type': name, 'b64_json': picture(colour), **more})}\n\n".encode()


async def test_previews_are_shown_in_the_row_until_the_image_is_here(
    window: Window, photograph: Path, slow: Slow
) -> None:
    row = await generate(window, photograph, slow)
    assert not row.preview.isVisibleTo(window.frame)
    slow.pieces.put_nowait(STREAM + event("image_edit.partial_image", 40))
    await eventually(lambda: row.preview.isVisibleTo(window.frame))

    def shade() -> int:
        return row.preview.pixmap().toImage().pixelColor(5, 5).red()

    assert abs(shade() - 40) <= 1
    assert row.preview.accessibleName() == "Preview of a red door"
    size = row.preview.pixmap().deviceIndependentSize()
    assert (size.width(), size.height()) == (56, 37)
    for colour in (90, 91, 92, 200):
        slow.pieces.put_nowait(event("image_edit.partial_image", colour))
    await eventually(lambda: abs(shade() - 200) <= 1)
    assert job_of(window).state is JobState.RECEIVING
    history = window.desk.history
    await eventually(lambda: history.model.rowCount() == 1 and history.model.shown(0) is not None)
    live = history.model.shown(0)
    assert live is not None
    assert (live.width(), live.height()) == (160, 160)
    assert abs(live.toImage().pixelColor(80, 80).red() - 200) <= 1
    # The row itself shows it, and is drawn anew for the next one.
    window.desk.side.reveal(HISTORY)

    def drawn() -> int:
        rect = history.view.visualRect(history.model.index(0))
        place = QPoint(rect.left() + 4 + 8 + 26, rect.center().y())
        return history.view.viewport().grab().toImage().pixelColor(place).red()

    await eventually(lambda: abs(drawn() - 200) <= 1)
    slow.pieces.put_nowait(event("image_edit.partial_image", 120))
    await eventually(lambda: abs(drawn() - 120) <= 1)
    slow.pieces.put_nowait(event("image_edit.completed", 250))
    await eventually(lambda: job_of(window).state is JobState.DONE)
    await eventually(lambda: not row.preview.isVisibleTo(window.frame))
    assert len(window.session.candidates.items) == 1
    (entry,) = await window.workspace.history_actions.list(9)
    assert entry.request_ids == ("s1",)


async def test_a_provider_that_asks_to_wait_is_told_with_a_countdown_and_can_be_left(
    window: Window, photograph: Path, slow: Slow
) -> None:
    row = await generate(window, photograph, slow)
    slow.pieces.put_nowait(BUSY)
    await eventually(lambda: job_of(window).waiting_until)
    assert job_of(window).state is JobState.RUNNING
    await eventually(lambda: row.times.text().startswith("Waits 1 min 40 s for"))
    assert "Request w1 · 0 requests left" in row.times.toolTip()
    assert not window.desk.notices.shown
    QTest.mouseClick(row.cancel, Qt.MouseButton.LeftButton)
    await eventually(lambda: job_of(window).state is JobState.CANCELLED)
    assert slow.asked == 1
    await eventually(lambda: "may still bill" in row.hint.text())
    panel = window.desk.history
    await eventually(lambda: [e.state for e in panel.model.entries] == [JobState.CANCELLED])
    entry = panel.model.entries[0]
    assert entry.request_ids == ("w1",)
    assert entry.rate_limits is not None
    panel.view.setCurrentIndex(panel.model.index(0))
    assert "Request w1 · 0 requests left" in " ".join(
        label.text() for label in panel.details.findChildren(QLabel)
    )


async def test_a_cancel_after_sending_closes_the_line_and_warns_of_the_bill(
    window: Window, photograph: Path, slow: Slow
) -> None:
    row = await generate(window, photograph, slow)
    QTest.mouseClick(row.cancel, Qt.MouseButton.LeftButton)
    await asyncio.wait_for(slow.left.wait(), 1)
    await eventually(lambda: job_of(window).state is JobState.CANCELLED)
    await eventually(lambda: row.hint.isVisibleTo(window.frame))
    assert "may still bill" in row.hint.text()
    assert window.session.candidates.items == ()


async def test_a_gateway_that_dies_in_the_middle_costs_the_document_nothing(
    window: Window, photograph: Path, slow: Slow
) -> None:
    row = await generate(window, photograph, slow)
    document = window.session.document
    assert document is not None
    before, steps = document.picture.copy(), document.undo.can_undo
    slow.pieces.put_nowait(
        b"HTTP/1.1 200 X\r\nContent-Length: 5000\r\n\r\n" + b'{"data": [{"b64_json": "iVBO'
    )
    await eventually(lambda: job_of(window).state is JobState.RECEIVING)
    slow.pieces.put_nowait(b"")
    await eventually(lambda: job_of(window).state is JobState.FAILED)
    await eventually(lambda: "broke" in row.error.text())
    assert "billed" in row.hint.text()
    assert slow.asked == 1
    assert window.session.candidates.items == ()
    assert np.array_equal(document.picture, before)
    assert (document.layers, document.undo.can_undo) == ((), steps)


@pytest.mark.parametrize(
    ("revised", "is_shown"), [("a red door, open", True), ("a red door", False), (None, False)]
)
async def test_a_revised_prompt_is_shown_where_it_differs(
    window: Window, photograph: Path, slow: Slow, revised: str | None, is_shown: bool
) -> None:
    await generate(window, photograph, slow)
    slow.pieces.put_nowait(STREAM + event("image_edit.completed", 250, revised_prompt=revised))
    panel = window.desk.history
    await eventually(lambda: [e.state for e in panel.model.entries] == [JobState.DONE])
    panel.view.setCurrentIndex(panel.model.index(0))
    labels = [label for label in panel.details.findChildren(QLabel) if label.isVisibleTo(panel)]
    told = [label for label in labels if label.accessibleName().startswith("Revised")]
    assert [label.accessibleName() for label in told] == (["Revised: a red door, open"] if is_shown else [])
    assert window.session.form.prompt == "a red door"
    assert panel.details.use_revised.isVisibleTo(panel) is is_shown
    if is_shown:
        assert "underline" in told[0].text()
        panel.details.use_revised.click()
        assert window.session.form.prompt == revised
