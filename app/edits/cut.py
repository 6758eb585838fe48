"""Freezing an edit: the request that leaves the document, and the two planes as they go on the wire.

What is cut here is a private, read-only copy at the document's own scale; the document may be painted on
while the request runs. Knows no gateway: how the mask plane is spelt on a wire is not said here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from app.base.errors import MaskError
from app.base.geometry import Size
from app.base.text import tr
from app.edits.types import EditPlan, EditRequest, ParameterValue
from app.imaging.arrays import U8
from app.imaging.recipe import Recipe
from app.imaging.resample import reduce_coverage, resize_picture, resize_soft


def cut_request(
    *,
    id: str,
    document_id: str,
    document_name: str,
    plan: EditPlan,
    picture: U8,
    coverage: U8 | None,
    prompt: str,
    provider: str,
    model: str,
    n: int = 1,
    parameters: Mapping[str, ParameterValue] | None = None,
    extras: Mapping[str, ParameterValue] | None = None,
    size: Size | None = None,
    recipe: Recipe = Recipe(),
    references: Sequence[U8] = (),
) -> EditRequest:
    """Freeze one edit.

    `picture` is the region `plan.region` of the flattened document, (h, w, 3) RGB or (h, w, 4) straight
    RGBA, uint8 sRGB; `coverage` is the same region of the grown mask, (h, w) uint8, 255 = edit, or None
    where no mask is used. Both are copied. `references` are as in EditRequest, and kept as they are.

    Raises:
        MaskError: the coverage has no pixel to edit.
        ValueError: an array does not have the size of the region.
    """
    height, width = plan.region.height, plan.region.width
    if picture.shape[:2] != (height, width) or (coverage is not None and coverage.shape != (height, width)):
        raise ValueError("picture and coverage must have the size of the region")
    if coverage is not None and not coverage.any():
        raise MaskError(tr("The mask has no pixel to edit."), tr("Paint over what should change."))
    frozen_coverage = (
        np.full((height, width), 255, np.uint8)
        if coverage is None
        else np.array(coverage, np.uint8, order="C")
    )
    frozen_picture = np.array(picture, np.uint8, order="C")
    frozen_coverage.flags.writeable = False
    frozen_picture.flags.writeable = False
    return EditRequest(
        id=id,
        document_id=document_id,
        document_name=document_name,
        plan=plan,
        picture=frozen_picture,
        coverage=frozen_coverage,
        has_mask=coverage is not None,
        prompt=prompt,
        provider=provider,
        model=model,
        n=n,
        parameters=dict(parameters or {}),
        extras=dict(extras or {}),
        size=size,
        recipe=recipe,
        references=tuple(references),
    )


def send_picture(request: EditRequest) -> U8:
    """The picture as it is sent: (h, w, 3) RGB, or (h, w, 4) RGBA where it has any transparency."""
    return framed_picture(request.picture, request.plan)


def framed_picture(picture: U8, plan: EditPlan) -> U8:
    """`picture`, the plan's region as (h, w, 3|4) sRGB, at the size that is sent; an opaque alpha is left out.

    The region is reduced to `content_send` (Lanczos; untouched at 1:1) and mirrored outwards to `size_send`.
    """
    if picture.shape[2] == 4 and bool((picture[..., 3] == 255).all()):
        picture = picture[..., :3]
    content = plan.content_send.size
    if content != plan.region.size:
        picture = resize_picture(np.ascontiguousarray(picture), content)
    return _framed(picture, plan)


def send_coverage(request: EditRequest, *, soft: bool = False) -> U8:
    """The mask's coverage at the size that is sent, (h, w) uint8: any pixel with coverage stays above 0.

    `soft` takes the mean where the size is reduced, else the maximum.

    The padding mirrors the mask as it mirrors the picture: otherwise a second, unmasked copy of what should
    go would stand beside it and tell the model to bring it back.
    """
    coverage = request.coverage
    content = request.plan.content_send.size
    if content != request.plan.region.size:
        most = reduce_coverage(coverage, content)
        coverage = np.maximum(resize_soft(coverage, content), np.minimum(most, 1)) if soft else most
    return _framed(coverage, request.plan)


def _framed(plane: U8, plan: EditPlan) -> U8:
    content, frame = plan.content_send, plan.size_send
    if content == frame.rect:
        return np.ascontiguousarray(plane)
    framed = cv2.copyMakeBorder(
        np.ascontiguousarray(plane),
        content.y,
        frame.height - content.bottom,
        content.x,
        frame.width - content.right,
        cv2.BORDER_REFLECT,
    )
    return np.asarray(framed, np.uint8)
