"""The short form of the kill test; `python3 packaging/dev.py test kills --count 1000` is the long one."""

import os
from pathlib import Path

import pytest

from tests.kills.campaign import Campaign


@pytest.mark.timeout(600)
@pytest.mark.skipif(os.name != "posix", reason="kills by POSIX signals")
def test_nothing_received_is_lost_and_nothing_is_sent_twice(tmp_path: Path) -> None:
    campaign = Campaign(tmp_path, seed=11)
    with campaign.gateway():
        for number in range(6):
            campaign.round(in_window=number % 3 == 1)
        tally = campaign.finish()
    assert tally.kills >= 6
    assert tally.window_kills >= 1
    assert tally.asked >= 6
    assert tally.received
