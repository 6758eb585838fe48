"""What providers say of their limits before they refuse: how long to wait, and that nothing is sent before."""

import pytest

from app.gateways.limits import wait_for_reset
from app.gateways.throttle import LONGEST_THROTTLE, Throttle

NOW = 1_750_000_000.0
DATE = "Sun, 15 Jun 2025 15:06:40 GMT"
"""The same moment, as a provider writes it."""


@pytest.mark.parametrize(
    ("reset", "seconds"),
    [
        ("1s", 1.0),
        ("6m0s", 360.0),
        ("1h2m3.5s", 3723.5),
        ("20ms", 0.02),
        ("59.7s", 59.7),
        ("30", 30.0),
        ("0", 0.0),
        (str(int(NOW) + 12), 12.0),
        (str((int(NOW) + 12) * 1000), 12.0),
        ("2025-06-15T15:06:52Z", 12.0),
        ("2025-06-15T15:06:52+00:00", 12.0),
        (str(int(NOW) - 12), 0.0),
        ("", None),
        ("soon", None),
        ("1x", None),
        ("-5", None),
        ("9" * 400, None),
    ],
)
def test_every_known_form_of_a_reset(reset: str, seconds: float | None) -> None:
    for clock, date in ((NOW, ""), (NOW + 86400, DATE)):
        headers = {"x-ratelimit-reset-requests": reset, "date": date}
        found = wait_for_reset(headers, clock)
        assert found == (seconds if seconds is None else pytest.approx(seconds))


def test_a_provider_is_left_alone_until_its_next_window() -> None:
    now = [NOW]
    throttle = Throttle(lambda: now[0])

    def note(remaining: str, reset: str) -> None:
        throttle.note("p", {"x-ratelimit-remaining": remaining, "x-ratelimit-reset": reset})

    assert throttle.wait("p") == 0
    note("1", "30")
    assert throttle.wait("p") == 0
    note("0", "30")
    assert throttle.wait("p") == 30
    assert throttle.wait("q") == 0
    throttle.note("p", {"content-type": "text/plain"})
    now[0] += 20
    assert throttle.wait("p") == 10
    now[0] += 20
    assert throttle.wait("p") == 0
    note("0", "40")
    note("7", "40")
    assert throttle.wait("p") == 0
    for unusable in ("whenever", str(LONGEST_THROTTLE + 1)):
        note("0", unusable)
        assert throttle.wait("p") == 0
