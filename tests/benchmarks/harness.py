"""Ratios instead of milliseconds: subject and reference are timed in turn, and disturbed samples are dropped.

A sample during which the kernel took the processor away from one of our threads (Qt draws large pictures with
several) is no measurement of the code. Neither is one during which the processor was slow, as those of virtual
machines are while a neighbour works on the other half of the core: whatever computes takes up to 2.5 times as long
then, and copies as long as ever. Both are counted and dropped. Where too few are left, slow ones count, too; where
even that is not enough on a busy machine, processor time is taken instead of wall time. Either is said.
"""

from __future__ import annotations

import enum
import functools
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
SLOW = 1.25
"""A processor is slow that takes this many times as long for a lap as it took at its best."""
_LAP = 1500
"""Rounds of a loop, about 50 µs."""


class Pace:
    """How fast the processor is at the moment, told by a loop that only computes."""

    def __init__(self) -> None:
        self._best = min(self._lap() for _ in range(200))

    def is_slow(self) -> bool:
        lap = self._lap()
        self._best = min(self._best, lap)
        return lap > SLOW * self._best

    def _lap(self) -> float:
        start = time.perf_counter()
        for _ in range(_LAP):
            pass
        return time.perf_counter() - start


@functools.cache
def best_pace() -> Pace:
    """The one that all comparisons of a run share: in a slow minute it knows from a fast one what is slow."""
    return Pace()


class Kind(enum.Enum):
    """What times are made of, the best first; the value is said beside them."""

    FAST = ""
    SLOW = " slow"
    PROCESSOR = " cpu"


@dataclass(slots=True)
class Timing:
    """Samples of one thing, in milliseconds."""

    wall: list[float] = field(default_factory=list)
    slow: list[float] = field(default_factory=list)
    """Of those in which the processor was slow."""
    processor: list[float] = field(default_factory=list)
    """Processor time of every sample, disturbed ones included."""
    chosen: Kind | None = None
    """What all that is compared is told by; else the best kind of which there are enough samples."""

    @property
    def kind(self) -> Kind:
        if self.chosen is not None:
            return self.chosen
        enough = min(SAMPLES, len(self.processor))
        if len(self.wall) >= enough:
            return Kind.FAST
        return Kind.SLOW if len(self.wall) + len(self.slow) >= enough else Kind.PROCESSOR

    @property
    def values(self) -> list[float]:
        if self.kind is Kind.PROCESSOR:
            return self.processor
        return self.wall if self.kind is Kind.FAST else self.wall + self.slow

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def note(self) -> str:
        """Samples, those that were dropped, and what was taken where it is not the time of a fast processor."""
        return f"{len(self.values)}-{len(self.processor) - len(self.values)}{self.kind.value}"

    def sample(self, run: Callable[[], object], pace: Pace | None = None) -> None:
        """Time `run` once; with a `pace` it is told whether the processor was slow meanwhile."""
        is_slow = pace is not None and pace.is_slow()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw
        processor, start = time.process_time(), time.perf_counter()
        run()
        wall, spent = time.perf_counter() - start, time.process_time() - processor
        self.processor.append(spent * 1e3)
        if resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw == before:
            is_slow = is_slow or (pace is not None and pace.is_slow())
            (self.slow if is_slow else self.wall).append(wall * 1e3)

    @property
    def is_enough(self) -> bool:
        return len(self.wall) >= SAMPLES


def in_turn(*pairs: tuple[Callable[[], object], Callable[[], object]]) -> list[Timing]:
    """Time several things alternately; each is a pair of what prepares a sample, untimed, and what is timed.

    Ends when each has enough undisturbed samples, or when patience does. All are told by the same kind of time.
    """
    timings, pace = [Timing() for _ in pairs], best_pace()
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
                timing.sample(run, pace)
            if time.perf_counter() > end and len(timings[0].processor) >= SAMPLES:
                break
    finally:
        gc.enable()
    chosen = max((timing.kind for timing in timings), key=list(Kind).index)
    for timing in timings:
        timing.chosen = chosen
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
