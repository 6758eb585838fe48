"""Operations on whole masks: what each promises, and that none depends on where the mask is cut out."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from app.base.cancel import Cancelled, CancelToken
from app.base.geometry import Size
from app.imaging import mask_operations, masks
from app.imaging.arrays import U8
from app.imaging.mask_operations import MaskOperation, OperationKind

coverages = hnp.arrays(
    np.uint8,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=20),
    elements=st.sampled_from([0, 0, 0, 0, 90, 200, 255, 255]),
)
operations = st.builds(MaskOperation, st.sampled_from(OperationKind), st.integers(1, 9))


def disc(radius: float, side: int = 241, soft: float = 1.0) -> U8:
    ys, xs = np.mgrid[0:side, 0:side]
    distance = np.hypot(ys - side // 2, xs - side // 2)
    return np.clip((radius + soft / 2 - distance) / soft * 255, 0, 255).astype(np.uint8)


def width_of_edge(coverage: U8) -> int:
    """Pixels from the middle to the right that are covered by a tenth to nine tenths."""
    line = coverage[coverage.shape[0] // 2, coverage.shape[1] // 2 :]
    return int(((line > 25) & (line < 230)).sum())


@given(coverages, operations, st.integers(0, 30), st.integers(0, 30))
def test_only_what_lies_within_reach_counts(
    coverage: U8, operation: MaskOperation, left: int, top: int
) -> None:
    """An operation on a part of the picture gives what it gives on the whole."""
    reach = operation.reach + 1
    whole = np.zeros((coverage.shape[0] + top + 2 * reach, coverage.shape[1] + left + 2 * reach), np.uint8)
    whole[top + reach :][: coverage.shape[0], left + reach :][:, : coverage.shape[1]] = coverage
    area = masks.bounds(whole).expanded(reach).intersected(masks.size_of(whole).rect)
    expected = operation.apply(whole)
    inside = expected[area.slices].copy()
    expected[area.slices] = 0
    assert not expected.any()
    if not area.is_empty:
        assert np.array_equal(operation.apply(whole[area.slices]), inside)


@given(coverages, operations)
def test_the_mask_that_is_asked_about_stays_as_it_is(coverage: U8, operation: MaskOperation) -> None:
    before = coverage.copy()
    result = operation.apply(coverage)
    assert np.array_equal(coverage, before)
    assert result.shape == coverage.shape
    assert not np.shares_memory(result, coverage)


@pytest.mark.parametrize("kind", OperationKind)
def test_every_operation_can_be_cancelled(kind: OperationKind) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        MaskOperation(kind, 20).apply(disc(30, 101, 9.0), token)


@settings(max_examples=15)
@given(st.sampled_from([1, 2, 5, 6, 7, 11, 20, 37, 80]), st.integers(0, 2**16))
def test_feathering_is_a_gaussian_blur_without_its_tails(px: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    coverage = np.zeros((300, 333), np.uint8)
    for _ in range(5):
        centre = int(random.integers(0, 333)), int(random.integers(0, 300))
        cv2.circle(coverage, centre, int(random.integers(2, 90)), 255, -1)
    sigma = px / 2
    side = 2 * int(np.ceil(5 * sigma)) + 1
    exact = cv2.GaussianBlur(
        coverage.astype(np.float32), (side, side), sigma, borderType=cv2.BORDER_REPLICATE
    )
    feathered = mask_operations.feather(coverage, px)
    stretched = np.clip((exact - 127.5) / 0.9545 + 127.5, 0, 255)
    assert np.abs(feathered - stretched).max() <= 4


@pytest.mark.parametrize("px", [2, 8, 30, 200])
def test_a_straight_edge_fades_over_as_many_pixels_to_both_sides(px: int) -> None:
    coverage = np.zeros((20, 1000), np.uint8)
    coverage[:, 500:] = 255
    line = mask_operations.feather(coverage, px)[10]
    fading = np.flatnonzero((line > 0) & (line < 255))
    assert 499.5 - fading[0] == pytest.approx(px, abs=1.5 + px / 12)
    assert fading[-1] - 499.5 == pytest.approx(px, abs=1.5 + px / 12)


@pytest.mark.parametrize("px", [1, 2, 3, 8, 21])
def test_a_border_is_a_band_of_its_width(px: int) -> None:
    coverage = np.zeros((120, 160), np.uint8)
    coverage[40:, 50:] = 255
    band = mask_operations.border(coverage, px)
    inside = px // 2
    assert list(np.flatnonzero(band[:, 140])) == list(range(40 - (px - inside), 40 + inside))
    assert list(np.flatnonzero(band[110])) == list(range(50 - (px - inside), 50 + inside))
    assert set(np.unique(band)) == {0, 255}


@pytest.mark.parametrize("px", [1, 8, 40])
def test_where_nothing_is_covered_there_is_no_border(px: int) -> None:
    assert not mask_operations.border(np.zeros((120, 160), np.uint8), px).any()


@pytest.mark.parametrize("soft", [1.0, 14.0])
@pytest.mark.parametrize("px", [4, 12, 24])
def test_smoothing_keeps_area_and_softness_and_rounds_what_is_jagged(px: int, soft: float) -> None:
    ys, xs = np.mgrid[0:400, 0:400]
    distance, angle = np.hypot(ys - 200, xs - 200), np.arctan2(ys - 200, xs - 200)
    jagged = 120 + px / 3 * np.sign(np.sin(angle * round(700 / px)))
    rough = np.clip((jagged + soft / 2 - distance) / soft * 255, 0, 255).astype(np.uint8)
    smoothed = mask_operations.smooth(rough, px)
    assert int(smoothed.sum()) == pytest.approx(int(rough.sum()), rel=0.005)
    rim = distance[(smoothed > 100) & (smoothed < 155)]
    assert np.std(rim) < px / 12 + soft / 8
    assert width_of_edge(mask_operations.smooth(disc(80, 241, soft), px)) == pytest.approx(0.8 * soft, abs=2)


def test_smoothing_leaves_a_straight_edge_where_it_is() -> None:
    coverage = np.zeros((100, 100), np.uint8)
    coverage[:, :50] = 255
    smoothed = mask_operations.smooth(coverage, 10)
    assert (smoothed[:, :49] == 255).all()
    assert not smoothed[:, 51:].any()


def test_holes_take_the_coverage_of_what_encloses_them() -> None:
    coverage = np.zeros((60, 90), np.uint8)
    cv2.circle(coverage, (20, 30), 12, 255, 3)
    cv2.circle(coverage, (60, 30), 12, 140, 3)
    coverage[30, 60] = 30
    filled = mask_operations.fill_holes(coverage)
    assert filled[30, 20] == 255
    assert (filled[30, 50:71] == 140).all()
    assert np.array_equal(filled == 0, mask_operations.fill_holes(filled) == 0)
    assert (filled >= coverage).all()


def test_a_soft_ring_is_filled_to_its_crest_and_keeps_its_outer_rim() -> None:
    ring = np.minimum(disc(80, soft=20.0), 255 - disc(40, soft=20.0))
    filled = mask_operations.fill_holes(ring)
    assert (filled[110:131, 110:131] == 255).all()
    assert np.array_equal(filled, np.maximum(ring, disc(60)))


def test_what_the_border_of_the_picture_cuts_is_no_hole() -> None:
    coverage = np.zeros((40, 40), np.uint8)
    cv2.circle(coverage, (0, 20), 15, 255, 3)
    assert np.array_equal(mask_operations.fill_holes(coverage), coverage)


def test_a_ring_that_is_closed_at_corners_only_is_closed() -> None:
    coverage = np.zeros((9, 9), np.uint8)
    for place in ((2, 4), (3, 3), (3, 5), (4, 2), (4, 6), (5, 3), (5, 5), (6, 4)):
        coverage[place] = 255
    assert mask_operations.fill_holes(coverage)[4, 4] == 255


@given(coverages, st.integers(1, 12))
def test_specks_are_groups_below_an_area(coverage: U8, px: int) -> None:
    cleaned = mask_operations.remove_specks(coverage, px)
    kept = cleaned > 0
    assert np.array_equal(cleaned[kept], coverage[kept])
    count, labels = cv2.connectedComponents((coverage > 0).astype(np.uint8), connectivity=8)
    for label in range(1, count):
        group = labels == label
        assert kept[group].all() if group.sum() >= px else not kept[group].any()


def test_nothing_comes_of_nothing() -> None:
    nothing = np.zeros((30, 20), np.uint8)
    for kind in OperationKind:
        assert not MaskOperation(kind, 5).apply(nothing).any()
    assert masks.size_of(MaskOperation(OperationKind.GROW, 3).apply(nothing)) == Size(20, 30)
