"""What wand, colour range, bucket and gradient find, against the plainest way to say the same."""

from collections import deque

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from app.base.cancel import Cancelled, CancelToken
from app.base.geometry import Point, Rect, Size
from app.base.work import Work
from app.imaging.arrays import U8
from app.imaging.ranges import Ranges
from app.imaging.selections import (
    Found,
    GradientKind,
    colour_at,
    colour_range,
    enclosed,
    gradient,
    wand,
)

sides = st.integers(1, 14)
pictures = arrays.arrays(
    np.uint8, st.tuples(sides, sides, st.just(4)), elements=st.sampled_from([0, 10, 20, 30, 200, 255])
)
planes = arrays.arrays(np.uint8, st.tuples(sides, sides), elements=st.sampled_from([0, 1, 60, 130, 254, 255]))
shares = st.floats(0, 0.999)


def laid_out(found: Found, shape: tuple[int, ...]) -> U8:
    rect, coverage = found
    plane = np.zeros(shape[:2], np.uint8)
    plane[rect.slices] = coverage
    return plane


def spread(shape: tuple[int, ...], start: tuple[int, int], follows) -> np.ndarray:
    """All pixels that are reached from `start` by sides, each time that `follows` allows the step."""
    reached = np.zeros(shape[:2], bool)
    reached[start] = True
    todo = deque([start])
    while todo:
        here = todo.popleft()
        for dy, dx in ((0, 1), (0, -1), (1, 0), (-1, 0)):
            y, x = here[0] + dy, here[1] + dx
            inside = 0 <= y < shape[0] and 0 <= x < shape[1]
            if inside and not reached[y, x] and follows(here, (y, x)):
                reached[y, x] = True
                todo.append((y, x))
    return reached


@settings(max_examples=150)
@given(pictures, shares, shares, st.integers(0, 40))
def test_the_wand_takes_what_hangs_together(picture: U8, across: float, down: float, tolerance: int) -> None:
    x, y = int(across * picture.shape[1]), int(down * picture.shape[0])
    differs = np.abs(picture.astype(int) - picture[y, x].astype(int)).max(axis=2)
    alike = differs <= tolerance
    found = wand(picture, Ranges(picture), x, y, tolerance=tolerance, smooth=False)
    reached = spread(picture.shape, (y, x), lambda here, there: bool(alike[there]))
    assert np.array_equal(laid_out(found, picture.shape), np.where(reached, 255, 0))
    everywhere = wand(picture, Ranges(picture), x, y, tolerance=tolerance, contiguous=False, smooth=False)
    assert np.array_equal(laid_out(everywhere, picture.shape), np.where(alike, 255, 0))
    for rect, coverage in (found, everywhere):
        # Nothing but what holds the find is handed on.
        assert coverage[0].any()
        assert coverage[-1].any()
        assert coverage[:, 0].any()
        assert coverage[:, -1].any()
        assert coverage.shape == (rect.height, rect.width)


def test_the_wand_follows_far_beyond_one_tile() -> None:
    picture = np.zeros((40, 3600, 4), np.uint8)
    picture[:, ::6] = 200
    picture[0] = picture[-1] = 200
    picture[20, 3000] = 200
    found = laid_out(wand(picture, Ranges(picture), 0, 5, tolerance=0, smooth=False), picture.shape)
    expected = (picture[..., 0] == 200).astype(np.uint8) * 255
    expected[20, 3000] = 255 if 3000 % 6 == 0 else 0
    assert np.array_equal(found, expected)
    near = laid_out(wand(picture, Ranges(picture), 2, 20, tolerance=0, smooth=False), picture.shape)
    assert cv2.countNonZero(near) == 38 * 5


def test_a_mean_colour_that_the_clicked_pixel_has_not_takes_its_neighbours() -> None:
    picture = np.full((9, 9, 4), 100, np.uint8)
    picture[4, 4] = 255
    assert colour_at(picture, 4, 4, 3) == (117, 117, 117, 117)
    rect, coverage = wand(picture, Ranges(picture), 4, 4, tolerance=20, sample=3, smooth=False)
    assert rect == Rect(0, 0, 9, 9)
    assert coverage[4, 4] == 0
    assert cv2.countNonZero(coverage) == 80
    assert wand(picture, Ranges(picture), 4, 4, tolerance=0, sample=3, smooth=False)[0].is_empty
    assert wand(picture, Ranges(picture), -1, 4, tolerance=0)[0].is_empty


@settings(max_examples=60)
@given(pictures, shares, shares)
def test_a_smooth_edge_is_the_hard_one_blurred(picture: U8, across: float, down: float) -> None:
    x, y = int(across * picture.shape[1]), int(down * picture.shape[0])
    hard = laid_out(wand(picture, Ranges(picture), x, y, tolerance=15, smooth=False), picture.shape)
    soft = laid_out(wand(picture, Ranges(picture), x, y, tolerance=15), picture.shape)
    inside = cv2.erode(hard, np.ones((3, 3), np.uint8)) == 255
    outside = cv2.dilate(hard, np.ones((3, 3), np.uint8)) == 0
    assert (soft[inside] == 255).all()
    assert (soft[outside] == 0).all()
    assert (soft[hard == 255] > 0).all()


@settings(max_examples=60)
@given(
    st.sampled_from([(1, 7), (3, 5), (700, 1500), (1037, 1001), (1, 1_100_000), (3, 400_000), (9, 130_001)]),
    st.booleans(),
    st.sampled_from([0.02, 0.5, 0.98]),
    st.integers(0, 2**16),
)
def test_smoothing_in_bands_and_threads_is_one_blur_of_the_whole(
    shape: tuple[int, int], turned: bool, share: float, seed: int
) -> None:
    random = np.random.default_rng(seed)
    alike = random.random(shape[::-1] if turned else shape) < share
    y, x = 0, int(random.integers(alike.shape[1]))
    alike[y, x] = True
    picture = np.repeat(np.where(alike, np.uint8(9), np.uint8(80))[..., np.newaxis], 4, axis=2)
    found = wand(picture, Ranges(picture), x, y, tolerance=5, contiguous=False)
    hard = np.where(alike, np.uint8(255), np.uint8(0))
    expected = cv2.GaussianBlur(hard, (3, 3), 0, borderType=cv2.BORDER_REPLICATE)
    assert np.array_equal(laid_out(found, hard.shape), expected)


@settings(max_examples=80)
@given(
    pictures,
    st.lists(st.tuples(*[st.integers(0, 255)] * 4), min_size=1, max_size=3),
    st.integers(1, 255),
)
def test_a_colour_range_falls_off_with_the_difference(picture: U8, colours, fuzziness: int) -> None:
    worst = [np.abs(picture.astype(int) - np.array(colour)).max(axis=2) for colour in colours]
    expected = 255 * np.clip(2 - 2 * np.min(worst, axis=0) / fuzziness, 0, 1)
    found = laid_out(colour_range(picture, colours, fuzziness), picture.shape)
    assert np.abs(found - expected).max() <= 0.501


@settings(max_examples=150)
@given(planes, shares, shares)
def test_a_bucket_fills_uphill_and_no_farther(plane: U8, across: float, down: float) -> None:
    x, y = int(across * plane.shape[1]), int(down * plane.shape[0])
    found = enclosed(plane, x, y)
    if plane[y, x] == 255:
        assert found[0].is_empty
        return
    reached = spread(plane.shape, (y, x), lambda here, there: bool(plane[there] >= plane[here]))
    assert np.array_equal(laid_out(found, plane.shape), np.where(reached, 255, 0))


@pytest.mark.parametrize("softness", [1, 9, 21])
def test_a_bucket_leaves_no_seam_beside_a_soft_line(softness: int) -> None:
    line = np.zeros((120, 160), np.uint8)
    cv2.circle(line, (80, 60), 40, 255, 12)
    line = cv2.GaussianBlur(line, (softness, softness), 0)
    rect, coverage = enclosed(line, 80, 60)
    filled = line.copy()
    np.maximum(filled[rect.slices], coverage, out=filled[rect.slices])
    ys, xs = np.mgrid[0:120, 0:160]
    assert (filled[np.hypot(xs - 80, ys - 60) < 38] == 255).all()
    far = np.hypot(xs - 80, ys - 60) > 46
    assert np.array_equal(filled[far], line[far])


@settings(max_examples=80)
@given(
    st.tuples(st.floats(-20, 90), st.floats(-20, 90)),
    st.tuples(st.floats(-20, 90), st.floats(-20, 90)),
    st.sampled_from(GradientKind),
)
def test_a_gradient_falls_in_a_straight_line(start, end, kind: GradientKind) -> None:
    size = Size(70, 67)
    found = gradient(size, Point(*start), Point(*end), kind)
    ys, xs = np.mgrid[0 : size.height, 0 : size.width] + 0.5
    way = np.subtract(end, start)
    length = np.hypot(*way)
    if length < 1:
        assert found[0].is_empty
        return
    if kind is GradientKind.LINEAR:
        gone = ((xs - start[0]) * way[0] + (ys - start[1]) * way[1]) / length**2
    else:
        gone = np.hypot(xs - start[0], ys - start[1]) / length
    expected = 255 * (1 - np.clip(gone, 0, 1))
    assert np.abs(laid_out(found, (67, 70)) - expected).max() <= 0.51


def test_what_is_found_in_threads_is_the_same_and_can_be_cancelled() -> None:
    picture = np.random.default_rng(4).integers(0, 256, (1400, 900, 4), np.uint8)
    low, high = np.array([90, 80, 70, 60]), np.array([160, 150, 140, 255])
    picture[700, 45] = (125, 115, 105, 100)
    picture[..., 3] = 100
    told: list[float] = []

    def find(*, smooth: bool = True, opaque: bool = False, work: Work | None = None) -> Found:
        ranges = Ranges(picture)
        return wand(
            picture, ranges, 45, 700, tolerance=35, contiguous=False, smooth=smooth, opaque=opaque, work=work
        )

    found = find(smooth=False, work=Work(tell=told.append))
    assert np.array_equal(laid_out(found, picture.shape), cv2.inRange(picture, low, high))
    blurred = cv2.GaussianBlur(cv2.inRange(picture, low, high), (3, 3), 0, borderType=cv2.BORDER_REPLICATE)
    assert np.array_equal(laid_out(find(), picture.shape), blurred)
    picture[::2, :, 3] = 255
    assert np.array_equal(
        laid_out(find(smooth=False, opaque=True), picture.shape), laid_out(found, picture.shape)
    )
    assert len(told) > 3
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        find(work=Work(cancel, lambda share: cancel.cancel()))
