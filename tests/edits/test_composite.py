"""A reply of any size comes back to its place; one of the right size is not resampled at all."""

import io
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from app.base.errors import PhotographError
from app.base.geometry import Rect, Size
from app.edits.composite import compose
from app.edits.cut import cut_request, send_picture
from app.edits.plan import plan_edit
from app.edits.types import Context, EditRequest, Patch, SizeRule
from app.imaging.arrays import U8
from app.imaging.codecs import decode_picture, encode_png
from app.imaging.recipe import Align, ColourMatch, Recipe

MakeRequest = Callable[..., EditRequest]
SQUARE = SizeRule(fixed=(Size(128, 128),))


def place(request: EditRequest, data: bytes) -> Patch:
    """What a received file makes of the request's region."""
    return compose(request, decode_picture(data), request.coverage, request.recipe)


def difference(one: U8, other: U8) -> float:
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


@given(st.integers(1, 300), st.integers(1, 300), st.data())
@settings(max_examples=40)
def test_a_reply_in_the_regions_own_size_is_bit_exact(width: int, height: int, data: st.DataObject) -> None:
    document = Size(width, height)
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    random = np.random.default_rng(width * 1000 + height)
    picture = random.integers(0, 256, (height, width, 3), np.uint8)
    coverage = np.zeros((height, width), np.uint8)
    coverage[y, x] = 255
    plan = plan_edit(document, Rect(x, y, 1, 1), Context(), SizeRule())
    request = cut_request(
        id="a",
        document_id="d",
        document_name="n",
        plan=plan,
        picture=picture[plan.region.slices],
        coverage=coverage[plan.region.slices],
        prompt="",
        provider="p",
        model="m",
        recipe=Recipe(align=Align.OFF, colour=ColourMatch.OFF, feather=7),
    )
    reply = random.integers(0, 256, request.picture.shape, np.uint8)
    patch = place(request, encode_png(reply))
    assert np.array_equal(patch.pixels, reply)
    assert patch.region == plan.region
    assert np.array_equal(patch.coverage, request.coverage)
    assert patch.recipe == request.recipe


def test_padding_is_cut_off_without_resampling(make_request: MakeRequest) -> None:
    request = make_request(Size(90, 61), Rect(10, 10, 20, 20), SQUARE)
    assert request.plan.scale == 1.0
    patch = place(request, encode_png(send_picture(request)))
    assert np.array_equal(patch.pixels, request.picture)


@pytest.mark.parametrize("factor", [0.5, 0.75, 1.0, 1.37, 2.0])
@pytest.mark.parametrize("rule", [SQUARE, SizeRule(fixed=(Size(128, 192), Size(192, 128)))])
def test_any_size_lands_where_it_was_cut(make_request: MakeRequest, factor: float, rule: SizeRule) -> None:
    request = make_request(Size(400, 300), Rect(150, 100, 60, 40), rule)
    sent = send_picture(request)
    size = (round(sent.shape[1] * factor), round(sent.shape[0] * factor))
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    reply = cv2.resize(sent, size, interpolation=way)
    patch = place(request, encode_png(np.asarray(reply, np.uint8)))
    assert patch.pixels.shape == request.picture.shape
    # A shift by one pixel would cost several times as much.
    shifted = np.roll(request.picture, 2, axis=1)
    assert difference(patch.pixels, request.picture) < 0.6 * difference(shifted, request.picture)
    assert difference(patch.pixels, request.picture) < 12


def test_a_reply_of_another_shape_is_mapped_side_by_side(make_request: MakeRequest) -> None:
    request = make_request(Size(400, 300), None, SizeRule(fixed=(Size(200, 150),)))
    sent = send_picture(request)
    squeezed = cv2.resize(sent, (150, 150), interpolation=cv2.INTER_AREA)
    patch = place(request, encode_png(np.asarray(squeezed, np.uint8)))
    assert patch.pixels.shape == (300, 400, 3)
    assert difference(patch.pixels, request.picture) < 12


def test_padding_of_an_odd_fraction_leaves_no_seam(make_request: MakeRequest) -> None:
    """The box ends between two pixels of the reply; the mirrored padding serves as its border."""
    request = make_request(Size(301, 199), None, SizeRule(fixed=(Size(128, 128),)))
    flat = np.full((77, 77, 3), 200, np.uint8)
    assert (place(request, encode_png(flat)).pixels == 200).all()


def test_transparency_shows_the_photograph(make_request: MakeRequest) -> None:
    request = make_request(Size(64, 48), None)
    reply = np.zeros((48, 64, 4), np.uint8)
    reply[:, 32:] = (10, 20, 30, 255)
    pixels = place(request, encode_png(reply)).pixels
    assert np.array_equal(pixels[:, :32], request.picture[:, :32])
    assert (pixels[:, 32:] == (10, 20, 30)).all()


def test_a_reply_that_keeps_the_documents_transparency_keeps_its_colours(
    make_request: MakeRequest, photograph: Callable[[Size], U8]
) -> None:
    alpha = np.tile(np.linspace(0, 255, 64).astype(np.uint8), (48, 1))
    picture = np.dstack((photograph(Size(64, 48)), alpha))
    request = make_request(Size(64, 48), None, picture=picture)
    healed = np.dstack((255 - picture[..., :3], alpha))
    pixels = place(request, encode_png(healed)).pixels
    assert np.array_equal(pixels[:, 1:], healed[:, 1:, :3])


def test_other_formats_are_known_by_their_bytes(make_request: MakeRequest) -> None:
    request = make_request(Size(64, 48), None)
    for format in ("JPEG", "WEBP"):
        file = io.BytesIO()
        Image.fromarray(request.picture).save(file, format, quality=95)
        assert difference(place(request, file.getvalue()).pixels, request.picture) < 12


def test_grey_and_sixteen_bit_replies_become_rgb(make_request: MakeRequest) -> None:
    request = make_request(Size(64, 48), None)
    assert place(request, encode_png(request.picture[..., 0])).pixels.shape == (48, 64, 3)
    wide = request.picture.astype(np.uint16) * 257
    assert np.array_equal(place(request, encode_png(wide)).pixels, request.picture)


@pytest.mark.parametrize("keep", [0, 20, 200])
def test_cut_off_files_are_told(make_request: MakeRequest, keep: int) -> None:
    request = make_request(Size(64, 48), None)
    with pytest.raises(PhotographError):
        place(request, encode_png(request.picture)[:keep])
