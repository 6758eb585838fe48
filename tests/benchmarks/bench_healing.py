"""How believable and how quick the healing engine is, against cv2's Telea on the same holes in the same run.

    python tests/benchmarks/bench_healing.py [FOLDER] [--seed N] [--side PX] [--write FOLDER]

FOLDER holds photographs (default: the samples that ship), `--side` bounds their longer side (0: as they are).
The truth is known, and what lies under a hole is painted over before it is healed. TER is the texture energy
against the truth's, SWD the distance of the patches from the truth's as a share of Telea's, z the visibility of
the seam (the truth's own in brackets). Below the table the demands: exit code 1 when one of them is missed.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import cv2
import numpy as np

from app.base.resources import resource_path
from app.engines.estimate import estimate_seconds, summarise
from app.engines.healing import heal
from app.imaging.arrays import U8, as_u8
from app.imaging.codecs import decode_picture, encode_png
from tests.holes import Hole, draw_hole
from tests.quality import psnr, seam_ratio, sliced_wasserstein, texture_energy_ratio

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp"}
ALL_TEXTURE = {"gravel", "grass", "brick"}
LARGE = (4000, 6000)


@dataclass(frozen=True, slots=True)
class Row:
    """One hole in one photograph."""

    name: str
    hole: Hole
    megapixels: float
    seconds: float
    estimate: float
    energy: float
    energy_telea: float
    distance: float
    gain_db: float
    seam: float
    seam_truth: float

    def line(self) -> str:
        return (
            f"{self.name:12} {self.hole.value:8} {self.megapixels:6.2f} MP {self.seconds:6.2f} s"
            f" (est. {self.estimate:5.2f})  TER {self.energy:5.2f} (Telea {self.energy_telea:4.2f})"
            f"  SWD {self.distance:4.2f}  PSNR {self.gain_db:+5.2f} dB  z {self.seam:4.2f} ({self.seam_truth:4.2f})"
        )


@dataclass(frozen=True, slots=True)
class Demand:
    """A figure over the whole table and how it must be."""

    title: str
    value: float
    limit: float
    at_most: bool = True

    @property
    def is_met(self) -> bool:
        return self.value <= self.limit if self.at_most else self.value >= self.limit

    def line(self) -> str:
        sign = "<=" if self.at_most else ">="
        return f"{'ok  ' if self.is_met else 'MISS'} {self.title}: {self.value:.2f} {sign} {self.limit:.2f}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=resource_path("samples"))
    parser.add_argument("--seed", type=int, default=0, help="of the engine")
    parser.add_argument("--hole-seed", type=int, default=5, help="of the drawn holes")
    parser.add_argument("--side", type=int, default=700, help="longer side in pixels, 0 = as it is")
    parser.add_argument("--write", type=Path, help="folder for pictures to look at")
    options = parser.parse_args()
    rows = []
    for path in sorted(path for path in options.folder.iterdir() if path.suffix.lower() in SUFFIXES):
        truth = photograph(path, options.side)
        for hole in Hole:
            row, picture = measured(path.stem, truth, hole, options.hole_seed, options.seed)
            rows.append(row)
            print(row.line(), flush=True)
            if options.write is not None:
                options.write.mkdir(parents=True, exist_ok=True)
                (options.write / f"{path.stem}-{hole.value}.png").write_bytes(encode_png(picture))
    large, seconds = large_heal(photograph(next(iter(sorted(options.folder.glob("*.png")))), 0))
    print(f"\n24 MP with a hole of 5 %: {seconds:.1f} s (est. {large:.1f})\n")
    found = [*demands(rows), Demand("24 MP, 5 % hole, seconds", seconds, 10.0)]
    for demand in found:
        print(demand.line())
    return 0 if all(demand.is_met for demand in found) else 1


def photograph(path: Path, side: int) -> U8:
    """(h, w, 3), reduced to `side`."""
    picture = decode_picture(path.read_bytes())[..., :3]
    height, width = picture.shape[:2]
    factor = min(1.0, side / max(height, width)) if side else 1.0
    size = (round(width * factor), round(height * factor))
    return as_u8(np.ascontiguousarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA)))


def measured(name: str, truth: U8, hole: Hole, hole_seed: int, seed: int) -> tuple[Row, U8]:
    """The figures of one hole, and the painted and the healed picture side by side."""
    mask = draw_hole(hole, *truth.shape[:2], seed=hole_seed)
    painted = truth.copy()
    painted[mask > 0] = (255, 0, 255)
    began = time.perf_counter()
    ours = heal(painted, mask, seed=seed)
    seconds = time.perf_counter() - began
    if not np.array_equal(ours[mask == 0], truth[mask == 0]):
        raise SystemExit(f"{name} {hole.value}: pixels outside the hole were changed")
    telea = as_u8(cv2.inpaint(painted, mask, 3, cv2.INPAINT_TELEA))
    row = Row(
        name,
        hole,
        truth.shape[0] * truth.shape[1] / 1e6,
        seconds,
        estimate_seconds(summarise(mask)),
        texture_energy_ratio(ours, truth, mask),
        texture_energy_ratio(telea, truth, mask),
        sliced_wasserstein(ours, truth, mask) / max(1e-6, sliced_wasserstein(telea, truth, mask)),
        psnr(ours, truth, mask) - psnr(telea, truth, mask),
        seam_ratio(ours, mask),
        seam_ratio(truth, mask),
    )
    return row, np.hstack((painted, ours))


def large_heal(photo: U8) -> tuple[float, float]:
    """Estimated and true seconds for 5 % of 24 MP, the photograph mirrored to that size."""
    height, width = LARGE
    pad = [(0, max(0, height - photo.shape[0])), (0, max(0, width - photo.shape[1])), (0, 0)]
    picture = np.pad(photo, pad, mode="symmetric")[:height, :width]
    mask = draw_hole(Hole.BLOB, height, width, seed=1)
    began = time.perf_counter()
    heal(np.ascontiguousarray(picture), mask)
    return estimate_seconds(summarise(mask)), time.perf_counter() - began


def demands(rows: Sequence[Row]) -> list[Demand]:
    thin = [row for row in rows if row.hole.is_thin]
    wide = [row for row in rows if not row.hole.is_thin]
    ground = [row for row in rows if row.name in ALL_TEXTURE and row.hole is Hole.OBJECT]
    found = [
        Demand("scratches and text: least TER", min(row.energy for row in thin), 0.6, at_most=False),
        Demand("scratches and text: greatest TER", max(row.energy for row in thin), 1.7),
        Demand("scratches and text: greatest SWD", max(row.distance for row in thin), 0.85),
        Demand(
            "scratches and text: mean PSNR gain, dB", mean(row.gain_db for row in thin), -0.3, at_most=False
        ),
        Demand("blobs and objects: share with TER 0.6-1.7", in_range(wide), 0.8, at_most=False),
        Demand("blobs and objects: geometric mean of SWD", geometric(row.distance for row in wide), 0.8),
        Demand(
            "blobs and objects: mean PSNR gain, dB", mean(row.gain_db for row in wide), -1.0, at_most=False
        ),
        Demand(
            "blobs and objects: |ln TER| against Telea's",
            off(wide, lambda row: row.energy) / off(wide, lambda row: row.energy_telea),
            1 / 3,
        ),
    ]
    if ground:
        found.append(Demand("texture alone, objects: greatest SWD", max(row.distance for row in ground), 0.5))
    return found


def mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))


def geometric(values: Iterable[float]) -> float:
    return math.exp(mean(math.log(value) for value in values))


def in_range(rows: Sequence[Row]) -> float:
    return mean(0.6 <= row.energy <= 1.7 for row in rows)


def off(rows: Sequence[Row], energy: Callable[[Row], float]) -> float:
    """Mean |ln TER|."""
    return mean(abs(math.log(energy(row))) for row in rows)


if __name__ == "__main__":
    sys.exit(main())
