"""Requests that fail: the reason, the hint, the number and another try; nothing is ever modal."""

import asyncio
import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QScrollArea

from app.base.geometry import Point
from app.base.states import JobState
from app.session.document_session import DocumentSession
from app.ui.panels.job_row import JobRow
from app.ui.panels.side import EDIT, HISTORY
from tests.ui.window.conftest import Window, eventually

REFUSAL = {"error": {"message": "This picture is against the rules.", "code": "moderation_blocked"}}


class _Refusing(BaseHTTPRequestHandler):
    """Answers every edit with a refusal that has a request id."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps(REFUSAL).encode()
        self.send_response(400)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-request-id", "req-42")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def refusing(maskroom_home: Path) -> Iterator[Callable[[], None]]:
    """A gateway on loopback that refuses; the call makes it a provider called `strict`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Refusing)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()

    def add() -> None:
        with (maskroom_home / "providers.toml").open("a") as file:
            file.write(
                '[providers.strict]\ndialect = "openai-multipart"\nmodel = "m"\n'
                f'base_url = "http://127.0.0.1:{server.server_port}/v1"\n'
            )

    yield add
    server.shutdown()
    thread.join()
    server.server_close()


async def sent(window: Window, photograph: Path) -> DocumentSession:
    """A photograph with a stroke, of which an edit is on its way to the provider that refuses it."""
    session = await window.open(photograph)
    session.form.set_provider("strict")
    session.form.set_prompt("a red door")
    window.stroke(Point(100, 100), Point(140, 100))
    window.desk.actions.run("edit.generate")
    return session


async def test_the_first_request_takes_the_row_that_was_made_before(
    window: Window, photograph: Path, refusing: Callable[[], None]
) -> None:
    (ready,) = window.desk.jobs.findChildren(JobRow)
    assert not window.desk.jobs.rows
    assert not ready.isVisible()
    refusing()
    await sent(window, photograph)
    await eventually(lambda: window.desk.jobs.rows == (ready,))
    assert ready.isVisible()
    assert ready.job.id == window.workspace.worker.jobs[0].id


async def test_a_refusal_is_told_with_its_number_and_can_be_tried_again(
    window: Window, photograph: Path, refusing: Callable[[], None]
) -> None:
    refusing()
    session = await sent(window, photograph)
    await eventually(lambda: any(j.state is JobState.FAILED for j in window.workspace.worker.jobs))
    await eventually(lambda: window.desk.jobs.rows and "rules" in window.desk.jobs.rows[-1].error.text())
    row = window.desk.jobs.rows[-1]
    assert "req-42" in row.hint.text()
    assert row.retry.isVisibleTo(window.frame)
    assert QApplication.activeModalWidget() is None

    session.form.set_prompt("something else")
    row.retry.click()
    await eventually(lambda: len(window.workspace.worker.jobs) == 2)
    assert window.workspace.worker.jobs[0].title == "a red door"
    assert session.form.prompt == "something else"
    await eventually(lambda: all(j.state.is_final for j in window.workspace.worker.jobs))
    window.desk.jobs.clear.click()
    assert window.workspace.worker.jobs == ()
    assert window.desk.jobs.rows == ()
    panel = window.desk.history
    await eventually(lambda: [e.state for e in panel.model.entries] == [JobState.FAILED, JobState.FAILED])
    panel.view.setCurrentIndex(panel.model.index(0))
    assert not panel.details.apply.isEnabled()
    assert panel.details.reuse.isEnabled()


async def test_generating_with_nothing_painted_is_explained(window: Window, photograph: Path) -> None:
    await window.open(photograph)
    window.desk.actions.run("edit.generate")
    await eventually(lambda: window.desk.notices.shown)
    assert window.desk.notices.shown[0].hint
    assert window.workspace.worker.jobs == ()


async def test_no_click_meant_for_cancel_meets_generate(window: Window, photograph: Path) -> None:
    session = await window.open(photograph)
    box = window.desk.edit.box
    window.stroke(Point(100, 100), Point(140, 100))
    await eventually(lambda: session.plan)
    await session.generate()
    await asyncio.sleep(0.05)
    assert box.cancel.isVisible()
    place = box.generate.geometry().x(), box.generate.geometry().right()
    assert box.cancel.geometry().x() > place[1]
    await eventually(lambda: all(job.state.is_final for job in window.workspace.worker.jobs))
    await eventually(lambda: not box.cancel.isVisible())
    await asyncio.sleep(0.05)
    assert (box.generate.geometry().x(), box.generate.geometry().right()) == place


@pytest.mark.parametrize("height", [700, 1000])
async def test_generate_and_cancel_stay_where_they_are_as_requests_come_and_go(
    window: Window, photograph: Path, refusing: Callable[[], None], height: int
) -> None:
    refusing()
    window.frame.resize(1400, height)
    session = await window.open(photograph)
    box = window.desk.edit.box

    async def places() -> list[QPoint]:
        await asyncio.sleep(0.05)
        return [button.mapTo(window.frame, QPoint(0, 0)) for button in (box.generate, box.cancel)]

    session.form.set_provider("strict")
    session.form.set_prompt("a red door")
    before = await places()
    window.stroke(Point(100, 100), Point(140, 100))
    await eventually(lambda: session.plan)
    seen = [await places()]
    for provider in ("strict", "local", "strict"):
        session.form.set_provider(provider)
        await session.generate()
        seen.append(await places())
        await eventually(lambda: all(job.state.is_final for job in window.workspace.worker.jobs))
        seen.append(await places())
    window.desk.side.reveal(HISTORY)
    window.desk.history.view.setCurrentIndex(window.desk.history.model.index(0))
    window.desk.side.reveal(EDIT)
    seen.append(await places())
    window.desk.jobs.clear.click()
    seen.append(await places())
    assert seen == [before] * len(seen)


async def test_the_newest_request_is_in_sight(
    window: Window, photograph: Path, refusing: Callable[[], None]
) -> None:
    refusing()
    session = await window.open(photograph)
    session.form.set_provider("strict")
    window.stroke(Point(100, 100), Point(140, 100))
    jobs = window.desk.jobs
    for count in (1, 2, 3):
        await session.generate()
        await eventually(lambda count=count: len(jobs.rows) == count)
        await eventually(lambda: all(job.state.is_final for job in window.workspace.worker.jobs))
        await asyncio.sleep(0.05)
        newest = next(row for row in jobs.rows if row.job is window.workspace.worker.jobs[0])
        assert newest.visibleRegion().boundingRect() == newest.rect()
        bar = jobs.findChildren(QScrollArea)[0].verticalScrollBar()
        bar.setValue(bar.maximum())
