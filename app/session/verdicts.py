"""What to say of how the mask was read, judged by a reply, and the commands that are offered with it."""

from __future__ import annotations

from collections.abc import Iterable

from app.base.text import tr
from app.edits.types import Suspicion
from app.session.candidates import Candidate

INVERT_NEXT = "edit.invert_next"
"""The command that is offered with it."""
EXTEND_BY_LEAK = "mask.extend_by_leak"
"""The command that lets in what begins at the mask's edge."""


def doubt_text(suspicion: Suspicion) -> str:
    """What a reply makes one think of how the mask was read; empty where it gives no cause."""
    return {
        Suspicion.NONE: "",
        Suspicion.INVERTED: tr(
            "The mask looks inverted: the model changed what was to be kept, and kept what was painted."
        ),
        Suspicion.IGNORED: tr("The mask looks ignored: the model repainted much of everything."),
    }[suspicion]


def mask_warning(found: Iterable[Candidate], provider: str) -> tuple[str, str] | None:
    """A sentence and the next step, where `provider` (its name) seems to read masks differently; else None."""
    suspicions = {candidate.report.suspicion for candidate in found}
    if Suspicion.INVERTED in suspicions:
        return (
            doubt_text(Suspicion.INVERTED),
            tr("Nothing outside the mask changed in your document. Invert the mask for {name}, then try again.",
               name=provider),
        )  # fmt: skip
    if Suspicion.IGNORED in suspicions:
        return (
            doubt_text(Suspicion.IGNORED),
            tr(
                "Nothing outside the mask changed in your document. Another model may keep closer to the photograph."
            ),
        )
    return None
