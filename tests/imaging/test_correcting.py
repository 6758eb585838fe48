"""The parts that bring a reply back: bars, maps that are read once, fields that go on where nothing is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.base.geometry import Rect, Size
from app.imaging.agreement import agreement_close
from app.imaging.arrays import F32, U8
from app.imaging.bars import without_bars
from app.imaging.colour_match import fit_colours
from app.imaging.local_flow import displaced, local_flow
from app.imaging.membrane import membrane
from app.imaging.registration import register
from app.imaging.spread import spread
from app.imaging.warp import Warp, read_through


def picture(height: int = 120, width: int = 160, channels: int = 3) -> U8:
    random = np.random.default_rng(height * 1000 + width)
    noise = random.uniform(40, 220, (height // 4, width // 4, channels)).astype(np.float32)
    return np.clip(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC), 0, 255).astype(np.uint8)


@given(st.integers(2, 60), st.integers(2, 60), st.integers(0, 9))
@settings(max_examples=30)
def test_what_is_known_stays_and_the_rest_lies_between(height: int, width: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    values = random.uniform(-20, 20, (height, width, 2)).astype(np.float32)
    weight = (random.random((height, width)) < 0.3).astype(np.float32)
    full = spread(values, weight)
    known = weight > 0
    assert np.allclose(full[known], values[known], atol=1e-4)
    if known.any():
        assert full.min() >= values[known].min() - 1e-3
        assert full.max() <= values[known].max() + 1e-3
    else:
        assert not full.any()


@pytest.mark.parametrize("upright", [True, False])
@pytest.mark.parametrize("colour", [0, 255, 128])
def test_bars_are_known_by_the_shape_that_is_left(upright: bool, colour: int) -> None:
    inner = picture(120, 160) if upright else picture(160, 120)
    frame = Size(inner.shape[1], inner.shape[0])
    boxed = np.full((160, 160, 3), colour, np.uint8)
    place = Rect(0, 20, 160, 120) if upright else Rect(20, 0, 120, 160)
    boxed[place.slices] = inner
    assert without_bars(boxed, frame) == place
    assert without_bars(inner, frame) == frame.rect
    assert without_bars(boxed, Size(100, 100)) == Size(160, 160).rect
    assert without_bars(np.full((50, 90, 3), colour, np.uint8), Size(90, 90)) == Size(90, 50).rect


def test_a_map_that_moves_nothing_reads_the_same_bits() -> None:
    for channels in (3, 4):
        source = picture(channels=channels)
        if channels == 4:
            source[..., 3] = 255
        read, bare = read_through(source, Warp(Size(160, 120), np.eye(3)))
        assert np.array_equal(read, source)
        assert bare is None


def test_what_a_map_does_not_reach_is_told() -> None:
    shift = np.array([[1.0, 0, 20.0], [0, 1, 0], [0, 0, 1]])
    read, bare = read_through(picture(), Warp(Size(160, 120), shift))
    assert np.array_equal(read[:, :100], picture()[:, 20:120])
    assert bare is not None
    assert bare[:, 145:].all()
    assert not bare[:, :138].any()


def test_a_field_bends_the_map() -> None:
    field = np.zeros((6, 8, 2), np.float32)
    field[..., 1] = 3.0
    read, _bare = read_through(picture(), Warp(Size(160, 120), np.eye(3), field))
    assert np.array_equal(read[:110], picture()[3:113])


def test_transparent_colours_do_not_bleed() -> None:
    source = np.zeros((40, 40, 4), np.uint8)
    source[:, :20] = (200, 100, 50, 255)
    source[:, 20:] = (0, 255, 0, 0)
    shift = np.array([[1.0, 0, 0.5], [0, 1, 0], [0, 0, 1]])
    read, _bare = read_through(source, Warp(Size(40, 40), shift))
    visible = read[..., 3] > 60
    assert np.abs(read[visible][:, :3].astype(int) - (200, 100, 50)).max() <= 3


def test_colours_that_did_not_drift_are_not_fitted() -> None:
    plane = cv2.GaussianBlur(picture().astype(np.float32), (0, 0), 2)
    everywhere = np.ones(plane.shape[:2], bool)
    assert fit_colours(plane, plane, everywhere) is None
    assert fit_colours(plane, 255 - plane, everywhere) is None
    fit = fit_colours(plane, plane * 0.9 + 8, everywhere)
    assert fit is not None
    corrected = (plane * 0.9 + 8).astype(np.float32)
    fit.apply(corrected, 0, corrected.shape[0])
    assert np.abs(corrected - plane).mean() < 0.5
    halves = (plane * 0.9 + 8).astype(np.float32)
    fit.apply(halves[:50], 0, halves.shape[0])
    fit.apply(halves[50:], 50, halves.shape[0])
    assert np.allclose(halves, corrected, atol=1e-3)


def test_the_membrane_closes_a_step_and_asks_for_surroundings() -> None:
    document = picture().astype(np.float32)
    mask = np.zeros(document.shape[:2], bool)
    mask[40:80, 50:110] = True
    field = membrane(document, document - (6, -4, 2), mask, mask)
    assert field is not None
    assert np.allclose(field[mask], (6, -4, 2), atol=0.5)
    assert membrane(document, document - 6, np.ones_like(mask), mask) is None
    assert membrane(document, document - 120, mask, mask) is None


def test_nothing_to_hold_on_to_gives_no_map() -> None:
    flat = np.full((100, 140), 120.0, np.float32)
    assert register(flat, flat + 5, np.ones(flat.shape, bool)) is None


def test_a_lighting_does_not_pull_the_map() -> None:
    noise = np.random.default_rng(3).standard_normal((240, 320)).astype(np.float32)
    y, x = np.mgrid[0:240, 0:320].astype(np.float32)
    document = 60 + y / 2 + 30 * cv2.GaussianBlur(noise, (0, 0), 2.0)
    turn = np.array([[1.0, 0, 1.3], [0, 1.0, -0.8]], np.float32)
    moved = cv2.warpAffine(document, turn, (320, 240), borderMode=cv2.BORDER_REFLECT)
    found = register(document, moved + 14 * np.sin(x / 110), np.ones(document.shape, bool))
    assert found is not None
    corners = np.array([[0, 320, 0, 320], [0, 0, 240, 240], [1, 1, 1, 1]], float)
    off = (found @ corners - corners)[:2] - np.array([[1.3], [-0.8]])
    assert np.hypot(*off).max() < 0.15


def test_what_clearly_differs_keeps_the_photograph_two_pixels_away() -> None:
    document = cv2.GaussianBlur(picture(), (0, 0), 3.0).astype(np.float32)
    mask = np.zeros(document.shape[:2], bool)
    mask[30:90, 40:120] = True
    reply = document + np.random.default_rng(1).normal(0, 1, document.shape).astype(np.float32)
    reply[36:84, 46:114] += 60
    same = agreement_close(document, reply, mask, ~mask)
    assert same[30:33, 60:100].mean() > 0.9
    assert not same[36:84, 46:114].any()
    assert not agreement_close(document, reply, mask, np.zeros_like(mask)).any()


def test_colours_that_the_surroundings_do_not_show_are_not_mixed() -> None:
    rng = np.random.default_rng(2)
    red = rng.uniform(80, 220, (90, 120, 1)).astype(np.float32)
    document = np.concatenate((red, red * 0.4 + 20, red * 0.2 + 15), axis=2)
    noise = rng.normal(0, 0.3, document.shape).astype(np.float32)
    fit = fit_colours(document, document * 0.95 + 8 + noise, np.ones((90, 120), bool))
    assert fit is not None
    assert np.abs(fit.colour[:3] - np.diag(np.diag(fit.colour[:3]))).max() < 1


def textured(height: int = 240, width: int = 320, seed: int = 3) -> F32:
    noise = np.random.default_rng(seed).standard_normal((height, width)).astype(np.float32)
    return np.asarray(128 + 90 * cv2.GaussianBlur(noise, (0, 0), 2.0), np.float32)


def bend(height: int = 240, width: int = 320) -> F32:
    """A field of ±1.5 px that takes half a wave over the plane, and so differs on all sides of a mask."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return np.stack((1.5 * np.sin(3 * x / width + 1), 1.5 * np.cos(3 * y / height + x / width)), axis=2)


def test_a_bend_is_found_and_goes_on_through_the_mask() -> None:
    document = textured()
    # To first order, what was read at p + b(p) is found at p - b(p); the rest is below a tenth of a pixel.
    reply = displaced(document, bend())
    kept = np.ones(document.shape, bool)
    kept[80:160, 110:210] = False
    reply[90:150, 120:200] = textured(60, 80, seed=8)
    field = local_flow(document, reply + np.float32(2), kept)
    assert field is not None
    full = cv2.resize(field, (320, 240), interpolation=cv2.INTER_LINEAR)
    there = displaced(bend(), full)
    off = np.hypot(*np.moveaxis(full + there, 2, 0))
    assert off[8:-8, 8:-8].max() < 0.15
    assert off[~kept].max() < 0.1


def test_where_nothing_is_bent_nothing_is_bent() -> None:
    document = textured()
    noise = np.random.default_rng(5).normal(0, 3, document.shape).astype(np.float32)
    kept = np.ones(document.shape, bool)
    kept[80:160, 110:210] = False
    assert local_flow(document, document + noise, kept) is None
    assert local_flow(document, document, kept) is None
    assert local_flow(document, textured(seed=4), kept) is None
    flat = np.full(document.shape, 90, np.float32)
    assert local_flow(flat, flat + noise, kept) is None
    assert local_flow(document, displaced(document, bend()), ~np.ones_like(kept)) is None
