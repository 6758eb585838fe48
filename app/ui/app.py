"""Starts and ends the window: Qt's application on an asyncio loop, first the frame, then what stands in it.

Only Qt is loaded before the first paint. The end is always the same: the window asks about unsaved edits and
hides, the requests are cancelled and awaited, and then the loop stops.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import qasync  # type: ignore[import-untyped]
from PySide6.QtCore import Qt, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from app.base.errors import ExitCode, MaskroomError
from app.base.memory import share_one_heap
from app.base.notices import Notices
from app.base.text import tr
from app.settings.folders import Folders, resolve_folders
from app.settings.store import SettingsStore
from app.ui.garbage import GarbageCollector
from app.ui.tasks import Tasks
from app.ui.theme import apply_theme
from app.ui.window import MainWindow, wait_for_paint

if TYPE_CHECKING:
    from PySide6.QtCore import QMessageLogContext

    from app.session.workspace import Workspace
    from app.ui.desk import Desk

log = logging.getLogger(__name__)

HEADLESS = ("offscreen", "minimal", "vnc", "linuxfb", "eglfs")
"""Qt platforms that need no display server."""


def run_window(paths: Sequence[str | Path]) -> int:
    """Show the window with a tab for each of `paths`; returns the process's exit code after it was closed."""
    problem = display_problem(os.environ, sys.platform)
    if problem:
        print(problem, file=sys.stderr)  # noqa: T201 - there is no window to say it in
        return int(ExitCode.USAGE)
    # Every move of the pointer counts for a stroke: X11 would merge those that come close together.
    for merged in (
        Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents,
        Qt.ApplicationAttribute.AA_CompressTabletEvents,
    ):
        QApplication.setAttribute(merged, False)
    application = QApplication(["maskroom"])
    application.setApplicationName("Maskroom")
    application.setDesktopFileName("maskroom")
    application.setQuitOnLastWindowClosed(False)
    qInstallMessageHandler(_log_message)
    apply_theme(application)
    share_one_heap()
    # The longest that the window's thread waits for one that computes in Python; the usual 5 ms are felt.
    sys.setswitchinterval(0.001)
    garbage = GarbageCollector(application)
    try:
        with asyncio.Runner(loop_factory=lambda: qasync.QEventLoop(application)) as runner:
            return runner.run(_main([Path(path) for path in paths], garbage.settle))
    except KeyboardInterrupt:
        return int(ExitCode.CANCELLED)
    except MaskroomError as error:
        print(f"{error.message} {error.hint}".rstrip(), file=sys.stderr)  # noqa: T201 - the window is gone
        return int(error.exit_code)


def display_problem(environ: Mapping[str, str], platform: str) -> str:
    """Why no window can be shown, in a sentence; empty when one can. Without a display Qt would abort."""
    chosen = environ.get("QT_QPA_PLATFORM", "").partition(":")[0]
    if not platform.startswith("linux") or chosen in HEADLESS:
        return ""
    if environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"):
        return ""
    return tr(
        "Maskroom's window needs a display, and neither DISPLAY nor WAYLAND_DISPLAY is set. "
        "“maskroom edit” works without one."
    )


class Program:
    """One run of the window, from the first paint to the end."""

    def __init__(self, folders: Folders, notices: Notices) -> None:
        self._folders = folders
        self._notices = notices
        self.window = MainWindow()
        self.tasks = Tasks(notices)
        self.workspace: Workspace | None = None
        self.desk: Desk | None = None
        self._asking: asyncio.Task[object] | None = None
        self._closed = False
        self._place = ""

    def show_frame(self) -> None:
        """The window as it stood last, still empty."""
        settings = SettingsStore(self._folders.settings_file, Notices())
        self.window.restore(settings.value.window.geometry)
        self.window.set_answers(self.ask_to_close, lambda data: data.hasUrls())
        self.window.show()

    async def furnish(self) -> None:
        """Load the other rooms and put the desk into the frame.

        Raises:
            MaskroomError: the data folder or a file in it cannot be used.
        """
        await asyncio.to_thread(importlib.import_module, "app.ui.desk")
        bootstrap = await asyncio.to_thread(importlib.import_module, "app.session.bootstrap")
        from app.ui.desk import Desk
        from app.ui.transfer import Transfer, is_welcome, offer_of

        workspace: Workspace = bootstrap.build_workspace(self._folders, os.environ, self._notices)
        self.workspace = workspace
        transfer = Transfer(workspace, self._folders.cache / "dragged")
        self.desk = desk = Desk(self.window, workspace, self.tasks, transfer)
        self.window.set_answers(self.ask_to_close, is_welcome)
        self.window.dropped.connect(lambda data: self.tasks.start(transfer.take(offer_of(data)), "drop"))
        self.window.escape_pressed.connect(desk.escape)
        desk.empty.load_pictures()

    def report_fault(self, error: BaseException | None) -> None:
        """Log and tell a fault that nobody caught: in a slot of Qt's, or in a callback of the loop."""
        self.tasks.report(error or RuntimeError("a callback failed"), "fault")

    def ask_to_close(self) -> None:
        """The user, or the system, wants the window to close."""
        if self.desk is None:
            self.window.stopped.set()
        elif self._asking is None or self._asking.done():
            self._asking = self.tasks.start(self._close(), "close")

    async def _close(self) -> None:
        workspace, desk = self.workspace, self.desk
        if workspace is None or desk is None:
            return
        running = sum(not job.state.is_final for job in workspace.worker.jobs)
        if not await desk.files.may_lose(workspace.documents, running):
            return
        self._place = self.window.remembered()
        self.window.hide()
        self.window.stopped.set()

    async def aclose(self) -> None:
        """Cancel and await everything, let go of the session, and drop the window; safe to call twice."""
        if self._closed:
            return
        self._closed = True
        if self.window.isVisible():
            self._place = self.window.remembered()
        self.window.hide()
        await self.tasks.aclose()
        if self.desk is not None:
            self.desk.detach()
        if self.workspace is not None:
            if self._place:
                await self.workspace.settings.update("window", geometry=self._place)
            await self.workspace.aclose()
        self.window.deleteLater()


async def _main(paths: list[Path], furnished: Callable[[], None]) -> int:
    program = Program(resolve_folders(os.environ), Notices())
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):
        # Whoever sends this will not wait for an answer: end in order, but without a question.
        loop.add_signal_handler(signal.SIGTERM, program.window.stopped.set)
    loop.set_exception_handler(lambda _, context: program.report_fault(context.get("exception")))
    sys.excepthook = lambda kind, error, trace: program.report_fault(error)
    program.show_frame()
    try:
        await wait_for_paint(program.window)
        await program.furnish()
        furnished()
        if paths and program.desk is not None:
            program.desk.open_files(paths)
        await program.window.stopped.wait()
    finally:
        await program.aclose()
        sys.excepthook = sys.__excepthook__
    return int(ExitCode.DONE)


def _log_message(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    level = {QtMsgType.QtDebugMsg: logging.DEBUG, QtMsgType.QtInfoMsg: logging.INFO}.get(
        kind, logging.WARNING
    )
    log.log(level, "Qt: %s", text)
