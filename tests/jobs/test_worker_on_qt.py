"""The same worker on Qt's event loop, as the window runs it."""

import asyncio

import qasync
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app.base.states import JobState
from app.jobs.worker import JobControl, RequestWorker


def test_jobs_run_and_are_cancelled_under_qt(qapp: QApplication) -> None:
    async def main() -> list[str]:
        worker = RequestWorker(lambda provider: 2)

        async def quick(control: JobControl) -> None:
            control.progress(0.5)
            await asyncio.sleep(0.01)
            control.receiving()

        async def slow(control: JobControl) -> None:
            await asyncio.sleep(60)

        # As a click does it: from a slot that Qt calls, not from a coroutine.
        clicked = asyncio.Event()

        def click() -> None:
            worker.submit("quick", "p", "d", "t", None, quick)
            worker.submit("slow", "p", "d", "t", None, slow)
            clicked.set()

        QTimer.singleShot(0, click)
        await clicked.wait()
        done = await worker.wait("quick")
        QTimer.singleShot(0, lambda: worker.cancel("slow"))
        cancelled = await worker.wait("slow")
        await worker.aclose()
        assert done.state is JobState.DONE
        return [done.state.value, cancelled.state.value]

    with asyncio.Runner(loop_factory=lambda: qasync.QEventLoop(qapp)) as runner:
        assert runner.run(main()) == ["done", "cancelled"]
