"""The same host on Qt's event loop, as the window runs it: Qt keeps ticking, cancelling is as quick."""

import asyncio
import itertools
import time

import pytest
import qasync
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app.engines.host import EngineHost
from app.engines.types import HealMethod, HealRequest
from tests.engines.making import disc, textured

SMALL = HealRequest(textured(60, 80), disc(60, 80, (40, 30), 10))
LONG = HealRequest(textured(700, 700), disc(700, 700, (350, 350), 150), HealMethod.PATCHMATCH, (2, 6, 10))


def test_heals_and_cancels_while_qt_goes_on(qapp: QApplication) -> None:
    ticks: list[float] = []
    timer = QTimer()
    timer.timeout.connect(lambda: ticks.append(time.monotonic()))

    async def main() -> None:
        host = EngineHost()
        assert len(await host.heal(SMALL)) == 1
        told: list[float] = []
        timer.start(5)
        task = asyncio.create_task(host.heal(LONG, told.append))
        while not any(share > 0 for share in told):
            await asyncio.sleep(0.02)
        timer.stop()
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - began < 1.0
        assert len(await host.heal(SMALL)) == 1
        await host.aclose()

    with asyncio.Runner(loop_factory=lambda: qasync.QEventLoop(qapp)) as runner:
        runner.run(main())
    assert len(ticks) > 5
    gaps = sorted(later - earlier for earlier, later in itertools.pairwise(ticks))
    assert gaps[len(gaps) // 2] < 0.03
