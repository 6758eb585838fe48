"""Limits in bytes are met before anything is sent, by the least loss there is, and what was done is told."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.base.errors import UsageError
from app.base.geometry import Rect, Size
from app.edits.plan import plan_edit
from app.edits.types import Context, EditPlan, SizeRule
from app.gateways.catalogue import Catalogue, load_catalogue
from app.gateways.fitting import fit, fit_references
from app.gateways.types import Limits, PictureForm, Profile, UploadFormat
from app.gateways.uploads import make_upload, surely_fits, wire_length
from app.imaging.arrays import U8
from app.imaging.codecs import decode_picture

DOCUMENT = Size(600, 500)
NOISE: U8 = np.random.default_rng(5).integers(0, 256, (500, 600, 3), np.uint8)


def cut(region: Rect) -> U8:
    return NOISE[region.slices]


def plan_for(rule: SizeRule) -> EditPlan:
    return plan_edit(DOCUMENT, Rect(100, 100, 300, 200), Context(whole=True), rule)


@pytest.fixture
def limited(catalogue: Catalogue) -> Callable[..., Profile]:
    """Makes a provider that takes so many bytes per picture, in these formats."""

    def make(limit: int, *formats: UploadFormat, dialect: str = "openai-multipart", body: int = 0) -> Profile:
        return replace(
            catalogue.profiles["openai"],
            title="Mine",
            dialect=catalogue.dialects[dialect],
            limits=Limits(image_bytes=limit, body_bytes=body),
            formats=(UploadFormat.PNG, *formats),
        )

    return make


FREE = SizeRule(multiple=16, minimum=64)


def test_what_fits_is_left_alone_and_not_even_encoded(limited: Callable[..., Profile]) -> None:
    fitted = fit(plan_for, cut, limited(2_000_000), FREE)
    assert fitted.upload is None
    assert fitted.plan == plan_for(FREE)


def test_a_lossy_format_comes_before_a_smaller_size(limited: Callable[..., Profile]) -> None:
    fitted = fit(plan_for, cut, limited(400_000, UploadFormat.JPEG), FREE)
    assert fitted.upload is not None
    assert fitted.upload.format is UploadFormat.JPEG
    assert len(fitted.upload.data) <= 400_000
    assert fitted.plan.size_send == plan_for(FREE).size_send
    assert "JPEG" in fitted.plan.warnings[-1]


def test_without_one_the_picture_is_sent_smaller(limited: Callable[..., Profile]) -> None:
    fitted = fit(plan_for, cut, limited(400_000), FREE)
    assert fitted.upload is not None
    assert (fitted.upload.format, fitted.upload.quality) == (UploadFormat.PNG, None)
    assert len(fitted.upload.data) <= 400_000
    assert FREE.admits(fitted.plan.size_send)
    assert str(fitted.plan.size_send) in fitted.plan.warnings[-1]
    assert fitted.plan.size_send.area > plan_for(FREE).size_send.area / 8


def test_fixed_sizes_are_gone_down_one_by_one(limited: Callable[..., Profile]) -> None:
    rule = SizeRule(fixed=(Size(1024, 1024), Size(512, 512), Size(256, 256)))
    assert fit(plan_for, cut, limited(900_000), rule).plan.size_send == Size(512, 512)
    assert fit(plan_for, cut, limited(300_000), rule).plan.size_send == Size(256, 256)
    with pytest.raises(UsageError) as caught:
        fit(plan_for, cut, limited(1000), rule)
    assert caught.value.code == "too_large"


def test_base64_counts(limited: Callable[..., Profile]) -> None:
    rule = SizeRule(fixed=(Size(512, 512), Size(256, 256)))
    limit = 850_000
    assert fit(plan_for, cut, limited(limit), rule).plan.size_send == Size(512, 512)
    assert fit(plan_for, cut, limited(limit, dialect="routeway-json"), rule).plan.size_send == Size(256, 256)


def test_the_whole_body_has_a_limit_too(limited: Callable[..., Profile]) -> None:
    fitted = fit(plan_for, cut, limited(0, body=1_400_000), FREE)
    assert fitted.upload is not None
    assert len(fitted.upload.data) < 400_000


def test_references_shrink_until_they_fit(limited: Callable[..., Profile]) -> None:
    (reference,) = fit_references((NOISE,), limited(300_000))
    assert reference.shape[0] < 500
    assert reference.shape[1] / reference.shape[0] == pytest.approx(1.2, abs=0.02)
    assert make_upload(reference, PictureForm.FILE, (UploadFormat.PNG,), 300_000) is not None
    assert fit_references((NOISE,), limited(0)) == (NOISE,)


@settings(max_examples=40)
@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from(list(PictureForm)), st.integers(1, 9000))
def test_an_upload_never_exceeds_its_limit(height: int, width: int, form: PictureForm, limit: int) -> None:
    picture = np.random.default_rng(height * 41 + width).integers(0, 256, (height, width, 3), np.uint8)
    upload = make_upload(picture, form, tuple(UploadFormat), limit)
    if upload is not None:
        assert wire_length(len(upload.data), form) <= limit
        assert decode_picture(upload.data).shape == picture.shape
    else:
        assert not surely_fits(picture, form, limit)


def test_alpha_never_goes_into_a_jpeg() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (64, 64, 4), np.uint8)
    assert make_upload(picture, PictureForm.FILE, (UploadFormat.PNG, UploadFormat.JPEG), 5000) is None
    upload = make_upload(picture, PictureForm.FILE, tuple(UploadFormat), 9000)
    assert upload is not None
    assert upload.format is UploadFormat.WEBP
    assert decode_picture(upload.data).shape == (64, 64, 4)


def test_the_shipped_limits_leave_room_for_every_shipped_size() -> None:
    """A photograph's PNG takes at most two thirds of its pixels' bytes, as a rule."""
    for profile in load_catalogue().profiles.values():
        for card in profile.models:
            for size in card.sizes.fixed:
                limit = profile.limits.image_bytes
                assert not limit or wire_length(size.area * 2, profile.dialect.image_form) <= limit * 1.1
