"""Brushes: discs of the right size, edges of the right softness, and strokes that never add up."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.geometry import Size
from app.document.brush import Brush, StampCache, Stamps, runs, stamp_run
from app.document.mask import Mask
from app.imaging.arrays import U8

SIZE = Size(300, 280)

brushes = st.builds(
    Brush,
    diameter=st.floats(1, 90),
    hardness=st.floats(0, 1),
    opacity=st.floats(0, 1),
    erase=st.booleans(),
)
# On a grid of 1/64 pixel, so that moving them by whole pixels is exact.
places = st.integers(-60 * 64, 360 * 64).map(lambda place: place / 64)
centres = st.tuples(places, places)


def painted(brush: Brush, *points: tuple[float, float], on: U8 | None = None, size: Size = SIZE) -> U8:
    """The coverage after dabs at `points` on an empty mask, or on a copy of `on`."""
    mask = Mask(size, pixels=None if on is None else on.copy())
    with mask.edit("Dab") as edit:
        stamp_run(edit, Stamps(brush), brush, points)
    return mask.coverage.copy()


@pytest.mark.parametrize("diameter", [2, 2.5, 3, 5, 8, 13, 19.9, 20, 33, 64, 99, 150, 199, 200, 250])
@pytest.mark.parametrize("offset", [(0.0, 0.0), (0.5, 0.5), (0.3, 0.8)])
def test_a_hard_disc_has_the_area_of_a_circle(diameter: float, offset: tuple[float, float]) -> None:
    coverage = painted(Brush(diameter), (140 + offset[0], 140 + offset[1]))
    assert coverage.sum() / 255 == pytest.approx(math.pi * diameter**2 / 4, rel=0.01)


@pytest.mark.parametrize("diameter", [12, 19, 50, 120, 240])
@pytest.mark.parametrize("hardness", [0.0, 0.3, 0.7])
def test_coverage_falls_from_the_hard_part_to_the_rim(diameter: float, hardness: float) -> None:
    coverage = painted(Brush(diameter, hardness), (140.0, 140.0))
    ys, xs = np.mgrid[: SIZE.height, : SIZE.width] + 0.5
    distance = np.hypot(xs - 140, ys - 140)
    radius = diameter / 2
    assert (coverage[distance > radius + 1] == 0).all()
    assert (coverage[distance < hardness * radius - 1] == 255).all()
    t = np.clip((radius - distance) / (radius * (1 - hardness)), 0, 1)
    ideal = 255 * t * t * (3 - 2 * t)
    # A small soft disc is the mean over each pixel, which rounds off what bends within one.
    assert np.abs(coverage - ideal).max() <= (4 if diameter >= 20 else 16)


@pytest.mark.parametrize("diameter", [3, 7, 15, 40, 90])
def test_a_disc_stands_where_it_was_put(diameter: float) -> None:
    tolerance = 0.13 if diameter < 20 else 0.26
    for x, y in [(140.0, 140.0), (140.25, 139.5), (140.6, 140.9), (139.1, 140.33)]:
        coverage = painted(Brush(diameter), (x, y)).astype(float)
        ys, xs = np.mgrid[: SIZE.height, : SIZE.width] + 0.5
        assert (coverage * xs).sum() / coverage.sum() == pytest.approx(x, abs=tolerance)
        assert (coverage * ys).sum() / coverage.sum() == pytest.approx(y, abs=tolerance)


@pytest.mark.parametrize("position", [(5.0, 7.0), (5.5, 7.5), (5.99, 7.01)])
def test_the_finest_brush_paints_the_pixel_under_it(position: tuple[float, float]) -> None:
    coverage = painted(Brush(1), position)
    assert coverage[7, 5] == 255
    assert np.count_nonzero(coverage) == 1


def test_opacity_limits_coverage_and_does_not_add_up() -> None:
    brush = Brush(40, opacity=0.5)
    once = painted(brush, (100.0, 100.0))
    assert once.max() == 128
    assert np.array_equal(painted(brush, (100.0, 100.0), on=once), once)
    assert painted(brush, (110.0, 100.0), on=once).max() == 128


def test_an_eraser_leaves_what_its_opacity_lets_it() -> None:
    full = np.full((SIZE.height, SIZE.width), 255, np.uint8)
    assert painted(Brush(40, erase=True), (100.0, 100.0), on=full)[100, 100] == 0
    half = painted(Brush(40, opacity=0.5, erase=True), (100.0, 100.0), on=full)
    assert half[100, 100] == 127
    assert half[10, 10] == 255
    assert np.array_equal(painted(Brush(40, opacity=0.5, erase=True), (100.0, 100.0), on=half), half)


@given(brushes, st.lists(centres, min_size=1, max_size=6), st.integers(0, 2**32 - 1))
def test_dabs_are_monotone_idempotent_and_stay_in_their_rectangle(
    brush: Brush, points: list[tuple[float, float]], seed: int
) -> None:
    before = np.random.default_rng(seed).integers(0, 256, (SIZE.height, SIZE.width), dtype=np.uint8)
    mask = Mask(SIZE, pixels=before.copy())
    with mask.edit("Dabs") as edit:
        dirty = stamp_run(edit, Stamps(brush), brush, points)
    after = mask.coverage.copy()
    assert (after <= before).all() if brush.erase else (after >= before).all()
    changed = after != before
    changed[dirty.slices] = False
    assert not changed.any()
    assert np.array_equal(painted(brush, *reversed(points), *points, on=after), after)
    if edit.step is not None:
        edit.step.undo()
    assert np.array_equal(mask.coverage, before)


@given(brushes, centres)
def test_a_dab_over_the_border_is_the_dab_cut_off(brush: Brush, centre: tuple[float, float]) -> None:
    margin = 256
    large = Size(SIZE.width + 2 * margin, SIZE.height + 2 * margin)
    value = 255 if brush.erase else 0
    whole = painted(
        brush,
        (centre[0] + margin, centre[1] + margin),
        on=np.full((large.height, large.width), value, np.uint8),
        size=large,
    )
    cut = painted(brush, centre, on=np.full((SIZE.height, SIZE.width), value, np.uint8))
    assert np.array_equal(cut, whole[SIZE.rect.translated(margin, margin).slices])


def test_stamps_are_made_once_per_brush_and_the_least_used_are_dropped() -> None:
    cache = StampCache()
    brush = Brush(30)
    stamps = cache.stamps(brush)
    assert cache.stamps(Brush(30)) is stamps
    assert stamps.at(0, 1) is stamps.at(0, 1)
    for diameter in range(40, 110):
        cache.stamps(Brush(diameter))
    assert cache.stamps(brush) is not stamps


def test_large_stamps_are_dropped_by_memory() -> None:
    cache = StampCache()
    first = cache.stamps(Brush(3000))
    for diameter in range(3001, 3010):
        cache.stamps(Brush(diameter)).at(0, 0)
    assert cache.stamps(Brush(3009)) is cache.stamps(Brush(3009))
    assert cache.stamps(Brush(3000)) is not first


def test_a_long_line_is_cut_into_short_runs() -> None:
    brush = Brush(10)
    line = [(float(place), float(place)) for place in range(3000)]
    pieces = runs(line, brush)
    assert list(itertools.chain(*pieces)) == line
    assert all(piece[-1][0] - piece[0][0] <= 257 for piece in pieces)


@pytest.mark.parametrize(
    "wrong",
    [{"diameter": 0.5}, {"diameter": math.nan}, {"hardness": 1.2}, {"opacity": -0.1}, {"spacing": 0.0}],
)
def test_brushes_that_cannot_be_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        Brush(**{"diameter": 20.0, **wrong})
