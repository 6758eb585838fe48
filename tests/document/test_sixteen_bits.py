"""A 16-bit photograph comes out of an edit with 16 bits, and outside the mask with the very samples it had."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.base.geometry import Rect
from app.document.document import Document
from app.document.layers import EditLayer
from app.edits.composite import compose
from app.imaging.arrays import U8, U16
from app.imaging.load import load_photograph
from app.imaging.placement import Placement
from app.imaging.recipe import Recipe
from app.imaging.save import save_photograph
from tests.drifts import Drift, drifted


@dataclass(frozen=True)
class Cut:
    picture: U8
    coverage: U8
    placement: Placement


def sixteen_bits(channels: int) -> U16:
    """(140, 180, channels): a gradient whose low bits matter, with texture."""
    random = np.random.default_rng(channels)
    rows, columns = np.mgrid[0:140, 0:180]
    base = 9000 + 180 * rows + 90 * columns + 6000 * np.sin(columns / 9) * np.cos(rows / 7)
    planes = [base * factor + random.integers(0, 700, base.shape) for factor in (1.0, 0.8, 1.1)]
    if channels == 4:
        planes.append(np.where(columns < 150, 65535 - 13 * columns, 20000.0))
    return np.clip(np.stack(planes, axis=2), 0, 65535).astype(np.uint16)


@pytest.mark.parametrize("suffix", [".tif", ".png"])
@pytest.mark.parametrize("channels", [3, 4])
def test_what_is_outside_keeps_every_bit(tmp_path: Path, suffix: str, channels: int) -> None:
    samples = sixteen_bits(channels)
    code = cv2.COLOR_RGB2BGR if channels == 3 else cv2.COLOR_RGBA2BGRA
    source = tmp_path / f"source{suffix}"
    assert cv2.imwrite(str(source), cv2.cvtColor(samples, code))
    photograph = load_photograph(source)
    assert np.array_equal(photograph.samples, samples)

    document = Document(photograph)
    region = Rect(20, 10, 130, 110)
    coverage = np.zeros((region.height, region.width), np.uint8)
    cv2.circle(coverage, (65, 55), 24, 255, cv2.FILLED)
    cut = Cut(document.cut(region), coverage, Placement(region, region.size, region.size.rect))
    reply = drifted(np.ascontiguousarray(cut.picture[..., :3]), Drift.FULL)
    patch = compose(cut, reply, coverage, Recipe(grow=2))
    document.add_layer(EditLayer("1", "edit", region, patch.pixels, patch.coverage, patch.recipe))

    saved = save_photograph(document.flatten_photograph(), tmp_path / f"result{suffix}")
    result = load_photograph(saved.path)
    assert result.samples.dtype == np.uint16
    covered = np.zeros(samples.shape[:2], bool)
    covered[region.slices] = patch.coverage > 0
    assert np.array_equal(result.samples[~covered], samples[~covered])
    assert not np.array_equal(result.samples[covered], samples[covered])
    if channels == 4:
        assert np.array_equal(result.samples[..., 3], samples[..., 3])
    # What was only drifted and came back is what it was, within some levels of 255.
    off = np.abs(result.samples[covered][:, :3].astype(float) - samples[covered][:, :3]) / 257
    assert off.mean() < 4
