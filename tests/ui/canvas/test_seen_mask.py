"""The coverage under view pixels: what a plain bilinear filter gives, alike in parts."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from app.base.geometry import Point, Rect
from app.document.tiles import TILE
from app.imaging.arrays import U8
from app.imaging.pyramid import Pyramid
from app.ui.canvas.scene import Overlay
from app.ui.canvas.seen_mask import SeenCoverage
from app.ui.canvas.view_transform import ViewTransform, level_for, level_step
from tests.ui.canvas.test_renderer import CANVAS

scales = st.floats(0.04, 1.99)


def seen(view: ViewTransform, part: Rect, kept: int = 0xFF) -> U8:
    index = np.full((part.height, part.width), 7, np.uint8)
    SeenCoverage.of(CANVAS.overlay, view, smooth=True, kept=kept).lay(index, part)
    return index


def by_hand(view: ViewTransform, part: Rect) -> np.ndarray:
    """Bilinear mixing of the level's pixels around each centre, in floating point."""
    level = level_for(view.scale, len(CANVAS.coverages.levels))
    plane = CANVAS.coverages.levels[level].astype(float)
    step = float(level_step(view.scale * (1 << level)))
    x = (np.arange(part.x, part.right) - view.origin.x + 0.5) * step - 0.5
    y = (np.arange(part.y, part.bottom) - view.origin.y + 0.5) * step - 0.5
    x, y = x.clip(0, plane.shape[1] - 1), y.clip(0, plane.shape[0] - 1)
    left, top = x.astype(int), y.astype(int)
    right, bottom = (left + 1).clip(0, plane.shape[1] - 1), (top + 1).clip(0, plane.shape[0] - 1)
    across, down = (x - left)[np.newaxis], (y - top)[:, np.newaxis]
    above = plane[np.ix_(top, left)] * (1 - across) + plane[np.ix_(top, right)] * across
    below = plane[np.ix_(bottom, left)] * (1 - across) + plane[np.ix_(bottom, right)] * across
    return above * (1 - down) + below * down


@given(scales, st.floats(0, 0.9), st.floats(0, 0.9), st.integers(1, 900), st.integers(1, 400))
@settings(max_examples=80)
def test_coverage_is_filtered_as_by_hand(
    scale: float, across: float, down: float, width: int, height: int
) -> None:
    view = ViewTransform(scale, origin=Point(-31.0, -17.0)).snapped()
    paper = view.rect_to_view(CANVAS.size.rect)
    left, top = paper.x + int(across * paper.width), paper.y + int(down * paper.height)
    part = Rect(left, top, min(width, paper.right - left), min(height, paper.bottom - top))
    inner = part.expanded(-2) if part.width > 4 and part.height > 4 else part
    found = seen(view, part)[inner.relative_to(part).slices]
    assert np.abs(found - by_hand(view, inner)).max() <= 2
    coarse = seen(view, part, 0xFC)[inner.relative_to(part).slices]
    assert not (coarse & 3).any()
    assert np.abs(coarse + 2.0 - found).max() <= 4


@given(
    st.floats(0.51, 1.99), st.integers(0, 400), st.integers(0, 300), st.integers(1, 300), st.integers(1, 200)
)
@settings(max_examples=80)
def test_where_steps_are_shown_a_part_is_to_the_bit_as_in_the_whole(
    scale: float, across: int, down: int, width: int, height: int
) -> None:
    """Else a level up or down would now and then be a whole step of the tint."""
    noise = np.random.default_rng(3).integers(0, 2, (900, 1200), np.uint8) * np.uint8(255)
    overlay = Overlay.over(Pyramid.build(noise).levels, np.ones((4, 5), np.bool_), TILE)
    view = ViewTransform(scale).snapped()
    whole = Rect(0, 0, int(1200 * scale) - 3, int(900 * scale) - 3)
    part = Rect(across, down, width, height).intersected(whole)
    planes = []
    for each in (whole, part):
        index = np.empty((each.height, each.width), np.uint8)
        SeenCoverage.of(overlay, view, smooth=True, kept=0xFC).lay(index, each)
        planes.append(index)
    assert np.array_equal(planes[0][part.slices], planes[1])
