"""What an edit costs: estimated from the catalogue before it is sent, reckoned from the provider's figures after.

Plain arithmetic on model cards and usage; who adds up and who warns is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable

from app.base.geometry import Size
from app.edits.types import Cost, ParameterValue, Usage
from app.gateways.types import CostReport, ModelCard, TokenPrices

_MILLION = 1e6


def estimated_cost(card: ModelCard, quality: ParameterValue | None, size: Size, images: int) -> Cost | None:
    """The published price of `images` pictures of `size`; None where none is published for this quality."""
    price = card.price_at(quality, size)
    return None if price is None else Cost(price.amount * images, price.currency, price.estimated)


def total_cost(costs: Iterable[Cost | None]) -> Cost | None:
    """What several requests to one model cost together; None where one of them is unknown, or there is none."""
    total: Cost | None = None
    for cost in costs:
        if cost is None:
            return None
        amount = cost.amount + (total.amount if total is not None else 0.0)
        total = Cost(amount, cost.currency, cost.estimated or (total is not None and total.estimated))
    return total


def actual_cost(card: ModelCard, usage: Usage | None, report: CostReport | None) -> Cost | None:
    """What a whole reply has cost by the provider's own figures; None where they do not tell.

    A price that the provider names counts before one reckoned from its tokens. Input tokens that are not
    split into text and pictures are taken for those of pictures, which are nearly all of an edit's.
    """
    if usage is None:
        return None
    if usage.cost is not None and report is not None:
        return Cost(usage.cost, report.currency, False)
    prices = card.token_prices
    if prices is None or card.price is None or usage.input_tokens is None or usage.output_tokens is None:
        return None
    return Cost(
        _by_tokens(prices, usage, usage.input_tokens, usage.output_tokens), card.price.currency, False
    )


def _by_tokens(prices: TokenPrices, usage: Usage, tokens_in: int, tokens_out: int) -> float:
    text = min(usage.input_text_tokens or 0, tokens_in)
    if usage.input_text_tokens is None and usage.input_image_tokens is not None:
        text = max(0, tokens_in - usage.input_image_tokens)
    spent = text * prices.input_text + (tokens_in - text) * prices.input_image + tokens_out * prices.output
    return spent / _MILLION
