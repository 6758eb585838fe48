"""Healing at a reduced size: the photograph's own detail comes back, matches are true, cancelling works."""

from __future__ import annotations

import numpy as np
import pytest

from app.base.cancel import Cancelled, CancelToken
from app.engines import patchmatch
from app.engines.capped import fill_capped
from app.imaging.arrays import U8
from app.imaging.likeness import REACH, find_matches
from tests.engines.making import disc, textured
from tests.quality import texture_energy_ratio


def fill(picture: U8, hole: U8) -> U8:
    return patchmatch.fill(picture, hole, 0)


def test_detail_finer_than_the_working_size_comes_back() -> None:
    rng = np.random.default_rng(5)
    truth = np.clip(textured(300, 300) + rng.normal(0, 20, (300, 300, 1)), 0, 255).astype(np.uint8)
    hole = disc(300, 300, (150, 150), 60)
    picture = truth.copy()
    picture[hole > 0] = 0
    healed = fill_capped(picture, hole, 0.4, fill)
    assert np.array_equal(healed[hole == 0], truth[hole == 0])
    assert 0.8 < texture_energy_ratio(healed, truth, hole) < 1.3


def test_a_fine_net_is_not_reduced_to_one_hole() -> None:
    truth = textured(240, 320)
    hole = np.full((240, 320), 255, np.uint8)
    hole[:, ::16] = hole[:, 1::16] = hole[:, 2::16] = hole[:, 3::16] = hole[:, 4::16] = hole[:, 5::16] = 0
    seen: list[tuple[int, ...]] = []

    def note(picture: U8, gap: U8) -> U8:
        seen.append(picture.shape)
        assert (gap == 0).mean() >= 0.25
        return fill(picture, gap)

    healed = fill_capped(truth, hole, 0.1, note)
    assert seen[0][1] > 32
    assert np.array_equal(healed[hole == 0], truth[hole == 0])


def test_matches_are_known_whole_patches_that_look_alike() -> None:
    tile = textured(24, 24, seed=3)
    picture = np.tile(tile, (6, 6, 1))
    hole = disc(144, 144, (72, 72), 15)
    matches = find_matches(picture, hole)
    assert matches is not None
    assert len(matches.rows) == np.count_nonzero(hole)
    assert matches.source_rows.min() >= REACH
    assert matches.source_rows.max() < 144 - REACH
    known = np.pad(hole, REACH)
    for y, x in zip(matches.source_rows[::50], matches.source_columns[::50], strict=True):
        assert not known[y : y + 2 * REACH + 1, x : x + 2 * REACH + 1].any()
    # The picture repeats, so the search can find exact likenesses; it must for nearly all.
    same = picture[matches.rows, matches.columns] == picture[matches.source_rows, matches.source_columns]
    assert same.all(axis=1).mean() > 0.95


def test_without_a_known_patch_there_is_no_match_and_no_failure() -> None:
    hole = np.full((20, 20), 255, np.uint8)
    hole[:, ::6] = 0
    assert find_matches(textured(20, 20), hole) is None
    picture = textured(20, 20)
    healed = fill_capped(picture, hole, 0.5, lambda reduced, gap: reduced)
    assert np.array_equal(healed[hole == 0], picture[hole == 0])


def test_cancelling_stops_the_search() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        find_matches(textured(60, 60), disc(60, 60, (30, 30), 10), cancel=token)
