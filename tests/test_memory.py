"""Memory that was freed is the system's again, whatever still lives beside it."""

import subprocess
import sys

import pytest

LEFT_OVER = """
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from app.base.memory import keep_large_blocks_apart

if sys.argv[1] == "apart":
    keep_large_blocks_apart()
np.ones(40 << 20, np.uint8)  # once freed, glibc takes blocks of this size from its heaps

def work(seed):
    kept = []
    for _ in range(4):
        large = [np.ones(20 << 20, np.uint8) for _ in range(3)]
        kept.append(np.ones(100 << 10, np.uint8))
        del large
    return kept

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 >> 20

before = resident()
with ThreadPoolExecutor(4) as pool:
    kept = list(pool.map(work, range(8)))
    print(resident() - before)
"""


def _left_over(how: str) -> int:
    """Megabytes that a process holds after it freed nearly everything."""
    done = subprocess.run(
        [sys.executable, "-c", LEFT_OVER, how], check=True, capture_output=True, text=True, timeout=60
    )
    return int(done.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="about glibc")
def test_large_blocks_do_not_stay_with_the_process() -> None:
    assert _left_over("apart") < 25
