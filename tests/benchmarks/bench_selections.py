"""What the tools that find areas cost on 24 MP, as ratios to one np.copyto of the mask in the same run.

Budget 9: the wand takes at most 15 times as long, whatever it hits. It runs in two threads, so it is timed by the
wall with the processor time beside it, as `masking` explains. The other finds have no budget but that they can be
cancelled; they stand here to be seen. So does what a find costs the window's thread when it is put into the mask: no
more than 16 ms, one frame.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
from harness import Report, Row, in_turn, require_linux
from masking import WAND_LIMIT, hills, timed

from app.base.geometry import Point, Rect, Size
from app.base.work import Work
from app.document.document import Document
from app.document.selection import Selection
from app.document.shapes import Combine, Shape
from app.imaging.arrays import U8
from app.imaging.photograph import Metadata, from_bgra
from app.imaging.ranges import Ranges
from app.imaging.selections import GradientKind, colour_range, enclosed, gradient, wand

SIZE = Size(6000, 4000)


def measure_finds(report: Report, mask: U8) -> None:
    copy = np.empty_like(mask)
    x, y = SIZE.width // 2, SIZE.height // 2
    for grain in (0.0, 2.0, 12.0):
        picture = hills(SIZE, grain)
        ranges = Ranges(picture)
        for contiguous, smooth in ((True, False), (True, True), (False, False)):
            find = partial(
                wand, picture, ranges, x, y, tolerance=40, contiguous=contiguous, smooth=smooth, opaque=True
            )
            coverage = find()[1]
            share = np.count_nonzero(coverage) / SIZE.area
            spent, copied = timed(find, partial(np.copyto, copy, mask))
            kind = ("contiguous" if contiguous else "global") + (", smooth" if smooth else "")
            details = f"{spent.wall:.1f} / {copied.wall:.2f} ms, {share:.0%} hit ({spent.note})"
            name = f"wand {kind}, grain {grain:.0f}"
            report.add(Row("9", name, spent.wall / copied.wall, WAND_LIMIT, details=details))
    others = {
        "colour range, two colours": partial(
            colour_range, picture, [(90, 95, 100, 255), (200, 205, 210, 255)], 60
        ),
        "bucket on an empty mask": partial(enclosed, mask, x, y),
        "linear gradient": partial(
            gradient, SIZE, Point(0, 0), Point(SIZE.width, SIZE.height), GradientKind.LINEAR
        ),
    }
    for name, find in others.items():
        spent, copied = timed(find, partial(np.copyto, copy, mask))
        details = f"{spent.wall:.1f} / {copied.wall:.2f} ms ({spent.note})"
        report.add(Row("", name, spent.wall / copied.wall, float("inf"), details=details))


def measure_put(report: Report, picture: U8) -> None:
    document = Document(from_bgra(picture, Metadata(), "hills", "PNG"), compressor=lambda work: None)
    x, y = SIZE.width // 2, SIZE.height // 2
    found = Shape(*wand(picture, Ranges(picture), x, y, tolerance=40, opaque=True))
    selection = Selection("Wand", lambda work: found, Combine.ADD)

    def undo() -> None:
        document.undo.undo()

    (put,) = in_turn((undo, lambda: selection.put(document, selection.find(Work()))))
    details = f"{found.rect.area / 1e6:.0f} MP ({put.note})"
    report.add(Row("", "put a wand's find into an empty mask", put.median, 16.0, "ms", details))
    assert document.mask.bounds().intersects(Rect(x, y, 1, 1))


def main() -> int:
    require_linux()
    report = Report("Selections on 24 MP")
    measure_finds(report, np.zeros((SIZE.height, SIZE.width), np.uint8))
    measure_put(report, hills(SIZE, 0.0))
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
