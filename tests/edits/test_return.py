"""A reply that a model moved, recoloured and recoded comes back without a seam, measured against the truth.

The figures are those of `tests/quality.py`; the photographs are the samples, at a size that keeps this quick.
`tests/benchmarks/bench_imaging.py` does the same on many more.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from app.base.cancel import Cancelled, CancelToken
from app.base.geometry import Rect, Size
from app.base.resources import resource_path
from app.edits.alignment import align
from app.edits.composite import compose, own_coverage
from app.edits.report import report_edit
from app.edits.types import Context, EditRequest, SizeRule
from app.imaging.arrays import U8, as_u8
from app.imaging.blend import alpha_inside, blend
from app.imaging.codecs import decode_picture
from app.imaging.recipe import Align, ColourMatch, Detail, Recipe
from tests.drifts import Case, Drift, Scene, drifted, make_scene, simulated_reply
from tests.quality import outside_error, ring_error, seam_jump, seam_ratio, texture_energy_ratio

SCENES = ("coffee.png", "chelsea.png", "gravel.png")
SIDE = 420
HARD = Recipe(Align.OFF, ColourMatch.OFF, feather=0)


@functools.cache
def photograph(name: str, side: int = SIDE) -> U8:
    picture = decode_picture((resource_path("samples") / name).read_bytes())[..., :3]
    factor = side / max(picture.shape[:2])
    size = (round(picture.shape[1] * factor), round(picture.shape[0] * factor))
    return as_u8(np.asarray(cv2.resize(np.ascontiguousarray(picture), size, interpolation=cv2.INTER_AREA)))


def composed(scene: Scene, reply: U8, recipe: Recipe = Recipe()) -> U8:
    patch = compose(scene.request, reply, scene.mask, recipe)
    return as_u8(blend(scene.document, patch.pixels, alpha_inside(patch.coverage, recipe.feather)))


@pytest.mark.parametrize("name", SCENES)
def test_a_drift_leaves_no_seam(name: str) -> None:
    for case in (Case.SAME, Case.REMOVE):
        scene = make_scene(photograph(name), case)
        reply = simulated_reply(scene, Drift.FULL)
        result = composed(scene, reply)
        assert outside_error(result, scene.document, scene.mask) == 0
        assert seam_jump(result, scene.truth, scene.mask) <= 2.0
        assert seam_ratio(result, scene.mask) <= max(1.6, 1.3 * seam_ratio(scene.truth, scene.mask))


def test_the_measure_sees_a_hard_paste() -> None:
    jumps = []
    for name in (*SCENES, "astronaut.png", "rocket.jpg"):
        scene = make_scene(photograph(name), Case.SAME)
        hard = composed(scene, simulated_reply(scene, Drift.FULL), HARD)
        jumps.append(seam_jump(hard, scene.truth, scene.mask))
    assert np.mean(jumps) >= 10


def test_the_removed_object_does_not_shine_through() -> None:
    for name in SCENES:
        figures = {}
        for case in (Case.SAME, Case.REMOVE):
            scene = make_scene(photograph(name), case)
            result = composed(scene, simulated_reply(scene, Drift.FULL))
            figures[case] = seam_jump(result, scene.truth, scene.mask)
        assert figures[Case.REMOVE] <= figures[Case.SAME] + 1.0


@pytest.mark.parametrize("drift", [Drift.TONE, Drift.NONRIGID, Drift.CONTRAST])
def test_other_drifts_are_undone_as_well(drift: Drift) -> None:
    scene = make_scene(photograph("gravel.png"), Case.SAME)
    reply = simulated_reply(scene, drift)
    ours, hard = composed(scene, reply), composed(scene, reply, HARD)
    assert seam_jump(ours, scene.truth, scene.mask) < 0.35 * seam_jump(hard, scene.truth, scene.mask)
    assert ring_error(ours, scene.truth, scene.mask) < 0.6 * ring_error(hard, scene.truth, scene.mask)


@pytest.mark.parametrize("send", [1.0, 0.5])
def test_an_unchanged_reply_is_not_made_worse(send: float) -> None:
    picture = photograph("coffee.png")
    size = Size(round(picture.shape[1] * send), round(picture.shape[0] * send))
    scene = make_scene(picture, Case.SAME, send=size)
    reply = simulated_reply(scene, Drift.NONE)
    result = composed(scene, reply)
    plain = composed(scene, reply, Recipe(Align.OFF, ColourMatch.OFF))
    assert np.array_equal(result, plain)
    if send == 1.0:
        assert np.array_equal(result, scene.truth)


def test_what_an_engine_changed_in_the_mask_only_is_taken_bit_by_bit() -> None:
    scene = make_scene(photograph("chelsea.png"), Case.ADD)
    reply = simulated_reply(scene, Drift.NONE)
    patch = compose(scene.request, reply, scene.mask, Recipe())
    assert np.array_equal(patch.pixels, reply)


@pytest.mark.parametrize("factor", [0.5, 2.0, 1.37])
def test_a_reply_of_another_size_is_aligned_too(factor: float) -> None:
    scene = make_scene(photograph("gravel.png"), Case.SAME)
    height, width = scene.truth.shape[:2]
    reply = simulated_reply(scene, Drift.FULL, size=Size(round(width * factor), round(height * factor)))
    ours, hard = composed(scene, reply), composed(scene, reply, HARD)
    assert seam_jump(ours, scene.truth, scene.mask) < 0.6 * seam_jump(hard, scene.truth, scene.mask)
    aligned = align(scene.request, reply, Align.AUTO)
    assert aligned.drift is not None
    assert aligned.drift.dx == pytest.approx(1.3 / factor, abs=0.3)
    assert aligned.drift.dy == pytest.approx(-0.8 / factor, abs=0.3)
    assert aligned.drift.scale == pytest.approx(1.005, abs=0.002)


@pytest.mark.parametrize("case", list(Case))
def test_a_small_shift_and_scale_are_found_within_a_pixel(case: Case) -> None:
    for name in SCENES:
        scene = make_scene(photograph(name), case)
        aligned = align(scene.request, simulated_reply(scene, Drift.FULL), Align.RIGID)
        height, width = scene.truth.shape[:2]
        for x, y in ((0, 0), (width, 0), (0, height), (width, height)):
            wanted = (
                (x - width / 2) * 1.005 + width / 2 + 1.3,
                (y - height / 2) * 1.005 + height / 2 - 0.8,
            )
            found = (aligned.warp.matrix @ (x, y, 1))[:2]
            assert np.hypot(*(found - wanted)) <= 1.0


def test_what_hardly_shows_anything_else_is_left_alone() -> None:
    flat = np.full((200, 260, 3), 120, np.uint8)
    scene = make_scene(flat, Case.SAME)
    aligned = align(scene.request, drifted(flat, Drift.FULL), Align.AUTO)
    assert not aligned.is_moved
    covered = make_scene(photograph("coffee.png"), Case.SAME, share=0.06)
    request = dataclasses.replace(covered.request, coverage=np.full_like(covered.mask, 255))
    everything = align(request, drifted(covered.truth, Drift.FULL), Align.AUTO)
    assert not everything.is_moved
    assert everything.colours is None
    assert everything.drift is None


def test_letterbox_bars_are_cut_off() -> None:
    scene = make_scene(photograph("coffee.png"), Case.SAME)
    reply = simulated_reply(scene, Drift.MILD)
    height, width = reply.shape[:2]
    boxed = np.zeros((width, width, 3), np.uint8)
    top = (width - height) // 2
    boxed[top : top + height] = reply
    result = composed(scene, boxed)
    assert seam_jump(result, scene.truth, scene.mask) <= 2.0


def test_what_a_reframed_reply_does_not_reach_is_filled_and_told(
    make_request: Callable[..., EditRequest],
) -> None:
    picture = photograph("gravel.png")
    height, width = picture.shape[:2]
    request = make_request(
        Size(width, height), Rect(0, 100, 60, 120), SizeRule(), picture=picture, context=Context(whole=True)
    )
    moved = np.array([[1.0, 0, -10.0], [0, 1.0, 0]])
    reply = as_u8(np.asarray(cv2.warpAffine(picture, moved, (width, height), borderMode=cv2.BORDER_REFLECT)))
    patch = compose(request, reply, request.coverage, Recipe())
    assert patch.drift is not None
    assert patch.drift.dx == pytest.approx(-10, abs=0.3)
    assert len(patch.notes) == 1
    assert patch.pixels[100:220, :8].std() > 0
    aside = compose(request, reply, np.roll(request.coverage, 200, axis=1), Recipe())
    assert aside.notes == ()


def test_a_reply_that_shows_something_else_is_taken_as_it_is() -> None:
    scene = make_scene(photograph("coffee.png"), Case.SAME)
    for reply in (
        np.full_like(scene.truth, (10, 200, 30)),
        np.random.default_rng(1).integers(0, 256, scene.truth.shape, np.uint8),
        as_u8(255 - scene.truth),
    ):
        assert np.array_equal(compose(scene.request, reply, scene.mask, Recipe()).pixels, reply)


def test_the_recipe_decides() -> None:
    scene = make_scene(photograph("chelsea.png"), Case.SAME)
    reply = simulated_reply(scene, Drift.FULL)
    aligned = align(scene.request, reply, Align.AUTO)
    errors = [
        ring_error(
            compose(scene.request, reply, scene.mask, recipe, aligned=aligned).pixels, scene.truth, scene.mask
        )
        for recipe in (
            Recipe(Align.OFF, ColourMatch.OFF),
            Recipe(Align.AUTO, ColourMatch.OFF),
            Recipe(Align.AUTO, ColourMatch.EDGE),
            Recipe(Align.AUTO, ColourMatch.PICTURE),
        )
    ]
    assert errors[0] > errors[1] > errors[2] >= errors[3] - 0.2
    again = compose(scene.request, reply, scene.mask, Recipe())
    given = compose(scene.request, reply, scene.mask, Recipe(), aligned=aligned)
    assert np.array_equal(again.pixels, given.pixels)


def test_grow_changes_the_coverage_and_feather_nothing() -> None:
    scene = make_scene(photograph("chelsea.png"), Case.SAME)
    reply = simulated_reply(scene, Drift.NONE)
    grown = compose(scene.request, reply, scene.mask, Recipe(grow=5, feather=9))
    assert np.array_equal(grown.coverage, own_coverage(scene.mask, Recipe(grow=5)))
    assert np.count_nonzero(grown.coverage) > np.count_nonzero(scene.mask)
    shrunk = own_coverage(scene.mask, Recipe(grow=-5))
    assert np.count_nonzero(shrunk) < np.count_nonzero(scene.mask)


@pytest.mark.parametrize("detail", [Detail.GRAIN, Detail.TEXTURE])
def test_detail_comes_back_to_what_was_sent_reduced(detail: Detail) -> None:
    picture = photograph("gravel.png", 512)
    scene = make_scene(picture, Case.SAME, send=Size(picture.shape[1] // 2, picture.shape[0] // 2))
    reply = simulated_reply(scene, Drift.MILD)
    soft = texture_energy_ratio(composed(scene, reply), scene.truth, scene.mask)
    sharp = composed(scene, reply, Recipe(detail=detail))
    assert soft < 0.7
    assert 0.7 <= texture_energy_ratio(sharp, scene.truth, scene.mask) <= 1.6
    assert outside_error(sharp, scene.document, scene.mask) == 0
    assert np.array_equal(sharp, composed(scene, reply, Recipe(detail=detail)))


def test_a_cancelled_token_ends_the_work() -> None:
    scene = make_scene(photograph("gravel.png"), Case.SAME)
    reply = simulated_reply(scene, Drift.FULL)
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        compose(scene.request, reply, scene.mask, Recipe(), token)


def test_drift_alone_is_no_leak_and_new_content_is() -> None:
    for name in SCENES:
        scene = make_scene(photograph(name), Case.SAME)
        for drift in (Drift.FULL, Drift.NONRIGID, Drift.CONTRAST):
            leak = leak_of(scene, simulated_reply(scene, drift))
            assert leak is not None
            assert leak <= 0.003
        changed = scene.truth.copy()
        height, width = changed.shape[:2]
        part = (slice(0, round(height * 0.34)), slice(0, round(width * 0.34)))
        changed[part] = changed[::-1, ::-1][part][..., ::-1]
        leak = leak_of(scene, drifted(changed, Drift.FULL))
        assert leak is not None
        assert 0.06 <= leak <= 0.16


def leak_of(scene: Scene, reply: U8) -> float | None:
    aligned = align(scene.request, reply, Align.AUTO)
    patch = compose(scene.request, reply, scene.mask, Recipe(), aligned=aligned)
    found = report_edit(scene.request, patch, aligned)
    assert found.outside_changed_pixels == 0
    return found.leak
