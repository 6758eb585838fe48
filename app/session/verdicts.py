"""What to say of a reply: what it kept, what it changed besides, and whether the mask was understood."""

from __future__ import annotations

from collections.abc import Iterable

from app.base.text import tr
from app.edits.types import Report, Suspicion
from app.session.candidates import Candidate


def mask_warning(found: Iterable[Candidate], provider: str) -> tuple[str, str] | None:
    """A sentence and the next step, where `provider` (its name) seems to read masks differently; else None."""
    suspicions = {candidate.report.suspicion for candidate in found}
    if Suspicion.INVERTED in suspicions:
        return (
            tr("The mask looks inverted: the model changed what was to be kept, and kept what was painted."),
            tr("Nothing outside the mask changed in your document. Invert the mask for {name}, then try again.",
               name=provider),
        )  # fmt: skip
    if Suspicion.IGNORED in suspicions:
        return (
            tr("The mask looks ignored: the model repainted much of everything."),
            tr(
                "Nothing outside the mask changed in your document. Another model may keep closer to the photograph."
            ),
        )
    return None


def kept_sentence(report: Report) -> str:
    """What became of the pixels outside the mask in the document."""
    return tr(
        "{changed:,} of {count:,} pixels outside the mask changed in your document.",
        changed=report.outside_changed_pixels,
        count=report.outside_pixels,
    )


def extension_advice(report: Report) -> str | None:
    """A sentence where the model also changed what goes on from the mask's edge; else None."""
    if not report.touches_mask:
        return None
    return tr(
        "The model also changed what goes on at the mask's edge, such as a shadow. Extend the mask to let it in."
    )


def drift_sentence(report: Report) -> str | None:
    """How the reply as a whole had moved and changed its colours; None where it had not, or nobody can tell."""
    drift = report.drift
    if drift is None:
        return None
    parts = []
    if max(abs(drift.dx), abs(drift.dy)) >= 0.1:
        parts.append(tr("moved by {dx:.1f}, {dy:.1f} pixels", dx=drift.dx, dy=drift.dy))
    if abs(drift.scale - 1) >= 0.0005:
        parts.append(tr("scaled to {share:.1%}", share=drift.scale))
    if drift.is_bent:
        parts.append(tr("bent"))
    strongest = max(drift.colour, key=abs)
    if abs(strongest) >= 1:
        parts.append(tr("up to {levels:+.0f} levels of colour", levels=strongest))
    return tr("The reply as a whole: {parts}.", parts=", ".join(parts)) if parts else None
