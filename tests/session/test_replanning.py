"""Plans that overtake each other: one is made at a time, and the last one counts."""

import asyncio
import threading
from pathlib import Path

import pytest

from app.base.geometry import Rect
from app.document import mask
from app.document.mask import MaskStep
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


async def test_nothing_is_planned_while_a_large_step_is_taken_back(
    workspace: Workspace, photograph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, may_end, planned = threading.Event(), threading.Event(), 0
    prepare, plan_requests = MaskStep.prepare, replanning.plan_requests

    def slowly(step: MaskStep, *, back: bool) -> None:
        began.set()
        assert may_end.wait(20)
        prepare(step, back=back)

    def counted(*arguments: object) -> Planned:
        nonlocal planned
        planned += 1
        return plan_requests(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(mask, "_MANY", 0)
    monkeypatch.setattr(MaskStep, "prepare", slowly)
    monkeypatch.setattr(replanning, "plan_requests", counted)
    monkeypatch.setattr(replanning, "DELAY", 0.01)
    (session,) = await workspace.open_files([photograph])
    paint(session, Rect(60, 40, 24, 18))
    paint(session, Rect(10, 10, 8, 8))
    await session.planned()
    before = planned
    assert session.stepping is not None
    session.stepping.undo()
    assert await asyncio.to_thread(began.wait, 20)
    await asyncio.sleep(0.1)
    assert planned == before
    # What somebody waits for is planned all the same, of the mask as it is.
    await session.planned()
    assert planned > before
    assert session.planning.effective_mask is not None
    assert session.planning.effective_mask.rect.contains(Rect(10, 10, 74, 48))
    may_end.set()
    await session.stepping.settled()
    await session.planned()
    assert not session.planning.effective_mask.rect.contains(Rect(10, 10, 8, 8))
