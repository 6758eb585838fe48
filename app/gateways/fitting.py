"""A plan that keeps to a provider's limits in bytes, and what had to be done for it.

A region is first tried at the size that keeps the most detail. Where its file would be too large, a lossy
format is taken if the provider allows one, else the next smaller size: never a stretched picture.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from app.base.geometry import Rect, Size
from app.base.text import tr
from app.edits.cut import framed_picture
from app.edits.types import EditPlan, SizeRule
from app.gateways.encode import too_large
from app.gateways.types import Profile
from app.gateways.uploads import Upload, make_upload, surely_fits, wire_length
from app.imaging.arrays import U8
from app.imaging.resample import resize_picture

_ROUNDS = 12
_LEAST_STEP, _MOST_STEP = 0.3, 0.9
"""A smaller size has this share of the pixels at least, and at most."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What can be sent."""

    plan: EditPlan
    """With a warning for whatever was done to keep to the limits."""
    upload: Upload | None
    """The canvas as it will be sent; None where it was not encoded, because any file of it would be small enough."""


def fit(
    plan_for: Callable[[SizeRule], EditPlan],
    cut: Callable[[Rect], U8],
    profile: Profile,
    rule: SizeRule,
    references: tuple[U8, ...] = (),
) -> Fitted:
    """The plan for `rule`, or for smaller sizes of it until everything keeps to the limits of `profile`.

    `plan_for` makes the plan for a rule; `cut` gives the document's pixels of a region, (h, w, 3|4) sRGB.
    Encodes pictures, so it belongs in a thread.

    Raises:
        UsageError: no size that the model takes is small enough; or as `plan_for`.
        MaskError: as `plan_for`.
    """
    limit = _limit(profile, references)
    plan = first = plan_for(rule)
    for _round in range(_ROUNDS):
        picture = framed_picture(cut(plan.region), plan)
        form = profile.dialect.image_form
        if surely_fits(picture, form, limit):
            return Fitted(_told(plan, first, None, profile), None)
        upload = make_upload(picture, form, profile.formats, limit)
        if upload is not None:
            return Fitted(_told(plan, first, upload, profile), upload)
        smaller = _smaller(rule, plan, limit / max(1, picture.nbytes))
        if smaller is None:
            break
        rule, plan = smaller, plan_for(smaller)
    raise too_large(profile)


def _limit(profile: Profile, references: tuple[U8, ...]) -> int:
    """The most bytes that the canvas may take in the body; 0 = no limit."""
    limits = profile.limits
    if not limits.body_bytes:
        return limits.image_bytes
    form = profile.dialect.image_form
    taken = sum(wire_length(picture.nbytes, form) for picture in references)
    left = max(1, limits.body_bytes - taken - (limits.mask_bytes or 1 << 20))
    return min(limits.image_bytes or left, left)


def _smaller(rule: SizeRule, plan: EditPlan, share: float) -> SizeRule | None:
    """`rule` without the plan's size and those as large; `share` is how much smaller it should be."""
    if rule.fixed:
        fixed = tuple(size for size in rule.fixed if size.area < plan.size_send.area)
        return replace(rule, fixed=fixed) if fixed else None
    area = int(plan.size_send.area * min(_MOST_STEP, max(_LEAST_STEP, share)))
    try:
        return replace(rule, max_area=area)
    except ValueError:
        return None


def _told(plan: EditPlan, first: EditPlan, upload: Upload | None, profile: Profile) -> EditPlan:
    told = []
    if plan.size_send != first.size_send:
        told.append(
            tr(
                "Sent smaller, at {size}: {title} takes no larger files.",
                size=plan.size_send,
                title=profile.title,
            )
        )
    if upload is not None and upload.quality is not None:
        told.append(
            tr("Sent as {format}, quality {quality}: as PNG it would be larger than {title} takes.",
               format=upload.format.name, quality=upload.quality, title=profile.title)
        )  # fmt: skip
    return replace(plan, warnings=(*plan.warnings, *told))


def fit_references(pictures: tuple[U8, ...], profile: Profile) -> tuple[U8, ...]:
    """Reference images, reduced where no allowed format brings them below the provider's limit of bytes."""
    return tuple(_reduced(picture, profile) for picture in pictures)


def _reduced(picture: U8, profile: Profile) -> U8:
    form, limit = profile.dialect.image_form, profile.limits.image_bytes
    for _round in range(_ROUNDS):
        if (
            surely_fits(picture, form, limit)
            or make_upload(picture, form, profile.formats, limit) is not None
        ):
            return picture
        height, width = picture.shape[:2]
        picture = resize_picture(picture, Size(max(1, width * 3 // 4), max(1, height * 3 // 4)))
    raise too_large(profile)
