"""Trying out what a provider makes of a mask: one small paid edit, and a look at which half has changed.

Half of a synthetic picture is masked and a plain colour is asked for. A provider that keeps to the mask
changes that half; one that reads it the other way round changes the other; one that ignores it changes both.
"""

from __future__ import annotations

import asyncio
import enum
import uuid
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from app.base.errors import BadReply, MaskroomError, StoreError, from_os_error
from app.base.geometry import Rect, Size
from app.base.states import MaskConvention
from app.base.text import tr
from app.edits.cut import cut_request
from app.edits.plan import plan_edit
from app.edits.types import Context, Cost, EditRequest, ParameterValue, SizeRule
from app.gateways.types import Profile
from app.imaging.arrays import U8, as_u8
from app.imaging.codecs import decode_picture, encode_png
from app.imaging.load import load_photograph
from app.session.source import Origin, data_source
from app.session.workspace import Workspace

USUAL_SIDE = 256
"""Pixels a side where the model takes any size: no model takes much less."""
CHEAPEST = "low"
NOTABLE = 40.0
"""Difference of a pixel's strongest channel, blurred, from which on it counts as changed."""
MOST_OF_IT, LITTLE_OF_IT = 0.6, 0.25
"""Shares of a half from and up to which it counts as changed and as kept."""
MARGIN = 0.06
"""Share of the width beside the mask's edge that is not judged."""


class MaskVerdict(enum.Enum):
    """What the provider made of the mask."""

    EXPECTED = "expected"
    INVERTED = "inverted"
    IGNORED = "ignored"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """One test, ready to be sent, and what it costs."""

    request: EditRequest
    picture_png: bytes
    price: Cost | None
    """None = unknown."""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What came of it."""

    verdict: MaskVerdict
    masked_changed: float
    """Share (0–1) of the masked half that changed clearly."""
    kept_changed: float
    """The same of the other half."""
    entry_id: str
    """Of the edit in the history."""


def prepare_probe(workspace: Workspace, profile: Profile, model: str) -> Probe:
    """The test for `model`: at the smallest size and the lowest quality that it takes. Sends nothing."""
    card = profile.card(model)
    size = smallest_size(card.sizes)
    picture = probe_picture(size)
    bounds = Rect(size.width // 2, 0, size.width - size.width // 2, size.height)
    coverage = np.zeros((size.height, size.width), np.uint8)
    coverage[bounds.slices] = 255
    parameters: dict[str, ParameterValue] = {
        parameter.name: CHEAPEST
        for parameter in profile.parameters(model)
        if parameter.name == "quality" and CHEAPEST in parameter.choices
    }
    request = cut_request(
        id=workspace.history.new_id(),
        document_id=uuid.uuid4().hex,
        document_name=tr("Mask test"),
        plan=plan_edit(size, bounds, Context(whole=True), card.sizes, size),
        picture=picture,
        coverage=coverage,
        prompt=_PROMPT if "prompt" in card.takes else "",
        provider=profile.name,
        model=model,
        parameters=parameters,
        size=size if "size" in card.takes else None,
    )
    return Probe(
        request,
        encode_png(picture, level=6),
        card.price_at(parameters.get("quality"), request.plan.size_send),
    )


_PROMPT = "Fill the whole masked area with one plain, flat, saturated magenta. Nothing else in it."
"""Sent to the model, so it stays in the language that models know best."""


async def run_probe(workspace: Workspace, probe: Probe) -> ProbeResult:
    """Send the test as any edit is sent, and judge what came. A cancelled task cancels the request.

    Raises:
        MaskroomError: no picture came; the history tells why.
    """
    request = probe.request
    source = data_source(probe.picture_png, request.document_name)
    origin = Origin(source, lambda: load_photograph(probe.picture_png, name=source.name))
    await workspace.pipeline.submit(request, origin, lambda found, missing: None)
    try:
        job = await workspace.worker.wait(request.id)
    except asyncio.CancelledError:
        workspace.worker.cancel(request.id)
        await workspace.worker.wait(request.id)
        raise
    if job.error is not None:
        raise job.error
    entry = await workspace.history_actions.get(request.id)
    if not entry.results:
        # Cancelled in the list of requests, where everything that runs can be.
        raise asyncio.CancelledError
    path = workspace.history_actions.received_path(entry.results[0])
    return await asyncio.to_thread(_judged, request, path)


def smallest_size(rule: SizeRule) -> Size:
    """The smallest picture that a model takes, of those that are large enough to be worth a look."""
    if rule.fixed:
        return min(rule.fixed, key=lambda size: (size.area, abs(size.width - size.height)))
    side = USUAL_SIDE
    while (found := rule.smallest_around(Size(side, side))) is None:
        side //= 2
    return found


def probe_picture(size: Size) -> U8:
    """A calm scene without magenta in it, (h, w, 3): sky, hills, a sun, some grain."""
    rows, columns = np.mgrid[0 : size.height, 0 : size.width].astype(np.float32)
    down, across = rows / size.height, columns / size.width
    hills = down > 0.62 + 0.06 * np.sin(across * 9.0) + 0.04 * np.sin(across * 23.0)
    sky = np.stack([110 + 60 * down, 150 + 50 * down, 190 + 20 * down], axis=2)
    ground = np.stack([70 + 30 * across, 110 + 40 * down, 60 + 20 * across], axis=2)
    picture = np.where(hills[..., np.newaxis], ground, sky)
    picture += np.random.default_rng(7).normal(0, 4, picture.shape)
    scene = as_u8(np.clip(picture, 0, 255).astype(np.uint8))
    radius = max(2, size.height // 12)
    for place in (0.25, 0.75):
        cv2.circle(scene, (round(size.width * place), size.height // 4), radius, (250, 220, 120), -1)
    return scene


def judge(sent: U8, received: U8, coverage: U8) -> tuple[MaskVerdict, float, float]:
    """What `received` tells of the mask, with the shares of both halves that changed.

    `sent` and `received` are (h, w, 3|4), of any two sizes; `coverage` is (h, w) of the sent one.
    """
    height, width = coverage.shape
    before = sent[..., :3].astype(np.float32)
    after = cv2.resize(
        np.ascontiguousarray(received[..., :3]), (width, height), interpolation=cv2.INTER_AREA
    ).astype(np.float32)
    change = cv2.GaussianBlur(np.abs(after - before).max(axis=2), (0, 0), 2) > NOTABLE
    margin = max(2, round(MARGIN * width))
    square = np.ones((2 * margin + 1, 2 * margin + 1), np.uint8)
    inside = cv2.erode(coverage, square) > 0
    outside = cv2.dilate(coverage, square) == 0
    masked, kept = float(change[inside].mean()), float(change[outside].mean())
    return _verdict(masked, kept), masked, kept


def _verdict(masked: float, kept: float) -> MaskVerdict:
    if masked >= MOST_OF_IT and kept <= LITTLE_OF_IT:
        return MaskVerdict.EXPECTED
    if kept >= MOST_OF_IT and masked <= LITTLE_OF_IT:
        return MaskVerdict.INVERTED
    if masked >= MOST_OF_IT and kept >= MOST_OF_IT:
        return MaskVerdict.IGNORED
    return MaskVerdict.UNCLEAR


def _judged(request: EditRequest, path: Path) -> ProbeResult:
    try:
        received = decode_picture(path.read_bytes())
    except OSError as error:
        raise from_os_error(error, path.name, kind=StoreError) from error
    except MaskroomError as error:
        raise BadReply(tr("The provider's reply is no usable image."), details=error.message) from error
    verdict, masked, kept = judge(request.picture, received, request.coverage)
    return ProbeResult(verdict, masked, kept, request.id)


def verdict_sentence(result: ProbeResult) -> str:
    """The finding in words."""
    return {
        MaskVerdict.EXPECTED: tr("The mask works as set: what was masked changed, the rest stayed."),
        MaskVerdict.INVERTED: tr("The mask is read the other way round: what was to stay changed."),
        MaskVerdict.IGNORED: tr(
            "The mask is ignored: the whole picture changed. Outside it Maskroom keeps yours."
        ),
        MaskVerdict.UNCLEAR: tr(
            "It cannot be told: neither half changed clearly. The picture is in the history."
        ),
    }[result.verdict]


def mended(convention: MaskConvention, invert: bool, verdict: MaskVerdict) -> tuple[MaskConvention, bool]:
    """The setting that a verdict speaks for."""
    if verdict is MaskVerdict.INVERTED:
        return convention, not invert
    if verdict is MaskVerdict.IGNORED:
        return MaskConvention.IGNORED, invert
    return convention, invert
