"""What the tests of the window stand on: coroutines run on Qt's loop, and nothing outlives its test.

After each test all cycles are collected. What is there before a test is kept out of every later search, which
would else take longer with each test.

A leak is looked for after every fixture has been torn down, so a test owes exactly what it made: widgets go
through `qtbot.addWidget` or are deleted, timers are stopped, threads joined. A failed test is not asked.
"""

import asyncio
import functools
import gc
import threading
from collections.abc import Callable, Iterator, Mapping
from contextvars import Context

import pytest
import qasync
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QThread, QTimer
from PySide6.QtWidgets import QApplication, QWidget

_ALIVE_BEFORE = pytest.StashKey[set[int]]()
_FAILED = pytest.StashKey[bool]()


@functools.cache
def _application() -> QApplication:
    """The one QApplication, kept alive here when no fixture of pytest-qt has made it yet."""
    running = QApplication.instance()
    return running if isinstance(running, QApplication) else QApplication(["maskroom-tests"])


class _Loop(qasync.QEventLoop):
    """Qt's loop, for tests: around each test pytest-qt lets Qt work off its events while no coroutine is awaited.

    Callbacks of the loop are among them, and find no running loop then; a program's loop runs as long as its
    window. Here they find theirs.
    """

    def call_later(
        self, delay: float, callback: Callable[..., object], *args: object, context: Context | None = None
    ) -> asyncio.TimerHandle:
        def call() -> None:
            if asyncio._get_running_loop() is not None:
                callback(*args)
                return
            asyncio._set_running_loop(self)
            try:
                callback(*args)
            finally:
                asyncio._set_running_loop(None)

        return super().call_later(delay, call, context=context)


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run coroutine tests of this folder on Qt's own event loop, as the application does."""
    return {"qasync": lambda: _Loop(_application())}


def _of_qt() -> Iterator[QObject]:
    """Yield the timers that run, and the threads that run, among all the objects Python knows."""
    for found in gc.get_objects():
        if (
            isinstance(found, QTimer | QThread)
            and shiboken6.isValid(found)
            and (found.isActive() if isinstance(found, QTimer) else found.isRunning())
        ):
            yield found


def _alive() -> Iterator[QObject | threading.Thread]:
    """Yield every window, running timer and running thread there is."""
    if QApplication.instance() is not None:
        for widget in QApplication.topLevelWidgets():
            if widget.parent() is None:
                yield widget
        yield from _of_qt()
    # A dummy stands for a thread of Qt's that once ran Python; it never goes, and Qt's own are seen above.
    yield from (each for each in threading.enumerate() if not isinstance(each, threading._DummyThread))


def _describe(left: QObject | threading.Thread) -> str:
    if isinstance(left, QWidget):
        return f"window {type(left).__name__} {left.objectName()!r} {left.windowTitle()!r}"
    if isinstance(left, QTimer):
        return f"timer {left.objectName()!r} every {left.interval()} ms, of {left.parent()!r}"
    return f"thread {left!r}"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    gc.freeze()
    item.stash[_ALIVE_BEFORE] = {id(each) for each in _alive()}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report: pytest.TestReport = yield
    if report.failed:
        item.stash[_FAILED] = True
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Fail the test that leaves a window, a running timer or a thread behind."""
    result = yield
    gc.collect()
    if item.stash.get(_FAILED, False):
        return result
    before = item.stash[_ALIVE_BEFORE]
    left = []
    for attempt in range(3):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        left = [each for each in _alive() if id(each) not in before]
        if not left:
            break
        # A reference cycle, or a thread on its last instruction, is no leak.
        gc.collect()
        for each in left:
            if isinstance(each, threading.Thread):
                each.join(0.2 * attempt)
    if left:
        pytest.fail("The test left behind: " + "; ".join(map(_describe, left)), pytrace=False)
    return result
