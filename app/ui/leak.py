"""What a result did outside its mask, in words: a verdict, one line, and the figures. Shared by all who tell it."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from app.base.text import tr
from app.ui.wording import percent_text

if TYPE_CHECKING:
    from app.edits.types import Drift, Report

KEPT_BELOW, STRAYED_UP_TO = 0.01, 0.08
"""Shares of the pixels around the mask; what noise and recoding do is not in them."""

LEAST_MOVE, LEAST_GROWTH = 0.1, 0.05
"""Pixels, and per cent of size, below which nothing is said."""


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


def unknown_text() -> str:
    """The line of a result that nobody has judged yet."""
    return tr("What did the model change around the mask?")


def document_text(changed: int, outside: int) -> str:
    """The sentence on the document itself: how many of its pixels `outside` the mask were changed."""
    return tr(
        "{n} of {total} pixels outside the mask changed in your document",
        n=number_text(changed),
        total=number_text(outside),
    )


def figures(report: Report) -> tuple[tuple[str, str], ...]:
    """What is known, as pairs of a name and a value."""
    rows: list[tuple[str, str]] = []
    if report.leak is not None:
        rows.append((tr("Changed around the mask"), percent_text(report.leak)))
    if report.mean_change is not None:
        rows.append((tr("Mean change"), tr("{levels} levels of 255", levels=f"{report.mean_change:.1f}")))
    if report.worst_change is not None:
        rows.append((tr("Largest change"), tr("{levels} levels", levels=f"{report.worst_change:.0f}")))
    if report.drift is not None:
        rows.append((tr("Moved"), moved_text(report.drift)))
        rows.append((tr("Colours, in levels"), colour_text(report.drift)))
    if report.sharp is not None:
        rows.append((tr("Fine detail"), tr("{share} of what was sent", share=percent_text(report.sharp))))
    return tuple(rows)


def moved_text(drift: Drift) -> str:
    """How a reply had moved, such as "1.3 px right, 0.8 px up, 0.5 % larger"."""
    words = []
    for way, (more, less) in (
        (drift.dx, (tr("right"), tr("left"))),
        (drift.dy, (tr("down"), tr("up"))),
    ):
        if abs(way) >= LEAST_MOVE:
            words.append(tr("{pixels} px {way}", pixels=f"{abs(way):.1f}", way=more if way > 0 else less))
    growth = (drift.scale - 1.0) * 100
    if abs(growth) >= LEAST_GROWTH:
        size = tr("larger") if growth > 0 else tr("smaller")
        words.append(tr("{percent} % {size}", percent=f"{abs(growth):.1f}", size=size))
    if drift.is_bent:
        words.append(tr("not everywhere alike"))
    return ", ".join(words) or tr("not at all")


def colour_text(drift: Drift) -> str:
    """How its colours had drifted, such as "red +6, green +5, blue −2"."""
    if max(abs(each) for each in drift.colour) < 0.5:
        return tr("not drifted")
    red, green, blue = (f"{each:+.0f}".replace("-", "\u2212") for each in drift.colour)
    return tr("red {red}, green {green}, blue {blue}", red=red, green=green, blue=blue)


def number_text(count: int) -> str:
    """A count with thin spaces between its thousands."""
    return f"{count:,}".replace(",", "\u2009")
