"""What a model does to a picture it was only asked to change in one place, simulated where the truth is known.

A `Scene` is a photograph with a mask and three cases of what the edit was; a `Drift` is what else happened to
the reply. Everything is seeded: the same scene gives the same bytes.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import cv2
import numpy as np

from app.base.geometry import Rect, Size
from app.edits.cut import cut_request, framed_picture
from app.edits.plan import plan_edit
from app.edits.types import Context, EditRequest, SizeRule
from app.imaging.arrays import F32, U8, as_u8
from tests.holes import Hole, draw_hole

FRINGE = 4
"""Pixels between what is put into the mask and the mask's edge, as a grown mask leaves them."""


class Case(enum.Enum):
    """What the edit was."""

    SAME = "same"
    """The reply shows in the mask what the photograph shows."""
    REMOVE = "remove"
    """The photograph has an object that fills the mask, and the reply has not."""
    ADD = "add"
    """The other way round."""


class Drift(enum.Enum):
    """What happened to the whole of the reply, at its own size."""

    NONE = "none"
    MILD = "mild"
    """JPEG of quality 85."""
    FULL = "full"
    """+6 levels, gamma 1.05, a shift of (1.3, -0.8) px and 0.5 % of scale in one resampling, then JPEG."""
    TONE = "tone"
    """As full, with a lighting of ±14 levels that changes by half a wave over the picture."""
    NONRIGID = "nonrigid"
    """As full, with a smooth warp of 2 px."""
    CONTRAST = "contrast"
    """Contrast x 1.12, saturation x 1.18, the shift, then JPEG."""


DRIFTS = (Drift.MILD, Drift.FULL, Drift.TONE, Drift.NONRIGID, Drift.CONTRAST)


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One edit with its truth."""

    request: EditRequest
    truth: U8
    """(h, w, 3) of the region: what a perfect composite shows."""

    @property
    def document(self) -> U8:
        """(h, w, 3) of the region: what was sent."""
        return self.request.picture

    @property
    def mask(self) -> U8:
        return self.request.coverage


def make_scene(
    photograph: U8, case: Case, *, send: Size | None = None, share: float = 0.06, seed: int = 1
) -> Scene:
    """The whole of `photograph` (h, w, 3) as the region, sent at `send` (None: at its own size)."""
    height, width = photograph.shape[:2]
    mask = _mask(height, width, share, seed)
    with_object = _with_object(photograph, mask, seed)
    document = with_object if case is Case.REMOVE else photograph
    truth = with_object if case is Case.ADD else photograph
    size = Size(width, height)
    rule = SizeRule() if send is None else SizeRule(fixed=(send,))
    request = cut_request(
        id="a",
        document_id="d",
        document_name="n",
        plan=plan_edit(size, _bounds(mask), Context(whole=True), rule),
        picture=document,
        coverage=mask,
        prompt="",
        provider="p",
        model="m",
    )
    return Scene(request, truth)


def simulated_reply(scene: Scene, drift: Drift, *, size: Size | None = None, seed: int = 1) -> U8:
    """What comes back for `scene`, (H, W, 3) at the sent size, or resized to `size` first."""
    ideal = framed_picture(scene.truth, scene.request.plan)
    if size is not None:
        way = cv2.INTER_AREA if size.width < ideal.shape[1] else cv2.INTER_CUBIC
        ideal = as_u8(cv2.resize(ideal, (size.width, size.height), interpolation=way))
    return drifted(ideal, drift, seed)


def drifted(picture: U8, drift: Drift, seed: int = 1) -> U8:
    """`picture` (h, w, 3) as a model hands it back that changes nothing on purpose."""
    if drift is Drift.NONE:
        return picture
    values: F32 = picture.astype(np.float32)
    if drift is Drift.CONTRAST:
        values = (values - 128) * np.float32(1.12) + 128
        grey = values @ np.array([0.299, 0.587, 0.114], np.float32)
        values = grey[..., np.newaxis] + (values - grey[..., np.newaxis]) * np.float32(1.18)
        values = _moved(values, (1.3, -0.8), 1.0)
    elif drift is not Drift.MILD:
        values = 255 * (np.clip(values, 0, 255) / 255) ** np.float32(1.05) + 6
        if drift is Drift.TONE:
            values += _light(picture.shape[0], picture.shape[1], 14.0, seed)[..., np.newaxis]
        bend = 2.0 if drift is Drift.NONRIGID else 0.0
        values = _moved(values, (1.3, -0.8), 1.005, bend, seed)
    rounded = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return as_u8(_through_jpeg(rounded))


def _through_jpeg(picture: U8) -> U8:
    ok, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])
    assert ok
    return as_u8(np.ascontiguousarray(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1]))


def _moved(values: F32, shift: tuple[float, float], scale: float, bend: float = 0.0, seed: int = 1) -> F32:
    """`values` with its content moved by `shift` px and scaled about the centre, bent by up to `bend` px."""
    height, width = values.shape[:2]
    centre_x, centre_y = (width - 1) / 2, (height - 1) / 2
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    from_x = (x - shift[0] - centre_x) / scale + centre_x
    from_y = (y - shift[1] - centre_y) / scale + centre_y
    if bend:
        from_x = from_x + _smooth(height, width, bend, seed + 1)
        from_y = from_y + _smooth(height, width, bend, seed + 2)
    moved = cv2.remap(
        values,
        from_x.astype(np.float32),
        from_y.astype(np.float32),
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REFLECT,
    )
    return np.asarray(moved, np.float32)


def _light(height: int, width: int, most: float, seed: int) -> F32:
    """A lighting of (h, w) between -most and most: half a wave in some direction."""
    random = np.random.default_rng(seed)
    angle, phase = random.uniform(0, 2 * np.pi, 2)
    x, y = np.meshgrid(np.linspace(-0.5, 0.5, width), np.linspace(-0.5, 0.5, height))
    return np.asarray(most * np.sin(np.pi * (x * np.cos(angle) + y * np.sin(angle)) + phase), np.float32)


def _smooth(height: int, width: int, most: float, seed: int) -> F32:
    """A smooth random field of (h, w) between about -most and most."""
    coarse = np.random.default_rng(seed).uniform(-1, 1, (3, 3)).astype(np.float32)
    field = np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
    return np.asarray(field / np.abs(field).max() * most, np.float32)


def _mask(height: int, width: int, share: float, seed: int) -> U8:
    """A roundish mask of about `share` of the picture, away from its border."""
    drawn = draw_hole(Hole.BLOB, height, width, seed)
    present = np.count_nonzero(drawn) / drawn.size
    factor = (share / max(present, 1e-6)) ** 0.5
    centre = (width / 2, height / 2)
    turn = cv2.getRotationMatrix2D(centre, 0, factor)
    return as_u8(np.asarray(cv2.warpAffine(drawn, turn, (width, height), flags=cv2.INTER_NEAREST)))


def _with_object(photograph: U8, mask: U8, seed: int) -> U8:
    """`photograph` with a part of itself, turned and recoloured, that fills the mask but for its fringe."""
    depth = cv2.distanceTransform((mask > 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    weight = np.clip(depth - FRINGE, 0, 1)[..., np.newaxis]
    thing = np.roll(photograph[::-1, ::-1], seed * 97, axis=(0, 1))[..., ::-1] * 0.8 + 30
    mixed = photograph * (1 - weight) + thing * weight
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def _bounds(mask: U8) -> Rect:
    x, y, width, height = cv2.boundingRect(mask)
    return Rect(x, y, width, height)
