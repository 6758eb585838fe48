"""The coverage under view pixels: what a plain bilinear filter gives, alike in parts, in portions cv2 does alone."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.base.geometry import Point, Rect
from app.imaging.arrays import U8
from app.ui.canvas.seen_mask import SeenCoverage
from app.ui.canvas.view_transform import ViewTransform, level_for, level_step
from tests.ui.canvas.test_renderer import CANVAS

ALONE = 1.5 * (1 << 16)
"""Pixels of a result from which on cv2 resizes with several threads."""
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
    assert np.array_equal(seen(view, part, 0xFC), seen(view, part) & 0xFC)


@given(st.floats(0.51, 1.99))
@settings(max_examples=60)
def test_no_portion_is_so_large_that_other_threads_are_asked(scale: float) -> None:
    """However odd the scale: the filter can only begin where pixels of the view and the level meet."""
    sizes: list[int] = []
    resize = cv2.resize

    def watched(*arguments: object, **named: object) -> U8:
        result = resize(*arguments, **named)  # type: ignore[call-overload]
        sizes.append(result.size)
        return result  # type: ignore[no-any-return]

    plane, index = np.zeros((2200, 3800), np.uint8), np.zeros((1080, 1920), np.uint8)
    scale = ViewTransform(scale).snapped().scale
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cv2, "resize", watched)
        seen = SeenCoverage(plane, 0, scale, (0, 0), is_filtered=True, kept=0xFF, woven=None)
        seen.lay(index, Rect(0, 0, 1920, 1080))
    assert sizes
    assert max(sizes) < ALONE
