"""A slight step along the edge goes; texture, structures and the outside stay."""

from __future__ import annotations

import numpy as np
import pytest

from app.engines.seams import close_seam
from tests.engines.making import disc, sky, textured
from tests.quality import seam_ratio

HOLE = disc(200, 300, (150, 100), 50)


@pytest.mark.parametrize("step", [-6, 5, 9])
def test_a_slight_step_on_smooth_ground_goes(step: int) -> None:
    truth = sky(200, 300)
    stepped = truth.copy()
    stepped[HOLE > 0] = np.clip(truth[HOLE > 0].astype(int) + step, 0, 255)
    closed = close_seam(stepped, HOLE)
    assert seam_ratio(stepped, HOLE) > 3.0
    assert seam_ratio(closed, HOLE) < 0.5 * seam_ratio(stepped, HOLE)
    assert np.array_equal(closed[HOLE == 0], truth[HOLE == 0])


def test_where_two_things_meet_nothing_happens() -> None:
    picture = sky(200, 300)
    picture[HOLE > 0] = (20, 60, 20)
    assert np.abs(close_seam(picture, HOLE).astype(int) - picture).max() <= 1


def test_a_fill_without_a_seam_is_left_as_it_is() -> None:
    for truth in (sky(200, 300), textured(200, 300)):
        assert np.abs(close_seam(truth, HOLE).astype(int) - truth).mean() < 0.15


def test_a_steep_slope_is_no_step() -> None:
    slope = np.repeat(np.linspace(20, 230, 300)[None, :, None], 200, axis=0)
    truth = np.repeat(slope, 3, axis=2).astype(np.uint8)
    assert np.abs(close_seam(truth, HOLE).astype(int) - truth).max() <= 1


def test_holes_at_the_border_and_without_surroundings() -> None:
    picture = textured(30, 40)
    everything = np.full((30, 40), 255, np.uint8)
    assert np.array_equal(close_seam(picture, everything), picture)
    corner = np.zeros((30, 40), np.uint8)
    corner[:12, :15] = 255
    assert np.array_equal(close_seam(picture, corner)[corner == 0], picture[corner == 0])
