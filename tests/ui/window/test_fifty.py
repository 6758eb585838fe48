"""Fifty requests at once, ten of them cancelled: each of the others comes to its place, and nothing is sent twice."""

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt

from app.base.geometry import Point
from app.base.states import JobState
from app.ui.panels.jobs_panel import WAITING
from tests.mask_gateway import MaskGateway
from tests.ui.window.conftest import Window, eventually

COUNT = 50


async def test_fifty_requests_with_ten_cancelled_leave_everything_intact(
    window: Window, photograph: Path
) -> None:
    gateway = MaskGateway()
    await gateway.start()
    providers = window.workspace.providers
    providers.save(replace(providers.settings("everything"), base_url=gateway.base_url, concurrency=4))
    session = await window.open(photograph)
    session.form.set_provider("everything")
    session.form.set_variants(1)
    window.stroke(Point(150, 120), Point(170, 120))
    assert session.document is not None
    mask, revision = session.document.mask.coverage.copy(), session.document.revision
    worker = window.workspace.worker
    gateway.hold = asyncio.Event()
    ids: dict[str, str] = {}
    for number in range(COUNT):
        session.form.set_prompt(f"number {number}")
        id = await session.generate()
        assert id is not None
        ids[id] = f"number {number}"
    jobs = window.desk.jobs
    # Those that run and the next ones have a row each; the others come by choice, by mouse or key.
    await eventually(lambda: len(jobs.rows) == 4 + WAITING)
    shown = [row.job for row in sorted(jobs.rows, key=lambda row: row.y())]
    assert {job.state for job in shown[:4]} <= {JobState.RUNNING, JobState.RECEIVING}
    assert [job.id for job in shown[4:]] == list(ids)[4 : 4 + WAITING]
    await eventually(lambda: jobs.more.text() == f"Show {COUNT - 4 - WAITING} more that wait")
    assert jobs.more.isVisibleTo(window.frame)
    jobs.more.setFocus()
    window.key(Qt.Key.Key_Space, widget=jobs.more)
    await eventually(lambda: len(jobs.rows) == COUNT)
    assert not jobs.more.isVisibleTo(window.frame)
    assert jobs.cancel_all.isVisible()
    cancelled = list(ids)[5::5]  # some of them under way, most not
    cancelled.append(next(iter(ids)))
    for id in cancelled:
        window.desk.jobs.cancel_wanted.emit(id)
    assert len(cancelled) == 10
    gateway.hold.set()
    await eventually(lambda: all(job.state.is_final for job in worker.jobs), seconds=60)
    kept = {id: text for id, text in ids.items() if id not in cancelled}
    await eventually(lambda: len(session.candidates.items) == len(kept))
    entries = {entry.id: entry for entry in await window.workspace.history_actions.list(99)}
    assert set(entries) == set(ids)
    for id, entry in entries.items():
        assert entry.prompt == ids[id]
        assert entry.state is (JobState.CANCELLED if id in cancelled else JobState.DONE)
        assert len(entry.results) == (id not in cancelled)
    sent = Counter(fields["prompt"] for fields in gateway.fields)
    assert set(sent.values()) == {1}
    assert set(kept.values()) <= set(sent)
    assert len(sent) <= len(kept) + 4
    assert np.array_equal(session.document.mask.coverage, mask)
    assert session.document.revision == revision
    assert session.document.layers == ()
    window.desk.jobs.clear.click()
    assert window.desk.jobs.rows == ()
    await gateway.stop()
