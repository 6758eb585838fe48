"""Ratios instead of milliseconds: subject and reference are timed in turn, and disturbed samples are dropped.

A sample during which the kernel took the processor away from one of our threads (Qt draws large pictures with
several) is no measurement of the code. It is counted and dropped; where too few are left on a busy machine, the
processor time of all that is compared is taken instead of wall time, and said so.
"""

from __future__ import annotations

import gc
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

SAMPLES = 50
PATIENCE = 12.0
"""Seconds after which one comparison is content with what it has."""


@dataclass(slots=True)
class Timing:
    """Samples of one thing, in milliseconds."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    """Processor time of every sample, disturbed ones included."""
    dropped: int = 0
    by_processor: bool = False
    """Whether this, or what it is compared with, was disturbed too often."""

    @property
    def is_disturbed(self) -> bool:
        return len(self.wall) < min(SAMPLES, len(self.processor))

    @property
    def values(self) -> list[float]:
        return self.processor if self.by_processor else self.wall

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def note(self) -> str:
        return f"{len(self.values)}-{self.dropped}" + (" cpu" if self.by_processor else "")

    def sample(self, run: Callable[[], object]) -> None:
        """Time `run` once."""
        before = resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw
        processor, start = time.process_time(), time.perf_counter()
        run()
        wall, spent = time.perf_counter() - start, time.process_time() - processor
        self.processor.append(spent * 1e3)
        if resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw == before:
            self.wall.append(wall * 1e3)
        else:
            self.dropped += 1

    @property
    def is_enough(self) -> bool:
        return len(self.wall) >= SAMPLES


def in_turn(*pairs: tuple[Callable[[], object], Callable[[], object]]) -> list[Timing]:
    """Time several things alternately; each is a pair of what prepares a sample, untimed, and what is timed.

    Ends when each has enough undisturbed samples, or when patience does.
    """
    timings = [Timing() for _ in pairs]
    for prepare, run in pairs:
        prepare()
        run()
    gc.collect()
    gc.disable()
    end = time.perf_counter() + PATIENCE
    try:
        while not all(timing.is_enough for timing in timings):
            for timing, (prepare, run) in zip(timings, pairs, strict=True):
                prepare()
                timing.sample(run)
            if time.perf_counter() > end and len(timings[0].processor) >= SAMPLES:
                break
    finally:
        gc.enable()
    disturbed = any(timing.is_disturbed for timing in timings)
    for timing in timings:
        timing.by_processor = disturbed
    return timings


def nothing() -> None:
    """What prepares a sample that needs no preparing."""


@dataclass(frozen=True, slots=True)
class Row:
    """One measured budget. `value` and `limit` have the same unit; the budget is met when value <= limit."""

    budget: str
    case: str
    value: float
    limit: float
    unit: str = "x"
    details: str = ""

    @property
    def is_met(self) -> bool:
        return self.value <= self.limit


class Report:
    """Prints rows as they come, and a summary of what was missed."""

    def __init__(self, title: str) -> None:
        self.rows: list[Row] = []
        print(title)
        print(f"{'budget':<8}{'case':<44}{'measured':>10}{'limit':>10}  {'':<6} details", flush=True)

    def add(self, row: Row) -> None:
        self.rows.append(row)
        verdict = "met" if row.is_met else "MISSED"
        value, limit = f"{row.value:.2f} {row.unit}", f"{row.limit:.2f} {row.unit}"
        print(f"{row.budget:<8}{row.case:<44}{value:>10}{limit:>10}  {verdict:<6} {row.details}", flush=True)

    def finish(self) -> int:
        """Print what was missed; returns the exit code."""
        missed = [row for row in self.rows if not row.is_met]
        print(f"{len(self.rows) - len(missed)} of {len(self.rows)} met.")
        for row in missed:
            print(f"  missed: {row.budget} {row.case}: {row.value:.2f} against {row.limit:.2f} {row.unit}")
        return 1 if missed else 0


def require_linux() -> None:
    """Thread usage and resident memory are read the Linux way."""
    if not sys.platform.startswith("linux"):
        sys.exit("The benchmarks count preemptions and memory as Linux tells them.")
