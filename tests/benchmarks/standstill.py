"""Tells when the whole machine stood still.

A host may stop all processors of a virtual machine at once, until its share of time is refilled: up to 35 ms at every
tenth of a second have been seen. No counter inside tells of it, and who held a lock then held it for so long. So one
small process on each processor looks at the clock, before everybody else, which takes the rights of an administrator:
where all of them are late together, nothing ran at all. Without those rights nothing is found.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass

NAP = 0.001
"""Seconds between two looks at the clock."""
LATE = 0.003
"""Seconds after which a look was late."""


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when, in seconds of `time.perf_counter`, which all processes of a machine share."""

    begin: float
    end: float

    def overlap(self, other: Span) -> float:
        """Seconds that both have in common."""
        return max(0.0, min(self.end, other.end) - max(self.begin, other.begin))


class Watch:
    """Watches from when it is made until `spans` is asked for."""

    def __init__(self) -> None:
        self._watchers = [
            subprocess.Popen(
                [sys.executable, "-S", __file__, str(processor)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            for processor in sorted(os.sched_getaffinity(0))
        ]

    def spans(self) -> list[Span]:
        """When all processors stood still."""
        found = []
        for watcher in self._watchers:
            told, _ = watcher.communicate(timeout=10)
            found.append([Span(*map(float, line.split())) for line in told.decode("ascii").splitlines()])
        return common(found)


def common(found: list[list[Span]]) -> list[Span]:
    """What lies in a span of every list."""
    spans, *others = found
    for other in others:
        spans = [
            Span(max(one.begin, two.begin), min(one.end, two.end))
            for one in spans
            for two in other
            if one.overlap(two) > 0.0
        ]
    return spans


def watch(processor: int) -> None:
    """Print the span of each late look, in lines, until nobody reads from this process any more."""
    import select

    os.sched_setaffinity(0, {processor})
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        return
    before = time.perf_counter()
    while not select.select([sys.stdin], [], [], NAP)[0]:
        now = time.perf_counter()
        if now - before - NAP > LATE:
            print(before + NAP, now, flush=True)
        before = now


if __name__ == "__main__":
    watch(int(sys.argv[1]))
