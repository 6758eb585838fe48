"""How well and how quickly a reply comes back, against pasting, feathering and cv2.seamlessClone in the same run.

    python tests/benchmarks/bench_imaging.py [--photos FOLDER] [--scenes N] [--side PX] [--send FACTOR]
                                             [--sheet FILE.png] [--only quality|leak|detail|time]

FOLDER holds photographs (default: the samples that ship); `--side` bounds their longer side. The truth is known:
every reply is the truth as `tests/drifts.py` lets it drift. J95 is the visible step at the mask's edge against
the truth (below 1 it cannot be seen), z the same without truth (the truth's own in brackets), ring the error in
the 12 px inside the edge. Below the tables the demands: exit code 1 when one of them is missed. `--sheet` writes
pairs of the edge at 100 %: the hard paste and the composite. Healing has its own: bench_healing.py.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import cv2
import numpy as np

from app.base.geometry import Rect, Size
from app.base.resources import resource_path
from app.document.document import Document
from app.document.layers import EditLayer
from app.edits.alignment import align
from app.edits.composite import compose
from app.edits.cut import cut_request
from app.edits.plan import plan_edit
from app.edits.report import find_leak
from app.edits.types import Context, EditRequest, SizeRule
from app.imaging.arrays import U8, as_u8
from app.imaging.blend import alpha_inside, blend
from app.imaging.codecs import decode_picture, encode_png
from app.imaging.masks import bounds
from app.imaging.photograph import Metadata, from_bgra
from app.imaging.recipe import Align, ColourMatch, Detail, Recipe
from tests.benchmarks.harness import Report, Row, Timing
from tests.drifts import DRIFTS, Case, Drift, Scene, drifted, make_scene, simulated_reply
from tests.quality import outside_error, ring_error, seam_jump, seam_ratio, texture_energy_ratio

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp"}
PLAIN = Recipe(Align.OFF, ColourMatch.OFF)
JUMP_LIMITS = {
    Drift.MILD: 0.5,
    Drift.FULL: 0.6,
    Drift.TONE: 0.6,
    Drift.NONRIGID: 0.7,
    Drift.CONTRAST: 1.0,
}
CLIPPED = 0.02
"""Share of clipped values around the mask's edge from which nothing can undo a contrast."""


def paste(scene: Scene, plain: U8, reply: U8) -> U8:
    return as_u8(blend(scene.document, plain, scene.mask))


def feather(scene: Scene, plain: U8, reply: U8) -> U8:
    return as_u8(blend(scene.document, plain, alpha_inside(scene.mask, 8)))


def clone(scene: Scene, plain: U8, reply: U8) -> U8:
    area = bounds(scene.mask)
    centre = (area.x + area.width // 2, area.y + area.height // 2)
    # It writes into all of them, the mask included.
    given = plain.copy(), scene.document.copy(), scene.mask.copy()
    cloned = cv2.seamlessClone(*given, centre, cv2.NORMAL_CLONE)
    return as_u8(np.asarray(cloned))


def ours(scene: Scene, plain: U8, reply: U8) -> U8:
    patch = compose(scene.request, reply, scene.mask, Recipe())
    return as_u8(blend(scene.document, patch.pixels, alpha_inside(patch.coverage, patch.recipe.feather)))


METHODS: dict[str, Callable[[Scene, U8, U8], U8]] = {
    "ours": ours,
    "paste": paste,
    "feather 8": feather,
    "clone": clone,
}
"""Each makes the composite of a scene from the reply at the region's size and the reply as it came."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One composite of one method."""

    name: str
    case: Case
    drift: Drift
    method: str
    jump: float
    seam: float
    seam_truth: float
    ring: float
    outside: int
    is_clipped: bool

    @property
    def scene(self) -> tuple[str, Case, Drift]:
        return self.name, self.case, self.drift


def photographs(folder: Path | None, side: int, most: int) -> Iterator[tuple[str, U8]]:
    paths = sorted((folder or resource_path("samples")).iterdir())
    chosen = [path for path in paths if path.suffix.lower() in SUFFIXES]
    for path in chosen[:most]:
        picture = np.ascontiguousarray(decode_picture(path.read_bytes())[..., :3])
        factor = min(1.0, side / max(picture.shape[:2])) if side else 1.0
        size = (round(picture.shape[1] * factor), round(picture.shape[0] * factor))
        yield path.stem[:12], as_u8(np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA)))


def measured(name: str, case: Case, drift: Drift, scene: Scene) -> Iterator[tuple[Figures, U8]]:
    reply = simulated_reply(scene, drift)
    near = cv2.dilate(scene.mask, np.ones((25, 25), np.uint8)) > 0
    cut = ((reply <= 1) | (reply >= 254)).any(axis=2)
    clipped = float(cut[near].mean()) > CLIPPED if cut.shape == near.shape else bool(cut.mean() > CLIPPED)
    plain = compose(scene.request, reply, scene.mask, PLAIN).pixels
    for method, run in METHODS.items():
        result = run(scene, plain, reply)
        yield (
            Figures(
                name,
                case,
                drift,
                method,
                jump=seam_jump(result, scene.truth, scene.mask),
                seam=seam_ratio(result, scene.mask),
                seam_truth=seam_ratio(scene.truth, scene.mask),
                ring=ring_error(result, scene.truth, scene.mask),
                outside=outside_error(result, scene.document, scene.mask),
                is_clipped=clipped,
            ),
            result,
        )


def quality(options: argparse.Namespace, report: Report) -> None:
    found: list[Figures] = []
    pairs: list[U8] = []
    for name, picture in photographs(options.photos, options.side, options.scenes):
        send = Size(round(picture.shape[1] * options.send), round(picture.shape[0] * options.send))
        for case in Case:
            scene = make_scene(picture, case, send=None if options.send == 1 else send)
            for drift in DRIFTS:
                results: dict[str, U8] = {}
                for figures, result in measured(name, case, drift, scene):
                    found.append(figures)
                    results[figures.method] = result
                if drift is Drift.FULL:
                    pairs.append(_pair(results["paste"], results["ours"], scene.mask))
        print(f"  {name}: done", flush=True)
    _print_tables(found)
    _demand_quality(found, report)
    if options.sheet:
        options.sheet.write_bytes(encode_png(_sheet(pairs[:10])))


def _print_tables(found: list[Figures]) -> None:
    print(f"{'drift':10}{'case':8}" + "".join(f"{method:>26}" for method in METHODS) + "   J95 / z / ring")
    for drift in DRIFTS:
        for case in Case:
            cells = []
            for method in METHODS:
                rows = [f for f in found if (f.drift, f.case, f.method) == (drift, case, method)]
                jump, seam, ring = (
                    statistics.mean(getattr(row, figure) for row in rows)
                    for figure in ("jump", "seam", "ring")
                )
                cells.append(f"{jump:10.2f} /{seam:5.2f} /{ring:6.2f}")
            print(f"{drift.value:10}{case.value:8}" + "".join(f"{cell:>26}" for cell in cells))


def _demand_quality(found: list[Figures], report: Report) -> None:
    own = [f for f in found if f.method == "ours"]
    for drift, limit in JUMP_LIMITS.items():
        rows = [f for f in own if f.drift is drift and not (drift is Drift.CONTRAST and f.is_clipped)]
        if rows:
            worst = max(rows, key=lambda f: f.jump)
            told = f"{len(rows)} composites, worst {worst.jump:.2f} ({worst.name} {worst.case.value})"
            report.add(Row("J95", drift.value, statistics.mean(f.jump for f in rows), limit, "", told))
    beyond = [f for f in own if f.seam > max(1.6, 1.3 * f.seam_truth)]
    report.add(
        Row(
            "z",
            "composites beyond",
            len(beyond),
            0,
            "",
            ", ".join(f"{f.name} {f.drift.value}" for f in beyond),
        )
    )
    report.add(Row("outside", "most levels", max(f.outside for f in own), 0, ""))
    pasted = [f.jump for f in found if f.method == "paste" and f.drift is Drift.FULL]
    report.add(Row("metric", "10 / J95 of a hard paste", 10 / statistics.mean(pasted), 1.0, ""))
    for method in ("paste", "feather 8", "clone"):
        others = {f.scene: f for f in found if f.method == method}
        for figure in ("jump", "ring"):
            drifting = [f for f in own if f.drift is not Drift.MILD]
            lost = [f for f in drifting if getattr(f, figure) >= getattr(others[f.scene], figure)]
            share = len(lost) / len(drifting)
            names = ", ".join(f"{f.name} {f.case.value} {f.drift.value}" for f in lost[:4])
            report.add(Row("better", f"{figure}: not below {method}", share, 0.1, "", names))


def leaks(options: argparse.Namespace, report: Report) -> None:
    quiet: list[float] = []
    loud: list[float] = []
    for _name, picture in photographs(options.photos, options.side, options.scenes):
        scene = make_scene(picture, Case.SAME)
        quiet.extend(_leak(scene, simulated_reply(scene, drift)) for drift in DRIFTS)
        changed = picture.copy()
        height, width = changed.shape[:2]
        part = (slice(0, round(height * 0.334)), slice(0, round(width * 0.334)))
        changed[part] = changed[::-1, ::-1][part][..., ::-1]
        loud.append(_leak(scene, drifted(changed, Drift.FULL)))
    report.add(Row("leak", "nothing but drift, worst %", 100 * max(quiet), 0.3, ""))
    report.add(Row("leak", "11 % new content, most %", 100 * max(loud), 16.0, ""))
    report.add(
        Row("leak", "the same, 6 / least %", 6 / max(0.01, 100 * min(loud)), 1.0, "", f"{min(loud):.1%}")
    )


def _leak(scene: Scene, reply: U8) -> float:
    found = find_leak(align(scene.request, reply, Align.AUTO))
    return 0.0 if found is None else found.share


def details(options: argparse.Namespace, report: Report) -> None:
    """TER of what was sent at less than 0.7 of its size."""
    for detail in Detail:
        ratios = []
        for name, picture in photographs(options.photos, options.side, options.scenes):
            send = Size(round(picture.shape[1] * 0.5), round(picture.shape[0] * 0.5))
            scene = make_scene(picture, Case.SAME, send=send)
            reply = simulated_reply(scene, Drift.MILD)
            patch = compose(scene.request, reply, scene.mask, Recipe(detail=detail))
            ratios.append((texture_energy_ratio(patch.pixels, scene.truth, scene.mask), name))
        beyond = [f"{name} {ratio:.2f}" for ratio, name in ratios if not 0.7 <= ratio <= 1.6]
        print(f"TER {detail.value:8} median {statistics.median(r for r, _n in ratios):.2f}", flush=True)
        if detail is not Detail.OFF:
            share = len(beyond) / len(ratios)
            report.add(Row("TER", f"{detail.value}: beyond 0.7–1.6", share, 0.0, "", ", ".join(beyond)))


def _pair(before: U8, after: U8, mask: U8, side: int = 300) -> U8:
    """A cut around the mask's left edge from both, at 100 %, side by side."""
    area = bounds(mask)
    height, width = mask.shape
    x = min(max(0, area.x - side // 2), max(0, width - side))
    y = min(max(0, area.y + area.height // 2 - side // 2), max(0, height - side))
    cut = Rect(x, y, min(side, width), min(side, height)).slices
    both = np.hstack((before[cut], np.full((before[cut].shape[0], 6, 3), 255, np.uint8), after[cut]))
    padded = np.full((side, 2 * side + 6, 3), 255, np.uint8)
    padded[: both.shape[0], : both.shape[1]] = both
    return padded


def _sheet(pairs: list[U8]) -> U8:
    """Two pairs a row."""
    if len(pairs) % 2:
        pairs = [*pairs, np.full_like(pairs[0], 255)]
    rows = [np.hstack((pairs[i], np.full((pairs[i].shape[0], 24, 3), 255, np.uint8), pairs[i + 1]))
            for i in range(0, len(pairs), 2)]  # fmt: skip
    gap = np.full((16, rows[0].shape[1], 3), 255, np.uint8)
    return as_u8(np.vstack([part for row in rows for part in (row, gap)]))


def _large_document(size: Size, picture: U8) -> Document:
    """A document of `size`, tiled from `picture`."""
    bgra = np.empty((size.height, size.width, 4), np.uint8)
    tile = cv2.cvtColor(picture, cv2.COLOR_RGB2BGRA)
    for y in range(0, size.height, tile.shape[0]):
        for x in range(0, size.width, tile.shape[1]):
            part = bgra[y : y + tile.shape[0], x : x + tile.shape[1]]
            part[...] = tile[: part.shape[0], : part.shape[1]]
    return Document(from_bgra(bgra, Metadata(), "large.png", "PNG"))


def _request_in(document: Document, mask_side: int) -> EditRequest:
    centre = document.size.rect.centre
    hole = Rect(int(centre.x) - mask_side // 2, int(centre.y) - mask_side // 2, mask_side, mask_side)
    rule = SizeRule(fixed=(Size(1024, 1024),))
    plan = plan_edit(document.size, hole, Context(), rule)
    coverage = np.zeros((plan.region.height, plan.region.width), np.uint8)
    rows, columns = hole.relative_to(plan.region).slices
    coverage[rows, columns] = 255
    return cut_request(
        id="a",
        document_id="d",
        document_name="n",
        plan=plan,
        picture=document.cut(plan.region),
        coverage=coverage,
        prompt="",
        provider="p",
        model="m",
    )


def _composites(document: Document, mask_side: int) -> Callable[[Timing], None]:
    """Times one way from the decoded reply to the changed document, and takes the change back.

    The figure is processor time, where other programs took the processor away.
    """
    request = _request_in(document, mask_side)
    base = as_u8(np.asarray(cv2.resize(request.picture, (1024, 1024), interpolation=cv2.INTER_AREA)))
    reply = drifted(base, Drift.FULL)

    def run() -> None:
        patch = compose(request, reply, request.coverage, request.recipe)
        layer = EditLayer("1", "edit", patch.region, patch.pixels, patch.coverage, patch.recipe)
        document.add_layer(layer)

    def sample(timing: Timing) -> None:
        timing.sample(run)
        document.undo.undo()

    return sample


def times(options: argparse.Namespace, report: Report) -> None:
    _name, picture = next(photographs(options.photos, options.side, 1))
    for title, size in (("1 MP", Size(1200, 900)), ("4 MP", Size(2400, 1700)), ("24 MP", Size(6000, 4000))):
        sample = _composites(_large_document(size, picture), round((0.05 * size.area) ** 0.5))
        timing = Timing()
        for _turn in range(3):
            sample(timing)
        report.add(
            Row("time", f"{title}, mask of 5 %, 1,024² reply", timing.median / 1e3, 5.0, "s", timing.note)
        )
    sizes = (Size(6000, 4000), Size(12000, 8400))
    samples = [_composites(_large_document(size, picture), 600) for size in sizes]
    timings = [Timing(), Timing()]
    for sample in samples:
        sample(Timing())
    for _turn in range(12):
        for sample, timing in zip(samples, timings, strict=True):
            sample(timing)
    small, large = (timing.median / 1e3 for timing in timings)
    told = f"{large:.2f} s against {small:.2f} s, {timings[1].note}"
    report.add(Row("time", "one region: 100 MP against 24 MP", large / small, 1.2, "x", told))


PARTS = {"quality": quality, "leak": leaks, "detail": details, "time": times}


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure how a reply comes back.")
    parser.add_argument("--photos", type=Path, metavar="FOLDER")
    parser.add_argument("--scenes", type=int, default=8)
    parser.add_argument("--side", type=int, default=640)
    parser.add_argument("--send", type=float, default=1.0)
    parser.add_argument("--sheet", type=Path, metavar="FILE.png")
    parser.add_argument("--only", choices=tuple(PARTS))
    options = parser.parse_args()
    report = Report("How a reply comes back")
    for part, measure in PARTS.items():
        if options.only in (None, part):
            measure(options, report)
    print("Healing against cv2's Telea: tests/benchmarks/bench_healing.py")
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
