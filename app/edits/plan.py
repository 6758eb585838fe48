"""Where an edit happens: from the mask's bounds to the region that is cut out and the size it is sent at.

Pure arithmetic on rectangles: it is evaluated live while painting and printed by `maskroom plan`, so it
must never look at a pixel. A picture is only ever reduced, by one factor for both axes; what the document
cannot fill of a model's size is mirrored padding, remembered in `EditPlan.content_send` and cut off again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction

from app.base.errors import MaskError, UsageError
from app.base.geometry import Point, Rect, Size
from app.base.text import tr
from app.edits.types import Context, EditPlan, SizeRule

LEAST_CONTEXT = 64
"""Pixels of surroundings on every side that a share of a small mask never falls below."""

LEAST_REGION = 256
"""Pixels a side that are sent at least with an automatic context: of less no model can tell what it sees."""

MIDDLE = Point(0.5, 0.5)

SPARING_SHARE = 0.35
"""Share of the mask's bounds that is sent around it when the usual share would cost too much scale."""

SPARING_BELOW = Fraction(3, 5)
"""Scale under which less of the surroundings is sent."""


@dataclass(frozen=True, slots=True)
class _Fit:
    """One way to bring a region onto the wire."""

    frame: Size
    scale: Fraction
    """Sent pixels per document pixel, at most 1."""


def plan_edit(
    document: Size,
    mask_bounds: Rect | None,
    context: Context,
    rule: SizeRule,
    size: Size | None = None,
    anchor: Point = MIDDLE,
) -> EditPlan:
    """Plan what to send for a mask within `mask_bounds` (document pixels; None = no mask: the whole picture).

    The region holds the mask and its context, lies in the document, and is widened inside the document to
    the shape of the size it is sent at. `size` is the user's own choice of that size, `anchor` which share of
    the widening goes to the left and above.

    Raises:
        MaskError: `mask_bounds` has no pixel in the document.
        UsageError: the model does not take pictures of `size`.
    """
    if size is not None and not rule.admits(size):
        raise _size_refused(size, rule)
    bounds = document.rect if mask_bounds is None else mask_bounds.intersected(document.rect)
    if bounds.is_empty:
        raise MaskError(tr("The mask has no pixel to edit."), tr("Paint over what should change."))
    frames = (size,) if size is not None else rule.fixed
    if mask_bounds is None:
        context = replace(context, whole=True, region=None)
    base = surroundings(document, bounds, context)
    fit = _best_fit(base.size, rule, frames)
    warnings: list[str] = []
    if fit.scale < SPARING_BELOW and context.is_automatic and context.share > SPARING_SHARE:
        tighter = surroundings(document, bounds, replace(context, share=SPARING_SHARE))
        closer = _best_fit(tighter.size, rule, frames)
        if closer.scale > fit.scale:
            base, fit = tighter, closer
            warnings.append(tr("Less of the surroundings is sent, so that the model sees more detail."))
    if context.region is not None and not context.region.contains(bounds):
        warnings.append(tr("The region was widened: it has to hold the mask."))
    region, content = _fill(document, base, fit, anchor)
    return EditPlan(
        region=region,
        mask_bounds=bounds,
        size_send=fit.frame,
        content_send=content,
        scale=float(fit.scale),
        warnings=(*_about_fit(fit, content, rule), *warnings),
    )


def surroundings(document: Size, bounds: Rect, context: Context) -> Rect:
    """The mask's bounds with the context asked for, inside the document.

    A share is shifted inwards at the border, to keep as much around the mask, and never leaves a region too
    small to be of use; pixels counted by the user are taken as they are, and cut off there.
    """
    if context.region is not None:
        return context.region.intersected(document.rect).united(bounds)
    if context.whole:
        return document.rect
    if context.pixels is not None:
        return bounds.expanded(max(0, context.pixels)).intersected(document.rect)
    margin_x, margin_y = (_margin(side, context.share) for side in (bounds.width, bounds.height))
    return bounds.expanded(margin_x, margin_y).moved_inside(document.rect)


def _margin(side: int, share: float) -> int:
    """Pixels of surroundings before and behind a mask that is `side` pixels long."""
    return max(LEAST_CONTEXT, math.ceil(share * side), math.ceil((LEAST_REGION - side) / 2))


def _best_fit(base: Size, rule: SizeRule, frames: tuple[Size, ...]) -> _Fit:
    """The way that keeps the most detail of a region of size `base`; among equals the smallest picture."""
    if not frames:
        return _free_fit(base, rule)
    fits = [
        _Fit(frame, min(Fraction(1), Fraction(frame.width, base.width), Fraction(frame.height, base.height)))
        for frame in frames
    ]
    return min(
        fits, key=lambda fit: (-fit.scale, fit.frame.area, abs(math.log(fit.frame.aspect / base.aspect)))
    )


def _free_fit(base: Size, rule: SizeRule) -> _Fit:
    """The largest reduction of `base` around which the rule has a size, found by halving the long side."""
    longest = max(base.width, base.height)

    def fit_at(length: int) -> _Fit | None:
        scale = Fraction(length, longest)
        frame = rule.smallest_around(_scaled(base, scale))
        return None if frame is None else _Fit(frame, scale)

    best = fit_at(longest)
    if best is not None:
        return best
    low, high = 1, longest
    best = fit_at(low)
    while high - low > 1:
        middle = (low + high) // 2
        fit = fit_at(middle)
        if fit is None:
            high = middle
        else:
            low, best = middle, fit
    if best is None:
        raise ValueError(f"no size of {rule} holds a picture of the shape {base}")
    return best


def _fill(document: Size, base: Rect, fit: _Fit, anchor: Point) -> tuple[Rect, Rect]:
    """The region grown to the frame's shape inside the document, and where it stands in the frame."""
    width = min(document.width, max(base.width, math.floor(fit.frame.width / fit.scale)))
    height = min(document.height, max(base.height, math.floor(fit.frame.height / fit.scale)))
    left = math.floor((width - base.width) * anchor.x)
    top = math.floor((height - base.height) * anchor.y)
    region = Rect(base.x - left, base.y - top, width, height).moved_inside(document.rect)
    content = _scaled(region.size, fit.scale)
    x, y = (fit.frame.width - content.width) // 2, (fit.frame.height - content.height) // 2
    return region, Rect(x, y, content.width, content.height)


def _scaled(size: Size, scale: Fraction) -> Size:
    """Both sides times `scale`, rounded to whole pixels, at least one."""
    return Size(max(1, round(size.width * scale)), max(1, round(size.height * scale)))


def _about_fit(fit: _Fit, content: Rect, rule: SizeRule) -> tuple[str, ...]:
    """Sentences on what the model will see differently from the photograph."""
    sentences = []
    factor = round(float(1 / fit.scale), 1)
    if factor > 1:
        sentences.append(tr("The model sees this region at 1:{factor:g}.", factor=factor))
    padding = max(fit.frame.width - content.width, fit.frame.height - content.height)
    if padding >= max(2, rule.multiple):
        sentences.append(
            tr("The region does not fill {size}; the rest is mirrored and cut off again.", size=fit.frame)
        )
    return tuple(sentences)


def _size_refused(size: Size, rule: SizeRule) -> UsageError:
    if rule.fixed:
        hint = tr("Choose one of {sizes}, or auto.", sizes=", ".join(str(fixed) for fixed in rule.fixed))
    else:
        limits = [tr("sides in multiples of {multiple}", multiple=rule.multiple)] if rule.multiple > 1 else []
        if rule.minimum > 1:
            limits.append(tr("at least {minimum} pixels a side", minimum=rule.minimum))
        if rule.maximum:
            limits.append(tr("at most {maximum} pixels a side", maximum=rule.maximum))
        if rule.min_area or rule.max_area:
            limits.append(
                tr("{least} to {most} pixels in all", least=rule.min_area or 1, most=rule.max_area or "∞")
            )
        if rule.max_aspect:
            limits.append(tr("the long side at most {aspect:g} times the short one", aspect=rule.max_aspect))
        hint = tr("It takes {limits}. Choose another size, or auto.", limits=", ".join(limits))
    return UsageError(tr("The model does not take pictures of {size}.", size=size), hint, code="bad_size")
