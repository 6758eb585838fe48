"""What was spent, added up from the results that came; what was deleted since still counts. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from app.history.database import Database

_RECEIVED = """
    SELECT e.created AS created, e.provider AS provider, e.document_id AS document_id,
           e.source_sha256 AS source_sha256, e.document_name AS document_name, r.cost_currency AS currency,
           r.cost_amount AS amount, r.cost_estimated AS estimated, 1 AS images, 0.0 AS pending, 0.0 AS unsure
    FROM entries AS e JOIN results AS r ON r.entry_id = e.id
    WHERE r.cost_amount IS NOT NULL AND r.cost_currency IS NOT NULL {condition}
"""

_REMOVED = """
    SELECT created, provider, document_id, source_sha256, document_name, currency, amount, estimated,
           1 AS images, 0.0 AS pending, 0.0 AS unsure
    FROM removed_costs AS e
    WHERE NOT EXISTS (SELECT 1 FROM results WHERE id = e.result_id) {condition}
"""

_EXPECTED = """
    SELECT created, provider, document_id, source_sha256, document_name, expected_currency AS currency,
           0.0 AS amount, 0 AS estimated, 0 AS images,
           CASE WHEN state <> 'interrupted' THEN expected_amount ELSE 0.0 END AS pending,
           CASE WHEN state = 'interrupted' THEN expected_amount ELSE 0.0 END AS unsure
    FROM entries AS e
    WHERE expected_amount IS NOT NULL AND expected_currency IS NOT NULL
          AND state IN ('queued', 'running', 'receiving', 'interrupted')
          AND NOT EXISTS (SELECT 1 FROM results WHERE entry_id = e.id) {condition}
"""

_TOTALS = """
    SELECT {key} AS key, currency, sum(amount) AS amount,
           sum(CASE WHEN estimated THEN amount ELSE 0.0 END) AS estimated,
           sum(images) AS images, sum(pending) AS pending, sum(unsure) AS unsure
    FROM ({received} UNION ALL {removed} UNION ALL {expected})
    GROUP BY key, currency ORDER BY amount DESC, key
"""


@dataclass(frozen=True, slots=True)
class Spent:
    """Money in one currency."""

    key: str
    """What it is added up by: a provider's name, a month such as "2026-11", or a document's name."""
    currency: str
    amount: float
    """For all images that came."""
    estimated: float
    """The part of `amount` that is the published price, because the provider named none."""
    images: int
    pending: float
    """Expected for requests that are still under way."""
    unsure: float
    """Expected for requests that were cut off and may have been billed."""


@dataclass(frozen=True, slots=True)
class Period:
    """Which requests count: those written from `since` on and before `until`, ISO 8601 in UTC; "" = no bound."""

    since: str = ""
    until: str = ""
    provider: str = ""
    """Of this provider only; "" = of all."""
    document: str = ""
    """Made on this document, by its id or the SHA-256 of its file; "" = on all."""


class Spending:
    """Totals over one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def by_provider(self, period: Period) -> tuple[Spent, ...]:
        """One total for each provider and currency, the largest first."""
        return self._totals("provider", period)

    def by_month(self, period: Period) -> tuple[Spent, ...]:
        """One total for each month (UTC) and currency."""
        return self._totals("substr(created, 1, 7)", period)

    def by_document(self, period: Period) -> tuple[Spent, ...]:
        """One total for each document's name and currency."""
        return self._totals("document_name", period)

    def _totals(self, key: str, period: Period) -> tuple[Spent, ...]:
        conditions, values = _conditions(period)
        parts = {
            name: sql.format(condition=conditions)
            for name, sql in (("received", _RECEIVED), ("removed", _REMOVED), ("expected", _EXPECTED))
        }
        rows = self._database.rows(_TOTALS.format(key=key, **parts), values * 3)
        return tuple(
            Spent(
                key=row["key"],
                currency=row["currency"],
                amount=row["amount"],
                estimated=row["estimated"],
                images=row["images"],
                pending=row["pending"],
                unsure=row["unsure"],
            )
            for row in rows
        )


def _conditions(period: Period) -> tuple[str, tuple[str, ...]]:
    """SQL that narrows the entries to `period`, and the values of its marks."""
    narrowed = (
        (period.since, "e.created >= ?", 1),
        (period.until, "e.created < ?", 1),
        (period.provider, "e.provider = ?", 1),
        (period.document, "(e.document_id = ? OR e.source_sha256 = ?)", 2),
    )
    used = [(value, sql, marks) for value, sql, marks in narrowed if value]
    return (
        "".join(f" AND {sql}" for _value, sql, _marks in used),
        tuple(value for value, _sql, marks in used for _mark in range(marks)),
    )
