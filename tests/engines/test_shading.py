"""Shading is evened out over smooth ground and nowhere else."""

from __future__ import annotations

import numpy as np

from app.engines.shading import even_out
from tests.engines.making import disc, sky, textured


def test_a_cloud_in_a_clear_sky_goes() -> None:
    truth = sky(200, 300)
    hole = disc(200, 300, (150, 100), 50)
    clouded = truth.astype(np.float32)
    y, x = np.mgrid[:200, :300]
    cloud = 14 * np.exp(-((y - 90) ** 2 + (x - 140) ** 2) / (2 * 25.0**2))
    clouded[hole > 0] -= cloud[hole > 0][:, None]
    filled = np.clip(clouded, 0, 255).astype(np.uint8)
    evened = even_out(filled, hole)
    inside = hole > 0
    before = np.abs(filled[inside].astype(float) - truth[inside]).mean()
    after = np.abs(evened[inside].astype(float) - truth[inside]).mean()
    assert before > 4.0
    assert after < 0.4 * before
    assert np.array_equal(evened[~inside], filled[~inside])


def test_an_object_in_the_fill_stays() -> None:
    filled = sky(200, 300)
    hole = disc(200, 300, (150, 100), 50)
    filled[80:120, 140:150] = (20, 15, 10)
    evened = even_out(filled, hole)
    assert np.abs(evened[84:116, 142:148].astype(int) - (20, 15, 10)).max() < 12


def test_textured_ground_is_left_alone() -> None:
    filled = textured(200, 300)
    hole = disc(200, 300, (150, 100), 50)
    moved = np.abs(even_out(filled, hole).astype(int) - filled)
    assert moved.mean() < 0.3


def test_holes_without_surroundings_are_left_alone() -> None:
    filled = textured(30, 30)
    assert np.array_equal(even_out(filled, np.full((30, 30), 255, np.uint8)), filled)
    assert np.array_equal(even_out(filled, np.zeros((30, 30), np.uint8)), filled)
    assert np.array_equal(even_out(filled[:1, :1], np.full((1, 1), 255, np.uint8)), filled[:1, :1])
