"""The plan of an edit as it will really be sent: within the model's sizes and the provider's limits of bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app.base.geometry import Rect, Size
from app.base.states import MaskConvention
from app.base.text import tr
from app.edits.plan import plan_edit
from app.edits.types import Context, EditPlan, SizeRule
from app.gateways.fitting import fit
from app.gateways.types import ModelCard, Profile
from app.imaging.arrays import U8
from app.session.references import Reference


def fitted_plan(
    document: Size,
    mask_bounds: Rect | None,
    context: Context,
    size: Size | None,
    cut: Callable[[Rect], U8],
    profile: Profile,
    card: ModelCard,
    references: tuple[Reference, ...] = (),
) -> EditPlan:
    """The plan for a mask within `mask_bounds` (document pixels; None = no mask: the whole picture).

    `size` is the user's own choice of the wire's size, `cut` gives the document's pixels of a region as
    (h, w, 3|4) sRGB. Pictures may be encoded to see how large they get, so this belongs in a thread.

    Raises:
        MaskError: `mask_bounds` has no pixel in the document.
        UsageError: the model does not take pictures of `size`, or none that is small enough.
    """

    def plan_for(rule: SizeRule) -> EditPlan:
        return plan_edit(document, mask_bounds, context, rule, size)

    if size is not None:
        # Refuses a size that the model does not take; no other one is tried then.
        plan_for(card.sizes)
    rule = card.sizes if size is None else SizeRule(fixed=(size,))
    plan = fit(plan_for, cut, profile, rule, tuple(each.picture for each in references)).plan
    if mask_bounds is not None and profile.mask_convention is MaskConvention.IGNORED:
        ignored = tr(
            "{title} does not look at masks; what it changes elsewhere is left out.", title=profile.title
        )
        plan = replace(plan, warnings=(*plan.warnings, ignored))
    return plan
