"""Freezes a form, a plan and a snapshot of the pixels into the request that will be sent."""

from __future__ import annotations

from app.edits.cut import cut_request
from app.edits.types import EditPlan, EditRequest
from app.imaging.arrays import U8
from app.session.effective_mask import EffectiveMask
from app.session.form import EditForm


def freeze_request(
    form: EditForm,
    plan: EditPlan,
    picture: U8,
    mask: EffectiveMask | None,
    *,
    id: str,
    document_id: str,
    document_name: str,
    references: tuple[U8, ...] = (),
) -> EditRequest:
    """Everything one edit needs. `picture` is the plan's region, (h, w, 3|4) sRGB.

    What the model does not take (prompt, size, parameters) is left out here already; `references` are those
    that it takes. Several variants of a model that takes no number are several calls.
    """
    return cut_request(
        id=id,
        document_id=document_id,
        document_name=document_name,
        plan=plan,
        picture=picture,
        coverage=mask.within(plan.region) if mask is not None else None,
        prompt=form.prompt if form.takes("prompt") else "",
        provider=form.provider,
        model=form.model,
        n=form.variants,
        parameters=form.taken_values(),
        extras=form.extras,
        size=form.size if form.takes("size") else None,
        recipe=form.recipe,
        inverts_mask=form.inverts_mask,
        references=references,
    )
