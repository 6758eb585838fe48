"""Sends requests without a window and is killed in the middle: `python -m tests.kills.queuer PHOTOGRAPH HOW`.

HOW is `pause`: the first of three is on its way when the queue is paused; `cancel`: the first byte of the reply is
here when the request is cancelled, and the program dies before that is wound up; `wound-up`: a moment after;
`throttle`: the provider asked to wait. It prints `ready` where it does not die by its own hand.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from app.base.notices import Notices
from app.base.states import JobState
from app.session.bootstrap import build_workspace
from app.settings.folders import resolve_folders


async def until(condition: Callable[[], object]) -> None:
    while not condition():
        await asyncio.sleep(0.005)


async def main(photograph: str, how: str) -> None:
    workspace = build_workspace(resolve_folders(os.environ), os.environ, Notices(), needs_history=True)
    (session,) = await workspace.open_files([Path(photograph)])
    assert session.document is not None
    session.document.fill_mask()
    session.form.set_provider("scripted")
    session.form.set_variants(2)
    ids = []
    for prompt in ("one", "two", "three") if how == "pause" else ("one",):
        session.form.set_prompt(prompt)
        id = await session.generate()
        assert id is not None
        ids.append(id)
    worker = workspace.worker

    def first_is(state: JobState) -> bool:
        job = worker.job(ids[0])
        return job is not None and job.state is state

    if how == "pause":
        await until(lambda: first_is(JobState.RUNNING))
        worker.pause()
    elif how == "throttle":
        await until(lambda: any(job.waiting_until for job in worker.jobs))
    else:
        await until(lambda: first_is(JobState.RECEIVING))
        await asyncio.sleep(0.2)
        worker.cancel(ids[0])
        if how == "cancel":
            os.kill(os.getpid(), signal.SIGKILL)
        await worker.wait(ids[0])
    print("ready", flush=True)
    await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
