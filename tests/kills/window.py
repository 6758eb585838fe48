"""The real window with somebody at it, as a process: `python -m tests.kills.window PHOTOGRAPH NONCE…`.

Paints over the photograph, then for each nonce types it as prompt and clicks Generate, without waiting for what
was sent before. Prints `shown RESULT SHA256` for each variant that hangs over the canvas, `step …` for what the hand
does, `notice …` for what the window tells, and goes on until it is killed.
"""

import asyncio
import sys
from pathlib import Path

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPlainTextEdit, QPushButton

import app.ui.app as program
from app.base.geometry import Point

LEFT = Qt.MouseButton.LeftButton


async def use(window: program.Program, nonces: list[str]) -> None:
    desk, workspace = window.desk, window.workspace
    assert desk is not None
    assert workspace is not None
    while workspace.current is None or workspace.current.document is None:
        await asyncio.sleep(0.02)
    session = workspace.current
    workspace.notices.subscribe(lambda notice: print("notice", notice.text, flush=True))
    told: set[str] = set()

    def tell() -> None:
        for candidate in session.candidates.items:
            if candidate.result_id not in told:
                told.add(candidate.result_id)
                entry = workspace.history.entry_of_result(candidate.result_id)
                (found,) = (r for r in entry.results if r.id == candidate.result_id)
                print("shown", found.id, found.received_sha256, flush=True)

    session.candidates.changed.connect(tell)

    def at(x: float, y: float) -> QPoint:
        view = desk.canvas.navigation.view.to_view(Point(x, y))
        return QPointF(view.x, view.y).toPoint()

    QTest.mousePress(desk.canvas, LEFT, pos=at(60, 60))
    QTest.mouseMove(desk.canvas, at(90, 70))
    QTest.mouseRelease(desk.canvas, LEFT, pos=at(90, 70))
    print("step painted", session.document.mask.bounds(), flush=True)
    generate = window.window.findChild(QPushButton, "generate")
    prompt = window.window.findChild(QPlainTextEdit, "prompt")
    assert generate is not None
    assert prompt is not None
    for nonce in nonces:
        prompt.selectAll()
        QTest.keyClicks(prompt, nonce)
        print("step typed", repr(session.form.prompt), flush=True)
        while not generate.isEnabled():
            await asyncio.sleep(0.01)
        while nonce not in {job.title for job in workspace.worker.jobs}:
            # Again, as anybody would, where it was refused: the notice tells why.
            if not session.is_preparing:
                QTest.mouseClick(generate, LEFT)
                print("step clicked for", nonce, flush=True)
            await asyncio.sleep(0.01)
    await asyncio.sleep(3600)


def main(photograph: str, *nonces: str) -> None:
    resume = program.Program.resume

    async def resume_and_use(self: program.Program) -> None:
        await resume(self)
        assert self.workspace is not None
        for restored in self.workspace.documents:
            # Of the window that was killed before: whoever types here means the photograph that is opened next.
            self.workspace.close(restored)
        self.tasks.start(use(self, list(nonces)), "hands")

    program.Program.resume = resume_and_use  # type: ignore[method-assign]
    sys.exit(program.run_window([Path(photograph)]))


if __name__ == "__main__":
    main(*sys.argv[1:])
