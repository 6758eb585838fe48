"""Plans that overtake each other: one is made at a time, and the last one counts."""

import asyncio
import threading
from pathlib import Path

import pytest

from app.base.geometry import Rect
from app.session import replanning
from app.session.document_session import DocumentSession
from app.session.planning import Planned
from app.session.workspace import Workspace


def paint(session: DocumentSession, rect: Rect) -> None:
    assert session.document is not None
    with session.document.edit_mask("Rectangle") as edit:
        edit.view(rect)[...] = 255
        edit.mark(rect)


async def test_a_plan_waits_until_the_one_that_it_overtakes_has_ended(
    workspace: Workspace, photograph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, may_end, at_work, most = threading.Event(), threading.Event(), 0, 0
    plan_requests = replanning.plan_requests

    def watched(*arguments: object) -> Planned:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        began.set()
        assert may_end.wait(20)
        at_work -= 1
        return plan_requests(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(replanning, "plan_requests", watched)
    monkeypatch.setattr(replanning, "DELAY", 0.0)
    (session,) = await workspace.open_files([photograph])
    paint(session, Rect(60, 40, 24, 18))
    assert await asyncio.to_thread(began.wait, 20)
    paint(session, Rect(10, 10, 8, 8))
    await asyncio.sleep(0.1)
    may_end.set()
    await session.planned()
    assert most == 1
    assert session.planning.effective_mask is not None
    assert session.planning.effective_mask.rect.contains(Rect(10, 10, 74, 48))
