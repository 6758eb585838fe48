"""Cycles with widgets in them are taken apart on the window's thread, whichever thread made the garbage."""

import asyncio
import gc
import threading
import weakref
from collections.abc import Iterator

import pytest
import qasync
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.ui.garbage import GarbageCollector


@pytest.fixture
def collector(qtbot: QtBot) -> Iterator[GarbageCollector]:
    made = GarbageCollector()
    yield made
    made.stop()
    # The other tests do without the automatic search, too; see conftest.py.
    gc.disable()


class _Ring:
    """Garbage that only the search for cycles finds."""

    def __init__(self) -> None:
        self.me = self


def _make_garbage() -> None:
    for _ in range(20_000):
        _Ring()


def test_a_widget_in_a_cycle_ends_on_the_windows_thread(qtbot: QtBot, collector: GarbageCollector) -> None:
    ended_in: list[threading.Thread] = []
    widget = QWidget()
    widget.itself = widget  # type: ignore[attr-defined]
    widget.destroyed.connect(
        lambda: ended_in.append(threading.current_thread()), Qt.ConnectionType.DirectConnection
    )
    widget.show()
    del widget
    maker = threading.Thread(target=_make_garbage)
    maker.start()
    maker.join(20)
    assert not maker.is_alive()
    assert ended_in == []
    qtbot.waitUntil(lambda: bool(ended_in), timeout=20_000)
    assert ended_in == [threading.main_thread()]


def test_garbage_is_collected_in_time(qtbot: QtBot, collector: GarbageCollector) -> None:
    collector.settle()
    _make_garbage()
    assert gc.get_count()[0] > 10_000
    qtbot.waitUntil(lambda: gc.get_count()[0] < 10_000, timeout=20_000)


def test_the_automatic_search_is_back_afterwards(qtbot: QtBot) -> None:
    collector = GarbageCollector()
    assert not gc.isenabled()
    collector.settle()
    collector.stop()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    gc.disable()


def test_no_other_thread_searches_while_tests_run(qapp: QApplication) -> None:
    """A loop of Qt's that ends with a timer is a cycle; destroyed in a thread it would leave the timer behind."""

    async def leave_a_timer() -> None:
        asyncio.get_running_loop().call_later(3600, print)

    with asyncio.Runner(loop_factory=lambda: qasync.QEventLoop(qapp)) as runner:
        loop = weakref.ref(runner.get_loop())
        runner.run(leave_a_timer())
    del runner
    maker = threading.Thread(target=_make_garbage)
    maker.start()
    maker.join(20)
    assert loop() is not None
    gc.collect()
    assert loop() is None
