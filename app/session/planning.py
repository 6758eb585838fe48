"""The plan of an edit as it will really be sent: within the model's sizes and the provider's limits of bytes.

A mask whose islands are sent one by one has a plan, and becomes a request, for each of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from app.base.cancel import CancelToken
from app.base.geometry import Rect, Size
from app.base.states import MaskConvention
from app.base.text import tr
from app.edits.plan import plan_edit
from app.edits.types import Context, EditPlan, Islands, SizeRule
from app.gateways.fitting import fit
from app.gateways.types import ModelCard, Profile
from app.imaging.arrays import U8
from app.session.effective_mask import EffectiveMask
from app.session.estimates import Estimator
from app.session.form import EditForm
from app.session.islands import MOST_ISLANDS, split_islands
from app.session.references import Reference


@dataclass(frozen=True, slots=True, eq=False)
class Wish:
    """What a form says that a plan depends on, taken at one moment."""

    profile: Profile
    card: ModelCard
    context: Context
    islands: Islands
    size: Size | None
    variants: int
    references: tuple[Reference, ...]

    @classmethod
    def of(cls, form: EditForm) -> Wish:
        return cls(
            profile=form.profile,
            card=form.card,
            context=form.context,
            islands=form.islands,
            size=form.size if form.takes("size") else None,
            variants=form.variants,
            references=form.taken_references(),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One request that would be sent."""

    mask: EffectiveMask | None
    """None = no mask: the whole picture may change."""
    plan: EditPlan
    seconds: float | None
    """How long it will take; None = unknown."""


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """All requests that would be sent."""

    parts: tuple[Part, ...] = ()
    """Empty while there is nothing to send; one for each island where they are sent one by one."""
    islands: int = 0
    """How many the mask has; 0 where they are too many to be sent one by one, or there is no mask."""

    @property
    def seconds(self) -> float | None:
        """Of all requests, one after the other."""
        known = [part.seconds for part in self.parts if part.seconds is not None]
        return sum(known) if known and len(known) == len(self.parts) else None


NOTHING_PLANNED = Planned()


def plan_requests(
    document: Size,
    mask: EffectiveMask | None,
    wish: Wish,
    cut: Callable[[Rect], U8],
    estimator: Estimator,
    cancel: CancelToken | None = None,
) -> Planned:
    """Plan all requests for `mask` (None = no mask: the whole picture).

    `cut` gives the document's pixels of a region as (h, w, 3|4) sRGB. Pictures may be encoded to see how large
    they get, so this belongs in a thread.

    Raises:
        MaskError, UsageError: as `fitted_plan`.
        Cancelled: the token was cancelled.
    """
    islands = split_islands(mask, wish.context, cancel) if mask is not None else ()
    masks: tuple[EffectiveMask | None, ...] = (mask,)
    told: tuple[str, ...] = ()
    if wish.islands is Islands.EACH and islands:
        masks = islands
    elif wish.islands is Islands.EACH and mask is not None:
        told = (tr("The mask has more than {most} islands: they are sent together.", most=MOST_ISLANDS),)
    parts = []
    for each in masks:
        if cancel is not None:
            cancel.check()
        plan = fitted_plan(document, each.rect if each is not None else None, wish, cut)
        seconds = None
        if each is not None:
            seconds = estimator(wish.profile, wish.card, each.within(plan.region), wish.variants)
        parts.append(Part(each, replace(plan, warnings=(*plan.warnings, *told)), seconds))
    return Planned(tuple(parts), len(islands))


def fitted_plan(document: Size, mask_bounds: Rect | None, wish: Wish, cut: Callable[[Rect], U8]) -> EditPlan:
    """The plan for a mask within `mask_bounds` (document pixels; None = no mask: the whole picture).

    Raises:
        MaskError: `mask_bounds` has no pixel in the document.
        UsageError: the model does not take pictures of the wished size, or none that is small enough.
    """
    size, profile = wish.size, wish.profile

    def plan_for(rule: SizeRule) -> EditPlan:
        return plan_edit(document, mask_bounds, wish.context, rule, size)

    if size is not None:
        # Refuses a size that the model does not take; no other one is tried then.
        plan_for(wish.card.sizes)
    rule = wish.card.sizes if size is None else SizeRule(fixed=(size,))
    plan = fit(plan_for, cut, profile, rule, tuple(each.picture for each in wish.references)).plan
    if mask_bounds is not None and profile.mask_convention is MaskConvention.IGNORED:
        ignored = tr(
            "{title} does not look at masks; what it changes elsewhere is left out.", title=profile.title
        )
        plan = replace(plan, warnings=(*plan.warnings, ignored))
    return plan
