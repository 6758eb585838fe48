"""Where the work is done: every hole pixel once, far islands apart, wide nets of thin strokes by tiles."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.base.geometry import Rect
from app.engines import pieces
from app.engines.pieces import merged, plan_pieces
from tests.engines.making import disc, line

rects = st.builds(Rect, st.integers(0, 200), st.integers(0, 200), st.integers(1, 60), st.integers(1, 60))


@given(st.lists(rects, max_size=12))
def test_merged_rectangles_hold_all_and_lie_apart(given_rects: list[Rect]) -> None:
    found = merged(given_rects)
    assert all(any(one.contains(rect) for one in found) for rect in given_rects)
    for index, one in enumerate(found):
        assert not any(one.intersects(other) for other in found[index + 1 :])


def test_near_islands_share_a_piece_and_far_ones_do_not() -> None:
    coverage = (
        disc(400, 2000, (200, 200), 40) | disc(400, 2000, (300, 200), 30) | disc(400, 2000, (1500, 200), 20)
    )
    found = plan_pieces(coverage)
    assert len(found) == 2
    assert sum(piece.hole_pixels for piece in found) == np.count_nonzero(coverage)
    assert all(piece.crop == piece.core and piece.scale == 1.0 for piece in found)
    assert found[1].crop.contains(Rect(1480, 180, 41, 41).expanded(pieces.CONTEXT_PX))


def test_thin_strokes_over_a_large_picture_go_by_tiles() -> None:
    coverage = line(1500, 1500, (20, 20), (1480, 1480), 7) | line(1500, 1500, (20, 1400), (1480, 30), 5)
    found = plan_pieces(coverage)
    assert len(found) > 4
    total = np.zeros_like(coverage, np.int32)
    for piece in found:
        assert piece.thin
        assert piece.crop.contains(piece.core)
        assert coverage[piece.core.slices].any()
        total[piece.core.slices] += 1
    assert (total[coverage > 0] == 1).all()
    assert sum(piece.hole_pixels for piece in found) == np.count_nonzero(coverage)


def test_a_large_hole_is_worked_on_at_a_reduced_size() -> None:
    coverage = disc(3000, 4000, (2000, 1500), 600)
    (piece,) = plan_pieces(coverage)
    assert not piece.thin
    assert piece.scale < 0.5
    assert piece.crop.area * piece.scale**2 <= pieces.WORK_PIXELS * 1.001


def test_wide_strokes_are_not_reduced_to_hairlines() -> None:
    coverage = line(3000, 6000, (100, 100), (5900, 2900), 60) | line(3000, 6000, (100, 2900), (5900, 100), 60)
    (piece,) = plan_pieces(coverage)
    assert piece.scale * 30 >= pieces.WORK_HALF_WIDTH_PX * 0.99
