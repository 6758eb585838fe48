"""The plan of an edit: for any document, mask and rule the region, the size and the way back agree."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.errors import MaskError, UsageError
from app.base.geometry import Point, Rect, Size
from app.edits.plan import LEAST_REGION, plan_edit
from app.edits.types import Context, EditPlan, SizeRule

THREE = SizeRule(fixed=(Size(1024, 1024), Size(1024, 1536), Size(1536, 1024)))
SQUARES = SizeRule(fixed=(Size(256, 256), Size(512, 512), Size(1024, 1024)))
SIXTEENS = SizeRule(multiple=16, maximum=3840, min_area=655_360, max_area=8_294_400, max_aspect=3.0)

sides = st.integers(1, 12_000)
sizes = st.builds(Size, sides, sides)
contexts = st.one_of(
    st.builds(Context, share=st.floats(0, 3)),
    st.builds(Context, pixels=st.integers(0, 3000)),
    st.just(Context(whole=True)),
)


@st.composite
def rules(draw: st.DrawFn) -> SizeRule:
    if draw(st.booleans()):
        fixed = draw(
            st.lists(st.builds(Size, st.integers(1, 2048), st.integers(1, 2048)), min_size=1, max_size=4)
        )
        return SizeRule(fixed=tuple(fixed))
    multiple = draw(st.sampled_from([1, 8, 16, 64]))
    minimum = draw(st.integers(1, 512))
    maximum = draw(st.sampled_from([0, 1024, 1100, 3840]))
    max_area = draw(st.sampled_from([0, 1_048_576, 4_000_000]))
    min_area = draw(st.sampled_from([0, 65_536, 655_360]))
    max_aspect = draw(st.sampled_from([0.0, 1.0, 1.5, 3.0]))
    return SizeRule((), multiple, minimum, maximum, min_area, max_area, max_aspect)


@st.composite
def documents_with_masks(draw: st.DrawFn) -> tuple[Size, Rect]:
    document = draw(sizes)
    left = draw(st.integers(0, document.width - 1))
    top = draw(st.integers(0, document.height - 1))
    width = draw(st.integers(1, document.width - left))
    height = draw(st.integers(1, document.height - top))
    return document, Rect(left, top, width, height)


def taken(size: Size, rule: SizeRule) -> bool:
    """Written from the rule's own words, not from its code."""
    if rule.fixed:
        return size in rule.fixed
    small, large = sorted((size.width, size.height))
    return (
        size.width % rule.multiple == 0
        and size.height % rule.multiple == 0
        and small >= rule.minimum
        and (not rule.maximum or large <= rule.maximum)
        and size.area >= rule.min_area
        and (not rule.max_area or size.area <= rule.max_area)
        and (not rule.max_aspect or large / small <= rule.max_aspect + 1e-6)
    )


def check(plan: EditPlan, document: Size, mask: Rect, rule: SizeRule) -> None:
    assert document.rect.contains(plan.region)
    assert plan.region.contains(mask)
    assert plan.size_send.rect.contains(plan.content_send)
    assert not plan.content_send.is_empty
    assert taken(plan.size_send, rule)
    assert 0 < plan.scale <= 1
    # One factor for both axes: each side of the content is the region's own, rounded to whole pixels.
    for region, content in (
        (plan.region.width, plan.content_send.width),
        (plan.region.height, plan.content_send.height),
    ):
        assert content == 1 or abs(content - region * plan.scale) <= 0.5 + 1e-6


@given(documents_with_masks(), contexts, rules())
def test_region_holds_the_mask_and_the_wire_holds_the_region(
    document_and_mask: tuple[Size, Rect], context: Context, rule: SizeRule
) -> None:
    document, mask = document_and_mask
    check(plan_edit(document, mask, context, rule), document, mask, rule)


@given(documents_with_masks(), contexts, rules())
def test_corners_come_back_to_within_half_a_sent_pixel(
    document_and_mask: tuple[Size, Rect], context: Context, rule: SizeRule
) -> None:
    """The uniform scale, applied from the region's corner, meets the remembered rectangles."""
    document, mask = document_and_mask
    plan = plan_edit(document, mask, context, rule)
    placement = plan.placement
    for x, y in ((mask.x, mask.y), (mask.right, mask.bottom)):
        sent = placement.to_send(Point(x, y))
        sent_x, sent_y = sent.x, sent.y
        assert placement.to_doc(sent).distance(Point(x, y)) < 1e-6
        if plan.content_send.width > 1:
            assert abs(sent_x - plan.content_send.x - (x - plan.region.x) * plan.scale) <= 0.5 + 1e-6
        if plan.content_send.height > 1:
            assert abs(sent_y - plan.content_send.y - (y - plan.region.y) * plan.scale) <= 0.5 + 1e-6


@given(documents_with_masks(), contexts, rules())
def test_the_corners_of_the_content_are_those_of_the_region(
    document_and_mask: tuple[Size, Rect], context: Context, rule: SizeRule
) -> None:
    """What comes back finds the place it was cut from, to within half a pixel of the document."""
    document, mask = document_and_mask
    plan = plan_edit(document, mask, context, rule)
    content, region, placement = plan.content_send, plan.region, plan.placement
    for sent, there in (
        (Point(content.x, content.y), Point(region.x, region.y)),
        (Point(content.right, content.y), Point(region.right, region.y)),
        (Point(content.x, content.bottom), Point(region.x, region.bottom)),
        (Point(content.right, content.bottom), Point(region.right, region.bottom)),
    ):
        assert placement.to_doc(sent).distance(there) <= 0.5
        assert placement.to_send(there).distance(sent) <= 0.5


@given(documents_with_masks(), contexts)
def test_any_size_is_sent_one_to_one(document_and_mask: tuple[Size, Rect], context: Context) -> None:
    document, mask = document_and_mask
    plan = plan_edit(document, mask, context, SizeRule())
    assert plan.scale == 1.0
    assert plan.size_send == plan.region.size
    assert plan.content_send == plan.size_send.rect
    assert plan.warnings == ()


@given(sizes, rules())
def test_no_mask_sends_the_whole_picture(document: Size, rule: SizeRule) -> None:
    plan = plan_edit(document, None, Context(), rule)
    assert plan.region == plan.mask_bounds == document.rect
    check(plan, document, document.rect, rule)


@given(documents_with_masks(), contexts, st.builds(Size, st.integers(1, 2048), st.integers(1, 2048)))
def test_a_chosen_size_is_the_size_that_is_sent(
    document_and_mask: tuple[Size, Rect], context: Context, size: Size
) -> None:
    document, mask = document_and_mask
    plan = plan_edit(document, mask, context, SizeRule(), size)
    assert plan.size_send == size
    check(plan, document, mask, SizeRule())


def test_context_is_a_share_of_the_bounds_and_leaves_no_region_too_small() -> None:
    wide = plan_edit(Size(6000, 4000), Rect(2000, 1500, 1000, 50), Context(), SizeRule())
    assert wide.region == Rect(1400, 1397, 2200, 256)
    assert plan_edit(Size(6000, 4000), Rect(2000, 1500, 1000, 140), Context(), SizeRule()).region == Rect(
        1400, 1416, 2200, 308
    )


def test_context_of_a_share_is_shifted_inwards_at_the_border() -> None:
    corner = plan_edit(Size(6000, 4000), Rect(0, 0, 100, 100), Context(), SizeRule())
    assert corner.region == Rect(0, 0, 256, 256)


@pytest.mark.parametrize("x", [0, 7, 3000, 5998])
def test_a_tiny_mask_gets_enough_surroundings_and_is_never_enlarged(x: int) -> None:
    """A crop of a few pixels tells a model nothing, whatever sizes it takes."""
    for rule in (SizeRule(), SizeRule(multiple=16), SQUARES, THREE):
        plan = plan_edit(Size(6000, 4000), Rect(x, 2000, 2, 2), Context(), rule)
        assert min(plan.region.width, plan.region.height) >= LEAST_REGION
        assert plan.scale == 1.0
        assert plan.content_send.size == plan.region.size


def test_context_in_pixels_is_cut_off_at_the_border() -> None:
    corner = plan_edit(Size(6000, 4000), Rect(0, 0, 100, 100), Context(pixels=10), SizeRule())
    assert corner.region == Rect(0, 0, 110, 110)
    assert plan_edit(Size(50, 40), Rect(3, 4, 5, 6), Context(pixels=0), SizeRule()).region == Rect(3, 4, 5, 6)


def test_the_size_of_the_regions_shape_is_chosen() -> None:
    lying = plan_edit(Size(6000, 4000), Rect(2000, 1000, 900, 500), Context(), THREE)
    assert lying.size_send == Size(1536, 1024)
    assert lying.region.width / lying.region.height == pytest.approx(1.5, rel=0.01)
    assert plan_edit(Size(4000, 6000), Rect(1000, 2000, 500, 900), Context(), THREE).size_send == Size(
        1024, 1536
    )


def test_a_small_mask_takes_the_smallest_size_at_full_scale() -> None:
    plan = plan_edit(Size(6000, 4000), Rect(3000, 2000, 40, 40), Context(), SQUARES)
    assert (plan.size_send, plan.scale, plan.region.size) == (Size(256, 256), 1.0, Size(256, 256))


def test_context_gives_way_before_the_scale_does() -> None:
    bounds = Rect(2000, 1000, 1000, 900)
    plan = plan_edit(Size(6000, 4000), bounds, Context(), SizeRule(fixed=(Size(1024, 1024),)))
    assert plan.scale == pytest.approx(1024 / 1700)
    assert any("surroundings" in sentence for sentence in plan.warnings)
    kept = plan_edit(Size(6000, 4000), bounds, Context(pixels=600), SizeRule(fixed=(Size(1024, 1024),)))
    assert kept.scale == pytest.approx(1024 / 2200)


def test_a_reduced_region_is_told() -> None:
    plan = plan_edit(
        Size(6000, 4000), Rect(1000, 1000, 700, 700), Context(), SizeRule(fixed=(Size(1024, 1024),))
    )
    assert plan.warnings == ("The model sees this region at 1:1.5.",)


def test_a_photograph_below_the_smallest_size_is_letterboxed_never_enlarged() -> None:
    plan = plan_edit(Size(300, 200), Rect(10, 10, 5, 5), Context(), THREE)
    assert (plan.region, plan.size_send) == (Rect(0, 0, 300, 200), Size(1024, 1024))
    assert plan.content_send == Rect(362, 412, 300, 200)
    assert "mirrored" in plan.warnings[0]


def test_limits_of_a_free_rule_are_met_together() -> None:
    strip = plan_edit(Size(12_000, 400), None, Context(), SIXTEENS)
    assert strip.size_send.width <= 3840
    assert strip.size_send.width / strip.size_send.height <= 3.0
    check(strip, Size(12_000, 400), Rect(0, 0, 12_000, 400), SIXTEENS)


def test_an_empty_or_distant_mask_is_refused() -> None:
    for bounds in (Rect(0, 0, 0, 0), Rect(500, 500, 10, 10)):
        with pytest.raises(MaskError):
            plan_edit(Size(100, 100), bounds, Context(), SizeRule())


@pytest.mark.parametrize(
    ("size", "rule", "told"),
    [
        (Size(1000, 1000), THREE, "1024x1536"),
        (Size(1000, 1000), SIXTEENS, "multiples of 16"),
        (Size(3840, 1024), SIXTEENS, "3 times"),
    ],
)
def test_a_size_that_the_model_does_not_take_is_refused(size: Size, rule: SizeRule, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        plan_edit(Size(4000, 3000), None, Context(), rule, size)
    assert str(size) in caught.value.message
    assert told in caught.value.hint


@given(rules(), sizes)
def test_the_smallest_frame_is_admitted_and_minimal(rule: SizeRule, content: Size) -> None:
    if rule.fixed:
        return
    frame = rule.smallest_around(content)
    if frame is None:
        return
    assert rule.admits(frame)
    assert taken(frame, rule)
    assert frame.width >= content.width
    assert frame.height >= content.height


@pytest.mark.parametrize(
    "limits",
    [
        {"multiple": 0},
        {"max_aspect": 0.5},
        {"minimum": 512, "maximum": 256},
        {"multiple": 64, "maximum": 63},
        {"min_area": 2_000_000, "max_area": 1_000_000},
        {"fixed": (Size(0, 0),)},
    ],
)
def test_a_rule_without_any_size_cannot_be_made(limits: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        SizeRule(**limits)  # type: ignore[arg-type]


def test_scale_is_as_high_as_the_rule_allows() -> None:
    plan = plan_edit(Size(9000, 6000), None, Context(), SizeRule(multiple=16, max_area=1_048_576))
    grown = math.sqrt(1_048_576 / (9000 * 6000))
    assert plan.scale == pytest.approx(grown, rel=0.02)
