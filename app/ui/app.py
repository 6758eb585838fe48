"""Starts and ends the window: Qt's application on an asyncio loop, first the frame, then what stands in it.

Only Qt is loaded before the first paint. The end is always the same: the window asks about unsaved edits and
hides, the requests are cancelled and awaited, and then the loop stops.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import importlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import qasync  # type: ignore[import-untyped]
from PySide6.QtCore import Qt, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from app.base.errors import ExitCode, MaskroomError, StoreError, UsageError
from app.base.idle_threads import let_idle_threads_sleep
from app.base.memory import share_one_heap
from app.base.notices import Notices
from app.base.text import tr
from app.settings.folders import Folders, resolve_folders
from app.settings.store import SettingsStore
from app.ui.garbage import GarbageCollector
from app.ui.moving import DataMove, choose_folder
from app.ui.plain_imports import import_plainly
from app.ui.single import SingleWindow, be_the_window, socket_name
from app.ui.tasks import Tasks
from app.ui.theme import apply_theme
from app.ui.trouble import TroubleView
from app.ui.widgets.labels import make_label
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
    folders, files = resolve_folders(os.environ), [Path(path) for path in paths]
    try:
        let_go = be_the_window(folders, files)
    except TimeoutError:
        print(  # noqa: T201 - there is no window to say it in
            tr(
                "Maskroom is open already for “{folder}”, but its window does not answer. "
                "Wait for it, or end it first.",
                folder=folders.data,
            ),
            file=sys.stderr,
        )
        return int(ExitCode.USAGE)
    if let_go is None:
        return int(ExitCode.DONE)
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
    import_plainly()
    share_one_heap()
    let_idle_threads_sleep(os.environ)
    # The longest that the window's thread waits for one that computes in Python. It waits as often as it calls Qt,
    # which is some dozen times until a panel is painted, so the usual 5 ms are felt.
    sys.setswitchinterval(0.0002)
    garbage = GarbageCollector(application)
    try:
        with asyncio.Runner(loop_factory=lambda: qasync.QEventLoop(application)) as runner:
            return runner.run(_main(folders, files, let_go, garbage.settle))
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


class Way(enum.Enum):
    """How to go on where nothing can be shown."""

    AGAIN = enum.auto()
    MOVE = enum.auto()
    QUIT = enum.auto()


class Program:
    """One run of the window, from the first paint to the end."""

    def __init__(
        self, folders: Folders, notices: Notices, take_over: Callable[[Folders], bool] = lambda folders: True
    ) -> None:
        """`take_over` makes this the window of other folders; False where there is one already."""
        self._folders = folders
        self._notices = notices
        self._moving = DataMove(os.environ, notices, take_over)
        self.window = MainWindow()
        self.tasks = Tasks(notices)
        self.workspace: Workspace | None = None
        self.desk: Desk | None = None
        self._asking: asyncio.Task[object] | None = None
        self._closed = False
        self._place = ""
        self._waiting_files: list[Path] = []
        """What is to be opened as soon as there is a desk."""
        self._let_go = False
        """The user was asked about what is unsaved, and closed it all the same."""

    def show_frame(self) -> None:
        """The window as it stood last, still empty."""
        settings = SettingsStore(self._folders.settings_file, Notices())
        self.window.restore(settings.value.window.geometry)
        self.window.set_answers(self.ask_to_close, lambda data: data.hasUrls())
        self.window.show()

    async def furnish_or_tell(self) -> bool:
        """Furnish, or say why not until that is mended; False when the user would rather quit."""
        wished = self._moving.wished()
        if wished is not None and (trouble := await self._move(wished)) is not None:
            # It is tried again at the next start.
            self._notices.error(trouble, topic="data")
        while True:
            try:
                await self.furnish()
                return True
            except MaskroomError as error:
                found: MaskroomError | None = error
            while found is not None:
                way = await self._tell_trouble(found)
                if way is Way.QUIT:
                    return False
                found = await self._choose_folder(found) if way is Way.MOVE else None

    async def _tell_trouble(self, error: MaskroomError) -> Way:
        """Show why nothing can be shown, and let the user say how to go on."""
        chosen: asyncio.Future[Way] = asyncio.get_running_loop().create_future()

        def answer(way: Way) -> None:
            if not chosen.done():
                chosen.set_result(way)

        view = TroubleView(error, can_move=isinstance(error, StoreError | UsageError))
        view.again_wanted.connect(lambda: answer(Way.AGAIN))
        view.move_wanted.connect(lambda: answer(Way.MOVE))
        view.quit_wanted.connect(lambda: answer(Way.QUIT))
        self.window.set_answers(lambda: answer(Way.QUIT), lambda data: False)
        self.window.setCentralWidget(view)
        view.again.setFocus()
        stopped = asyncio.ensure_future(self.window.stopped.wait())
        either: set[asyncio.Future[Any]] = {chosen, stopped}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        return chosen.result() if chosen.done() else Way.QUIT

    async def _choose_folder(self, trouble: MaskroomError) -> MaskroomError | None:
        """Go on with another folder; what is in the way of that, or still is where none was chosen."""
        wanted = await choose_folder(self.window, self._folders)
        return trouble if wanted is None else await self._move(wanted)

    async def _move(self, wanted: Path) -> MaskroomError | None:
        """Bring the data to another folder, and use it; what is in the way of that."""
        self.window.setCentralWidget(
            make_label(tr("Copying the data to “{folder}”…", folder=wanted), wrap=True)
        )
        self.window.set_answers(self._moving.cancel, lambda data: False)
        try:
            self._folders = await self._moving.carry_out(self._folders, wanted) or self._folders
        except MaskroomError as error:
            return error
        return None

    async def furnish(self) -> None:
        """Load the other rooms and put the desk into the frame.

        Raises:
            MaskroomError: the data folder or a file in it cannot be used.
        """
        await asyncio.to_thread(importlib.import_module, "app.ui.desk")
        bootstrap = await asyncio.to_thread(importlib.import_module, "app.session.bootstrap")
        from app.ui.desk import Desk
        from app.ui.transfer import Transfer, is_welcome, offer_of

        workspace: Workspace = bootstrap.build_workspace(
            self._folders, os.environ, self._notices, needs_history=False
        )
        self.workspace = workspace
        transfer = Transfer(workspace, self._folders.cache / "dragged")
        self.desk = desk = Desk(self.window, workspace, self.tasks, transfer)
        self.window.set_answers(self.ask_to_close, is_welcome)
        self.window.dropped.connect(lambda data: self.tasks.start(transfer.take(offer_of(data)), "drop"))
        self.window.escape_pressed.connect(desk.escape)
        desk.empty.load_pictures()
        desk.jobs.make_ready()
        desk.strip.make_ready()
        # All that now stands in the window is laid out and painted before a photograph comes in, too.
        QApplication.sendPostedEvents()
        self.window.repaint()
        self.tasks.start(self._settle_in(workspace), "store")
        await asyncio.sleep(0)

    async def _settle_in(self, workspace: Workspace) -> None:
        """What can wait until the window stands: take up what a killed program left, copy and trim the history."""
        from app.session.mending import keep_backed_up

        await workspace.recover()
        await workspace.keep_history_small()
        await keep_backed_up(workspace)

    def open_files(self, paths: Sequence[Path]) -> None:
        """Open files, now or as soon as the desk stands."""
        self._waiting_files += paths
        if self.desk is not None and self._waiting_files:
            files, self._waiting_files = self._waiting_files, []
            self.desk.open_files(files)

    def take_files(self, paths: Sequence[Path]) -> None:
        """A second window was started for these: open them here, and come to the front."""
        self.window.setWindowState(self.window.windowState() & ~Qt.WindowState.WindowMinimized)
        self.window.raise_()
        self.window.activateWindow()
        self.open_files(paths)

    async def resume(self) -> None:
        """Open what an earlier run left, and keep what is open from now on."""
        if self.workspace is not None:
            await self.workspace.keeper.restore()
            self.workspace.keeper.start()

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
        self._let_go = True
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
        state = ""
        if self.desk is not None:
            from app.ui.layout import layout_text

            state = layout_text(self.desk)
            self.desk.detach()
        if self.workspace is not None:
            await self.workspace.keeper.end(let_go=self._let_go)
            if self._place:
                await self.workspace.settings.update("window", geometry=self._place, state=state)
            await self.workspace.aclose()
        self.window.deleteLater()


async def _main(
    folders: Folders, paths: list[Path], let_go: Callable[[], None], furnished: Callable[[], None]
) -> int:
    single = SingleWindow(socket_name(folders), let_go)

    def take_over(others: Folders) -> bool:
        nonlocal single
        try:
            taken = be_the_window(others, paths)
        except TimeoutError:
            taken = None
        if taken is None:
            return False
        single.close()
        single = SingleWindow(socket_name(others), taken)
        single.files_handed.connect(program.take_files)
        return True

    program = Program(folders, Notices(), take_over)
    single.files_handed.connect(program.take_files)
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):
        # Whoever sends this will not wait for an answer: end in order, but without a question.
        loop.add_signal_handler(signal.SIGTERM, program.window.stopped.set)
    loop.set_exception_handler(lambda _, context: program.report_fault(context.get("exception")))
    sys.excepthook = lambda kind, error, trace: program.report_fault(error)
    program.show_frame()
    try:
        await wait_for_paint(program.window)
        if not await program.furnish_or_tell():
            return int(ExitCode.USAGE)
        furnished()
        await program.resume()
        program.open_files(paths)
        await program.window.stopped.wait()
    finally:
        single.close()
        await program.aclose()
        sys.excepthook = sys.__excepthook__
    return int(ExitCode.DONE)


def _log_message(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    level = {QtMsgType.QtDebugMsg: logging.DEBUG, QtMsgType.QtInfoMsg: logging.INFO}.get(
        kind, logging.WARNING
    )
    log.log(level, "Qt: %s", text)
