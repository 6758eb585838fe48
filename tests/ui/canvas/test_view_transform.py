"""The mapping between document and view: exact inverses, fixed points, and scales the raster engine can add up."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.geometry import Point, Rect, Size
from app.ui.canvas.view_transform import FIXED_POINT, ViewTransform, level_for

coordinates = st.floats(-20_000, 20_000)
points = st.builds(Point, coordinates, coordinates)
scales = st.floats(math.log2(1 / 64), 6).map(lambda exponent: 2.0**exponent)
views = st.builds(ViewTransform, scale=scales, angle=st.floats(0, 359.9), mirror=st.booleans(), origin=points)


def near(first: Point, second: Point, error: float = 1e-6) -> bool:
    return first.distance(second) < error * (1 + abs(second.x) + abs(second.y))


@given(views, points)
def test_there_and_back_is_the_same_point(view: ViewTransform, point: Point) -> None:
    assert near(view.to_doc(view.to_view(point)), point)


@given(views, points, scales)
def test_zooming_holds_the_point_under_the_cursor(view: ViewTransform, point: Point, scale: float) -> None:
    zoomed = view.zoomed_at(point, scale)
    assert zoomed.scale == scale
    assert near(zoomed.to_view(view.to_doc(point)), point)


@given(views, points, st.floats(-360, 360))
def test_turning_holds_the_point_and_keeps_distances(
    view: ViewTransform, point: Point, degrees: float
) -> None:
    turned = view.rotated_at(point, degrees)
    assert near(turned.to_view(view.to_doc(point)), point)
    corner = Point(3.0, 4.0)
    moved = turned.to_view(corner).distance(turned.to_view(Point(0.0, 0.0)))
    assert moved == pytest.approx(5.0 * view.scale)


@given(views, points, points)
def test_a_mirror_reflects_what_is_seen(view: ViewTransform, at: Point, point: Point) -> None:
    seen, mirrored = view.to_view(point), view.mirrored_at(at).to_view(point)
    assert near(mirrored, Point(2 * at.x - seen.x, seen.y))
    assert near(view.mirrored_at(at).mirrored_at(at).to_view(point), seen)


@given(views, st.builds(Rect, *[st.integers(-5000, 5000)] * 2, *[st.integers(1, 5000)] * 2))
def test_a_rectangle_of_the_view_holds_all_of_the_document_rectangle(view: ViewTransform, rect: Rect) -> None:
    held = view.rect_to_view(rect)
    for corner in (Point(rect.x, rect.y), Point(rect.right, rect.bottom), rect.centre):
        seen = view.to_view(corner)
        assert held.x <= seen.x <= held.right
        assert held.y <= seen.y <= held.bottom
    assert view.rect_to_doc(held).contains(rect)


@given(scales, points)
def test_a_snapped_view_steps_by_whole_units_of_fixed_point(scale: float, origin: Point) -> None:
    snapped = ViewTransform(scale=scale, origin=origin).snapped()
    step = FIXED_POINT / (snapped.scale * (1 << level_for(snapped.scale)))
    assert step == pytest.approx(round(step), abs=1e-6)
    assert snapped.origin.x == int(snapped.origin.x)
    assert snapped.origin.distance(origin) < 0.71
    assert abs(snapped.scale / scale - 1) < 2.1e-3
    assert snapped.snapped() == snapped


@given(scales, st.integers(1, 12))
def test_a_level_is_never_drawn_enlarged_or_below_half_while_there_is_a_smaller_one(
    scale: float, levels: int
) -> None:
    level = level_for(scale, levels)
    own = scale * 2**level
    assert own <= 1 or level == 0
    assert own > 0.5 or level == levels - 1


@pytest.mark.parametrize("scale", [0.25, 0.5, 1.0, 2.0, 64.0])
def test_powers_of_two_are_kept_as_they_are(scale: float) -> None:
    assert ViewTransform(scale=scale).snapped().scale == scale


@pytest.mark.parametrize("document", [Size(6000, 4000), Size(300, 9000), Size(10, 10)])
@pytest.mark.parametrize(("angle", "mirror"), [(0.0, False), (90.0, False), (37.0, True), (200.0, False)])
def test_a_fitted_document_is_whole_and_in_the_middle(document: Size, angle: float, mirror: bool) -> None:
    turned, size = ViewTransform(angle=angle, mirror=mirror), Size(800, 600)
    view = turned.fitted(document.rect, size, 16)
    assert (view.angle, view.mirror) == (angle, mirror)
    shown = view.rect_to_view(document.rect)
    assert Rect(16, 16, 768, 568).expanded(1).contains(shown)
    assert near(view.to_view(document.rect.centre), size.rect.centre)
    assert max(shown.width / 768, shown.height / 568) > 0.99


@pytest.mark.parametrize("angle", [0.0, 90.0, 45.0])
def test_filling_leaves_nothing_empty_on_one_axis(angle: float) -> None:
    size = Size(800, 600)
    view = ViewTransform(angle=angle).fitted(Rect(10, 20, 300, 900), size, fill=True)
    shown = view.rect_to_view(Rect(10, 20, 300, 900))
    assert shown.expanded(1).contains(size.rect)
    assert near(view.to_view(Point(160, 470)), size.rect.centre)


def test_a_limit_keeps_small_documents_small() -> None:
    assert ViewTransform().fitted(Rect(0, 0, 10, 10), Size(800, 600), limit=1.0).scale == 1.0


@pytest.mark.parametrize("scale", [0.0, -1.0, math.nan, math.inf])
def test_impossible_scales_are_refused(scale: float) -> None:
    with pytest.raises(ValueError):
        ViewTransform(scale=scale)
