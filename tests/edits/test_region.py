"""The region by hand: whatever is dragged where, it holds the mask, lies in the document and has a legal shape."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from app.base.geometry import Point, Rect, Size
from app.edits.plan import plan_edit
from app.edits.region import Grip, dragged, is_stopped_by
from app.edits.types import Context
from tests.edits.test_plan import THREE, check, documents_with_masks, rules

ways = st.builds(Point, st.floats(-9000, 9000), st.floats(-9000, 9000))


@given(
    documents_with_masks(), rules(), st.lists(st.tuples(st.sampled_from(Grip), ways), min_size=1, max_size=4)
)
def test_every_drag_ends_in_a_legal_region(
    document_and_mask: tuple[Size, Rect], rule: object, drags: list[tuple[Grip, Point]]
) -> None:
    document, mask = document_and_mask
    plan = plan_edit(document, mask, Context(), rule)  # type: ignore[arg-type]
    for grip, way in drags:
        wanted = dragged(plan.region, grip, way, document, mask)
        assert document.rect.contains(wanted)
        assert wanted.contains(mask)
        plan = plan_edit(document, mask, Context(region=wanted), rule, anchor=grip.anchor)  # type: ignore[arg-type]
        check(plan, document, mask, rule)  # type: ignore[arg-type]
        assert plan.region.contains(wanted)


@given(documents_with_masks(), ways)
def test_moving_keeps_the_size(document_and_mask: tuple[Size, Rect], way: Point) -> None:
    document, mask = document_and_mask
    start = mask.expanded(40).intersected(document.rect)
    moved = dragged(start, Grip.WHOLE, way, document, mask)
    assert moved.size == start.size
    assert moved.contains(mask)


@given(documents_with_masks(), rules())
def test_a_region_that_was_let_go_of_stays_where_it_is(
    document_and_mask: tuple[Size, Rect], rule: object
) -> None:
    """The form keeps the legal region; planning with it again changes nothing but rounding."""
    document, mask = document_and_mask
    first = plan_edit(document, mask, Context(region=mask.expanded(100)), rule)  # type: ignore[arg-type]
    # Where the photograph cannot fill a size, what is mirrored may be shared out anew.
    assume(first.content_send == first.size_send.rect)
    again = plan_edit(document, mask, Context(region=first.region), rule)  # type: ignore[arg-type]
    assert again.region.contains(first.region)
    tolerance = 2 + 2 / first.scale
    assert again.region.width - first.region.width <= tolerance
    assert again.region.height - first.region.height <= tolerance


def test_the_side_that_is_dragged_takes_the_models_shape_and_the_other_stays() -> None:
    document, mask = Size(6000, 4000), Rect(3000, 2000, 100, 100)
    start = plan_edit(document, mask, Context(), THREE).region
    assert start.size == Size(1024, 1024)
    wanted = dragged(start, Grip.BOTTOM_RIGHT, Point(900, 100), document, mask)
    plan = plan_edit(document, mask, Context(region=wanted), THREE, anchor=Grip.BOTTOM_RIGHT.anchor)
    assert (plan.region.x, plan.region.y) == (start.x, start.y)
    assert plan.size_send == Size(1536, 1024)
    assert abs(plan.region.size.aspect - 1.5) < 0.01


def test_the_mask_holds_the_outline_back() -> None:
    document, mask = Size(600, 400), Rect(200, 150, 100, 80)
    start = Rect(150, 100, 200, 200)
    assert dragged(start, Grip.LEFT, Point(90, 0), document, mask) == Rect(200, 100, 150, 200)
    assert dragged(start, Grip.TOP_LEFT, Point(-500, -500), document, mask) == Rect(0, 0, 350, 300)
    assert dragged(start, Grip.WHOLE, Point(500, -90), document, mask) == Rect(200, 30, 200, 200)
    assert is_stopped_by(mask, start, Grip.LEFT, Point(90, 0))
    assert not is_stopped_by(mask, start, Grip.LEFT, Point(30, 0))
    assert is_stopped_by(mask, start, Grip.WHOLE, Point(60, 0))
    assert not is_stopped_by(mask, start, Grip.RIGHT, Point(900, 0))
