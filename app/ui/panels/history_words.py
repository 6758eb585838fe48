"""What the history tells of an entry, in words. Pure functions, no widgets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.base.text import tr
from app.ui.wording import limits_text, money_text, percent_text, seconds_text, size_text

if TYPE_CHECKING:
    from app.history.types import HistoryEntry, HistoryResult


def parameters_text(entry: HistoryEntry) -> str:
    """The parameters that were sent, such as "seed 7 · steps 20"."""
    return " · ".join(f"{name} {value}" for name, value in entry.parameters.items())


def facts_text(entry: HistoryEntry, result: HistoryResult | None) -> str:
    """Sizes, time, price and the count outside the mask, each only where it is known."""
    facts = [tr("Sent {size}", size=size_text(entry.size_send))]
    if entry.seconds is not None:
        facts.append(seconds_text(entry.seconds))
    priced = [r for r in entry.results if r.cost_amount is not None]
    if priced and priced[0].cost_currency:
        total = sum(r.cost_amount or 0.0 for r in priced)
        about = tr("about {price}", price=money_text(total, priced[0].cost_currency))
        exact = money_text(total, priced[0].cost_currency) if total else tr("free")
        facts.append(about if total and any(r.cost_estimated for r in priced) else exact)
    if result is not None:
        if result.outside_changed_pixels is not None:
            facts.append(tr("{n} px changed outside the mask", n=result.outside_changed_pixels))
        if result.leak is not None:
            facts.append(tr("the model changed {share} around it", share=percent_text(result.leak)))
        if result.seed is not None:
            facts.append(tr("seed {seed}", seed=result.seed))
    return " · ".join(facts)


def request_text(entry: HistoryEntry) -> str:
    """The provider's numbers of all calls, and what it said of its limits."""
    ids = entry.request_ids or ((entry.request_id,) if entry.request_id else ())
    number = tr("Request {id}", id=", ".join(ids)) if ids else ""
    return " · ".join(part for part in (number, limits_text(entry.rate_limits)) if part)


def tags_in(text: str) -> tuple[str, ...]:
    """The tags in what was typed: parted by commas, with or without a number sign."""
    tags = (" ".join(part.split()).lstrip("#") for part in text.split(","))
    return tuple(dict.fromkeys(tag for tag in tags if tag))
