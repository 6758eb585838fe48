"""What a result did outside its mask, in words: a verdict, one line, and the figures. Shared by all who tell it."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from app.base.text import tr
from app.ui.wording import percent_text

if TYPE_CHECKING:
    from app.base.geometry import Size
    from app.edits.types import Patch, Report

KEPT_BELOW, STRAYED_UP_TO = 0.01, 0.08
"""Shares of the pixels around the mask; what noise and recoding do is not in them."""


class Verdict(enum.Enum):
    """How well a model kept to the mask."""

    UNKNOWN = "unknown"
    KEPT = "kept"
    STRAYED = "strayed"
    REPAINTED = "repainted"


def verdict(leak: float | None) -> Verdict:
    """The verdict on a share (0–1) of changed pixels; None where nobody can tell."""
    if leak is None:
        return Verdict.UNKNOWN
    if leak < KEPT_BELOW:
        return Verdict.KEPT
    return Verdict.STRAYED if leak <= STRAYED_UP_TO else Verdict.REPAINTED


def verdict_text(leak: float | None) -> str:
    """One line that says it in words, not by a colour alone."""
    share = "" if leak is None else percent_text(leak)
    return {
        Verdict.UNKNOWN: tr("What the model changed around it cannot be told"),
        Verdict.KEPT: tr("Kept to the mask: the model changed {share} around it", share=share),
        Verdict.STRAYED: tr("Strayed: the model changed {share} around the mask", share=share),
        Verdict.REPAINTED: tr("Repainted: the model changed {share} around the mask", share=share),
    }[verdict(leak)]


def document_text(report: Report, patch: Patch, document: Size) -> str:
    """The sentence on the document itself: what was not sent cannot have changed."""
    total = report.outside_pixels + document.area - patch.region.area
    return tr(
        "{n} of {total} pixels outside the mask changed in your document",
        n=number_text(report.outside_changed_pixels),
        total=number_text(total),
    )


def figures(report: Report, patch: Patch) -> tuple[tuple[str, str], ...]:
    """What is known, as pairs of a name and a value."""
    rows: list[tuple[str, str]] = []
    if report.leak is not None:
        rows.append((tr("Changed around the mask"), percent_text(report.leak)))
    if report.mean is not None:
        rows.append((tr("Mean change"), tr("{levels} levels of 255", levels=f"{report.mean:.1f}")))
    if report.worst is not None:
        rows.append((tr("Largest change"), tr("{levels} levels", levels=f"{report.worst:.0f}")))
    return tuple(rows)


def number_text(count: int) -> str:
    """A count with thin spaces between its thousands."""
    return f"{count:,}".replace(",", "\u2009")
