"""What is reported outside the mask: nothing where nothing changed, a share where something did."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest

from app.base.geometry import Rect, Size
from app.edits.alignment import align
from app.edits.composite import compose
from app.edits.cut import send_picture
from app.edits.report import outside_changed_pixels, report_edit
from app.edits.types import Context, EditRequest, Report, SizeRule, Suspicion
from app.imaging.arrays import U8
from app.imaging.recipe import Align
from tests.drifts import Case, Drift, make_scene, simulated_reply

MakeRequest = Callable[..., EditRequest]
DOCUMENT, HOLE = Size(360, 240), Rect(150, 90, 50, 40)
WHOLE = Context(whole=True)


@pytest.fixture
def request_(make_request: MakeRequest) -> EditRequest:
    return make_request(DOCUMENT, HOLE, context=WHOLE)


def report(request: EditRequest, reply: U8) -> Report:
    aligned = align(request, reply, Align.AUTO)
    patch = compose(request, reply, request.coverage, request.recipe, aligned=aligned)
    return report_edit(request, patch, aligned)


def leak(request: EditRequest, reply: U8) -> float | None:
    return report(request, reply).leak


def edited(request: EditRequest) -> U8:
    """The sent picture with something new inside the mask."""
    reply = send_picture(request).copy()
    reply[HOLE.slices] = (200, 30, 40)
    return reply


def drifted(picture: U8, seed: int = 1) -> U8:
    """Another tone, noise, and the loss of a JPEG: what a model does to everything."""
    noise = np.random.default_rng(seed).normal(0, 2, picture.shape)
    toned = np.clip(picture * np.array([1.05, 0.97, 1.02]) + np.array([-6, 4, 3]) + noise, 0, 255)
    coded, bytes_ = cv2.imencode(".jpg", toned.astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 85])
    assert coded
    return np.asarray(cv2.imdecode(bytes_, cv2.IMREAD_COLOR), np.uint8)


def test_an_engine_that_keeps_the_outside_leaks_exactly_nothing(request_: EditRequest) -> None:
    reply = edited(request_)
    found = report(request_, reply)
    assert found.outside_changed_pixels == 0
    assert found.outside_pixels == DOCUMENT.area - HOLE.area
    assert found.leak == found.mean_change == found.worst_change == 0.0
    assert found.heat is not None
    assert not found.heat.plane.any()


def test_the_composite_keeps_the_outside_whatever_came(request_: EditRequest) -> None:
    random = np.random.default_rng(3).integers(0, 256, request_.picture.shape, np.uint8)
    assert report(request_, random).outside_changed_pixels == 0


def test_changed_pixels_outside_are_counted() -> None:
    before = np.zeros((4, 5, 3), np.uint8)
    after, coverage = before.copy(), np.zeros((4, 5), np.uint8)
    after[0, 0, 2] = 1
    after[3, 4] = 9
    coverage[3, 4] = 1
    assert outside_changed_pixels(before, after, coverage) == 1


def test_a_drift_of_tone_is_no_leak(request_: EditRequest) -> None:
    share = leak(request_, drifted(edited(request_)))
    assert share is not None
    assert share < 0.003


def test_what_a_contrast_cut_off_is_no_leak_of_its_neighbours() -> None:
    random = np.random.default_rng(3)
    coarse, broad = (cv2.GaussianBlur(random.standard_normal((240, 360)), (0, 0), sigma) for sigma in (8, 12))
    vessels = 60 * np.exp(-np.square(coarse / coarse.std() / 0.08))
    light = 30 * broad / broad.std()
    skin = (225 + light / 2 - vessels / 3, 130 + light - vessels, 90 + light - 0.7 * vessels)
    scene = make_scene(np.clip(np.stack(skin, axis=2), 0, 255).astype(np.uint8), Case.SAME)
    assert leak(scene.request, simulated_reply(scene, Drift.CONTRAST)) == 0


def test_a_changed_patch_outside_is_found_under_the_drift(request_: EditRequest) -> None:
    reply = edited(request_)
    reply[10:70, 20:100] = 255 - reply[10:70, 20:100]
    truth = 60 * 80 / (DOCUMENT.area - HOLE.area)
    share = leak(request_, drifted(reply))
    assert share is not None
    assert 0.7 * truth < share < 1.3 * truth


def test_a_recoloured_patch_is_found(request_: EditRequest) -> None:
    reply = edited(request_)
    part = reply[10:90, 20:120].astype(int) + np.array([25, 0, -25])
    reply[10:90, 20:120] = np.clip(part, 0, 255)
    truth = 80 * 100 / (DOCUMENT.area - HOLE.area)
    share = leak(request_, drifted(reply))
    assert share is not None
    assert 0.5 * truth < share < 1.3 * truth


def test_a_reply_that_shows_something_else_leaks_everywhere(request_: EditRequest) -> None:
    reply = edited(request_)
    noise = np.random.default_rng(4).integers(0, 256, reply.shape, np.uint8)
    for other in (np.full_like(reply, (10, 200, 30)), np.zeros_like(reply), 255 - reply, noise):
        share = leak(request_, other)
        assert share is not None
        assert share > 0.6


@pytest.mark.parametrize("seed", range(12))
def test_a_plain_reply_is_never_taken_for_a_shifted_one(request_: EditRequest, seed: int) -> None:
    random = np.random.default_rng(seed)
    small = random.integers(60, 120, (30, 45), np.uint8)
    grey = np.repeat(np.repeat(small, 8, axis=0), 8, axis=1)
    grainy = replace(request_, picture=np.repeat(grey[..., np.newaxis], 3, axis=2))
    for colour in ((255, 0, 255), (10, 200, 30), (0, 0, 0)):
        plain = np.full(grainy.picture.shape, colour, np.uint8)
        share = leak(grainy, plain)
        assert share is not None
        assert share > 0.5


def test_what_cannot_be_compared_gives_no_figure(request_: EditRequest, make_request: MakeRequest) -> None:
    reply = edited(request_)
    assert leak(make_request(DOCUMENT, None), reply) is None
    assert leak(make_request(DOCUMENT, DOCUMENT.rect), reply) is None


@pytest.mark.parametrize("width", [180, 540, 720])
def test_a_reply_of_another_size_is_judged(request_: EditRequest, width: int) -> None:
    reply = edited(request_)
    reply[10:70, 20:100] = 255 - reply[10:70, 20:100]
    truth = 60 * 80 / (DOCUMENT.area - HOLE.area)
    way = cv2.INTER_AREA if width < 360 else cv2.INTER_CUBIC
    found = leak(
        request_, np.asarray(cv2.resize(reply, (width, width * 2 // 3), interpolation=way), np.uint8)
    )
    assert found == pytest.approx(truth, rel=0.4)
    clean = cv2.resize(edited(request_), (width, width * 2 // 3), interpolation=way)
    assert leak(request_, np.asarray(clean, np.uint8)) == pytest.approx(0, abs=0.003)


def test_a_shift_is_told_and_is_no_leak(request_: EditRequest) -> None:
    found = report(request_, np.roll(edited(request_), (2, 6), axis=(0, 1)))
    assert found.leak == pytest.approx(0, abs=0.01)
    assert found.drift is not None
    assert (found.drift.dx, found.drift.dy) == pytest.approx((6, 2), abs=0.3)


def test_the_map_shows_where_and_nowhere_else(request_: EditRequest) -> None:
    reply = edited(request_)
    reply[10:70, 20:100] = 255 - reply[10:70, 20:100]
    heat = report(request_, drifted(reply)).heat
    assert heat is not None
    assert heat.rect_doc == request_.plan.region
    assert heat.plane.shape == (240, 360)
    inside = np.zeros(heat.plane.shape, bool)
    inside[4:76, 14:106] = True
    assert (heat.plane[inside] > 0).mean() > 0.7
    assert (heat.plane[~inside] > 0).mean() < 0.003
    assert not heat.extension.any()


def test_a_shadow_that_went_too_is_offered_to_the_mask(request_: EditRequest) -> None:
    reply = edited(request_)
    reply[128:150, 150:200] = 255 - reply[128:150, 150:200]
    found = report(request_, reply)
    assert found.touches_mask
    assert found.heat is not None
    assert found.heat.extension[128:150, 150:200].mean() > 200
    assert not found.heat.extension[:60].any()


def test_padding_is_not_counted(make_request: MakeRequest) -> None:
    request = make_request(Size(100, 80), Rect(40, 30, 10, 10), SizeRule(fixed=(Size(160, 160),)))
    reply = send_picture(request).copy()
    reply[:10] = 0
    assert leak(request, reply) == 0.0


def test_large_pictures_are_judged_reduced(make_request: MakeRequest) -> None:
    request = make_request(Size(1500, 1100), Rect(600, 400, 100, 100), context=WHOLE)
    reply = drifted(send_picture(request))
    reply[100:400, 100:500] = 30
    share = leak(request, reply)
    assert share == pytest.approx(300 * 400 / (1500 * 1100), rel=0.15)


class TestSuspicion:
    """A provider that reads the mask the other way, or not at all, is recognised; drift is no reason."""

    def verdict(self, request: EditRequest, reply: U8) -> Suspicion:
        return report(request, reply).suspicion

    def test_a_good_edit_is_beyond_suspicion(self, request_: EditRequest) -> None:
        assert self.verdict(request_, edited(request_)) is Suspicion.NONE

    @pytest.mark.parametrize("seed", range(3))
    def test_drift_is_no_reason(self, request_: EditRequest, seed: int) -> None:
        assert self.verdict(request_, drifted(edited(request_), seed)) is Suspicion.NONE
        assert self.verdict(request_, drifted(send_picture(request_), seed)) is Suspicion.NONE

    def test_the_other_side_changed(self, request_: EditRequest) -> None:
        reply = np.full_like(send_picture(request_), 30)
        reply[HOLE.slices] = send_picture(request_)[HOLE.slices]
        assert self.verdict(request_, reply) is Suspicion.INVERTED
        assert self.verdict(request_, drifted(reply)) is Suspicion.INVERTED

    def test_everything_changed(self, request_: EditRequest) -> None:
        reply = 255 - np.ascontiguousarray(send_picture(request_)[:, ::-1])
        assert self.verdict(request_, reply) is Suspicion.IGNORED

    def test_another_size_is_judged_as_well(self, request_: EditRequest) -> None:
        reply = np.full_like(send_picture(request_), 30)
        reply[HOLE.slices] = send_picture(request_)[HOLE.slices]
        larger = cv2.resize(reply, (720, 480), interpolation=cv2.INTER_CUBIC)
        assert self.verdict(request_, np.asarray(larger, np.uint8)) is Suspicion.INVERTED


@pytest.mark.parametrize("colour", [(230, 20, 220), (128, 128, 128), (255, 255, 255)])
def test_one_colour_painted_over_everything_is_no_drift_of_a_plain_photograph(
    request_: EditRequest, colour: tuple[int, int, int]
) -> None:
    """A slope of light is what a drift of light could make of a plain picture, were it ever as strong."""
    height, width = request_.picture.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width]
    slope = np.stack([columns * 0.5 + 40, rows * 0.6 + 40, (rows + columns) * 0.2 + 60], axis=2)
    noise = np.random.default_rng(3).normal(0, 4, slope.shape)
    request = replace(request_, picture=np.clip(slope + noise, 0, 255).astype(np.uint8))
    reply = np.full_like(send_picture(request), colour)
    found = report(request, reply)
    assert found.leak is not None
    assert found.leak > 0.3
    assert found.suspicion is Suspicion.IGNORED
