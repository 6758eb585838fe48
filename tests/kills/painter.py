"""The real window with somebody who paints on and on in it, until it is killed. It tells what it has painted.

python -m tests.kills.painter PHOTOGRAPH    paints, and prints the SHA-256 of the mask after each stroke
python -m tests.kills.painter               opens what was left, prints what it finds and ends
"""

import asyncio
import hashlib
import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import qasync
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.base.notices import Notices
from app.session.document_session import DocumentSession, Stage
from app.settings.folders import resolve_folders
from app.ui.app import Program


def mask_sha(session: DocumentSession) -> str:
    assert session.document is not None
    return hashlib.sha256(session.document.mask.coverage.tobytes()).hexdigest()


def say(**words: object) -> None:
    print(json.dumps(words), flush=True)


async def paint(program: Program, photograph: Path) -> None:
    """Open the photograph and draw strokes, one after the other, with short rests."""
    assert program.desk is not None
    await program.desk.files.open_files([photograph])
    session = program.desk.workspace.current
    assert session is not None
    assert session.stage is Stage.READY
    session.form.set_prompt("what was typed")
    canvas, random = program.desk.canvas, np.random.default_rng()
    say(painted=mask_sha(session), at=time.time())
    while True:
        xs = random.integers(canvas.width() // 4, canvas.width() * 3 // 4, 5).tolist()
        ys = random.integers(canvas.height() // 4, canvas.height() * 3 // 4, 5).tolist()
        places = [QPoint(x, y) for x, y in zip(xs, ys, strict=True)]
        QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=places[0])
        for place in places[1:]:
            QTest.mouseMove(canvas, place)
            await asyncio.sleep(0.005)
        QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=places[-1])
        say(painted=mask_sha(session), at=time.time())
        await asyncio.sleep(float(random.uniform(0.0, 0.1)))


async def main() -> None:
    notices = Notices()
    program = Program(resolve_folders(os.environ), notices)
    program.show_frame()
    await program.furnish()
    await program.resume()
    if len(sys.argv) > 1:
        await paint(program, Path(sys.argv[1]))
    assert program.workspace is not None
    assert program.desk is not None
    for session in program.workspace.documents:
        say(found=mask_sha(session), prompt=session.form.prompt, modified=session.is_modified)
    say(notices=[notice.text for notice in program.desk.notices.shown])
    await program.aclose()


if __name__ == "__main__":
    application = QApplication(["painter"])
    application.setQuitOnLastWindowClosed(False)
    with asyncio.Runner(loop_factory=lambda: qasync.QEventLoop(application)) as runner:
        runner.run(main())
