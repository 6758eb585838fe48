"""Budget 9: operations on a whole mask, against copying it once. In processor time, with cv2 on one thread."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import cv2
import numpy as np
from harness import SAMPLES, Report, Row

from app.imaging.arrays import U8
from app.imaging.mask_operations import MaskOperation, OperationKind
from app.imaging.masks import grow, invert, shrink

PATIENCE = 20.0
"""Seconds for one operation."""
OTHERS = (
    ("border of 16", 250.0, OperationKind.BORDER, 16),
    ("smooth by 8", 120.0, OperationKind.SMOOTH, 8),
    ("fill holes", 700.0, OperationKind.FILL_HOLES, 0),
    ("remove specks below 100", 180.0, OperationKind.REMOVE_SPECKS, 100),
)
"""With limits of our own, a quarter above what they take here: they run in a worker and can be cancelled, but are not
to become slower. A border is a growing and a shrinking; holes are filled level by level where edges are soft."""


def whole_masks(report: Report, megapixels: float) -> None:
    """Invert, grow, shrink and feather a mask of blobs with soft edges."""
    width = round((megapixels * 1e6 * 1.5) ** 0.5)
    coverage = _blobs(width, round(width / 1.5))
    copy = np.empty_like(coverage)
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        reference = _median(lambda: np.copyto(copy, coverage))
        cases: list[tuple[str, float, Callable[[], object]]] = [("invert", 1.5, lambda: invert(coverage))]
        cases += [(f"grow by {px}", 80.0, lambda px=px: grow(coverage, px)) for px in (2, 8, 32)]
        cases += [("shrink by 8", 80.0, lambda: shrink(coverage, 8))]
        cases += [
            (
                f"feather by {px}",
                40.0,
                lambda px=px: MaskOperation(OperationKind.FEATHER, px).apply(coverage),
            )
            for px in (2, 10, 50)
        ]
        cases += [
            (name, limit, lambda kind=kind, px=px: MaskOperation(kind, px).apply(coverage))
            for name, limit, kind, px in OTHERS
        ]
        for name, limit, run in cases:
            spent = _median(run)
            details = f"{spent:.1f} ms / {reference:.1f} ms cpu"
            report.add(Row("9", f"{name}, {megapixels:g} MP", spent / reference, limit, details=details))
    finally:
        cv2.setNumThreads(threads)


def _median(run: Callable[[], object]) -> float:
    """Milliseconds of this thread's processor time."""
    run()
    samples: list[float] = []
    end = time.perf_counter() + PATIENCE
    while len(samples) < SAMPLES and (time.perf_counter() < end or len(samples) < 5):
        start = time.thread_time()
        run()
        samples.append((time.thread_time() - start) * 1e3)
    return statistics.median(samples)


def _blobs(width: int, height: int) -> U8:
    coarse = np.random.default_rng(7).random((height // 64 + 2, width // 64 + 2), np.float32)
    field = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip((field - 0.55) * 2550, 0, 255).astype(np.uint8)
