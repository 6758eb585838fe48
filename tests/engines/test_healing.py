"""What a heal promises whatever the picture: the outside untouched, repeatable, and clear refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from app.base.cancel import Cancelled, CancelToken
from app.base.errors import EngineError, MaskError
from app.engines.healing import heal
from app.engines.types import HealMethod, Step
from app.imaging.arrays import U8
from tests.engines.making import disc, line, sky, textured

METHODS = (HealMethod.AUTO, HealMethod.PATCHMATCH, HealMethod.INSTANT)

sides = st.tuples(st.integers(1, 40), st.integers(1, 40))


@st.composite
def painted_pictures(draw: st.DrawFn) -> tuple[U8, U8]:
    height, width = draw(sides)
    picture = draw(arrays.arrays(np.uint8, (height, width, 3)))
    coverage = draw(
        arrays.arrays(np.uint8, (height, width), elements=st.sampled_from([0, 0, 0, 1, 128, 255]))
    )
    return picture, coverage


@settings(max_examples=60)
@given(painted_pictures(), st.sampled_from(METHODS), st.integers(0, 7))
def test_outside_the_mask_every_bit_stays(painted: tuple[U8, U8], method: HealMethod, seed: int) -> None:
    picture, coverage = painted
    try:
        healed = heal(picture, coverage, method, seed)
    except MaskError:
        assert not coverage.any() or (coverage == 0).mean() < 0.1
        return
    assert healed.shape == picture.shape
    assert healed.dtype == np.uint8
    assert np.array_equal(healed[coverage == 0], picture[coverage == 0])


@pytest.mark.parametrize("size", [(1, 200), (200, 1), (3, 3), (2, 2), (5, 90)])
@pytest.mark.parametrize("method", METHODS)
def test_tiny_pictures_are_healed(size: tuple[int, int], method: HealMethod) -> None:
    picture = textured(*size)
    coverage = np.zeros(size, np.uint8)
    coverage[size[0] // 2, size[1] // 2] = 255
    healed = heal(picture, coverage, method)
    assert np.array_equal(healed[coverage == 0], picture[coverage == 0])


@pytest.mark.parametrize("method", METHODS)
def test_holes_on_borders_and_corners_are_filled(method: HealMethod) -> None:
    picture = textured(60, 90)
    coverage = np.zeros((60, 90), np.uint8)
    coverage[:20, :25] = coverage[45:, 40:60] = coverage[25:40, 80:] = 255
    marked = picture.copy()
    marked[coverage > 0] = (255, 0, 255)
    healed = heal(marked, coverage, method)
    assert not (healed[coverage > 0] == (255, 0, 255)).all(axis=1).any()
    assert np.array_equal(healed[coverage == 0], picture[coverage == 0])


@pytest.mark.parametrize("method", METHODS)
def test_what_lies_under_the_hole_has_no_influence(method: HealMethod) -> None:
    picture, coverage = textured(70, 80), disc(70, 80, (40, 35), 14)
    loud = picture.copy()
    loud[coverage > 0] = (255, 0, 255)
    assert np.array_equal(heal(picture, coverage, method), heal(loud, coverage, method))


def test_every_covered_pixel_counts_however_faint() -> None:
    picture, coverage = textured(50, 50), disc(50, 50, (25, 25), 8)
    picture[coverage > 0] = (255, 0, 255)
    healed = heal(picture, np.minimum(coverage, 1))
    assert not (healed[coverage > 0] == (255, 0, 255)).all(axis=1).any()


def test_the_same_seed_gives_the_same_bytes_and_others_do_not() -> None:
    picture, coverage = textured(90, 90), disc(90, 90, (45, 45), 22)
    variants = [heal(picture, coverage, HealMethod.PATCHMATCH, seed) for seed in range(4)]
    heal(textured(40, 40), disc(40, 40, (20, 20), 6), HealMethod.PATCHMATCH, 99)
    again = heal(picture, coverage, HealMethod.PATCHMATCH, 0)
    assert np.array_equal(variants[0], again)
    inside = coverage > 0
    for index, one in enumerate(variants):
        for other in variants[index + 1 :]:
            apart = np.abs(one[inside].astype(int) - other[inside]).mean()
            assert apart > 4.0, "two variants look the same"


def test_variants_of_the_instant_engine_differ_too() -> None:
    picture, coverage = textured(60, 60), disc(60, 60, (30, 30), 12)
    variants = [heal(picture, coverage, HealMethod.INSTANT, seed) for seed in range(4)]
    assert len({variant.tobytes() for variant in variants}) == 4
    assert np.array_equal(variants[1], heal(picture, coverage, HealMethod.INSTANT, 5))


def test_without_the_compiled_library_the_instant_engine_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    picture, coverage = textured(60, 60), disc(60, 60, (30, 30), 12)
    # What the package itself does on a system that its library was not built for.
    monkeypatch.setattr("patchmatch.patchmatch_available", False)
    monkeypatch.setattr("patchmatch.patch_match._lib", None)
    healed = heal(picture, coverage, HealMethod.AUTO, 2)
    assert np.array_equal(healed, heal(picture, coverage, HealMethod.INSTANT, 2))
    with pytest.raises(EngineError, match="could not fill"):
        heal(picture, coverage, HealMethod.PATCHMATCH)


def test_nothing_painted_is_refused() -> None:
    with pytest.raises(MaskError, match="Nothing is painted"):
        heal(textured(20, 20), np.zeros((20, 20), np.uint8))


@pytest.mark.parametrize("known", [0, 30])
def test_nearly_everything_painted_is_refused(known: int) -> None:
    coverage = np.full((20, 20), 255, np.uint8)
    coverage.ravel()[:known] = 0
    with pytest.raises(MaskError, match="nearly everything"):
        heal(textured(20, 20), coverage)


def test_steps_follow_each_other_from_nothing_to_all() -> None:
    picture, coverage = textured(120, 700), np.zeros((120, 700), np.uint8)
    coverage[50:70, 40:60] = coverage[50:70, 600:630] = 255
    steps: list[Step] = []
    heal(picture, coverage, progress=steps.append)
    assert len(steps) == 2
    assert steps[0].start == 0.0
    assert steps[0].end == steps[1].start == pytest.approx(400 / 1000)
    assert steps[1].end == 1.0
    assert all(step.seconds > 0 for step in steps)


def test_cancelling_stops_between_pieces() -> None:
    picture, coverage = textured(120, 700), np.zeros((120, 700), np.uint8)
    coverage[50:70, 40:60] = coverage[50:70, 600:630] = 255
    token = CancelToken()
    began: list[Step] = []

    def progress(step: Step) -> None:
        began.append(step)
        token.cancel()

    with pytest.raises(Cancelled):
        heal(picture, coverage, progress=progress, cancel=token)
    assert len(began) == 1


def test_hairlines_on_smooth_ground_take_the_instant_engine_by_themselves() -> None:
    picture, coverage = sky(80, 120), line(80, 120, (10, 10), (110, 60), 2)
    calm = np.full_like(picture, 120)
    assert np.array_equal(heal(calm, coverage, HealMethod.AUTO), heal(calm, coverage, HealMethod.INSTANT))
    busy = textured(80, 120)
    assert np.array_equal(heal(busy, coverage, HealMethod.AUTO), heal(busy, coverage, HealMethod.PATCHMATCH))
    assert not np.array_equal(heal(busy, coverage, HealMethod.AUTO), heal(busy, coverage, HealMethod.INSTANT))
