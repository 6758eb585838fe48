"""Money as the program knows it: what a request is expected to cost, what was spent, and when that is too much.

The history has the figures. Nothing is asked here: whoever sends is told, and decides.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from app.base.errors import UsageError
from app.base.text import tr
from app.edits.types import Cost, EditRequest
from app.gateways.pricing import estimated_cost
from app.gateways.types import Profile
from app.history.ids import timestamp
from app.history.spending import Period, Spending, Spent
from app.history.types import HistoryResult


@dataclass(frozen=True, slots=True)
class OverLimit:
    """A request that would pass what may be spent at its provider in a month."""

    title: str
    """The provider's."""
    limit: float
    spent: float
    """In this calendar month so far, with what is still under way."""
    cost: float
    """Of this request, as far as it is known."""
    currency: str

    @property
    def error(self) -> UsageError:
        """For those who cannot be asked."""
        return UsageError(
            tr(
                "This would pass the monthly limit of {title}: {spent:.2f} of {limit:.2f} {currency} are spent, "
                "and it costs about {cost:.2f}. Nothing was sent.",
                title=self.title,
                spent=self.spent,
                limit=self.limit,
                currency=self.currency,
                cost=self.cost,
            ),
            tr("Raise the limit in the provider's settings, or say --over-limit."),
            code="over_limit",
        )


@dataclass(frozen=True, slots=True)
class Totals:
    """What was spent, each by provider and currency."""

    session: tuple[Spent, ...]
    """Since this program was started."""
    month: tuple[Spent, ...]
    """In this calendar month, by the clock of this place."""
    document: tuple[Spent, ...]
    """On one photograph, ever; empty where none was asked for."""


class Money:
    """Adds up; its methods may be awaited at any time."""

    def __init__(self, spending: Spending, clock: Callable[[], float] = time.time) -> None:
        self._spending = spending
        self._clock = clock
        self._started = timestamp(clock())

    async def totals(self, document: str = "") -> Totals:
        """What was spent; `document` is an id, or the SHA-256 of a photograph's file.

        Raises:
            StoreError: the history cannot be read.
        """

        def add_up() -> Totals:
            return Totals(
                session=self._spending.by_provider(Period(since=self._started)),
                month=self._spending.by_provider(Period(since=self._month_start())),
                document=self._spending.by_provider(Period(document=document)) if document else (),
            )

        return await asyncio.to_thread(add_up)

    async def by_month(self, months: str = "") -> tuple[Spent, ...]:
        """One total for each month (UTC) and currency; `months` begins with a year or a month, or is empty."""
        found = await asyncio.to_thread(self._spending.by_month, Period(since=months))
        return tuple(spent for spent in found if spent.key.startswith(months))

    async def by_document(self, period: Period) -> tuple[Spent, ...]:
        """One total for each document's name and currency."""
        return await asyncio.to_thread(self._spending.by_document, period)

    async def over_limit(self, profile: Profile, cost: Cost | None) -> OverLimit | None:
        """What to say before a request of that `cost`; None when it may simply be sent.

        A request of unknown cost is held up only once the limit is reached.
        """
        limit = profile.monthly_limit
        if limit is None or (cost is not None and cost.amount == 0):
            return None
        currency = cost.currency if cost is not None else profile.currency
        period = Period(since=self._month_start(), provider=profile.name)
        found = await asyncio.to_thread(self._spending.by_provider, period)
        spent = sum(each.amount + each.pending + each.unsure for each in found if each.currency == currency)
        amount = cost.amount if cost is not None else 0.0
        # A hair of rounding must not hold up what fits exactly.
        if spent + amount <= limit + 1e-9 and not (cost is None and spent >= limit):
            return None
        return OverLimit(profile.title, limit, spent, amount, currency)

    def _month_start(self) -> str:
        now = datetime.fromtimestamp(self._clock()).astimezone()
        first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
        return timestamp(first.timestamp())


def expected_cost(request: EditRequest, profile: Profile) -> Cost | None:
    """The published price of a whole request; None where there is none, or nothing to pay."""
    card = profile.card(request.model)
    cost = estimated_cost(card, request.parameters.get("quality"), request.plan.size_send, request.n)
    return cost if cost is not None and cost.amount > 0 else None


def cost_of(result: HistoryResult) -> Cost | None:
    """What one image has cost, where that is known."""
    if result.cost_amount is None or result.cost_currency is None:
        return None
    return Cost(result.cost_amount, result.cost_currency, result.cost_estimated)
