"""The tests' own ground: the loop they run on, the binding they trust, and the leaks they catch."""

import asyncio
import sys
import threading
from pathlib import Path

import pytest
import qasync
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

pytest_plugins = ["pytester"]


async def test_coroutines_run_on_the_loop_of_qt(qtbot: QtBot) -> None:
    assert isinstance(asyncio.get_running_loop(), qasync.QEventLoop)
    fired = asyncio.Event()
    QTimer.singleShot(1, fired.set)
    await asyncio.wait_for(fired.wait(), 5)
    assert await asyncio.to_thread(threading.current_thread) is not threading.current_thread()


def test_void_calls_of_qt_keep_the_count_of_none(qtbot: QtBot) -> None:
    """PySide6 6.12.0 loses a reference of None with each void call on Python 3.11, and aborts in the end."""
    widget = QWidget()
    qtbot.addWidget(widget)
    before = sys.getrefcount(None)
    for _ in range(300):
        widget.update()
    assert sys.getrefcount(None) - before > -50


def test_a_leak_fails_the_test_that_made_it(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(Path(__file__).with_name("conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile("""
        import threading
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QWidget
        kept = []
        def test_window(qtbot):
            kept.append(QWidget())
            kept[-1].show()
        def test_timer(qtbot):
            kept.append(QTimer())
            kept[-1].start(10_000)
        def test_thread():
            kept.append(threading.Event())
            threading.Thread(target=kept[-1].wait, daemon=True).start()
        def test_tidy(qtbot):
            widget = QWidget()
            qtbot.addWidget(widget)
            widget.show()
            QTimer(widget).start(10_000)
    """)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=4, errors=3)
    for kind in ("window", "timer", "thread"):
        result.stdout.fnmatch_lines(
            [f"*ERROR at teardown of test_{kind}*", f"*The test left behind: {kind}*"]
        )
