"""Objects found from rough hints: on a scene whose truth is known, and in a photograph."""

import cv2
import numpy as np
import pytest

from app.base.cancel import Cancelled, CancelToken
from app.base.geometry import Point, Rect, Size
from app.base.work import Work
from app.imaging.arrays import U8
from app.imaging.smart_select import Hint, region_of, smart_select


def scene(scale: int = 1) -> tuple[U8, U8]:
    """A textured orange ellipse and a small one of its colour on a textured blue ground; the large one's truth."""
    random = np.random.default_rng(5)
    size = (200 * scale, 300 * scale)
    picture = np.empty((*size, 4), np.uint8)
    picture[...] = (170, 90, 40, 255)
    truth = np.zeros(size, np.uint8)
    cv2.ellipse(truth, (150 * scale, 100 * scale), (60 * scale, 40 * scale), 20, 0, 360, 255, -1)
    other = np.zeros(size, np.uint8)
    cv2.circle(other, (255 * scale, 40 * scale), 14 * scale, 255, -1)
    picture[(truth | other) == 255] = (40, 130, 220, 255)
    grain = cv2.GaussianBlur(random.normal(0, 30, size).astype(np.float32), (0, 0), 1.5 * scale)
    picture[..., :3] = np.clip(picture[..., :3] + 3 * grain[..., np.newaxis], 0, 255)
    return picture, truth


def found_in(picture: U8, *hints: Hint) -> U8:
    rect, coverage = smart_select(picture, hints)
    plane = np.zeros(picture.shape[:2], np.uint8)
    plane[rect.slices] = coverage
    return plane


def agreement(one: U8, other: U8) -> float:
    """Intersection over union, soft edges counted by their coverage."""
    return float(np.minimum(one, other).sum() / np.maximum(one, other).sum())


BOX = Hint((Point(80, 50), Point(222, 152)))
SCRIBBLE = Hint((Point(125, 90), Point(150, 105), Point(175, 110)), 6)


@pytest.mark.parametrize("hint", [BOX, SCRIBBLE], ids=["box", "scribble"])
def test_an_object_is_found_from_one_hint(hint: Hint) -> None:
    picture, truth = scene()
    found = found_in(picture, hint)
    assert agreement(found, truth) > 0.95
    assert not found[20:60, 235:275].any()


def test_the_edge_is_drawn_at_full_resolution() -> None:
    picture, truth = scene(6)
    found = found_in(picture, Hint((Point(480, 300), Point(1332, 912))))
    # The crop was searched at less than half: without the second look its steps would be seen.
    assert agreement(found, truth) > 0.985
    wrong = np.abs(found.astype(int) - truth) > 128
    distance = cv2.distanceTransform(np.where(cv2.Canny(truth, 1, 2) > 0, 0, 1).astype(np.uint8), 2, 5)
    assert distance[wrong].max(initial=0) < 6


def test_strokes_say_what_belongs_and_what_does_not() -> None:
    picture, truth = scene()
    without = found_in(picture, BOX, Hint((Point(180, 100), Point(200, 125)), 9, belongs=False))
    assert not without[110, 190]
    assert without[95, 130] == 255
    hole = picture.copy()
    hole[90:110, 135:165, :3] = (170, 90, 40)
    assert not found_in(hole, BOX)[100, 150]
    assert found_in(hole, BOX, Hint((Point(138, 100), Point(162, 100)), 9))[100, 150] == 255
    assert truth[100, 150] == 255


def test_the_same_hints_find_the_same() -> None:
    picture, _ = scene()
    assert np.array_equal(found_in(picture, BOX), found_in(picture, BOX))


def test_the_cost_follows_the_hints_and_not_the_picture() -> None:
    region = region_of([BOX], Size(6000, 4000))
    assert region.area < 2 * BOX.rect.area
    more = region_of([BOX, Hint((Point(400, 300),), 10)], Size(6000, 4000))
    assert more.contains(region)
    assert more.contains(Rect(390, 290, 20, 20))
    assert region_of([BOX], Size(90, 90)) == Rect(80 - 17, 50 - 17, 90 - 63, 90 - 33)


def test_hints_beside_the_picture_find_nothing() -> None:
    picture, _ = scene()
    rect, coverage = smart_select(picture, [Hint((Point(-900, -900), Point(-800, -700)))])
    assert rect.is_empty
    assert coverage.size == 0


def test_it_can_be_cancelled_between_rounds() -> None:
    picture, _ = scene()
    cancel, told = CancelToken(), list[float]()

    def tell(share: float) -> None:
        told.append(share)
        if len(told) == 2:
            cancel.cancel()

    with pytest.raises(Cancelled):
        smart_select(picture, [BOX], Work(cancel, tell))
    assert len(told) == 2
