"""What is frozen when an edit is sent, and the two planes that go on the wire."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.errors import MaskError
from app.base.geometry import Rect, Size
from app.edits.cut import cut_request, send_coverage, send_picture
from app.edits.plan import plan_edit
from app.edits.types import Context, EditRequest, SizeRule
from app.imaging.arrays import U8

MakeRequest = Callable[..., EditRequest]
SMALL = SizeRule(fixed=(Size(64, 64), Size(64, 96)))


def test_a_request_is_a_copy_that_nothing_can_change(photograph: Callable[[Size], U8]) -> None:
    size = Size(90, 70)
    picture, coverage = photograph(size), np.zeros((70, 90), np.uint8)
    coverage[10:20, 10:20] = 200
    plan = plan_edit(size, Rect(10, 10, 10, 10), Context(whole=True), SizeRule())
    request = cut_request(
        id="a",
        document_id="d",
        document_name="n",
        plan=plan,
        picture=picture,
        coverage=coverage,
        prompt="",
        provider="p",
        model="m",
    )
    picture[:], coverage[:] = 0, 0
    assert request.picture.any()
    assert np.count_nonzero(request.coverage) == 100
    with pytest.raises(ValueError):
        request.picture[0, 0] = 1
    with pytest.raises(ValueError):
        request.coverage[0, 0] = 1


def test_an_empty_mask_and_wrong_sizes_are_refused(photograph: Callable[[Size], U8]) -> None:
    size = Size(40, 30)
    plan = plan_edit(size, Rect(5, 5, 4, 4), Context(whole=True), SizeRule())
    common = {
        "id": "a",
        "document_id": "d",
        "document_name": "n",
        "plan": plan,
        "prompt": "",
        "provider": "p",
        "model": "m",
    }
    with pytest.raises(MaskError):
        cut_request(picture=photograph(size), coverage=np.zeros((30, 40), np.uint8), **common)  # type: ignore[arg-type]
    with pytest.raises(ValueError):
        cut_request(picture=photograph(Size(41, 30)), coverage=None, **common)  # type: ignore[arg-type]


def test_no_mask_covers_the_whole_region(make_request: MakeRequest) -> None:
    request = make_request(Size(50, 40), None)
    assert not request.has_mask
    assert (request.coverage == 255).all()


def test_at_one_to_one_the_picture_is_sent_as_it_is(make_request: MakeRequest) -> None:
    request = make_request(Size(300, 200), Rect(50, 60, 30, 20))
    assert np.array_equal(send_picture(request), request.picture)
    assert np.array_equal(send_coverage(request), request.coverage)


def test_padding_mirrors_picture_and_mask(make_request: MakeRequest) -> None:
    request = make_request(Size(40, 30), Rect(0, 0, 6, 5), SizeRule(fixed=(Size(64, 64),)))
    content = request.plan.content_send
    picture, coverage = send_picture(request), send_coverage(request)
    assert picture.shape == (64, 64, 3)
    assert np.array_equal(picture[content.slices], request.picture)
    assert np.array_equal(picture[content.y - 1, content.x : content.right], request.picture[0])
    assert coverage[content.y - 1, content.x] == 255
    assert coverage[content.bottom, content.right] == 0


def test_alpha_is_sent_only_where_there_is_transparency(photograph: Callable[[Size], U8]) -> None:
    size = Size(80, 60)
    plan = plan_edit(size, None, Context(), SMALL)
    rgba = np.dstack((photograph(size), np.full((60, 80), 255, np.uint8)))

    def shape(picture: U8) -> tuple[int, ...]:
        return send_picture(
            cut_request(
                id="a",
                document_id="d",
                document_name="n",
                plan=plan,
                picture=picture,
                coverage=None,
                prompt="",
                provider="p",
                model="m",
            )
        ).shape

    assert shape(rgba) == (64, 64, 3)
    rgba[0, 0, 3] = 254
    assert shape(rgba) == (64, 64, 4)


@given(st.integers(0, 199), st.integers(0, 149), st.integers(1, 255))
def test_a_single_pixel_of_any_coverage_survives_the_reduction(x: int, y: int, value: int) -> None:
    coverage = np.zeros((150, 200), np.uint8)
    coverage[y, x] = value
    plan = plan_edit(Size(200, 150), Rect(x, y, 1, 1), Context(whole=True), SMALL)
    request = cut_request(
        id="a",
        document_id="d",
        document_name="n",
        plan=plan,
        picture=np.zeros((150, 200, 3), np.uint8),
        coverage=coverage,
        prompt="",
        provider="p",
        model="m",
    )
    content = request.plan.content_send
    sent = send_coverage(request)[content.slices]
    rows, columns = np.nonzero(sent)
    assert 1 <= len(rows) <= 4
    assert abs((columns.mean() + 0.5) / content.width - (x + 0.5) / 200) < 2 / content.width
    assert abs((rows.mean() + 0.5) / content.height - (y + 0.5) / 150) < 2 / content.height
