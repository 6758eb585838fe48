"""What was spent: every image counts once, whatever became of its entry, and never in another currency."""

import math
from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.base.states import JobState
from app.history.ids import timestamp
from app.history.spending import Period, Spent
from app.history.store import HistoryStore
from tests.history.making import Clock, add_entry, add_result

amounts = st.integers(0, 100_000).map(lambda tenths: tenths / 10_000)


def paid(store: HistoryStore, *prices: float, exact: bool = False, **changes: object) -> str:
    entry = add_entry(store, state=JobState.DONE, **changes)
    for index, price in enumerate(prices):
        add_result(store, entry, index, cost_amount=price, cost_currency="USD", cost_estimated=not exact)
    return entry.id


def amount(found: tuple[Spent, ...]) -> float:
    return math.fsum(each.amount for each in found)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["one", "two"]), st.lists(amounts, max_size=3), st.booleans()), max_size=6
    )
)
def test_the_total_is_the_sum_whatever_was_deleted_since(
    store: HistoryStore, bought: list[tuple[str, list[float], bool]]
) -> None:
    already = amount(store.spending.by_provider(Period()))
    for provider, prices, is_deleted in bought:
        id = paid(store, *prices, provider=provider)
        if is_deleted:
            store.delete(id)
    fresh = amount(store.spending.by_provider(Period())) - already
    assert math.isclose(fresh, math.fsum(p for _name, prices, _gone in bought for p in prices), abs_tol=1e-9)


def test_totals_tell_what_is_exact_and_keep_currencies_apart(store: HistoryStore) -> None:
    paid(store, 0.04, 0.04, exact=True, provider="one")
    paid(store, 0.1, provider="one")
    entry = add_entry(store, state=JobState.DONE, provider="one")
    add_result(store, entry, cost_amount=3.0, cost_currency="EUR")
    add_result(store, entry, 1)
    dollars, euros = sorted(
        store.spending.by_provider(Period()), key=lambda each: each.currency, reverse=True
    )
    assert (dollars.key, dollars.currency, round(dollars.amount, 6), dollars.images) == (
        "one",
        "USD",
        0.18,
        3,
    )
    assert round(dollars.estimated, 6) == 0.1
    assert (euros.amount, euros.images) == (3.0, 1)


def test_what_is_under_way_is_pending_and_what_was_cut_off_unsure(store: HistoryStore) -> None:
    price = {"expected_amount": 0.5, "expected_currency": "USD"}
    for state in JobState:
        add_entry(store, state=state, **price)
    arrived = add_entry(store, state=JobState.RECEIVING, **price)
    add_result(store, arrived, cost_amount=0.5, cost_currency="USD")
    [spent] = store.spending.by_provider(Period())
    assert (spent.amount, spent.pending, spent.unsure) == (0.5, 1.5, 0.5)


def test_a_period_a_provider_and_a_document_narrow_the_total(store: HistoryStore, clock: Clock) -> None:
    clock.now = datetime(2026, 10, 31, 12, tzinfo=UTC).timestamp()
    paid(store, 1.0, provider="one", document_id="a")
    clock.now = datetime(2026, 11, 1, 12, tzinfo=UTC).timestamp()
    paid(store, 2.0, provider="one", document_id="b")
    paid(store, 4.0, provider="two", document_id="a", source=b"the same file")
    spending, november = store.spending, timestamp(datetime(2026, 11, 1, tzinfo=UTC).timestamp())
    assert amount(spending.by_provider(Period(since=november))) == 6.0
    assert amount(spending.by_provider(Period(until=november))) == 1.0
    assert amount(spending.by_provider(Period(since=november, provider="one"))) == 2.0
    assert amount(spending.by_provider(Period(document="a"))) == 5.0
    assert {each.key: each.amount for each in spending.by_month(Period())} == {"2026-10": 1.0, "2026-11": 6.0}
    assert [each.key for each in spending.by_document(Period())] == ["boat.jpg"]
