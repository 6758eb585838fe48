"""Watches the window's thread: how long it did not come round to its events, phase by phase.

A timer ticks as fast as it can. Where a tick is late, the thread was busy, or waited for the interpreter's lock
in another thread's hands. The time that it could have run but was not given a processor is taken off: that is
the machine's doing. The kernel counts it, but for the time in which the machine itself stood still. The two may be
the same time, so the longer one is taken off.
"""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from standstill import Span, Watch

INTERVAL = 1
"""Milliseconds between two ticks."""
_NOTABLE = 4.0
"""Milliseconds from which a stall is remembered with its time."""


class Ticker:
    """The longest stalls, in milliseconds, by the name of the phase they fell in."""

    def __init__(self) -> None:
        self.longest: dict[str, float] = {}
        """Net of what the machine stood still when `end` was called, gross until then."""
        self.busiest: dict[str, float] = {}
        """The longest that the thread itself computed between two ticks, which no other program can lengthen much."""
        self.stood_still = 0.0
        """Milliseconds in all; told by `end`."""
        self.ticks = 0
        self._phase = ""
        self._last = self._waited = self._spent = 0.0
        self._notable: list[tuple[str, Span, float]] = []
        """The phase of each longer stall, when it was, and how many milliseconds of it the kernel counted."""
        self._watch = Watch()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    def begin(self, phase: str) -> None:
        self._phase = phase
        self.longest[phase] = self.busiest[phase] = 0.0
        self._spent = time.thread_time()
        self._last, self._waited = time.perf_counter(), waited()
        self._timer.start(INTERVAL)

    def end(self) -> None:
        self._timer.stop()
        still = self._watch.spans()
        self.stood_still = sum(span.end - span.begin for span in still) * 1e3
        self.longest = {phase: min(stall, _NOTABLE) for phase, stall in self.longest.items()}
        for phase, span, queued in self._notable:
            off = max(queued, sum(span.overlap(each) for each in still) * 1e3)
            self.longest[phase] = max(self.longest[phase], (span.end - span.begin) * 1e3 - off - INTERVAL)

    def _tick(self) -> None:
        now, without = time.perf_counter(), waited()
        queued = (without - self._waited) * 1e3
        stall = (now - self._last) * 1e3 - queued - INTERVAL
        if stall > _NOTABLE:
            self._notable.append((self._phase, Span(self._last, now), queued))
        self._last, self._waited = now, without
        spent, self._spent = self._spent, time.thread_time()
        self.busiest[self._phase] = max(self.busiest[self._phase], (self._spent - spent) * 1e3)
        self.ticks += 1
        self.longest[self._phase] = max(self.longest[self._phase], stall)


def waited() -> float:
    """Seconds that the main thread has stood in the queue for a processor so far."""
    return int(Path("/proc/self/schedstat").read_text(encoding="ascii").split()[1]) / 1e9
